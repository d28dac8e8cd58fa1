// SPDX-License-Identifier: Apache-2.0
// The test cloud over its real ports: certificates, the tunnel with its timing, the API and the fault
// switches.

#include "cloudsim/cloud.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/net/http_client.hpp"
#include "edgecore/net/websocket.hpp"
#include "support/skipped_time.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::cloudsim {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using beehive::Message;

asio::awaitable<void> sleep(std::chrono::milliseconds span) {
  SteadyTimer timer(co_await asio::this_coro::executor, span);
  co_await timer.async_wait(asio::use_awaitable);
}

class CloudTest : public testing::Test {
 protected:
  CloudTest() {
    time_.give_the_kernel(std::chrono::microseconds(200));
    open();
  }
  ~CloudTest() override { close(); }

  void open(std::uint16_t hub_port = 0) {
    Cloud::Options options;
    options.folder = folder_.path();
    options.hub_port = hub_port;
    cloud_ = std::make_unique<Cloud>(io_.get_executor(), options);
    cloud_->start();
  }
  void close() {
    if (!cloud_) return;
    run(stop_cloud(*cloud_));
    cloud_.reset();
  }
  static asio::awaitable<void> stop_cloud(Cloud& cloud) { co_await cloud.stop(); }

  void run(asio::awaitable<void> scenario, std::chrono::seconds limit = 30s) {
    const auto outcome = std::make_shared<std::optional<std::exception_ptr>>();  // outlives one that hangs
    asio::co_spawn(io_, std::move(scenario), [outcome](std::exception_ptr e) { *outcome = e; });
    if (!time_.until([&] { return outcome->has_value(); }, limit)) {
      ADD_FAILURE() << "the scenario hangs";
    } else if (**outcome) {
      std::rethrow_exception(**outcome);
    }
  }

  std::shared_ptr<const net::TlsContext> credentials(const std::string& node) {
    const net::PrivateKey key = net::PrivateKey::generate();
    const net::Name subject = {{"O", "system:nodes"}, {"CN", "system:node:" + node}};
    const net::Certificate certificate =
        cloud_->authority().sign_node(net::CertificateRequest::make(key, subject).der());
    net::ClientTlsOptions options;
    options.ca_pem = cloud_->authority().ca().pem();
    options.certificate_pem = certificate.pem();
    options.key_pem = key.pem();
    return net::TlsContext::client(options);
  }
  asio::awaitable<std::unique_ptr<net::WebSocket>> dial(const char* name) {
    const std::string node = name;
    net::WebSocketOptions options;
    options.url = "wss://127.0.0.1:" + std::to_string(cloud_->hub_port()) + "/project/" + node + "/events";
    options.headers = {{"node_id", node}, {"project_id", "project"}, {"ConnectionUse", "msg"}};
    options.tls = credentials(node);
    auto socket = co_await net::WebSocket::connect(std::move(options));
    Message keepalive = beehive::make_message("websocket", "resource", "keepalive", "node", "ping");
    std::string text = beehive::encode(keepalive);
    co_await socket->write(std::move(text));
    co_return socket;
  }
  /// How a dial fails; nullopt if it succeeds.
  asio::awaitable<std::optional<net::NetFailure>> dial_failure() {
    std::optional<net::NetFailure> failure;
    try {
      const auto socket = co_await dial("n");
    } catch (const net::NetError& error) {
      failure = error.failure();
    }
    co_return failure;
  }
  static asio::awaitable<Message> next(net::WebSocket& socket) {
    const net::WebSocketMessage frame = co_await socket.read();
    co_return beehive::decode(frame.data);
  }
  static asio::awaitable<void> say(net::WebSocket& socket, Message message) {
    std::string text = beehive::encode(message);
    co_await socket.write(std::move(text));
  }
  /// Views, because their owners are literals or named: temporaries in a co_await are miscompiled by g++ 12.
  asio::awaitable<net::ClientResponse> call(std::string_view method, std::string_view path,
                                            std::string_view body = {}) {
    net::ClientRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(cloud_->api_port()) + std::string(path);
    request.headers.add("Content-Type", "application/json");
    request.body = body;
    auto response = co_await net::fetch(std::move(request));
    co_return response;
  }
  void add_node(const char* name) {
    Json node = {{"metadata", {{"name", name}, {"labels", {{"node-role.kubernetes.io/edge", ""}}}}}};
    cloud_->cluster().create(kind_named("Node"), "", std::move(node));
  }
  void add_pod(const char* name, const char* node) {
    Json container = {{"name", "c"}, {"image", "i"}};
    Json pod = {{"metadata", {{"name", name}}},
                {"spec", {{"nodeName", node}, {"containers", Json::array({container})}}}};
    cloud_->cluster().create(kind_named("Pod"), "default", std::move(pod));
  }
  /// True when the reader sees the connection end.
  static asio::awaitable<bool> ends(net::WebSocket& socket) {
    try {
      for (;;) co_await socket.read();
    } catch (const net::NetError&) {
    }
    co_return true;
  }

  edgecore::test::TemporaryDirectory folder_;
  asio::io_context io_{1};
  edgecore::test::SkippedTime time_{io_};
  std::unique_ptr<Cloud> cloud_;

  asio::awaitable<void> busy_scenario();
  asio::awaitable<void> push_scenario();
  asio::awaitable<void> resend_scenario();
  asio::awaitable<void> last_wins_scenario();
  asio::awaitable<void> keepalive_scenario();
  asio::awaitable<void> bad_json_scenario();
  asio::awaitable<void> node_limit_scenario();
  asio::awaitable<void> faults_scenario();
  asio::awaitable<void> lost_ack_scenario();
  asio::awaitable<void> closed_door_scenario();
  asio::awaitable<void> early_question_scenario();
  asio::awaitable<void> successor_scenario();
  asio::awaitable<void> broken_messages_scenario();
  asio::awaitable<void> half_open_scenario();
  asio::awaitable<void> pause_scenario();
  asio::awaitable<void> away_scenario(bool restart);
  asio::awaitable<void> enrolment_scenario();
  asio::awaitable<void> api_scenario();
  asio::awaitable<net::ClientResponse> apply_for(const std::string& authorization, const std::string& csr,
                                                 const std::shared_ptr<const net::TlsContext>& tls);
  std::string away_uid_;
  std::unique_ptr<net::WebSocket> line_;
};

/// A cloud with everything under way: a push without its ack, a delayed answer, a dead line, unhandled
/// changes.
asio::awaitable<void> CloudTest::busy_scenario() {
  add_node("n");
  line_ = co_await dial("n");
  co_await sleep(50ms);
  add_pod("p", "n");
  const Message pod = co_await next(*line_);
  EXPECT_EQ(pod.route.resource, "default/pod/p");
  const Json late = {{"answerDelayMs", 3'600'000}};
  cloud_->set_faults(late);
  Message query = beehive::make_message("edged", "meta", "query", "default/node/n", nullptr);
  co_await say(*line_, std::move(query));
  const auto before = steady_now();
  while (!cloud_->traffic().to_json()["n"]["up"].contains("query node")) {
    if (steady_now() - before > 10s) throw Error("The query never arrived.");
    co_await sleep(10ms);
  }
  const Json dead = {{"halfOpen", true}};
  cloud_->set_faults(dead);
  add_pod("q", "n");
}
TEST_F(CloudTest, OnceStoppedNothingOfItRunsAnyMore) {
  run(busy_scenario());
  close();
  line_.reset();
  io_.restart();
  io_.poll();
  EXPECT_TRUE(io_.stopped()) << "something still waits on the loop";
}

asio::awaitable<void> CloudTest::push_scenario() {
  add_node("n");
  auto socket = co_await dial("n");
  co_await sleep(50ms);
  add_pod("p", "n");
  const Message pod = co_await next(*socket);
  EXPECT_EQ(pod.route.operation, "insert");
  EXPECT_EQ(pod.route.resource, "default/pod/p");
  add_pod("q", "n");  // waits for its turn
  co_await sleep(100ms);
  Message ack = beehive::make_response(pod, "OK");
  co_await say(*socket, std::move(ack));
  const Message second = co_await next(*socket);
  EXPECT_EQ(second.route.resource, "default/pod/q");
  const Object record =
      cloud_->cluster().get(kind_named("ObjectSync"), "default", "n." + uid_of(pod.content));
  EXPECT_EQ(kube::string_or(*record, "status.objectResourceVersion"), pod.header.resource_version);
  socket->abort();
}
TEST_F(CloudTest, PushesComeOneAtATimeAndAcksAreRecorded) {
  run(push_scenario());
}

asio::awaitable<void> CloudTest::resend_scenario() {
  add_node("n");
  auto socket = co_await dial("n");
  co_await sleep(50ms);
  add_pod("p", "n");
  const Message first = co_await next(*socket);
  const auto sent = steady_now();
  const Message again = co_await next(*socket);
  EXPECT_EQ(again.header.id, first.header.id);
  const auto waited = steady_now() - sent;
  EXPECT_GT(waited, 4500ms);
  EXPECT_LT(waited, 8s);
  const Json state = cloud_->traffic().to_json();
  EXPECT_EQ(state["n"]["resends"], 1);
  EXPECT_NE(state["n"]["violations"].dump().find("No ack within 5 s"), std::string::npos);
  socket->abort();
}
TEST_F(CloudTest, WhatIsNotAcknowledgedComesAgainUnderTheSameId) {
  run(resend_scenario());
}

asio::awaitable<void> CloudTest::last_wins_scenario() {
  auto first = co_await dial("n");
  co_await sleep(50ms);
  auto second = co_await dial("n");
  const bool ended = co_await ends(*first);
  EXPECT_TRUE(ended);
  Message query = beehive::make_message("edged", "meta", "query", "default/node/n", nullptr);
  const std::string id = query.header.id;
  co_await say(*second, std::move(query));
  const Message answer = co_await next(*second);
  EXPECT_EQ(answer.header.parent_id, id);
  EXPECT_EQ(answer.content["ErrStatus"]["details"]["kind"], "node");
  second->abort();
}
TEST_F(CloudTest, TheLastConnectionOfANodeWins) {
  run(last_wins_scenario());
}

asio::awaitable<void> CloudTest::keepalive_scenario() {
  const Json change = {{"keepaliveMs", 400}};
  cloud_->set_faults(change);
  auto socket = co_await dial("n");
  const auto start = steady_now();
  co_await ends(*socket);
  const auto lived = steady_now() - start;
  EXPECT_GT(lived, 350ms);
  EXPECT_LT(lived, 5s);
}
TEST_F(CloudTest, ASessionEndsForWantOfAKeepalive) {
  run(keepalive_scenario());
}

asio::awaitable<void> CloudTest::bad_json_scenario() {
  auto socket = co_await dial("n");
  std::string broken = R"({"header":{"msg_id":1}})";
  co_await socket->write(std::move(broken));
  const bool ended = co_await ends(*socket);
  EXPECT_TRUE(ended);
  EXPECT_FALSE(cloud_->traffic().to_json()["n"]["violations"].empty());
}
TEST_F(CloudTest, AMessageThatCannotBeDecodedClosesTheConnection) {
  run(bad_json_scenario());
}

asio::awaitable<void> CloudTest::node_limit_scenario() {
  const Json change = {{"nodeLimit", 1}};
  cloud_->set_faults(change);
  add_node("b");
  auto first = co_await dial("a");
  co_await sleep(50ms);
  auto second = co_await dial("b");
  Message patch = beehive::make_message("edged", "meta", "patch", "default/nodepatch/b",
                                        R"({"status":{"phase":"seen"}})");
  co_await say(*second, std::move(patch));
  co_await sleep(200ms);
  const Object node = cloud_->cluster().get(kind_named("Node"), "", "b");
  EXPECT_EQ(kube::string_or(*node, "status.phase"), "seen") << "its messages are still executed";
  EXPECT_EQ(cloud_->traffic().to_json()["b"]["down"].size(), 0U) << "but it has no session";
  EXPECT_TRUE(second->open());
  first->abort();
  second->abort();
}
TEST_F(CloudTest, AboveTheNodeLimitAConnectionIsOpenAndSilent) {
  run(node_limit_scenario());
}

asio::awaitable<void> CloudTest::faults_scenario() {
  const net::ClientResponse set = co_await call("POST", "/sim/faults", R"({"upgradeStatus":403})");
  EXPECT_EQ(set.status, 200);
  int status = 0;
  try {
    co_await dial("n");
  } catch (const net::UpgradeRefused& refused) {
    status = refused.status();
  }
  EXPECT_EQ(status, 403);
  const net::ClientResponse wrong = co_await call("POST", "/sim/faults", R"({"noSuchFault":1})");
  EXPECT_EQ(wrong.status, 400);
  co_await call("POST", "/sim/faults", R"({"upgradeStatus":0,"dropAnswers":1})");
  auto socket = co_await dial("n");
  Message query = beehive::make_message("edged", "meta", "query", "default/node/n", nullptr);
  co_await say(*socket, std::move(query));
  co_await sleep(100ms);
  EXPECT_FALSE(cloud_->traffic().to_json()["n"]["down"].contains("response node"));
  co_await call("POST", "/sim/actions", R"({"action":"huge-message","node":"n","bytes":3000000})");
  const net::WebSocketMessage huge = co_await socket->read();
  EXPECT_GT(huge.data.size(), 3'000'000U);
  co_await call("POST", "/sim/actions", R"({"action":"cut-mid-message","node":"n"})");
  const bool ended = co_await ends(*socket);
  EXPECT_TRUE(ended);
  co_await call("POST", "/sim/faults", R"({"serverIdentity":"wrong-ca"})");
  bool refused = false;
  try {
    co_await dial("n");
  } catch (const net::NetError& error) {
    refused = error.failure() == net::NetFailure::kTls;
  }
  EXPECT_TRUE(refused);
}
asio::awaitable<void> CloudTest::lost_ack_scenario() {
  add_node("n");
  auto socket = co_await dial("n");
  co_await sleep(50ms);
  const Json lossy = {{"dropAcks", 1}};
  cloud_->set_faults(lossy);
  add_pod("p", "n");
  const Message first = co_await next(*socket);
  Message ack = beehive::make_response(first, "OK");
  co_await say(*socket, std::move(ack));
  co_await sleep(100ms);
  const std::string record = "n." + uid_of(first.content);
  const auto acked = [&] {
    const Object object = cloud_->cluster().get(kind_named("ObjectSync"), "default", record);
    return kube::string_or(*object, "status.objectResourceVersion");
  };
  EXPECT_EQ(acked(), "0");
  const Json label = {{"metadata", {{"labels", {{"new", "yes"}}}}}};
  cloud_->cluster().patch(kind_named("Pod"), "default", "p", PatchType::kMerge, label);
  const Json good = {{"dropAcks", 0}};
  cloud_->set_faults(good);
  const Message again = co_await next(*socket);
  EXPECT_EQ(again.header.id, first.header.id);
  EXPECT_EQ(again.header.resource_version, first.header.resource_version);
  EXPECT_EQ(kube::string_or(again.content, "metadata.labels.new"), "")
      << "an insert comes again as an insert, the change is an update of its own";
  ack = beehive::make_response(again, "OK");
  co_await say(*socket, std::move(ack));
  const Message update = co_await next(*socket);
  EXPECT_EQ(acked(), first.header.resource_version);
  EXPECT_EQ(update.route.operation, "update");
  // The same with an update.
  const Json newer = {{"metadata", {{"labels", {{"new", "newer"}}}}}};
  cloud_->cluster().patch(kind_named("Pod"), "default", "p", PatchType::kMerge, newer);
  const Message repeated = co_await next(*socket);
  EXPECT_EQ(repeated.header.id, update.header.id);
  EXPECT_EQ(repeated.header.resource_version, update.header.resource_version);
  EXPECT_EQ(kube::string_or(repeated.content, "metadata.labels.new"), "newer");
  socket->abort();
}
TEST_F(CloudTest, AfterALostAckTheMessageComesAgainWithTheObjectAsItIsByThen) {
  run(lost_ack_scenario());
}

asio::awaitable<void> CloudTest::closed_door_scenario() {
  const Json refuse = {{"refuseConnections", true}};
  cloud_->set_faults(refuse);
  const auto refused = co_await dial_failure();
  EXPECT_EQ(refused, net::NetFailure::kClosed);
  const Json other_name = {{"refuseConnections", false}, {"serverIdentity", "wrong-name"}};
  cloud_->set_faults(other_name);
  const auto mistrusted = co_await dial_failure();
  EXPECT_EQ(mistrusted, net::NetFailure::kTls);
  const Json right = {{"serverIdentity", "right"}, {"expiredTokens", true}};
  cloud_->set_faults(right);
  const auto none = co_await dial_failure();
  EXPECT_EQ(none, std::nullopt);

  net::ClientTlsOptions trust;
  trust.ca_pem = cloud_->authority().ca().pem();
  const auto anonymous = net::TlsContext::client(trust);
  const net::Name subject = {{"O", "system:nodes"}, {"CN", "system:node:n"}};
  const std::string csr = net::CertificateRequest::make(net::PrivateKey::generate(), subject).der();
  const std::string bearer = "Bearer " + cloud_->token().substr(65);
  const net::ClientResponse expired = co_await apply_for(bearer, csr, anonymous);
  EXPECT_EQ(expired.status, 400);
  const Json over = {{"expiredTokens", false}};
  cloud_->set_faults(over);
  const net::ClientResponse good = co_await apply_for(bearer, csr, anonymous);
  EXPECT_EQ(good.status, 200);
}
TEST_F(CloudTest, TheDoorIsClosedByRefusalsWrongCertificatesAndExpiredTokens) {
  run(closed_door_scenario());
}

asio::awaitable<void> CloudTest::early_question_scenario() {
  const Json slow = {{"sessionDelayMs", 300}};
  cloud_->set_faults(slow);
  auto socket = co_await dial("n");
  Message early = beehive::make_message("edged", "meta", "query", "default/node/n", nullptr);
  co_await say(*socket, std::move(early));
  co_await sleep(600ms);
  EXPECT_EQ(cloud_->traffic().to_json()["n"]["up"]["query node"]["messages"], 1);
  Message later = beehive::make_message("edged", "meta", "query", "default/node/n", nullptr);
  const std::string id = later.header.id;
  co_await say(*socket, std::move(later));
  const Message answer = co_await next(*socket);
  EXPECT_EQ(answer.header.parent_id, id);
  socket->abort();
}
TEST_F(CloudTest, WhatIsAskedBeforeThereIsASessionIsNotAnswered) {
  run(early_question_scenario());
}

asio::awaitable<void> CloudTest::successor_scenario() {
  const Json race = {{"closeSuccessor", true}};
  cloud_->set_faults(race);
  const auto first = co_await dial("n");
  co_await sleep(50ms);
  const auto second = co_await dial("n");
  const bool first_ended = co_await ends(*first);
  const bool second_ended = co_await ends(*second);
  EXPECT_TRUE(first_ended && second_ended);
  const auto third = co_await dial("n");
  co_await sleep(100ms);
  EXPECT_EQ(cloud_->hub().sessions().size(), 1U) << "nobody was there to be replaced";
  third->abort();
}
TEST_F(CloudTest, AStaleConnectionMayTakeItsSuccessorAlong) {
  run(successor_scenario());
}

asio::awaitable<void> CloudTest::broken_messages_scenario() {
  auto socket = co_await dial("n");
  co_await sleep(50ms);
  const Json bad = {{"action", "bad-json"}};
  cloud_->act(bad);
  const net::WebSocketMessage broken = co_await socket->read();
  EXPECT_THROW(beehive::decode(broken.data), BadInput);
  const Json unknown = {{"action", "unknown-group"}, {"node", "n"}};
  cloud_->act(unknown);
  const Message stranger = co_await next(*socket);
  EXPECT_EQ(stranger.route.group, "nobody");
  const Json empty = {{"action", "empty-object"}, {"node", "n"}};
  cloud_->act(empty);
  const Message hollow = co_await next(*socket);
  EXPECT_EQ(hollow.content, Json::object());
  const Json others = {{"action", "cut"}, {"node", "another"}};
  cloud_->act(others);
  EXPECT_EQ(cloud_->hub().sessions().size(), 1U);
  const Json cut = {{"action", "cut"}, {"node", "n"}};
  cloud_->act(cut);
  const bool ended = co_await ends(*socket);
  EXPECT_TRUE(ended);
}
TEST_F(CloudTest, ActionsSendWhatNoCloudShouldAndCut) {
  run(broken_messages_scenario());
}

TEST(Faults, TheSameSeedChoosesTheSameLosses) {
  const auto losses = [](std::uint64_t seed) {
    Faults faults;
    const Json change = {{"seed", seed}};
    faults.apply(change);
    std::string row;
    for (int i = 0; i < 200; ++i) row.push_back(faults.strikes(0.3) ? 'x' : '.');
    return row;
  };
  EXPECT_EQ(losses(7), losses(7));
  EXPECT_NE(losses(7), losses(8));
  const std::string row = losses(7);
  const auto lost = std::count(row.begin(), row.end(), 'x');
  EXPECT_GT(lost, 30);
  EXPECT_LT(lost, 90);
}

asio::awaitable<void> CloudTest::half_open_scenario() {
  auto socket = co_await dial("n");
  co_await sleep(50ms);
  const Json dead = {{"halfOpen", true}, {"keepaliveMs", 300}};
  cloud_->set_faults(dead);
  Message lost = beehive::make_message("edged", "meta", "query", "default/node/lost", nullptr);
  co_await say(*socket, std::move(lost));
  co_await sleep(700ms);
  EXPECT_TRUE(socket->open());
  EXPECT_EQ(cloud_->traffic().to_json()["n"]["down"].size(), 0U);
  const Json alive = {{"halfOpen", false}, {"keepaliveMs", 30'000}};
  cloud_->set_faults(alive);
  co_await sleep(100ms);
  Message heard = beehive::make_message("edged", "meta", "query", "default/node/heard", nullptr);
  const std::string id = heard.header.id;
  co_await say(*socket, std::move(heard));
  const Message answer = co_await next(*socket);
  EXPECT_EQ(answer.header.parent_id, id) << "what was said into the dead line is lost";
  socket->abort();
}
TEST_F(CloudTest, AHalfOpenLineTakesNothingAndGivesNothingButStaysOpen) {
  run(half_open_scenario());
}

asio::awaitable<void> CloudTest::pause_scenario() {
  add_node("n");
  auto socket = co_await dial("n");
  const Json paused = {{"pausePushes", true}, {"answerDelayMs", 300}};
  cloud_->set_faults(paused);
  co_await sleep(50ms);
  add_pod("p", "n");
  Message query = beehive::make_message("edged", "meta", "query", "default/node/n", nullptr);
  const std::string id = query.header.id;
  const auto asked = steady_now();
  co_await say(*socket, std::move(query));
  const Message answer = co_await next(*socket);
  EXPECT_EQ(answer.header.parent_id, id) << "the push waits, the answer does not";
  EXPECT_GE(steady_now() - asked, 290ms);
  const Json on = {{"pausePushes", false}};
  cloud_->set_faults(on);
  const Message pod = co_await next(*socket);
  EXPECT_EQ(pod.route.resource, "default/pod/p");
  socket->abort();
}
TEST_F(CloudTest, PushesArePausedAndAnswersDelayed) {
  run(pause_scenario());
}

TEST_F(CloudTest, FaultsAreSwitchedOverHttp) {
  run(faults_scenario());
}

/// A pod is created while its node is away; the sync loop sends it without a kind, and its deletion in the
/// short form.
asio::awaitable<void> CloudTest::away_scenario(bool restarted) {
  auto socket = co_await dial("n");
  const Message message = co_await next(*socket);
  EXPECT_EQ(message.route.source, "edgecontroller");
  EXPECT_EQ(message.route.resource, "default/pod/p");
  if (restarted) {
    EXPECT_EQ(message.route.operation, "delete");
    EXPECT_TRUE(message.header.resource_version.empty());
    EXPECT_EQ(message.content["metadata"].size(), 3U);
    EXPECT_EQ(uid_of(message.content), away_uid_);
  } else {
    EXPECT_EQ(message.route.operation, "update");
    EXPECT_FALSE(message.content.contains("kind"));
  }
  away_uid_ = uid_of(message.content);
  Message ack = beehive::make_response(message, "OK");
  co_await say(*socket, std::move(ack));
  co_await sleep(100ms);
  socket->abort();
  co_await sleep(50ms);
}
TEST_F(CloudTest, WhatHappenedWhileTheNodeWasAwayComesWithTheSyncLoopAlsoAfterARestart) {
  add_node("n");
  add_pod("p", "n");
  run(sleep(100ms));
  run(away_scenario(false));
  DeleteOptions now;
  now.grace_seconds = 0;
  cloud_->cluster().remove(kind_named("Pod"), "default", "p", now);
  run(sleep(50ms));
  const std::string ca = cloud_->authority().ca().pem();
  close();
  open();
  EXPECT_EQ(cloud_->authority().ca().pem(), ca);
  run(away_scenario(true));
  EXPECT_TRUE(cloud_->cluster().list(kind_named("ObjectSync")).empty());
}

asio::awaitable<net::ClientResponse> CloudTest::apply_for(const std::string& authorization,
                                                          const std::string& csr,
                                                          const std::shared_ptr<const net::TlsContext>& tls) {
  net::ClientRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(cloud_->http_port()) + "/edge.crt";
  if (!authorization.empty()) request.headers.add("Authorization", authorization);
  request.headers.add("NodeName", "n");
  request.body = csr;
  request.tls = tls;
  auto response = co_await net::fetch(std::move(request));
  co_return response;
}

asio::awaitable<void> CloudTest::enrolment_scenario() {
  net::ClientTlsOptions trust;
  trust.ca_pem = cloud_->authority().ca().pem();
  const auto anonymous = net::TlsContext::client(trust);
  const net::PrivateKey key = net::PrivateKey::generate();
  const net::Name subject = {{"C", "CN"}, {"O", "system:nodes"}, {"CN", "system:node:n"}};
  const std::string csr = net::CertificateRequest::make(key, subject).der();
  const std::string token = cloud_->token();
  const std::string bearer = "Bearer " + token.substr(65);
  const std::string damaged = bearer + "x";
  const std::string nothing;
  const std::string no_csr = "no CSR";
  const auto own = credentials("n");
  const auto others = credentials("m");

  const net::ClientResponse good = co_await apply_for(bearer, csr, anonymous);
  EXPECT_EQ(good.status, 200);
  const net::Certificate certificate = net::Certificate::from_der(good.body);
  EXPECT_TRUE(certificate.matches(key));
  EXPECT_EQ(certificate.subject().size(), 2U) << "only O and CN are taken over";
  const net::ClientResponse without = co_await apply_for(nothing, csr, anonymous);
  EXPECT_EQ(without.status, 401);
  const net::ClientResponse forged = co_await apply_for(damaged, csr, anonymous);
  EXPECT_EQ(forged.status, 400);
  const net::ClientResponse nonsense = co_await apply_for(bearer, no_csr, anonymous);
  EXPECT_EQ(nonsense.status, 200);
  EXPECT_TRUE(nonsense.body.empty());
  const std::string old = "Bearer " + cloud_->authority().join_token(-1s).substr(65);
  const net::ClientResponse expired = co_await apply_for(old, csr, anonymous);
  EXPECT_EQ(expired.status, 400);

  const net::ClientResponse renewed = co_await apply_for(nothing, csr, own);
  EXPECT_EQ(renewed.status, 200);
  const net::ClientResponse another = co_await apply_for(nothing, csr, others);
  EXPECT_EQ(another.status, 401);
}
TEST_F(CloudTest, CertificatesAreGivenForTokensAndRenewedForCertificates) {
  run(enrolment_scenario());
}

asio::awaitable<void> CloudTest::api_scenario() {
  const net::ClientResponse made = co_await call("POST", "/api/v1/namespaces/default/configmaps",
                                                 R"({"metadata":{"name":"c"},"data":{"k":"v"}})");
  EXPECT_EQ(made.status, 201);
  const std::string version = kube::get_string(Json::parse(made.body), "metadata.resourceVersion");
  const net::ClientResponse twice =
      co_await call("POST", "/api/v1/namespaces/default/configmaps", R"({"metadata":{"name":"c"}})");
  EXPECT_EQ(twice.status, 409);
  // A PATCH without a patch's media type, unknown subresources, and an object of another kind.
  const net::ClientResponse untyped = co_await call("PATCH", "/api/v1/namespaces/default/configmaps/c", "{}");
  EXPECT_EQ(untyped.status, 415);
  const net::ClientResponse nonsense =
      co_await call("GET", "/api/v1/namespaces/default/configmaps/c/nonsense");
  EXPECT_EQ(nonsense.status, 404);
  const net::ClientResponse stateless =
      co_await call("PUT", "/api/v1/namespaces/default/configmaps/c/status", R"({"metadata":{"name":"c"}})");
  EXPECT_EQ(stateless.status, 404);
  const net::ClientResponse misplaced = co_await call("POST", "/api/v1/namespaces/default/configmaps",
                                                      R"({"kind":"Secret","metadata":{"name":"d"}})");
  EXPECT_EQ(misplaced.status, 400);
  const net::ClientResponse another =
      co_await call("PUT", "/api/v1/namespaces/default/configmaps/c", R"({"metadata":{"name":"d"}})");
  EXPECT_EQ(another.status, 400);
  const net::ClientResponse mistyped = co_await call("PUT", "/api/v1/namespaces/default/configmaps/c",
                                                     R"({"metadata":{"name":"c"},"data":{"k":1}})");
  EXPECT_EQ(mistyped.status, 400);
  const net::ClientResponse removed = co_await call("DELETE", "/api/v1/namespaces/default/configmaps/c");
  EXPECT_EQ(removed.status, 200);
  const net::ClientResponse gone = co_await call("GET", "/api/v1/namespaces/default/configmaps/c");
  EXPECT_EQ(gone.status, 404);
  const std::string watch =
      "/api/v1/configmaps?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dc&resourceVersion=" +
      version;
  const net::ClientResponse watched = co_await call("GET", watch);
  EXPECT_EQ(watched.status, 200);
  const Json event = Json::parse(watched.body);
  EXPECT_EQ(event["type"], "DELETED");
  EXPECT_EQ(event["object"]["data"]["k"], "v");
}
TEST_F(CloudTest, TheApiCreatesReadsWatchesAndDeletes) {
  run(api_scenario());
}

}  // namespace
}  // namespace edgecore::cloudsim
