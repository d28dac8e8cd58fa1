// SPDX-License-Identifier: Apache-2.0
// rest → servicebus: the cloud calls HTTP services on the node (protocol/04-devices.md §5.5).

#include <set>

#include "edgecore/base/clock.hpp"
#include "unit/servicebus/servicebus_fixture.hpp"

namespace edgecore::servicebus {
namespace {

class ServiceCallsTest : public ServiceBusFixture {
 protected:
  /// A service that answers with the request it got.
  static boost::asio::awaitable<void> echo(net::Request& request, net::Responder& responder) {
    std::string text = request.method + " " + request.target + " " + request.body;
    for (const auto& [name, value] : request.headers) text += "\n" + name + ": " + value;
    net::Headers headers{{"content-type", "text/plain"}, {"X-Two", "1"}, {"X-Two", "2"}};
    co_await say(responder, 203, std::move(text), std::move(headers));
  }
  net::HttpServer::Handler redirect_to(std::string location, int status = 302) {
    return [location = std::move(location), status](net::Request&, net::Responder& responder) {
      return say(responder, status, "moved", {{"Location", location}});
    };
  }
};

TEST_F(ServiceCallsTest, ACallIsMadeAndItsAnswerUploaded) {
  const auto port = serve(echo);
  start();
  const auto id =
      call(port, "/path/param?q=1", "PUT", "the body", {{"X-Given", {"a", "b"}}, {"Host", {"cloud"}}});
  const Json content = answer(id);
  EXPECT_EQ(content.at("status_code"), 203);
  EXPECT_EQ(content.at("header").at("Content-Type"), Json::array({"text/plain"}));
  EXPECT_EQ(content.at("header").at("X-Two"), Json::array({"1", "2"}));
  EXPECT_FALSE(content.at("header").contains("Connection"));
  const std::string body = body_of(content);
  EXPECT_TRUE(body.starts_with("PUT /path/param?q=1 the body\n")) << body;
  for (const std::string line : {"\nX-Given: a", "\nX-Given: b", "\nAccept: */*", "\nContent-Length: 8"})
    EXPECT_NE(body.find(line), std::string::npos) << line << " is not in " << body;
  EXPECT_NE(body.find("\nHost: 127.0.0.1:" + std::to_string(port)), std::string::npos) << body;
  expect_no_restart();
}

TEST_F(ServiceCallsTest, WhatGoesWrongIsAnsweredToo) {
  start();
  EXPECT_EQ(outcome(from_cloud("POST", "nonsense", Json::object())),
            "400 the format of resource nonsense is incorrect");
  EXPECT_EQ(outcome(from_cloud("POST", "80:/", 7)), "400 error to marshal request msg content");
  EXPECT_EQ(outcome(from_cloud("POST", "80:/", "{")), "400 error to parse http request");
  const auto id = call(free_port(), "/");
  const Json absent = answer(id);
  EXPECT_EQ(absent.at("status_code"), 404);
  EXPECT_EQ(absent.at("header"), (Json{{"Server", {"kubeedge-edgecore"}}}));
  EXPECT_EQ(body_of(absent), "error to call service");
}

TEST_F(ServiceCallsTest, AServiceThatDoesNotAnswerInTimeIsGivenUp) {
  tuning.call_timeout = 150ms;
  const auto silent = serve([](net::Request&, net::Responder& responder) -> boost::asio::awaitable<void> {
    co_await pause(10min);
    co_await say(responder, 200, "too late");
  });
  const auto trickling = serve([](net::Request&, net::Responder& responder) -> boost::asio::awaitable<void> {
    net::Headers headers;
    co_await responder.start(200, std::move(headers));
    std::string piece = "begun";
    co_await responder.write(std::move(piece));
    co_await pause(10min);
  });
  start();
  EXPECT_EQ(outcome(call(silent, "/")), "404 error to call service");
  const std::string broken = outcome(call(trickling, "/"));
  EXPECT_TRUE(broken.starts_with("500 error to receive response, err: ")) << broken;
}

TEST_F(ServiceCallsTest, AnAnswerThatBreaksOffIsNotTakenForWhole) {
  const auto port = serve([](net::Request&, net::Responder& responder) -> boost::asio::awaitable<void> {
    net::Headers headers;
    co_await responder.start(200, std::move(headers));
    std::string piece = "half";
    co_await responder.write(std::move(piece));
    responder.cut();
  });
  start();
  const std::string broken = outcome(call(port, "/"));
  EXPECT_TRUE(broken.starts_with("500 error to receive response, err: ")) << broken;
}

TEST_F(ServiceCallsTest, ALongBodyIsCutWithoutALengthThatIsNotTrue) {
  const auto port = serve([](net::Request& request, net::Responder& responder) {
    return say(responder, 200, std::string(request.target == "/long" ? 5'000'001 : 5'000'000, 'x'));
  });
  start();
  const auto whole = call(port, "/whole");
  const Json complete = answer(whole);
  EXPECT_EQ(body_of(complete).size(), 5'000'000U);
  EXPECT_EQ(complete.at("header").at("Content-Length"), Json::array({"5000000"}));
  const auto longer = call(port, "/long");
  const Json cut = answer(longer);
  EXPECT_EQ(body_of(cut).size(), 5'000'000U);
  EXPECT_EQ(cut.at("status_code"), 200);
  EXPECT_FALSE(cut.at("header").contains("Content-Length"));
}

TEST_F(ServiceCallsTest, RedirectsWithinTheServiceAreFollowed) {
  const auto port = serve([](net::Request& request, net::Responder& responder) {
    if (request.target == "/a/last") return echo(request, responder);
    return say(responder, 307, "moved", {{"Location", request.target == "/" ? "/a/second" : "last"}});
  });
  start();
  const std::string body = outcome(call(port, "/", "POST", "data"));
  EXPECT_TRUE(body.starts_with("203 POST /a/last data\n")) << body;
}

TEST_F(ServiceCallsTest, ARedirectElsewhereIsForWhoeverAsked) {
  const auto other = serve(echo);
  start();
  for (const std::string& away : {std::string("http://192.0.2.1/secret"),
                                  "http://127.0.0.1:" + std::to_string(other) + "/api/v1/secrets"}) {
    const auto port = serve(redirect_to(away));
    const auto id = call(port, "/");
    const Json content = answer(id);
    EXPECT_EQ(content.at("status_code"), 302);
    EXPECT_EQ(content.at("header").at("Location"), Json::array({away}));
    EXPECT_EQ(body_of(content), "moved");
  }
}

TEST_F(ServiceCallsTest, ARingOfRedirectsEnds) {
  const auto asked = std::make_shared<std::atomic<int>>(0);
  const auto port = serve([asked](net::Request&, net::Responder& responder) {
    ++*asked;
    return say(responder, 301, "", {{"Location", "/again"}});
  });
  start();
  EXPECT_EQ(outcome(call(port, "/")), "404 error to call service");
  EXPECT_EQ(*asked, 11) << "the call and ten redirects";
}

TEST_F(ServiceCallsTest, ASlowServiceHoldsUpNobodyElse) {
  tuning.calls = 4;
  tuning.calls_per_port = 2;
  const auto let_go = std::make_shared<std::atomic<bool>>(false);
  const auto at_once = std::make_shared<std::atomic<int>>(0);
  const auto most = std::make_shared<std::atomic<int>>(0);
  const auto slow = serve([=](net::Request&, net::Responder& responder) -> boost::asio::awaitable<void> {
    *most = std::max<int>(*most, ++*at_once);
    while (!*let_go) co_await pause(2ms);
    --*at_once;
    co_await say(responder, 200, "slow");
  });
  const auto fast =
      serve([](net::Request&, net::Responder& responder) { return say(responder, 200, "fast"); });
  start();
  std::set<std::string> waiting;
  for (int i = 0; i < 6; ++i) waiting.insert(call(slow, "/"));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(outcome(call(fast, "/")), "200 fast");
  EXPECT_EQ(*most, 2);
  *let_go = true;
  for (int i = 0; i < 6; ++i) {
    const auto message = next();
    ASSERT_TRUE(message);
    EXPECT_EQ(waiting.erase(message->header.parent_id), 1U);
    EXPECT_EQ(body_of(message->content), "slow");
  }
  EXPECT_EQ(*most, 2);
  expect_no_restart();
}

TEST_F(ServiceCallsTest, TooManyCallsAreRefusedAtOnce) {
  tuning.calls_per_port = 1;
  tuning.waiting_calls = 1;
  const auto silent =
      serve([](net::Request&, net::Responder&) -> boost::asio::awaitable<void> { co_await pause(10min); });
  start();
  call(silent, "/");
  call(silent, "/");
  EXPECT_TRUE(outcome(call(silent, "/")).starts_with("503 ")) << "one is under way and one waits";
}

TEST_F(ServiceCallsTest, CallsHoldNoMoreBytesThanTheyMay) {
  tuning.call_bytes = 100'000;
  const auto port = serve([](net::Request&, net::Responder& responder) {
    return say(responder, 200, std::string(150'000, 'x'));
  });
  start();
  EXPECT_TRUE(outcome(call(port, "/", "POST", std::string(100'000, 'x'))).starts_with("503 "));
  const std::string answered = outcome(call(port, "/"));
  EXPECT_TRUE(answered.starts_with("500 error to receive response, err: too many large answers")) << answered;
  EXPECT_TRUE(outcome(call(port, "/", "POST", std::string(90'000, 'x'))).starts_with("500 "))
      << "a call returns its share of the budget";
}

TEST_F(ServiceCallsTest, ACallThatWaitedTooLongIsNotMade) {
  tuning.calls_per_port = 1;
  tuning.call_patience = 50ms;
  const auto asked = std::make_shared<std::atomic<int>>(0);
  const auto port = serve([asked](net::Request&, net::Responder& responder) -> boost::asio::awaitable<void> {
    ++*asked;
    co_await pause(200ms);
    co_await say(responder, 200, "done");
  });
  start();
  const auto first = call(port, "/");
  const auto second = call(port, "/");
  EXPECT_EQ(outcome(first), "200 done");
  EXPECT_TRUE(outcome(second).starts_with("503 "));
  EXPECT_EQ(*asked, 1);
}

TEST_F(ServiceCallsTest, WhatIsNoCallIsPassedOver) {
  const auto port = serve(echo);
  const std::string place = std::to_string(port) + ":/";
  start();
  from_cloud("POST", place, Json::object(), names::source::kRouterEventBus);
  from_cloud(names::operation::kConnect, names::resource::kNodeConnection, names::content::kCloudConnected,
             names::source::kEdgeHub);
  for (const char* operation : {"subscribe", "unsubscribe", "publish", "response", "error", ""})
    from_cloud(operation, place, Json::object());
  const auto id = call(port, "/first");
  EXPECT_TRUE(outcome(id).starts_with("203 GET /first ")) << "the first that is answered";
  EXPECT_FALSE(next(50ms));
  expect_no_restart();
}

TEST_F(ServiceCallsTest, StoppingDoesNotWaitForCalls) {
  const auto silent =
      serve([](net::Request&, net::Responder&) -> boost::asio::awaitable<void> { co_await pause(10min); });
  start();
  call(silent, "/");
  std::this_thread::sleep_for(50ms);
  const auto before = steady_now();
  EXPECT_TRUE(supervisor->stop());
  EXPECT_LT(steady_now() - before, 2s);
}

}  // namespace
}  // namespace edgecore::servicebus
