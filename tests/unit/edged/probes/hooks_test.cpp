// SPDX-License-Identifier: Apache-2.0
#include "edged/probes/hooks.hpp"

#include <gtest/gtest.h>

#include "edgecore/net/http_server.hpp"
#include "support/loop.hpp"
#include "unit/edged/running_container.hpp"

namespace edgecore::edged {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class HooksTest : public ::testing::Test {
 protected:
  HooksTest() {
    edgecore::test::run([](cri::FakeRuntime& runtime, std::string& id) -> asio::awaitable<void> {
      id = co_await start_container(runtime, "main");
    }(runtime_, id_));
  }
  std::optional<std::string> post_start(kube::Handler handler) {
    std::optional<std::string> out;
    edgecore::test::run([](Hooks& hooks, kube::Handler what, ProbeTarget where,
                           std::optional<std::string>& result) -> asio::awaitable<void> {
      result = co_await hooks.post_start(std::move(what), std::move(where));
    }(hooks_, std::move(handler), target(), out));
    return out;
  }
  std::chrono::steady_clock::duration pre_stop(kube::Handler handler, std::chrono::seconds grace) {
    std::chrono::steady_clock::duration out{};
    edgecore::test::run([](Hooks& hooks, kube::Handler what, ProbeTarget where, std::chrono::seconds time,
                           std::chrono::steady_clock::duration& took) -> asio::awaitable<void> {
      took = co_await hooks.pre_stop(std::move(what), std::move(where), time);
    }(hooks_, std::move(handler), target(), grace, out));
    return out;
  }
  ProbeTarget target() {
    ProbeTarget where;
    where.container_id = id_;
    where.pod_ip = "127.0.0.1";
    return where;
  }

  cri::FakeRuntime runtime_;
  Hooks hooks_{runtime_, log::get("test")};
  std::string id_;
};

TEST_F(HooksTest, NoHookIsNoCall) {
  runtime_.clear_calls();
  EXPECT_EQ(post_start({}), std::nullopt);
  EXPECT_EQ(pre_stop({}, 10s), 0s);
  EXPECT_EQ(pre_stop(kube::ExecAction{{"x"}}, 0s), 0s) << "no time, no hook";
  EXPECT_TRUE(runtime_.calls().empty());
}

TEST_F(HooksTest, AFailedCommandIsToldWithWhatItSaid) {
  runtime_.on_exec([](const std::string&, const std::vector<std::string>&) {
    cri::ExecResult result;
    result.exit_code = 2;
    result.err = "no disk";
    return result;
  });
  const auto problem = post_start(kube::ExecAction{{"x"}});
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("exit code 2: no disk"), std::string::npos) << *problem;
}

TEST_F(HooksTest, PreStopEndsWithItsGracePeriod) {
  cri::FakeRuntime::Fault hang;
  hang.hang = true;
  runtime_.fail_next("ExecSync", hang);
  const auto took = pre_stop(kube::ExecAction{{"x"}}, 1s);
  EXPECT_GE(took, 1s);
  EXPECT_LT(took, 3s);
}

TEST_F(HooksTest, AFailingPreStopDoesNotUseUpTheGracePeriod) {
  cri::FakeRuntime::Fault away;
  away.code = cri::Code::kUnavailable;
  runtime_.fail_next("ExecSync", away);
  EXPECT_LT(pre_stop(kube::ExecAction{{"x"}}, 30s), 5s);
}

TEST_F(HooksTest, AnHttpHookIsContentWithAnyAnswerAndFallsBackFromTls) {
  std::string agent;
  bool with_secret = false;
  int requests = 0;
  std::optional<std::string> problem = "not run";
  edgecore::test::run([](Hooks& hooks, ProbeTarget where, std::string& as, bool& secret, int& count,
                         std::optional<std::string>& out) -> asio::awaitable<void> {
    net::HttpServer::Handler handler = [&](net::Request& request,
                                           net::Responder& responder) -> asio::awaitable<void> {
      ++count;
      as = request.headers.get("User-Agent");
      secret = request.headers.has("Authorization");
      net::Response response;
      response.status = 500;
      co_await responder.send(std::move(response));
    };
    net::HttpServer::Options options;
    net::HttpServer server(co_await asio::this_coro::executor, std::move(options), std::move(handler));
    server.start();
    kube::HttpGetAction action;
    action.scheme = "HTTPS";
    action.headers = {{"Authorization", "Bearer s"}};
    action.port.value = static_cast<std::int32_t>(server.port());
    kube::Handler hook = action;
    out = co_await hooks.post_start(std::move(hook), std::move(where));
    co_await server.stop();
  }(hooks_, target(), agent, with_secret, requests, problem));
  EXPECT_EQ(problem, std::nullopt) << *problem;
  EXPECT_EQ(requests, 1);
  EXPECT_EQ(agent, "kube-lifecycle/1.28");
  EXPECT_FALSE(with_secret) << "the secret went out in the clear";
}

TEST_F(HooksTest, RedirectOfAHookIsFollowed) {
  std::string last;
  std::optional<std::string> problem = "not run";
  edgecore::test::run([](Hooks& hooks, ProbeTarget where, std::string& target,
                         std::optional<std::string>& out) -> asio::awaitable<void> {
    net::HttpServer::Handler handler = [&target](net::Request& request,
                                                 net::Responder& responder) -> asio::awaitable<void> {
      target = request.target;
      net::Response response;
      response.status = 302;
      if (target == "/ready/") response.headers.add("Location", "../start?now=1");
      co_await responder.send(std::move(response));
    };
    net::HttpServer::Options options;
    net::HttpServer server(co_await asio::this_coro::executor, std::move(options), std::move(handler));
    server.start();
    kube::HttpGetAction action;
    action.path = "/ready/";
    action.port.value = static_cast<std::int32_t>(server.port());
    kube::Handler hook = action;
    out = co_await hooks.post_start(std::move(hook), std::move(where));
    co_await server.stop();
  }(hooks_, target(), last, problem));
  EXPECT_EQ(problem, std::nullopt) << *problem;
  EXPECT_EQ(last, "/start?now=1");
}

TEST_F(HooksTest, NobodyListeningIsAFailure) {
  kube::HttpGetAction action;
  action.port.value = 1;
  EXPECT_TRUE(post_start(action));
}

TEST(ParseHook, ReadsWhatTheAnnotationHolds) {
  const auto exec = parse_hook(R"({"exec":{"command":["sh","-c","x"]}})");
  ASSERT_TRUE(std::holds_alternative<kube::ExecAction>(exec));
  EXPECT_EQ(std::get<kube::ExecAction>(exec).command.size(), 3U);
  const auto http = parse_hook(R"({"httpGet":{"path":"/bye","port":8080,"scheme":"HTTP"}})");
  ASSERT_TRUE(std::holds_alternative<kube::HttpGetAction>(http));
  EXPECT_EQ(std::get<kube::HttpGetAction>(http).path, "/bye");
  for (const char* bad : {"", "{", "[]", "7", R"({"exec":7})"})
    EXPECT_TRUE(std::holds_alternative<std::monostate>(parse_hook(bad))) << bad;
}

}  // namespace
}  // namespace edgecore::edged
