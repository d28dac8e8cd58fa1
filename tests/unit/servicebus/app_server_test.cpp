// SPDX-License-Identifier: Apache-2.0
// servicebus → rest: programs on the node call the cloud (protocol/04-devices.md §5.6).

#include <algorithm>
#include <map>

#include "edgecore/base/clock.hpp"
#include "unit/servicebus/servicebus_fixture.hpp"

namespace edgecore::servicebus {
namespace {

constexpr char kUrl[] = "http://target/a";
using Rows = std::vector<std::string>;

class AppServerTest : public ServiceBusFixture {};

TEST_F(AppServerTest, ACallIsAnsweredByTheCloud) {
  start();
  make_rule(kUrl);
  const std::string body = R"({"method":"POST","targetURL":"http://target/a","payload":{"x":1}})";
  for (const std::string method : {"POST", "GET", "PUT"}) {
    Reply reply_ = post(body, "any/path", method);
    const MessagePtr question = next();
    ASSERT_TRUE(question);
    EXPECT_EQ(question->route.source, "servicebus");
    EXPECT_EQ(question->route.group, "user");
    EXPECT_EQ(question->route.operation, "upload");
    EXPECT_EQ(question->route.resource, kUrl);
    EXPECT_TRUE(question->header.parent_id.empty());
    EXPECT_EQ(question->content, Json(net::base64(body)));
    ASSERT_TRUE(reply(question, "the answer"));
    EXPECT_EQ(said(std::move(reply_)), "200 receive response from cloud successfully|the answer");
  }
  Reply object = ask(kUrl);
  ASSERT_TRUE(reply(next(), {{"a", 1}}));
  EXPECT_EQ(said(std::move(object)), "200 receive response from cloud successfully|{\"a\":1}");
  Reply nothing = ask(kUrl);
  ASSERT_TRUE(reply(next(), nullptr));
  EXPECT_EQ(said(std::move(nothing)), "200 receive response from cloud successfully|");
}

TEST_F(AppServerTest, WhatIsWrongIsSaidInWordsThatProgramsKnow) {
  start();
  make_rule(kUrl);
  EXPECT_EQ(said(post("no JSON")), "400 invalid params|");
  EXPECT_EQ(said(post("")), "400 invalid params|");
  EXPECT_EQ(said(ask("http://other")), not_allowed("http://other"));
  EXPECT_EQ(said(post("{}")), not_allowed(""));
  EXPECT_EQ(said(ask("http:/target/a")), not_allowed("http:/target/a"));
  EXPECT_FALSE(next(20ms));
}

TEST_F(AppServerTest, ABodyMayHaveFiveMillionBytes) {
  start();
  make_rule(kUrl);
  const std::string unreadable = "400 can't read data from body of the http's request|";
  std::string body = Json{{"targetURL", kUrl}, {"payload", ""}}.dump();
  body.insert(body.find("\"\"") + 1, std::string(5'000'000 - body.size(), 'x'));
  ASSERT_EQ(body.size(), 5'000'000U);
  Reply largest = post(body);
  const MessagePtr question = next();
  ASSERT_TRUE(question);
  EXPECT_EQ(question->content.get_ref<const std::string&>().size(), 6'666'668U);
  reply(question, "ok");
  EXPECT_EQ(said(std::move(largest)), "200 receive response from cloud successfully|ok");
  EXPECT_EQ(said(post(body + " ")), unreadable);
  // Far too large: refused by its Content-Length alone.
  net::ClientRequest request;
  request.method = "POST";
  request.url = url();
  request.headers.add("Content-Length", "1000000000");
  EXPECT_EQ(said(fetch(std::move(request))), unreadable);
}

// The page of a web site in a browser on the node is no program of the node.
TEST_F(AppServerTest, AWebPageCannotCallTheCloud) {
  start();
  make_rule(kUrl);
  ASSERT_TRUE(eventually([&] { return listening(); }));
  for (const auto& [name, value] :
       {std::pair("Host", "evil.example"), std::pair("Origin", "http://evil.example")}) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = url();
    request.headers.add(name, value);
    request.body = Json{{"method", "POST"}, {"targetURL", kUrl}}.dump();
    const Fetched outcome = fetch(std::move(request)).get();
    ASSERT_TRUE(outcome.response) << outcome.failure;
    EXPECT_EQ(outcome.response->status, 403) << name;
  }
  EXPECT_FALSE(next(20ms));
}

TEST_F(AppServerTest, WithoutTheCloudItFailsAtOnce) {
  config.timeout = 3600;
  start();
  make_rule(kUrl);
  Reply waiting = ask(kUrl);
  const MessagePtr question = next();
  ASSERT_TRUE(question);
  ASSERT_TRUE(
      reply(question, {{"code", 503}, {"message", "the node is not connected"}}, names::operation::kError));
  EXPECT_EQ(said(std::move(waiting)), "400 timeout to send message " + question->header.id + "|");
}

TEST_F(AppServerTest, ACloudThatDoesNotAnswerIsWaitedForOnlySoLong) {
  config.timeout = 1;
  start();
  make_rule(kUrl);
  const auto before = steady_now();
  Reply waiting = ask(kUrl);
  const MessagePtr question = next();
  ASSERT_TRUE(question);
  EXPECT_EQ(said(std::move(waiting)), "400 timeout to get response for message " + question->header.id + "|");
  EXPECT_GE(steady_now() - before, 1s);
  EXPECT_FALSE(reply(question, "too late"));
}

TEST_F(AppServerTest, ManyCallsGoBesideEachOther) {
  start();
  make_rule(kUrl);
  constexpr int kCalls = 100;
  std::vector<Reply> replies;
  for (int i = 0; i < kCalls; ++i) replies.push_back(ask(kUrl, i));
  std::vector<MessagePtr> questions;
  for (int i = 0; i < kCalls; ++i) {
    questions.push_back(next());
    ASSERT_TRUE(questions.back());
  }
  std::reverse(questions.begin(), questions.end());
  for (const auto& question : questions) {
    const Json asked = Json::parse(net::base64_decode(question->content.get<std::string>()));
    ASSERT_TRUE(reply(question, "answer to " + std::to_string(asked.at("payload").get<int>())));
  }
  for (int i = 0; i < kCalls; ++i)
    EXPECT_EQ(said(std::move(replies[static_cast<std::size_t>(i)])),
              "200 receive response from cloud successfully|answer to " + std::to_string(i));
  expect_no_restart();
}

TEST_F(AppServerTest, RulesComeAndGo) {
  start();
  EXPECT_FALSE(listening());
  make_rule(kUrl);
  from_cloud("start", "http://other/");
  EXPECT_TRUE(eventually([&] { return rows() == Rows{"http://other/", kUrl}; }));
  from_cloud("stop", "http:/target/a");
  EXPECT_TRUE(eventually([&] { return rows() == Rows{"http://other/"}; }))
      << "the cloud's spelling of " << kUrl;
  EXPECT_TRUE(eventually([&] { return said(ask(kUrl)) == not_allowed(kUrl); }));
  from_cloud("stop", "http://other/");
  EXPECT_TRUE(eventually([&] { return rows().empty() && !listening(); }));
  from_cloud("stop", "http://other/");  // an unknown rule
  make_rule(kUrl);
  EXPECT_EQ(said(ask("http://other/")), not_allowed("http://other/"));
  expect_no_restart();
}

TEST_F(AppServerTest, RulesAreKeptOverARestart) {
  start();
  make_rule(kUrl);
  ASSERT_TRUE(supervisor->stop());
  EXPECT_FALSE(listening());
  EXPECT_EQ(rows(), Rows{kUrl});
  beehive::Bus another;
  cloud = another.add_module(names::module::kEdgeHub, names::group::kHub);
  beehive::ModuleSpec spec;
  spec.name = names::module::kServiceBus;
  spec.group = names::group::kBus;
  spec.make = make_servicebus(ServiceBusDeps{*store, config, tuning});
  beehive::Supervisor again(another, SystemClock::instance(), {},
                            [](const std::string&, const MessagePtr&, const std::string&) {});
  again.start({std::move(spec)});
  EXPECT_TRUE(eventually([&] { return listening(); }));
  Reply waiting = ask(kUrl);
  const MessagePtr question = next();
  ASSERT_TRUE(question);
  another.respond(beehive::make_response(*question, "again"));
  EXPECT_EQ(said(std::move(waiting)), "200 receive response from cloud successfully|again");
  again.stop();
}

TEST_F(AppServerTest, ACallUnderWayEndsWellAfterTheRuleIsGone) {
  start();
  make_rule(kUrl);
  Reply waiting = ask(kUrl);
  const MessagePtr question = next();
  ASSERT_TRUE(question);
  from_cloud("stop", kUrl);
  ASSERT_TRUE(eventually([&] { return !listening(); }));
  // A new rule does not wait for it.
  make_rule("http://new");
  EXPECT_EQ(said(ask(kUrl)), not_allowed(kUrl));
  ASSERT_TRUE(reply(question, "in time"));
  EXPECT_EQ(said(std::move(waiting)), "200 receive response from cloud successfully|in time");
}

TEST_F(AppServerTest, ACallThatOutlivesTheGraceIsCutOff) {
  tuning.stop_grace = 100ms;
  start();
  make_rule(kUrl);
  Reply waiting = ask(kUrl);
  ASSERT_TRUE(next());
  from_cloud("stop", kUrl);
  EXPECT_FALSE(waiting.get().response);
  make_rule(kUrl);
}

TEST_F(AppServerTest, StartAndStopInQuickSuccessionEndAsTheLastOneSays) {
  start();
  for (int i = 0; i < 50; ++i) {
    from_cloud("start", kUrl);
    from_cloud("stop", kUrl);
  }
  from_cloud("start", kUrl);
  EXPECT_TRUE(eventually([&] { return rows() == Rows{kUrl} && listening(); }));
  for (int i = 0; i < 50; ++i) {
    from_cloud("stop", kUrl);
    from_cloud("start", kUrl);
  }
  from_cloud("stop", kUrl);
  EXPECT_TRUE(eventually([&] { return rows().empty() && !listening(); }));
  expect_no_restart();
}

TEST_F(AppServerTest, APortThatIsTakenIsTriedUntilItIsFree) {
  boost::asio::io_context context;
  const boost::asio::ip::tcp::endpoint place(boost::asio::ip::address_v4::loopback(),
                                             static_cast<std::uint16_t>(config.port));
  std::optional<boost::asio::ip::tcp::acceptor> other;
  other.emplace(context, place);
  start();
  from_cloud("start", kUrl);
  ASSERT_TRUE(eventually([&] { return rows() == Rows{kUrl}; }));
  std::this_thread::sleep_for(100ms);
  other.reset();
  EXPECT_TRUE(eventually([&] { return listening(); }));
  expect_no_restart();
}

TEST_F(AppServerTest, AChangeThatCannotBeStoredIsNotServedAndTriedAgain) {
  store::Limits limits;
  limits.queued_jobs = 1;
  open_store(limits);
  start();
  std::promise<void> let_go;
  std::shared_future<void> gone = let_go.get_future().share();
  std::atomic<int> failed = 0;
  const auto done = [&failed](const std::exception_ptr& failure) { failed += failure ? 1 : 0; };
  for (int i = 0; i < 8; ++i) store->submit_and_wait_turn([gone](store::Transaction&) { gone.wait(); }, done);
  ASSERT_GT(failed, 0) << "the store takes no more";
  from_cloud("start", kUrl);
  std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(rows().empty());
  EXPECT_FALSE(listening());
  let_go.set_value();
  EXPECT_TRUE(eventually([&] { return rows() == Rows{kUrl} && listening(); }));
  expect_no_restart();
}

TEST_F(AppServerTest, RulesThatCostTooMuchAreNotTaken) {
  start();
  from_cloud("start", "");
  from_cloud("start", std::string(9000, 'x'));
  make_rule(kUrl);
  EXPECT_EQ(rows(), Rows{kUrl});
  for (int i = 0; i < 1030; ++i) from_cloud("start", "u" + std::to_string(i));
  EXPECT_TRUE(eventually([&] { return rows().size() == 1024; }));
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(rows().size(), 1024U);
  from_cloud("stop", "u0");
  from_cloud("start", "there is room again");
  EXPECT_TRUE(eventually([&] {
    const auto all = rows();
    return std::find(all.begin(), all.end(), "there is room again") != all.end();
  }));
}

TEST_F(AppServerTest, StoppingDoesNotWaitForTheCloud) {
  start();
  make_rule(kUrl);
  Reply waiting = ask(kUrl);
  ASSERT_TRUE(next());
  const auto before = steady_now();
  EXPECT_TRUE(supervisor->stop());
  EXPECT_LT(steady_now() - before, 2s);
  EXPECT_FALSE(waiting.get().response);
}

}  // namespace
}  // namespace edgecore::servicebus
