// SPDX-License-Identifier: Apache-2.0
#include "edgecore/rpc/unary.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <health.grpc.pb.h>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "support/await.hpp"
#include "support/loop.hpp"

namespace edgecore::rpc {
namespace {

namespace health = grpc::health::v1;
using namespace std::chrono_literals;

/// Knows every service but "nothing", and hangs on "slow" until the caller cancels.
class Service final : public health::Health::Service {
 public:
  grpc::Status Check(grpc::ServerContext* context, const health::HealthCheckRequest* request,
                     health::HealthCheckResponse* reply) override {
    if (request->service() == "nothing") return {grpc::StatusCode::NOT_FOUND, "there is nothing"};
    const auto give_up = steady_now() + 20s;
    while (request->service() == "slow" && !context->IsCancelled() && steady_now() < give_up)
      std::this_thread::sleep_for(5ms);
    if (context->IsCancelled()) cancelled = true;
    reply->set_status(health::HealthCheckResponse::SERVING);
    return grpc::Status::OK;
  }
  std::atomic<bool> cancelled = false;
};

class UnaryTest : public testing::Test {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    channel_ = grpc::CreateCustomChannel("ipv4:127.0.0.1:" + std::to_string(port),
                                         grpc::InsecureChannelCredentials(), plain_channel_arguments());
    loop_ = std::make_shared<CompletionLoop>("test");
  }
  void TearDown() override {
    loop_->shut_down();
    server_->Shutdown(std::chrono::system_clock::now());
  }

  Call call(const std::string& service) {
    health::HealthCheckRequest request;
    request.set_service(service);
    Call one;
    one.loop = loop_;
    one.channel = channel_;
    one.path = "/grpc.health.v1.Health/Check";
    one.request = pack(request);
    return one;
  }

  boost::asio::io_context io_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<CompletionLoop> loop_;
};

TEST_F(UnaryTest, RepliesAndErrorsComeBack) {
  const auto good = test::await(io_, ask(call("")));
  ASSERT_TRUE(good.status.ok());
  health::HealthCheckResponse reply;
  ASSERT_TRUE(parse(good.reply, reply));
  EXPECT_EQ(reply.status(), health::HealthCheckResponse::SERVING);

  const auto bad = test::await(io_, ask(call("nothing")));
  EXPECT_EQ(bad.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(bad.status.error_message(), "there is nothing");
}

TEST_F(UnaryTest, LimitEndsTheCall) {
  auto slow = call("slow");
  slow.limit = 50ms;
  const auto outcome = test::await(io_, ask(std::move(slow)));
  EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(UnaryTest, CancelledWaitCancelsTheCall) {
  const auto ask_slowly = [](Call slow) -> boost::asio::awaitable<void> { co_await ask(std::move(slow)); };
  test::Outcome asked;
  asked.start(io_, ask_slowly(call("slow")));
  io_.run_for(50ms);
  EXPECT_FALSE(asked.ended);
  asked.cancel();
  io_.restart();
  io_.run_for(1s);
  EXPECT_TRUE(asked.aborted());
  for (int i = 0; i < 1000 && !service_.cancelled; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(service_.cancelled);
}

TEST_F(UnaryTest, ShutDownEndsCallsAndRefusesNewOnes) {
  std::optional<Outcome> ended;
  boost::asio::co_spawn(io_, ask(call("slow")),
                        [&](std::exception_ptr, Outcome outcome) { ended = std::move(outcome); });
  io_.run_for(50ms);
  loop_->shut_down();
  io_.restart();
  io_.run_for(1s);
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->status.error_code(), grpc::StatusCode::CANCELLED);
  const auto late = test::await(io_, ask(call("")));
  EXPECT_EQ(late.status.error_code(), grpc::StatusCode::CANCELLED);
}

TEST(SocketPathTest, IsFoundInEachSpelling) {
  EXPECT_EQ(socket_path("unix:///run/a.sock", "x"), "/run/a.sock");
  EXPECT_EQ(socket_path("unix:/run/a.sock", "x"), "/run/a.sock");
  EXPECT_EQ(socket_path("/run/a.sock", "x"), "/run/a.sock");
  for (const char* bad : {"", "a.sock", "unix://a.sock", "tcp:///run/a.sock", "unix:"}) {
    try {
      socket_path(bad, "The endpoint");
      ADD_FAILURE() << bad;
    } catch (const BadInput& error) {
      EXPECT_TRUE(std::string_view(error.what()).starts_with("The endpoint \"")) << error.what();
    }
  }
}

TEST(ParseTest, TakesOnlyTheMessage) {
  health::HealthCheckRequest message;
  const grpc::Slice bad(std::string("\x0a\x05x"));
  EXPECT_FALSE(parse(grpc::ByteBuffer(&bad, 1), message));
  EXPECT_FALSE(parse(grpc::ByteBuffer(), message));
}

}  // namespace
}  // namespace edgecore::rpc
