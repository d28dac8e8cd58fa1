// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/router.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <optional>

#include "edgecore/base/clock.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/net/http_client.hpp"
#include "unit/cloudsim/downlink_fixture.hpp"
#include "unit/cloudsim/rule_objects.hpp"

namespace edgecore::cloudsim {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using beehive::Message;

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    add_endpoints(cluster_);
    target_.start();
    router_.emplace(io_.get_executor(), cluster_, downlink_, faults_, 0);
    router_->start();
  }
  ~RouterTest() override {
    wait(asio::co_spawn(io_, router_->stop(), asio::use_future));
    wait(asio::co_spawn(io_, target_.stop(), asio::use_future));
  }

  void settle() {
    while (!all_.changes.empty()) {
      const Change change = all_.changes.front();
      all_.changes.pop_front();
      router_->changed(change);
    }
  }
  /// Runs the loop until a condition holds.
  template <typename Condition>
  bool until(Condition condition) {
    const auto end = steady_now() + 10s;
    io_.restart();
    while (!condition() && steady_now() < end) io_.run_one_for(10ms);
    return condition();
  }
  template <typename Value>
  Value wait(std::future<Value> future) {
    if (!until([&] { return future.wait_for(0s) == std::future_status::ready; })) ADD_FAILURE() << "it hangs";
    return future.get();
  }
  std::future<net::ClientResponse> rest(const std::string& path, const std::string& body,
                                        const char* method = "POST") {
    net::ClientRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(router_->port()) + path;
    request.headers.add("X-Given", "1");
    request.body = body;
    return asio::co_spawn(io_, net::fetch(std::move(request)), asio::use_future);
  }
  /// The next message for a node.
  Message next() {
    if (!until([&] { return !downlink_.sent.empty(); })) {
      ADD_FAILURE() << "nothing was sent";
      return {};
    }
    KeptDownlink::Sent first = std::move(downlink_.sent.front());
    downlink_.sent.pop_front();
    EXPECT_EQ(first.node, "n");
    EXPECT_EQ(first.message.route.group, "user");
    return std::move(first.message);
  }
  static std::string line(const Message& message) {
    return message.route.source + " " + message.route.operation + " " + message.route.resource;
  }
  [[nodiscard]] std::string target_url() const {
    return "http://127.0.0.1:" + std::to_string(target_.port()) + "/in";
  }
  Json status(const char* rule) {
    return kube::object_or_empty(*cluster_.get(kind_named("Rule"), "default", rule), "status");
  }
  static Message upload(const char* source, const std::string& resource, Json content) {
    return beehive::make_message(source, "user", "upload", resource, std::move(content));
  }
  asio::awaitable<void> take(net::Request& request, net::Responder& responder) {
    received_.push_back(request.method + " " + request.target + " " + request.body);
    net::Response response;
    response.status = 202;
    response.body = answer_;
    co_await responder.send(std::move(response));
  }

  asio::io_context io_{1};
  ObservedCluster all_;
  Cluster& cluster_ = all_.cluster;
  KeptDownlink downlink_;
  Faults faults_;
  std::vector<std::string> received_;
  std::string answer_ = "taken";
  net::HttpServer target_{io_.get_executor(), {}, [this](net::Request& request, net::Responder& responder) {
                            return take(request, responder);
                          }};
  std::optional<Router> router_;
};

TEST_F(RouterTest, ARuleIsToldToItsNodeAndTakenBack) {
  add_rule(cluster_, "mqtt", "eventbus", {{"topic", "a/b"}, {"node_name", "n"}}, "rest",
           {{"resource", target_url()}});
  add_rule(cluster_, "up", "servicebus", {{"target_url", "http://a/"}, {"node_name", "n"}}, "rest",
           {{"resource", target_url()}});
  add_rule(cluster_, "down", "rest", {{"path", "/p"}}, "eventbus", {{"topic", "t"}});
  settle();
  ASSERT_EQ(downlink_.sent.size(), 2U);
  const Message subscribe = next();
  EXPECT_EQ(line(subscribe), "router_eventbus subscribe default/a/b");
  EXPECT_TRUE(subscribe.content.is_null());
  EXPECT_EQ(line(next()), "router_servicebus start http://a/");
  cluster_.remove(kind_named("Rule"), "default", "mqtt");
  cluster_.remove(kind_named("Rule"), "default", "up");
  cluster_.remove(kind_named("Rule"), "default", "down");
  settle();
  ASSERT_EQ(downlink_.sent.size(), 2U);
  EXPECT_EQ(line(next()), "router_eventbus unsubscribe default/a/b");
  EXPECT_EQ(line(next()), "router_servicebus stop http:/a");
}

TEST_F(RouterTest, ACloudThatStartsTellsAllRules) {
  add_rule(cluster_, "up", "servicebus", {{"target_url", "u"}, {"node_name", "n"}}, "rest",
           {{"resource", target_url()}});
  router_->replay();
  EXPECT_EQ(line(next()), "router_servicebus start u");
}

TEST_F(RouterTest, ARuleWithoutItsEndpointsDoesNothing) {
  add_rule(cluster_, "up", "nobody", {{"target_url", "u"}, {"node_name", "n"}}, "rest",
           {{"resource", target_url()}});
  settle();
  EXPECT_TRUE(downlink_.sent.empty());
}

TEST_F(RouterTest, ACallOfAServiceWaitsForTheNodesAnswer) {
  add_rule(cluster_, "call", "rest", {{"path", "/a"}}, "servicebus", {{"path", "/p"}});
  settle();
  auto asked = rest("/n/default/a/x?q=1", "body", "PUT");
  const Message call = next();
  EXPECT_EQ(line(call), "router_servicebus PUT 8080:/p/x?q=1");
  EXPECT_EQ(call.content["method"], "PUT");
  EXPECT_EQ(call.content["body"], net::base64("body"));
  EXPECT_EQ(call.content["header"]["X-Given"], Json::array({"1"}));
  EXPECT_FALSE(call.content["header"].contains("Host"));
  Message answer = upload("servicebus", "",
                          {{"header", {{"X-Back", {"a", "b"}}}}, {"status_code", 201}, {"body", "AP8="}});
  answer.header.parent_id = call.header.id;
  router_->uploaded("n", answer);
  const net::ClientResponse response = wait(std::move(asked));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.get("X-Back"), "a");
  EXPECT_EQ(response.body, std::string("\0\xff", 2));
  EXPECT_EQ(status("call").value("successMessages", 0), 1);
  router_->uploaded("n", answer);  // nobody waits any more
}

TEST_F(RouterTest, ANodeThatDoesNotAnswerIs408) {
  faults_.apply({{"routerTimeoutMs", 50}});
  add_rule(cluster_, "call", "rest", {{"path", "/a"}}, "servicebus", {{"path", "/p"}});
  settle();
  EXPECT_EQ(wait(rest("/n/default/a", "")).status, 408);
  EXPECT_EQ(status("call").value("failMessages", 0), 1);
  EXPECT_EQ(wait(rest("/n/default/b", "")).status, 404);
  EXPECT_EQ(wait(rest("/n/default/a", std::string(13U << 20U, 'x'))).status, 413);
}

TEST_F(RouterTest, APublicationIsDeliveredWithoutAnAnswer) {
  add_rule(cluster_, "pub", "rest", {{"path", "a"}}, "eventbus", {{"topic", "t/u"}});
  add_rule(cluster_, "longer", "rest", {{"path", "a/b"}}, "eventbus", {{"topic", "long"}});
  settle();
  const net::ClientResponse response = wait(rest("/n/default/a/x/y", "payload"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "message delivered");
  const Message publish = next();
  EXPECT_EQ(line(publish), "router_eventbus publish t/u/x/y");
  EXPECT_EQ(publish.content, "payload");
  wait(rest("/n/default/a", "payload"));
  EXPECT_EQ(line(next()), "router_eventbus publish t/u");
  wait(rest("/n/default/a/b", "payload"));
  EXPECT_EQ(line(next()), "router_eventbus publish long") << "the longest path wins";
}

TEST_F(RouterTest, AnUploadGoesToTheTargetOfItsRuleOnly) {
  add_rule(cluster_, "mqtt", "eventbus", {{"topic", "a/b"}, {"node_name", "n"}}, "rest",
           {{"resource", target_url()}});
  add_rule(cluster_, "wild", "eventbus", {{"topic", "w/+"}, {"node_name", "n"}}, "rest",
           {{"resource", target_url()}});
  settle();
  downlink_.sent.clear();
  router_->uploaded("n", upload("bus", "default/w/x", "no rule has exactly this topic"));
  router_->uploaded("m", upload("bus", "default/a/b", "another node"));
  router_->uploaded("n", upload("servicebus", "default/a/b", "another source"));
  router_->uploaded("n", upload("bus", "default/a/b", ""));
  router_->uploaded("n", upload("bus", "default/a/b", {{"x", 1}}));
  ASSERT_TRUE(until([&] { return !received_.empty(); }));
  ASSERT_TRUE(until([&] { return status("mqtt").contains("successMessages"); }));
  EXPECT_EQ(received_, std::vector<std::string>{"POST /in {\"x\":1}"});
  EXPECT_EQ(status("mqtt").value("failMessages", 0), 1) << "the empty one";
  EXPECT_TRUE(downlink_.sent.empty()) << "nothing returns to the node";
}

TEST_F(RouterTest, ACallOfTheCloudGetsTheTargetsBody) {
  add_rule(cluster_, "up", "servicebus", {{"target_url", "http://a/"}, {"node_name", "n"}}, "rest",
           {{"resource", target_url()}});
  settle();
  downlink_.sent.clear();
  answer_.assign((1U << 20U) + 1, 'x');
  const Message question = upload("servicebus", "http://a/", "YmFzZTY0");
  router_->uploaded("n", question);
  const Message answer = next();
  EXPECT_EQ(line(answer), "servicebus response http://a/");
  EXPECT_EQ(answer.header.parent_id, question.header.id);
  EXPECT_EQ(answer.content.get<std::string>().size(), 1U << 20U);
  EXPECT_EQ(received_, std::vector<std::string>{"POST /in YmFzZTY0"}) << "as it came, not decoded";
}

TEST_F(RouterTest, ATargetThatIsAwayIsAFailure) {
  add_rule(cluster_, "up", "servicebus", {{"target_url", "u"}, {"node_name", "n"}}, "rest",
           {{"resource", "http://127.0.0.1:1/"}});
  settle();
  downlink_.sent.clear();
  router_->uploaded("n", upload("servicebus", "u", "x"));
  ASSERT_TRUE(until([&] { return status("up").contains("failMessages"); }));
  EXPECT_TRUE(downlink_.sent.empty());
  EXPECT_EQ(status("up").value("errors", Json::array()).size(), 1U);
}

}  // namespace
}  // namespace edgecore::cloudsim
