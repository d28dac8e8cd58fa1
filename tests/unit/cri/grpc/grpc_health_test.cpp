// SPDX-License-Identifier: Apache-2.0
#include "edgecore/cri/grpc_health.hpp"

#include <cri.grpc.pb.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <health.grpc.pb.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "support/await.hpp"
#include "support/eventually.hpp"

namespace edgecore::cri {
namespace {

namespace asio = boost::asio;
namespace health = grpc::health::v1;
using namespace std::chrono_literals;
using test::await;
using Kind = HealthAnswer::Kind;
using Tcp = asio::ip::tcp;
using test::eventually;

class HealthService final : public health::Health::Service {
 public:
  grpc::Status Check(grpc::ServerContext* context, const health::HealthCheckRequest* request,
                     health::HealthCheckResponse* reply) override {
    ++asked;
    const auto agent = context->client_metadata().find("user-agent");
    if (agent != context->client_metadata().end())
      kubelets_agent = agent->second.starts_with("kube-probe/1.28 ");
    if (request->service() == "slow") {
      const auto give_up = steady_now() + 20s;
      while (!context->IsCancelled() && steady_now() < give_up) std::this_thread::sleep_for(5ms);
      if (context->IsCancelled()) ++cancelled;
    }
    if (request->service() == "strange") return {grpc::StatusCode::NOT_FOUND, "never heard of it"};
    if (request->service() == "broken") return {grpc::StatusCode::CANCELLED, "the server's own words"};
    if (request->service() == "long") return {grpc::StatusCode::INTERNAL, std::string(1'000'000, 'x')};
    reply->set_status(request->service() == "db" ? health::HealthCheckResponse::NOT_SERVING : status.load());
    return grpc::Status::OK;
  }

  std::atomic<health::HealthCheckResponse::ServingStatus> status = health::HealthCheckResponse::SERVING;
  std::atomic<int> asked = 0;
  std::atomic<int> cancelled = 0;
  std::atomic<bool> kubelets_agent = false;
};

class GrpcHealthTest : public testing::Test {
 protected:
  void TearDown() override { stop(); }

  void serve(int port = 0) { serve(service_, "127.0.0.1", port); }
  void serve(grpc::Service& service, const std::string& address, int port = 0) {
    grpc::ServerBuilder builder;
    int bound = 0;
    builder.AddListeningPort(address + ":" + std::to_string(port), grpc::InsecureServerCredentials(), &bound);
    builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
    port_ = static_cast<std::uint16_t>(bound);
  }
  void stop() {
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }
  [[nodiscard]] HealthQuestion question(const std::string& service = "",
                                        std::chrono::milliseconds timeout = 20s) const {
    HealthQuestion made;
    made.host = "127.0.0.1";
    made.port = port_;
    made.service = service;
    made.timeout = timeout;
    return made;
  }
  HealthAnswer check(const std::string& service = "", std::chrono::milliseconds timeout = 20s) {
    return await(io_, checker_->check(question(service, timeout)));
  }

  asio::io_context io_;
  HealthService service_;
  std::unique_ptr<grpc::Server> server_;
  std::uint16_t port_ = 0;
  std::unique_ptr<GrpcHealthChecker> checker_ = make_grpc_health_checker();
};

/// A server that does not speak gRPC: sends `words` to every client, or nothing at all.
class Stranger {
 public:
  explicit Stranger(std::string words) : words_(std::move(words)) {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Stranger() {
    io_.stop();
    thread_.join();
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::atomic<int> visitors = 0;

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code failed, Tcp::socket socket) {
      if (failed) return;
      ++visitors;
      boost::system::error_code ignored;
      if (!words_.empty()) asio::write(socket, asio::buffer(words_), ignored);
      kept_.push_back(std::move(socket));
      accept();
    });
  }

  std::string words_;
  asio::io_context io_;
  Tcp::acceptor acceptor_{io_, {asio::ip::make_address("127.0.0.1"), 0}};
  std::vector<Tcp::socket> kept_;
  std::thread thread_;
};

struct Size {
  long threads = 0, resident_kib = 0, files = 0;
};
Size own_size() {
  Size size;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "Threads:") status >> size.threads;
    if (word == "VmRSS:") status >> size.resident_kib;
  }
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++size.files;
  return size;
}

TEST_F(GrpcHealthTest, AServerThatServesSaysSo) {
  serve();
  EXPECT_EQ(check().kind, Kind::kServing);
  EXPECT_TRUE(service_.kubelets_agent);
  EXPECT_EQ(check("web").kind, Kind::kServing);
}

TEST_F(GrpcHealthTest, EveryOtherAnswerIsNotServing) {
  serve();
  EXPECT_EQ(check("db").kind, Kind::kNotServing);
  EXPECT_EQ(check("db").text, "the server says NOT_SERVING");
  service_.status = health::HealthCheckResponse::UNKNOWN;
  EXPECT_EQ(check().text, "the server says UNKNOWN");
  service_.status = health::HealthCheckResponse::SERVICE_UNKNOWN;
  EXPECT_EQ(check().text, "the server says SERVICE_UNKNOWN");
  service_.status = static_cast<health::HealthCheckResponse::ServingStatus>(77);
  EXPECT_EQ(check().kind, Kind::kNotServing);
  const HealthAnswer strange = check("strange");
  EXPECT_EQ(strange.kind, Kind::kNotServing);
  EXPECT_EQ(strange.text, "the server does not know the service \"strange\": never heard of it");
}

TEST_F(GrpcHealthTest, AServerWithoutHealthServiceSaysSo) {
  ::runtime::v1::ImageService::Service other;
  serve(other, "127.0.0.1");
  const HealthAnswer answer = check();
  EXPECT_EQ(answer.kind, Kind::kNotServing);
  EXPECT_EQ(answer.text, "the server has no health service (grpc.health.v1.Health)");
  stop();
}

TEST_F(GrpcHealthTest, ErrorsOfTheServerAreFailures) {
  serve();
  const HealthAnswer broken = check("broken");
  EXPECT_EQ(broken.kind, Kind::kUnreachable);
  EXPECT_NE(broken.text.find("CANCELLED: the server's own words"), std::string::npos) << broken.text;
  EXPECT_EQ(check("long").kind, Kind::kUnreachable);
}

TEST_F(GrpcHealthTest, NobodyListeningIsAFailureWhenTheTimeIsOver) {
  {
    const Stranger gone("");
    port_ = gone.port();
  }
  const auto before = steady_now();
  const HealthAnswer answer = check("", 300ms);
  EXPECT_GE(steady_now() - before, 250ms);
  EXPECT_EQ(answer.kind, Kind::kUnreachable);
  EXPECT_EQ(answer.text, "no gRPC connection to 127.0.0.1:" + std::to_string(port_) + " within 300 ms");
}

TEST_F(GrpcHealthTest, AServerThatComesInTimeIsFound) {
  serve();
  stop();
  std::thread later([this] {
    std::this_thread::sleep_for(300ms);
    serve(port_);
  });
  const HealthAnswer answer = check();
  later.join();
  ASSERT_NE(server_, nullptr);
  EXPECT_EQ(answer.kind, Kind::kServing) << answer.text;
}

TEST_F(GrpcHealthTest, AServerThatHangsIsGivenUpAndTold) {
  serve();
  const HealthAnswer answer = check("slow", 1s);
  EXPECT_EQ(answer.kind, Kind::kUnreachable);
  EXPECT_EQ(answer.text, "no answer from 127.0.0.1:" + std::to_string(port_) + " within 1000 ms");
  EXPECT_TRUE(eventually([&] { return service_.cancelled == 1; }));
}

TEST_F(GrpcHealthTest, APortThatIsSilentIsAFailureInTime) {
  const Stranger silent("");
  port_ = silent.port();
  const HealthAnswer answer = check("", 300ms);
  EXPECT_EQ(answer.kind, Kind::kUnreachable);
  EXPECT_NE(answer.text.find("no gRPC connection"), std::string::npos) << answer.text;
  EXPECT_EQ(silent.visitors, 1);
}

TEST_F(GrpcHealthTest, GarbageOnThePortIsAFailure) {
  const std::vector<std::string> garbage{
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", std::string(100'000, '\xff'),
      std::string("\x00\x00\x00\x04\x00\x00\x00\x00\x00", 9) +
          std::string(1000, '\x07'),  // SETTINGS, then none
  };
  for (const std::string& words : garbage) {
    const Stranger stranger(words);
    port_ = stranger.port();
    const HealthAnswer answer = check("", 500ms);
    EXPECT_EQ(answer.kind, Kind::kUnreachable) << answer.text;
    EXPECT_GE(stranger.visitors, 1);
    EXPECT_LE(stranger.visitors, 8) << "tried again without a pause";
  }
}

TEST_F(GrpcHealthTest, CancellationEndsItHereAndThere) {
  serve();
  asio::cancellation_signal signal;
  bool aborted = false;
  auto call = checker_->check(question("slow"));
  asio::co_spawn(io_, std::move(call),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error, HealthAnswer) {
                   try {
                     if (error) std::rethrow_exception(error);
                   } catch (const boost::system::system_error& failed) {
                     aborted = failed.code() == asio::error::operation_aborted;
                   }
                 }));
  const auto reached = [&] {
    io_.poll();
    return service_.asked == 1;
  };
  ASSERT_TRUE(eventually(reached));
  EXPECT_FALSE(aborted);
  signal.emit(asio::cancellation_type::terminal);
  io_.run_for(20s);
  EXPECT_TRUE(aborted);
  EXPECT_TRUE(eventually([&] { return service_.cancelled == 1; }));
}

TEST_F(GrpcHealthTest, AnAskerThatIsGoneIsNotWoken) {
  serve();
  {
    asio::io_context short_lived;
    asio::co_spawn(short_lived, checker_->check(question("slow")), asio::detached);
    const auto reached = [&] {
      short_lived.poll();
      return service_.asked == 1;
    };
    ASSERT_TRUE(eventually(reached));
  }
  EXPECT_TRUE(eventually([&] { return service_.cancelled == 1; }));
  EXPECT_EQ(check().kind, Kind::kServing);
}

TEST_F(GrpcHealthTest, DestroyingTheCheckerEndsItsQuestions) {
  serve();
  std::optional<HealthAnswer> answer;
  asio::co_spawn(io_, checker_->check(question("slow")),
                 [&](std::exception_ptr, HealthAnswer given) { answer = std::move(given); });
  const auto reached = [&] {
    io_.poll();
    return service_.asked == 1;
  };
  ASSERT_TRUE(eventually(reached));
  checker_.reset();
  io_.restart();
  io_.run_for(20s);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->kind, Kind::kUnreachable);
}

TEST_F(GrpcHealthTest, OnlyAddressesAreProbed) {
  HealthQuestion named = question();
  named.host = "localhost";
  EXPECT_THROW(await(io_, checker_->check(named)), BadInput);
  named.host = "";
  EXPECT_THROW(await(io_, checker_->check(named)), BadInput);
}

TEST_F(GrpcHealthTest, PodsMayHaveIPv6Addresses) {
  serve(service_, "[::1]");
  if (!server_ || port_ == 0) GTEST_SKIP() << "This machine has no IPv6.";
  HealthQuestion six = question();
  six.host = "::1";
  EXPECT_EQ(await(io_, checker_->check(six)).kind, Kind::kServing);
}

/// Hours of probing: a check leaves neither memory nor threads nor connections behind.
TEST_F(GrpcHealthTest, HundredsOfProbesLeaveNothingBehind) {
  serve();
  const long listening = own_size().files;
  const auto probe = [&](int times) {
    for (int i = 0; i < times; ++i) ASSERT_EQ(check(i % 2 == 0 ? "" : "web").kind, Kind::kServing);
  };
  probe(150);
  const Size warm = own_size();
  probe(500);
  const Size later = own_size();
  EXPECT_LE(later.threads, warm.threads + 2);  // gRPC's own pool breathes
  EXPECT_LE(later.resident_kib, warm.resident_kib + 1024);
  // The checker and gRPC keep a few for themselves; the server closes its own a little later.
  EXPECT_TRUE(eventually([&] { return own_size().files <= listening + 4; })) << own_size().files;
}

}  // namespace
}  // namespace edgecore::cri
