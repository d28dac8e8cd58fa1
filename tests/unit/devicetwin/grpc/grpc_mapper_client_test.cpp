// SPDX-License-Identifier: Apache-2.0
#include <dmi.grpc.pb.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/system/system_error.hpp>

#include "edgecore/base/clock.hpp"
#include "edgecore/devicetwin/dmi.hpp"
#include "support/await.hpp"
#include "support/temporary_directory.hpp"
#include "unit/devicetwin/grpc/raw_socket.hpp"

namespace edgecore::devicetwin {
namespace {

using namespace std::chrono_literals;
using Code = DmiStatus::Code;

/// A mapper that records its calls, and hangs or fails on request.
class Mapper final : public v1beta1::DeviceMapperService::Service {
 public:
  grpc::Status RegisterDevice(grpc::ServerContext* context, const v1beta1::RegisterDeviceRequest* request,
                              v1beta1::RegisterDeviceResponse* reply) override {
    reply->set_devicename(std::string(reply_bytes, 'x'));
    return note(context, "register " + request->device().name());
  }
  grpc::Status UpdateDevice(grpc::ServerContext* context, const v1beta1::UpdateDeviceRequest* request,
                            v1beta1::UpdateDeviceResponse*) override {
    return note(context, "update " + request->device().name());
  }
  grpc::Status RemoveDevice(grpc::ServerContext* context, const v1beta1::RemoveDeviceRequest* request,
                            v1beta1::RemoveDeviceResponse*) override {
    return note(context, "remove " + request->devicenamespace() + "/" + request->devicename());
  }
  grpc::Status CreateDeviceModel(grpc::ServerContext* context,
                                 const v1beta1::CreateDeviceModelRequest* request,
                                 v1beta1::CreateDeviceModelResponse*) override {
    return note(context, "create model " + request->model().name());
  }
  grpc::Status UpdateDeviceModel(grpc::ServerContext* context,
                                 const v1beta1::UpdateDeviceModelRequest* request,
                                 v1beta1::UpdateDeviceModelResponse*) override {
    return note(context, "update model " + request->model().name());
  }

  std::atomic<bool> hang = false;
  std::atomic<int> cancelled = 0;
  std::atomic<std::size_t> reply_bytes = 1;
  grpc::Status status;
  std::vector<std::string> told;

 private:
  grpc::Status note(grpc::ServerContext* context, std::string what) {
    if (!hang) told.push_back(std::move(what));
    const auto give_up = steady_now() + 20s;
    while (hang && !context->IsCancelled() && steady_now() < give_up) std::this_thread::sleep_for(5ms);
    if (context->IsCancelled()) ++cancelled;
    return status;
  }
};

class GrpcMapperClientTest : public testing::Test {
 protected:
  void TearDown() override {
    client_.reset();
    stop();
  }
  void serve() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
    builder.RegisterService(&mapper_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }
  void stop() {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  DmiStatus call(MapperCall::Kind kind, const std::string& object, std::chrono::milliseconds deadline = 10s) {
    return call(socket_, kind, object, deadline);
  }
  DmiStatus call(const std::string& address, MapperCall::Kind kind, const std::string& object,
                 std::chrono::milliseconds deadline = 10s) {
    MapperCall one;
    one.kind = kind;
    one.name_space = "ns";
    one.name = "n";
    one.object = object;
    return test::await(io_, client_->call(address, std::move(one), deadline));
  }
  DmiStatus update() { return call(MapperCall::Kind::kUpdateDevice, kDevice); }

  /// Begins an update and lets it run for a while.
  void begin(std::optional<DmiStatus>& ended, bool& aborted, boost::asio::cancellation_signal& signal) {
    MapperCall one;
    one.kind = MapperCall::Kind::kUpdateDevice;
    one.object = kDevice;
    boost::asio::co_spawn(
        io_, client_->call(socket_, std::move(one), 20s),
        boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error, DmiStatus status) {
          try {
            if (error) std::rethrow_exception(error);
            ended = status;
          } catch (const boost::system::system_error& failed) {
            aborted = failed.code() == boost::asio::error::operation_aborted;
          }
        }));
    io_.restart();
    io_.run_for(100ms);
  }

  static constexpr const char* kDevice = R"({"metadata":{"name":"d","namespace":"ns"}})";
  edgecore::test::TemporaryDirectory folder_;
  const std::string socket_ = (folder_ / "mapper.sock").string();
  boost::asio::io_context io_;
  Mapper mapper_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<MapperClient> client_ = make_grpc_mapper_client();
};

TEST_F(GrpcMapperClientTest, EachCallReachesTheMapper) {
  serve();
  EXPECT_TRUE(call(MapperCall::Kind::kCreateDeviceModel, kDevice).ok());
  EXPECT_TRUE(call(MapperCall::Kind::kUpdateDeviceModel, kDevice).ok());
  EXPECT_TRUE(call(MapperCall::Kind::kRegisterDevice, kDevice).ok());
  EXPECT_TRUE(call(MapperCall::Kind::kUpdateDevice, kDevice).ok());
  EXPECT_TRUE(call(MapperCall::Kind::kRemoveDevice, "").ok());
  const std::vector<std::string> expected = {"create model d", "update model d", "register d", "update d",
                                             "remove ns/n"};
  EXPECT_EQ(mapper_.told, expected);
}

TEST_F(GrpcMapperClientTest, AddressMayHaveAScheme) {
  serve();
  EXPECT_TRUE(call("unix://" + socket_, MapperCall::Kind::kUpdateDevice, kDevice).ok());
  EXPECT_TRUE(call("unix:" + socket_, MapperCall::Kind::kUpdateDevice, kDevice).ok());
  const std::string with_nul = socket_ + std::string("\0x", 2);
  for (const std::string& bad : {std::string(), std::string("mapper.sock"), std::string("tcp://127.0.0.1:80"),
                                 "/" + std::string(200, 'x'), with_nul})
    EXPECT_EQ(call(bad, MapperCall::Kind::kUpdateDevice, kDevice).code, Code::kInvalidArgument) << bad;
}

TEST_F(GrpcMapperClientTest, NobodyListeningIsUnavailableAtOnce) {
  const auto before = steady_now();
  EXPECT_EQ(update().code, Code::kUnavailable);
  { RawSocket().listen(socket_, 1); }  // closed; the file stays
  const auto status = update();
  EXPECT_EQ(status.code, Code::kUnavailable);
  EXPECT_NE(status.text.find(socket_), std::string::npos) << status.text;
  EXPECT_LT(steady_now() - before, 1s);
}

TEST_F(GrpcMapperClientTest, ObjectThatCannotBeConvertedIsNotSent) {
  serve();
  for (const char* object : {"", "{", "{}", "[]", R"({"metadata":{"name":"d"},"spec":{"properties":5}})"}) {
    const auto status = call(MapperCall::Kind::kUpdateDevice, object);
    EXPECT_EQ(status.code, Code::kInvalidArgument) << object;
    EXPECT_NE(status.text, "");
  }
  EXPECT_TRUE(mapper_.told.empty());
}

TEST_F(GrpcMapperClientTest, MappersOwnErrorsComeThrough) {
  serve();
  const std::vector<std::pair<grpc::StatusCode, Code>> codes = {
      {grpc::StatusCode::UNKNOWN, Code::kUnknown},
      {grpc::StatusCode::NOT_FOUND, Code::kNotFound},
      {grpc::StatusCode::INVALID_ARGUMENT, Code::kInvalidArgument},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, Code::kResourceExhausted},
      {grpc::StatusCode::INTERNAL, Code::kInternal},
      {grpc::StatusCode::ABORTED, Code::kUnknown},
  };
  for (const auto& [theirs, ours] : codes) {
    mapper_.status = grpc::Status(theirs, "no such\nthing");
    const auto status = update();
    EXPECT_EQ(status.code, ours);
    EXPECT_NE(status.text.find("no such\\nthing"), std::string::npos) << status.text;
  }
  const auto missing = call(MapperCall::Kind::kRemoveDeviceModel, "");  // not overridden above
  EXPECT_EQ(missing.code, Code::kUnknown);
  EXPECT_NE(missing.text.find("does not serve RemoveDeviceModel"), std::string::npos) << missing.text;
}

TEST_F(GrpcMapperClientTest, HangingMapperIsLeftAtTheDeadline) {
  serve();
  mapper_.hang = true;
  const auto before = steady_now();
  const auto status = call(MapperCall::Kind::kUpdateDevice, kDevice, 100ms);
  EXPECT_EQ(status.code, Code::kUnavailable);
  EXPECT_NE(status.text.find("within 100 ms"), std::string::npos) << status.text;
  EXPECT_LT(steady_now() - before, 2s);
  EXPECT_TRUE(eventually([&] { return mapper_.cancelled == 1; }));
}

TEST_F(GrpcMapperClientTest, MapperThatAcceptsAndSaysNothing) {
  const RawSocket listener;
  listener.listen(socket_, 1);
  EXPECT_EQ(call(MapperCall::Kind::kUpdateDevice, kDevice, 100ms).code,
            Code::kUnavailable);  // stays in the backlog
  const auto accepted = listener.accept();
  EXPECT_EQ(call(MapperCall::Kind::kUpdateDevice, kDevice, 100ms).code, Code::kUnavailable);
  EXPECT_EQ(call(MapperCall::Kind::kUpdateDevice, kDevice, 100ms).code, Code::kUnavailable);
  EXPECT_EQ(call(MapperCall::Kind::kUpdateDevice, kDevice, 100ms).code,
            Code::kUnavailable);  // the backlog is full
}

TEST_F(GrpcMapperClientTest, AnswerThatIsNoHttp2) {
  const RawSocket listener;
  listener.listen(socket_, 1);
  std::thread mapper([&] {
    const auto accepted = listener.accept();
    accepted.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    (void)accepted.drain();
  });
  const auto before = steady_now();
  const auto status = update();
  mapper.join();
  EXPECT_FALSE(status.ok());  // Internal or Unavailable: whether the answer or the end is seen first
  EXPECT_NE(status.text.find(socket_), std::string::npos) << status.text;
  EXPECT_LT(steady_now() - before, 2s);
}

TEST_F(GrpcMapperClientTest, LongRepliesAreRefused) {
  serve();
  mapper_.reply_bytes = 60'000;
  EXPECT_TRUE(call(MapperCall::Kind::kRegisterDevice, kDevice).ok());
  mapper_.reply_bytes = 70'000;
  EXPECT_EQ(call(MapperCall::Kind::kRegisterDevice, kDevice).code, Code::kResourceExhausted);
}

TEST_F(GrpcMapperClientTest, RestartedMapperIsFoundAtOnce) {
  for (int i = 0; i < 5; ++i) {
    serve();
    EXPECT_TRUE(update().ok()) << i;
    stop();
    EXPECT_EQ(update().code, Code::kUnavailable) << i;
  }
}

TEST_F(GrpcMapperClientTest, CancellationEndsTheCallHereAndThere) {
  serve();
  mapper_.hang = true;
  std::optional<DmiStatus> ended;
  bool aborted = false;
  boost::asio::cancellation_signal signal;
  begin(ended, aborted, signal);
  EXPECT_FALSE(ended.has_value());
  signal.emit(boost::asio::cancellation_type::terminal);
  io_.restart();
  io_.run_for(1s);
  EXPECT_TRUE(aborted);
  EXPECT_TRUE(eventually([&] { return mapper_.cancelled == 1; }));
}

TEST_F(GrpcMapperClientTest, DestroyingTheClientEndsItsCalls) {
  serve();
  mapper_.hang = true;
  std::optional<DmiStatus> ended;
  bool aborted = false;
  boost::asio::cancellation_signal signal;
  begin(ended, aborted, signal);
  const auto before = steady_now();
  client_.reset();
  EXPECT_LT(steady_now() - before, 1s);
  io_.restart();
  io_.run_for(1s);
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->code, Code::kUnavailable);
}

TEST_F(GrpcMapperClientTest, CallsInParallelDoNotWaitForOneAnother) {
  serve();
  const RawSocket silent;
  const std::string other = (folder_ / "silent.sock").string();
  silent.listen(other, 4);
  std::vector<Code> codes;
  const auto note = [&](std::exception_ptr, const DmiStatus& status) { codes.push_back(status.code); };
  MapperCall removal;
  removal.kind = MapperCall::Kind::kRemoveDevice;
  boost::asio::co_spawn(io_, client_->call(other, removal, 300ms), note);
  for (int i = 0; i < 20; ++i) boost::asio::co_spawn(io_, client_->call(socket_, removal, 10s), note);
  io_.run();
  ASSERT_EQ(codes.size(), 21U);
  EXPECT_EQ(codes.back(), Code::kUnavailable);
  EXPECT_EQ(std::count(codes.begin(), codes.end(), Code::kOk), 20);
}

TEST_F(GrpcMapperClientTest, CallsLeaveNoDescriptorsBehind) {
  serve();
  const auto open = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(all, std::filesystem::directory_iterator());
  };
  ASSERT_TRUE(update().ok());
  std::this_thread::sleep_for(100ms);
  const auto before = open();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(update().ok());
  EXPECT_TRUE(eventually([&] { return open() <= before; })) << open() << " after " << before;
}

/// Server and client against each other: the client reports an unsupported rpc.
TEST_F(GrpcMapperClientTest, DmiServerIsNoMapper) {
  const auto server = make_grpc_dmi_server(socket_, [](const DmiRequest&) { return true; });
  const auto status = update();
  EXPECT_EQ(status.code, Code::kUnknown);
  EXPECT_NE(status.text.find("does not serve UpdateDevice"), std::string::npos) << status.text;
}

}  // namespace
}  // namespace edgecore::devicetwin
