// SPDX-License-Identifier: Apache-2.0
#include "edged/probes/probe_runner.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>

#include "edgecore/net/http_server.hpp"
#include "edgecore/net/x509.hpp"
#include "support/loop.hpp"
#include "unit/edged/running_container.hpp"

namespace edgecore::edged {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ReplyKind = ProbeReply::Kind;

struct FakeHealth final : cri::GrpcHealthChecker {
  cri::HealthAnswer answer;
  cri::HealthQuestion asked;
  asio::awaitable<cri::HealthAnswer> check(cri::HealthQuestion question) override {
    asked = std::move(question);
    co_return answer;
  }
};

class ProbeRunnerTest : public ::testing::Test {
 protected:
  ProbeReply run(const kube::Handler& handler, std::chrono::seconds timeout = 1s) {
    ProbeTarget target;
    target.container_id = id_;
    target.pod_ip = "127.0.0.1";
    target.container = &container_;
    ProbeReply reply;
    edgecore::test::run([](ProbeRunner& runner, const kube::Handler& what, std::chrono::seconds time,
                           ProbeTarget where, ProbeReply& out) -> asio::awaitable<void> {
      out = co_await runner.run(what, time, std::move(where));
    }(runner_, handler, timeout, std::move(target), reply));
    return reply;
  }
  void start() {
    edgecore::test::run([](cri::FakeRuntime& runtime, std::string& id) -> asio::awaitable<void> {
      id = co_await start_container(runtime, "main");
    }(runtime_, id_));
  }

  cri::FakeRuntime runtime_;
  FakeHealth health_;
  ProbeRunner runner_{runtime_, &health_};
  kube::Container container_;
  std::string id_;
};

TEST_F(ProbeRunnerTest, ACommandSucceedsWithExitCodeZero) {
  start();
  runtime_.on_exec([](const std::string&, const std::vector<std::string>& command) {
    cri::ExecResult result;
    result.exit_code = command.front() == "good" ? 0 : 3;
    result.out = "said\nso";
    return result;
  });
  EXPECT_EQ(run(kube::ExecAction{{"good"}}).kind, ReplyKind::kSuccess);
  const ProbeReply bad = run(kube::ExecAction{{"bad"}});
  EXPECT_EQ(bad.kind, ReplyKind::kFailure);
  EXPECT_NE(bad.text.find("exit code 3"), std::string::npos);
  EXPECT_EQ(bad.text.find('\n'), std::string::npos) << bad.text;
}

TEST_F(ProbeRunnerTest, ACommandThatTakesTooLongIsAFailureARuntimeAwayAnError) {
  start();
  cri::FakeRuntime::Fault late;
  late.code = cri::Code::kDeadlineExceeded;
  runtime_.fail_next("ExecSync", late);
  EXPECT_EQ(run(kube::ExecAction{{"x"}}).kind, ReplyKind::kFailure);
  cri::FakeRuntime::Fault away;
  away.code = cri::Code::kUnavailable;
  runtime_.fail_next("ExecSync", away);
  EXPECT_EQ(run(kube::ExecAction{{"x"}}).kind, ReplyKind::kError);
}

TEST_F(ProbeRunnerTest, GrpcIsAskedOfThePodsAddress) {
  kube::GrpcAction action;
  action.port = 5000;
  action.service = "db";
  health_.answer = {cri::HealthAnswer::Kind::kServing, ""};
  EXPECT_EQ(run(action, 2s).kind, ReplyKind::kSuccess);
  EXPECT_EQ(health_.asked.host, "127.0.0.1");
  EXPECT_EQ(health_.asked.port, 5000);
  EXPECT_EQ(health_.asked.service, "db");
  EXPECT_EQ(health_.asked.timeout, 2s);
  health_.answer = {cri::HealthAnswer::Kind::kNotServing, "NOT_SERVING"};
  EXPECT_EQ(run(action).kind, ReplyKind::kFailure);
  health_.answer = {cri::HealthAnswer::Kind::kUnreachable, "nobody"};
  EXPECT_EQ(run(action).kind, ReplyKind::kFailure);
}

TEST_F(ProbeRunnerTest, TcpSucceedsWhereSomebodyListens) {
  asio::io_context loop;
  asio::ip::tcp::acceptor acceptor(loop, {asio::ip::make_address("127.0.0.1"), 0});
  kube::ContainerPort port;
  port.name = "web";
  port.container_port = acceptor.local_endpoint().port();
  container_.ports.push_back(port);
  kube::TcpSocketAction action;
  action.port.value = std::string("web");
  EXPECT_EQ(run(action).kind, ReplyKind::kSuccess);
  acceptor.close();
  EXPECT_EQ(run(action).kind, ReplyKind::kFailure);
  action.port.value = std::string("other");
  EXPECT_EQ(run(action).kind, ReplyKind::kError);
}

/// Probes a server on an ephemeral port, on the same event loop.
ProbeReply ask_server(net::HttpServer::Handler handler, kube::HttpGetAction action,
                      std::shared_ptr<const net::TlsContext> tls = nullptr,
                      std::chrono::seconds timeout = 1s) {
  ProbeReply reply;
  edgecore::test::run([](net::HttpServer::Handler handle, kube::HttpGetAction what,
                         std::shared_ptr<const net::TlsContext> secured, std::chrono::seconds time,
                         ProbeReply& out) -> asio::awaitable<void> {
    net::HttpServer::Options options;
    options.tls = std::move(secured);
    net::HttpServer server(co_await asio::this_coro::executor, std::move(options), std::move(handle));
    server.start();
    what.port.value = static_cast<std::int32_t>(server.port());
    cri::FakeRuntime runtime;
    ProbeRunner runner(runtime, nullptr);
    ProbeTarget target;
    target.pod_ip = "127.0.0.1";
    const kube::Handler wrapped = what;
    out = co_await runner.run(wrapped, time, std::move(target));
    co_await server.stop();
  }(std::move(handler), std::move(action), std::move(tls), timeout, reply));
  return reply;
}

net::HttpServer::Handler answering(int status, std::string body = "", std::string location = "") {
  return [=](net::Request&, net::Responder& responder) -> asio::awaitable<void> {
    net::Response response;
    response.status = status;
    response.body = body;
    if (!location.empty()) response.headers.add("Location", location);
    co_await responder.send(std::move(response));
  };
}

TEST(HttpProbe, StatusesFrom200To399AreGood) {
  EXPECT_EQ(ask_server(answering(200), {}).kind, ReplyKind::kSuccess);
  EXPECT_EQ(ask_server(answering(399), {}).kind, ReplyKind::kSuccess);
  EXPECT_EQ(ask_server(answering(400), {}).kind, ReplyKind::kFailure);
  const ProbeReply broken = ask_server(answering(503, "out of order"), {});
  EXPECT_EQ(broken.kind, ReplyKind::kFailure);
  EXPECT_NE(broken.text.find("503: out of order"), std::string::npos) << broken.text;
}

TEST(HttpProbe, HeadersArePresetAndCanBeReplaced) {
  std::string agent, accept, host;
  const net::HttpServer::Handler note = [&](net::Request& request,
                                            net::Responder& responder) -> asio::awaitable<void> {
    agent = request.headers.get("User-Agent");
    accept = request.headers.has("Accept") ? std::string(request.headers.get("Accept")) : "none";
    host = request.headers.get("Host");
    net::Response response;
    co_await responder.send(std::move(response));
  };
  kube::HttpGetAction action;
  EXPECT_EQ(ask_server(note, action).kind, ReplyKind::kSuccess);
  EXPECT_EQ(agent, "kube-probe/1.28");
  EXPECT_EQ(accept, "*/*");
  action.headers = {{"User-Agent", "mine"}, {"accept", ""}, {"Host", "shop.example"}};
  EXPECT_EQ(ask_server(note, action).kind, ReplyKind::kSuccess);
  EXPECT_EQ(agent, "mine");
  EXPECT_EQ(accept, "none");
  EXPECT_EQ(host, "shop.example");
}

TEST(HttpProbe, RedirectsAreFollowedOnTheSameHostOnly) {
  EXPECT_EQ(ask_server(answering(302, "", "http://192.0.2.1/elsewhere"), {}).kind, ReplyKind::kSuccess);
  EXPECT_EQ(ask_server(answering(302, "", "/again"), {}).kind, ReplyKind::kFailure) << "a circle";
  const net::HttpServer::Handler moved = [](net::Request& request,
                                            net::Responder& responder) -> asio::awaitable<void> {
    net::Response response;
    response.status = request.target == "/" ? 301 : 500;
    response.headers.add("Location", "/real");
    co_await responder.send(std::move(response));
  };
  EXPECT_EQ(ask_server(moved, {}).kind, ReplyKind::kFailure) << "the target of the redirect counts";
}

TEST(HttpProbe, RelativeRedirectWasTakenForAnotherHost) {
  const net::HttpServer::Handler moved = [](net::Request& request,
                                            net::Responder& responder) -> asio::awaitable<void> {
    net::Response response;
    response.status = request.target == "/" ? 302 : request.target == "/v2/status" ? 200 : 404;
    response.headers.add("Location", std::string(request.headers.get("X-To")));
    co_await responder.send(std::move(response));
  };
  for (const auto& [to, kind] :
       std::vector<std::pair<std::string, ReplyKind>>{{"v2/status", ReplyKind::kSuccess},
                                                      {"../v2/./status", ReplyKind::kSuccess},
                                                      {"missing", ReplyKind::kFailure},
                                                      {"?x=1", ReplyKind::kFailure}}) {
    kube::HttpGetAction action;
    action.headers.emplace_back("X-To", to);
    EXPECT_EQ(ask_server(moved, action).kind, kind) << to;
  }
}

TEST(HttpProbe, ALongBodyIsNotReadToItsEnd) {
  EXPECT_EQ(ask_server(answering(200, std::string(1 << 20, 'x')), {}).kind, ReplyKind::kSuccess);
}

TEST(HttpProbe, SilenceIsAFailureInTime) {
  const auto began = steady_now();
  const net::HttpServer::Handler silent = [](net::Request&,
                                             net::Responder& responder) -> asio::awaitable<void> {
    co_await edgecore::test::sleep(3s);
    net::Response response;
    co_await responder.send(std::move(response));
  };
  EXPECT_EQ(ask_server(silent, {}).kind, ReplyKind::kFailure);
  EXPECT_LT(steady_now() - began, 2500ms);
}

TEST(HttpProbe, CertificatesAreNotVerified) {
  const net::PrivateKey key = net::PrivateKey::generate();
  net::CertificateTemplate what;
  what.subject = {{"CN", "nobody"}};
  what.not_before = std::chrono::system_clock::now() - 48h;
  what.not_after = std::chrono::system_clock::now() - 24h;
  net::ServerTlsOptions options;
  options.certificate_pem = net::self_sign(what, key).pem();
  options.key_pem = key.pem();
  kube::HttpGetAction action;
  action.scheme = "HTTPS";
  EXPECT_EQ(ask_server(answering(200), action, net::TlsContext::server(options)).kind, ReplyKind::kSuccess);
}

TEST(HttpProbe, UrlsAreMadeFromWhatPodsSay) {
  kube::HttpGetAction action;
  action.port.value = 8080;
  action.path = "health check?x=1#part";
  ProbeTarget target;
  target.pod_ip = "fd00::7";
  EXPECT_EQ(http_request(action, target, "a").url, "http://[fd00::7]:8080/health%20check?x=1");
  action.host = "10.0.0.9";
  EXPECT_EQ(http_request(action, target, "a").url, "http://10.0.0.9:8080/health%20check?x=1");
  action.port.value = 70000;
  EXPECT_THROW(http_request(action, target, "a"), BadInput);
  action.port.value = std::string("8081");
  EXPECT_EQ(http_request(action, target, "a").url, "http://10.0.0.9:8081/health%20check?x=1");
}

}  // namespace
}  // namespace edgecore::edged
