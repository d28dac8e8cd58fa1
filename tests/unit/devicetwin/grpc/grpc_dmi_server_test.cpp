// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/create_channel_posix.h>

#include <nlohmann/json.hpp>

#include "unit/devicetwin/grpc/dmi_server_fixture.hpp"

namespace edgecore::devicetwin {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

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
  server_->answer(taken->id + 50, {});  // never existed
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
  // On a connection that does not reconnect.
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

}  // namespace
}  // namespace edgecore::devicetwin
