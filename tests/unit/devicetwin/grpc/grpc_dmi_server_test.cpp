#include <dmi.grpc.pb.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <deque>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "devicetwin/dmi_door.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/devicetwin/dmi.hpp"
#include "unit/devicetwin/grpc/socket_folder.hpp"

namespace edgecore::devicetwin {
namespace {

using namespace std::chrono_literals;
using Manager = v1beta1::DeviceManagerService;
using Json = nlohmann::json;

/// What DeviceTwin does with requests, as the test wants it.
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

/// A report under way, whose answer is awaited elsewhere.
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

  /// A connection of its own; `arguments` on top of what keeps channels apart.
  std::shared_ptr<grpc::Channel> connect(grpc::ChannelArguments arguments = {}) {
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
    return grpc::CreateCustomChannel("unix:" + socket_.string(), grpc::InsecureChannelCredentials(),
                                     arguments);
  }

  std::unique_ptr<Report> report(const std::shared_ptr<grpc::Channel>& channel, std::size_t ballast = 1,
                                 std::chrono::milliseconds limit = 20s) {
    return std::make_unique<Report>(channel, ballast, limit);
  }

  /// Sends raw bytes to any method.
  grpc::Status call(const std::string& path, const std::string& bytes) {
    grpc::GenericStub stub(connect());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 10s);
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

  /// Answers one more report to its end: the server is well.
  void expect_served() {
    const auto channel = connect();
    auto good = report(channel);
    const auto request = desk_.next();
    ASSERT_TRUE(request.has_value());
    server_->answer(request->id, {});
    EXPECT_TRUE(good->result().ok()) << good->result().error_message();
  }

  SocketFolder folder_;
  std::filesystem::path socket_ = folder_ / "dmi.sock";
  Desk desk_;
  std::unique_ptr<DmiServer> server_;
};

// ---- What it serves

TEST_F(GrpcDmiServerTest, RegisteringMapperGetsItsDevices) {
  serve();
  v1beta1::MapperRegisterRequest request;
  request.set_withdata(true);
  request.mutable_mapper()->set_name("m");
  request.mutable_mapper()->set_address("/run/m.sock");
  v1beta1::MapperRegisterResponse reply;
  grpc::Status status;
  std::thread mapper([&] {
    grpc::ClientContext context;
    status = Manager::NewStub(connect())->MapperRegister(&context, request, &reply);
  });
  const auto taken = desk_.next();
  if (taken) {
    const auto model = Json::parse(R"({"metadata":{"name":"model"}})");
    const auto device = Json::parse(R"({"metadata":{"name":"device"}})");
    server_->answer_register(taken->id, {model}, {device});
  }
  mapper.join();
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->kind, DmiRequest::Kind::kRegister);
  EXPECT_TRUE(taken->with_data);
  EXPECT_EQ(taken->mapper->address, "/run/m.sock");
  EXPECT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(reply.devicelist_size(), 1);
  EXPECT_EQ(reply.devicelist(0).name(), "device");
  EXPECT_EQ(reply.modellist(0).name(), "model");
}

TEST_F(GrpcDmiServerTest, StatesAreReported) {
  serve();
  grpc::Status status;
  std::thread mapper([&] {
    grpc::ClientContext context;
    v1beta1::ReportDeviceStatesRequest request;
    request.set_devicename("d");
    request.set_state("online");
    v1beta1::ReportDeviceStatesResponse reply;
    status = Manager::NewStub(connect())->ReportDeviceStates(&context, request, &reply);
  });
  const auto taken = desk_.next();
  if (taken) server_->answer(taken->id, {});
  mapper.join();
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->kind, DmiRequest::Kind::kReportStates);
  EXPECT_EQ(taken->state, "online");
  EXPECT_TRUE(status.ok());
}

TEST_F(GrpcDmiServerTest, ErrorsComeThroughWithTheirSentence) {
  serve();
  const auto channel = connect();
  auto bad = report(channel);
  const auto taken = desk_.next();
  ASSERT_TRUE(taken.has_value());
  server_->answer(taken->id, {DmiStatus::Code::kUnknown, "the device \"größer\" is unknown"});
  server_->answer(taken->id, {});       // ended already
  server_->answer(taken->id + 50, {});  // never was
  EXPECT_EQ(bad->result().error_code(), grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(bad->result().error_message(), "the device \"größer\" is unknown");

  auto verbose = report(channel);
  const auto again = desk_.next();
  ASSERT_TRUE(again.has_value());
  server_->answer(again->id,
                  {DmiStatus::Code::kNotFound, std::string(999, 'x') + "ß" + std::string(100'000, 'x')});
  EXPECT_EQ(verbose->result().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(verbose->result().error_message(), std::string(999, 'x'));
}

TEST_F(GrpcDmiServerTest, AnswerMayComeWhileTheRequestIsHandedOver) {
  server_ = make_grpc_dmi_server(socket_, [this](const DmiRequest& request) {
    server_->answer(request.id, {DmiStatus::Code::kNotFound, "at once"});
    return request.device_name == "x";
  });
  const auto channel = connect();
  EXPECT_EQ(report(channel)->result().error_message(), "at once");
  EXPECT_EQ(report(channel, 2)->result().error_message(), "at once");
}

TEST_F(GrpcDmiServerTest, OtherMethodsAreUnimplemented) {
  serve();
  for (const char* path :
       {"/v1beta1.DeviceManagerService/Unknown", "/v1alpha1.DeviceManagerService/MapperRegister",
        "/v1beta1.DeviceMapperService/GetDevice", "/", "/x"})
    EXPECT_EQ(call(path, "").error_code(), grpc::StatusCode::UNIMPLEMENTED) << path;
  expect_served();
}

TEST_F(GrpcDmiServerTest, AuthorityMayBeThePathOfTheSocket) {
  serve();
  for (const char* authority :
       {"/etc/kubeedge/dmi.sock", "%2Fetc%2Fkubeedge%2Fdmi.sock", "localhost", "unix:/x y"}) {
    grpc::ChannelArguments arguments;
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, authority);
    const auto channel = connect(arguments);
    auto good = report(channel);
    const auto taken = desk_.next();
    ASSERT_TRUE(taken.has_value()) << authority;
    server_->answer(taken->id, {});
    EXPECT_TRUE(good->result().ok()) << authority << good->result().error_message();
  }
}

// ---- Limits

TEST_F(GrpcDmiServerTest, BytesThatAreNoRequestAreRefused) {
  serve();
  for (const char* method : {"MapperRegister", "ReportDeviceStatus", "ReportDeviceStates"}) {
    const auto status = call(std::string("/v1beta1.DeviceManagerService/") + method, "\x0a\x7fnope");
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_NE(status.error_message().find(method), std::string::npos) << status.error_message();
  }
  EXPECT_EQ(desk_.size(), 0U);
  expect_served();
}

TEST_F(GrpcDmiServerTest, RequestsAboveOneMebibyteAreRefused) {
  serve();
  const auto channel = connect();
  EXPECT_EQ(report(channel, 1024 * 1024)->result().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(report(channel, 10 * 1024 * 1024)->result().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(desk_.size(), 0U);
  auto largest = report(channel, 1024 * 1024 - 10);
  const auto taken = desk_.next();
  ASSERT_TRUE(taken.has_value());
  server_->answer(taken->id, {});
  EXPECT_TRUE(largest->result().ok()) << largest->result().error_message();
}

TEST_F(GrpcDmiServerTest, CompressedRequestsAreRefused) {
  serve();
  grpc::ChannelArguments arguments;
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_GZIP);
  const auto channel = connect(arguments);
  EXPECT_EQ(report(channel, 100'000)->result().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(desk_.size(), 0U);
  expect_served();
}

TEST_F(GrpcDmiServerTest, RequestsThatFindNoRoomAreRefused) {
  serve();
  desk_.full = true;
  const auto channel = connect();
  EXPECT_EQ(report(channel)->result().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  desk_.full = false;
  expect_served();
}

TEST_F(GrpcDmiServerTest, No257RequestsAreInHandAtOnce) {
  serve();
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  std::vector<std::unique_ptr<Report>> reports;
  for (int c = 0; c < 5; ++c) channels.push_back(connect());
  for (std::size_t i = 0; i < 256; ++i) reports.push_back(report(channels[i / 64]));
  ASSERT_TRUE(eventually([&] { return desk_.size() == 256; })) << desk_.size();
  EXPECT_EQ(report(channels[4])->result().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  while (desk_.size() > 0) server_->answer(desk_.next()->id, {});
  for (const auto& one : reports) EXPECT_TRUE(one->result().ok());
  expect_served();
}

TEST_F(GrpcDmiServerTest, StreamsOfOneConnectionWaitForOneAnother) {
  serve();
  const auto channel = connect();
  std::vector<std::unique_ptr<Report>> reports;
  for (int i = 0; i < 100; ++i) reports.push_back(report(channel));
  ASSERT_TRUE(eventually([&] { return desk_.size() == 64; })) << desk_.size();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(desk_.size(), 64U);
  for (int i = 0; i < 100; ++i) {
    const auto taken = desk_.next();
    ASSERT_TRUE(taken.has_value()) << i;
    server_->answer(taken->id, {});
  }
  for (const auto& one : reports) EXPECT_TRUE(one->result().ok());
}

TEST_F(GrpcDmiServerTest, WaitingRequestsHoldEightMebibytesAtMost) {
  serve();
  const auto channel = connect();
  std::vector<std::unique_ptr<Report>> reports;
  for (int i = 0; i < 8; ++i) reports.push_back(report(channel, 1024 * 1024 - 10));
  ASSERT_TRUE(eventually([&] { return desk_.size() == 8; }));
  EXPECT_EQ(report(channel, 1000)->result().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (int i = 0; i < 8; ++i) server_->answer(desk_.next()->id, {});
  for (const auto& one : reports) EXPECT_TRUE(one->result().ok()) << one->result().error_message();
  auto after = report(channel, 1000);
  const auto taken = desk_.next();
  ASSERT_TRUE(taken.has_value());
  server_->answer(taken->id, {});
  EXPECT_TRUE(after->result().ok());
}

TEST_F(GrpcDmiServerTest, ConnectionsAreBounded) {
  serve();
  std::vector<RawSocket> idle(128);
  for (const auto& one : idle) one.connect(socket_);
  ASSERT_TRUE(eventually([&] {
    const auto status = report(connect(), 1, 300ms)->result();
    return !status.ok();
  }));
  EXPECT_EQ(desk_.size(), 0U);
  RawSocket refused;
  refused.connect(socket_);
  EXPECT_TRUE(refused.drain());
  idle.pop_back();
  expect_served();
}

TEST_F(GrpcDmiServerTest, ClosedConnectionsAreForgotten) {
  serve();
  for (int i = 0; i < 300; ++i) {
    RawSocket visitor;
    visitor.connect(socket_);
    visitor.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(visitor.drain()) << i;  // the server hangs up
  }
  for (int i = 0; i < 300; ++i) {
    RawSocket visitor;
    visitor.connect(socket_);  // and goes
  }
  expect_served();
}

TEST_F(GrpcDmiServerTest, PingsAreTolerated) {
  serve();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // On a connection that cannot be made anew.
  auto connection = connect_to_socket(socket_);
  const auto channel = grpc::CreateCustomInsecureChannelFromFd("dmi", connection.release(), arguments);
  for (int i = 0; i < 2; ++i) {
    auto good = report(channel);
    const auto taken = desk_.next();
    ASSERT_TRUE(taken.has_value());
    std::this_thread::sleep_for(400ms);
    server_->answer(taken->id, {});
    EXPECT_TRUE(good->result().ok()) << good->result().error_message();
    std::this_thread::sleep_for(400ms);
  }
}

// ---- Callers that are gone

TEST_F(GrpcDmiServerTest, CallersThatGiveUpLeaveNothingBehind) {
  serve();
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int c = 0; c < 4; ++c) channels.push_back(connect());
  std::vector<DmiRequest> gone;
  for (int round = 0; round < 3; ++round) {  // 768 in all
    std::vector<std::unique_ptr<Report>> reports;
    const auto limit = round == 0 ? 300ms : 20s;
    for (std::size_t i = 0; i < 256; ++i) reports.push_back(report(channels[i / 64], 1, limit));
    for (int i = 0; i < 256 && round > 0; ++i) {
      const auto taken = desk_.next();
      ASSERT_TRUE(taken.has_value()) << "round " << round << ", request " << i;
      gone.push_back(*taken);
    }
    if (round == 1)
      for (const auto& one : reports) one->cancel();
    if (round == 2) reports.clear();
    for (const auto& one : reports) EXPECT_FALSE(one->result().ok());
    reports.clear();
    std::this_thread::sleep_for(300ms);
    while (round == 0 && desk_.size() > 0) gone.push_back(*desk_.next());
  }
  for (const auto& request : gone) server_->answer(request.id, {});
  expect_served();
}

TEST_F(GrpcDmiServerTest, BrokenConnectionEndsItsRequests) {
  serve();
  std::vector<DmiRequest> gone;
  for (int round = 0; round < 8; ++round) {  // 480 requests: more than are in hand at once
    auto connection = connect_to_socket(socket_);
    const FileDescriptor scissors(::dup(connection.get()));
    const auto channel = grpc::CreateCustomInsecureChannelFromFd("dmi", connection.release(), {});
    std::vector<std::unique_ptr<Report>> reports;
    for (int i = 0; i < 60; ++i) reports.push_back(report(channel));
    for (int i = 0; i < 60; ++i) {
      const auto taken = desk_.next();
      ASSERT_TRUE(taken.has_value()) << "round " << round << ", request " << i;
      gone.push_back(*taken);
    }
    ASSERT_EQ(::shutdown(scissors.get(), SHUT_RDWR), 0);
    for (const auto& one : reports) EXPECT_FALSE(one->result().ok());
    std::this_thread::sleep_for(100ms);
  }
  for (const auto& request : gone) server_->answer_register(request.id, {}, {});
  expect_served();
}

// ---- Its end

TEST_F(GrpcDmiServerTest, EndsWaitingRequestsAsUnavailable) {
  serve();
  const auto channel = connect();
  std::vector<std::unique_ptr<Report>> reports;
  for (int i = 0; i < 50; ++i) reports.push_back(report(channel));
  ASSERT_TRUE(eventually([&] { return desk_.size() == 50; }));
  const auto before = std::chrono::steady_clock::now();
  server_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
  EXPECT_FALSE(std::filesystem::exists(socket_));
  for (const auto& one : reports) {
    EXPECT_EQ(one->result().error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_NE(one->result().error_message().find("stopping"), std::string::npos)
        << one->result().error_message();
  }
}

TEST_F(GrpcDmiServerTest, EndsPromptlyWhateverClientsDo) {
  serve();
  std::vector<RawSocket> silent(3);
  for (const auto& one : silent) one.connect(socket_);
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
  silent[1].send(preface + settings);  // and never reads what comes back
  silent[2].send(preface.substr(0, 5));
  const auto idle = connect();
  ASSERT_TRUE(idle->WaitForConnected(std::chrono::system_clock::now() + 5s));
  expect_served();
  const auto before = std::chrono::steady_clock::now();
  server_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
}

TEST_F(GrpcDmiServerTest, StartsAndStopsManyTimes) {
  for (int i = 0; i < 30; ++i) {
    serve();
    const auto channel = connect();
    const auto waiting = report(channel);
    if (i % 3 == 0) {
      ASSERT_TRUE(desk_.next().has_value());
    }
    if (i % 3 == 1) std::this_thread::sleep_for(std::chrono::milliseconds(i % 7));
    server_.reset();
  }
}

// ---- Its socket

TEST_F(GrpcDmiServerTest, SocketThatNobodyListensOnIsReplaced) {
  { RawSocket().listen(socket_, 1); }  // closed; the file stays
  ASSERT_TRUE(std::filesystem::exists(socket_));
  serve();
  expect_served();
}

TEST_F(GrpcDmiServerTest, OnlyOneServesASocket) {
  serve();
  EXPECT_THROW(make_grpc_dmi_server(socket_, [](const DmiRequest&) { return true; }), Error);
  expect_served();
}

TEST_F(GrpcDmiServerTest, OtherFilesAreKept) {
  std::ofstream(socket_) << "precious";
  try {
    serve();
    FAIL() << "served";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("is no socket"), std::string::npos) << error.what();
  }
  EXPECT_EQ(std::filesystem::file_size(socket_), 8U);
}

TEST_F(GrpcDmiServerTest, MissingFolderIsNamed) {
  socket_ = folder_ / "missing/dmi.sock";
  try {
    serve();
    FAIL() << "served";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("missing/dmi.sock"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("dmiSockPath"), std::string::npos) << error.what();
  }
  socket_ = std::string(200, 'x');
  EXPECT_THROW(serve(), Error);
  socket_ = "";
  EXPECT_THROW(serve(), Error);
}

TEST_F(GrpcDmiServerTest, ModeIsWhatTheUmaskLeaves) {
  const auto before = ::umask(027);
  serve();
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(socket_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0750U);
}

TEST_F(GrpcDmiServerTest, SocketOfAnotherIsNotRemoved) {
  serve();
  std::filesystem::remove(socket_);
  const RawSocket other;
  other.listen(socket_, 1);
  server_.reset();
  EXPECT_TRUE(std::filesystem::exists(socket_));
}

/// How often the threads of that name have gone to sleep so far.
long naps(const std::string& name) {
  long all = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm"), comm);
    if (comm != name) continue;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("voluntary_ctxt_switches:")) all += std::stol(line.substr(line.find(':') + 1));
  }
  return all;
}

TEST_F(GrpcDmiServerTest, SleepsWhileNothingHappens) {
  serve();
  expect_served();
  const auto idle = connect();
  ASSERT_TRUE(idle->WaitForConnected(std::chrono::system_clock::now() + 5s));
  std::this_thread::sleep_for(500ms);
  const auto before = naps("dmi") + naps("dmi-door");
  EXPECT_GT(before, 0);
  std::this_thread::sleep_for(2s);
  EXPECT_EQ(naps("dmi") + naps("dmi-door"), before);
}

}  // namespace
}  // namespace edgecore::devicetwin
