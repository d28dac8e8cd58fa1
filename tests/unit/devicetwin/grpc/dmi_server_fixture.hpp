// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dmi.grpc.pb.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>

#include "devicetwin/dmi/dmi_door.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/devicetwin/dmi.hpp"
#include "support/temporary_directory.hpp"
#include "unit/devicetwin/grpc/raw_socket.hpp"

namespace edgecore::devicetwin {

using Manager = v1beta1::DeviceManagerService;

/// Takes DeviceTwin's part: handles requests as the test wants.
class Desk {
 public:
  bool take(DmiRequest request) {
    const std::lock_guard lock(mutex_);
    if (full) return false;
    taken_.push_back(std::move(request));
    return true;
  }
  std::optional<DmiRequest> next() {
    std::optional<DmiRequest> request;
    eventually([&] {
      const std::lock_guard lock(mutex_);
      if (taken_.empty()) return false;
      request = std::move(taken_.front());
      taken_.pop_front();
      return true;
    });
    return request;
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return taken_.size();
  }
  std::atomic<bool> full = false;

 private:
  std::mutex mutex_;
  std::deque<DmiRequest> taken_;
};

/// A running report, whose answer is awaited elsewhere.
class Report {
 public:
  Report(const std::shared_ptr<grpc::Channel>& channel, std::size_t ballast,
         std::chrono::milliseconds limit) {
    v1beta1::ReportDeviceStatusRequest request;
    request.set_devicename(std::string(ballast, 'x'));
    context_.set_deadline(std::chrono::system_clock::now() + limit);
    context_.set_wait_for_ready(true);
    reader_ = Manager::NewStub(channel)->AsyncReportDeviceStatus(&context_, request, &queue_);
    reader_->Finish(&reply_, &status_, this);
  }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;
  ~Report() {
    if (!ended_) {
      context_.TryCancel();
      result();
    }
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  void cancel() { context_.TryCancel(); }
  const grpc::Status& result() {
    void* tag = nullptr;
    bool ok = false;
    if (!ended_) queue_.Next(&tag, &ok);
    ended_ = true;
    return status_;
  }

 private:
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1beta1::ReportDeviceStatusResponse>> reader_;
  v1beta1::ReportDeviceStatusResponse reply_;
  grpc::Status status_;
  bool ended_ = false;
};

class GrpcDmiServerTest : public testing::Test {
 protected:
  void serve() {
    server_ =
        make_grpc_dmi_server(socket_, [this](DmiRequest request) { return desk_.take(std::move(request)); });
  }
  void TearDown() override { server_.reset(); }

  /// Opens a new connection; `arguments` in addition to those that keep channels apart.
  std::shared_ptr<grpc::Channel> connect(grpc::ChannelArguments arguments = {}) {
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
    return grpc::CreateCustomChannel("unix:" + socket_.string(), grpc::InsecureChannelCredentials(),
                                     arguments);
  }

  std::unique_ptr<Report> report(const std::shared_ptr<grpc::Channel>& channel, std::size_t ballast = 1,
                                 std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    return std::make_unique<Report>(channel, ballast, limit);
  }

  /// Sends raw bytes to any method.
  grpc::Status call(const std::string& path, const std::string& bytes) {
    grpc::GenericStub stub(connect());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    grpc::CompletionQueue queue;
    const grpc::Slice slice(bytes);
    const auto reader = stub.PrepareUnaryCall(&context, path, grpc::ByteBuffer(&slice, 1), &queue);
    reader->StartCall();
    grpc::ByteBuffer reply;
    grpc::Status status;
    reader->Finish(&reply, &status, this);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status;
  }

  /// Completes one more report: the server still works.
  void expect_served() {
    const auto channel = connect();
    auto good = report(channel);
    const auto request = desk_.next();
    ASSERT_TRUE(request.has_value());
    server_->answer(request->id, {});
    EXPECT_TRUE(good->result().ok()) << good->result().error_message();
  }

  edgecore::test::TemporaryDirectory folder_;
  std::filesystem::path socket_ = folder_ / "dmi.sock";
  Desk desk_;
  std::unique_ptr<DmiServer> server_;
};

}  // namespace edgecore::devicetwin
