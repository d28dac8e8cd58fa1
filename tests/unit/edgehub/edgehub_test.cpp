// SPDX-License-Identifier: Apache-2.0
#include "edgecore/edgehub/edgehub.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/beehive/supervisor.hpp"
#include "edgehub/session.hpp"
#include "support/temporary_directory.hpp"
#include "unit/edgehub/fake_hub.hpp"

namespace edgecore::edgehub {
namespace {

using beehive::make_message;
using std::chrono::milliseconds;

/// A node's edgehub against a fake CloudHub, with an empty metamanager mailbox beside it.
class EdgeHubTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.node_name = "edge1";
    options_.project_id = "p1";
    options_.websocket_server = "127.0.0.1:" + std::to_string(hub_.hub_port);
    options_.http_server = "https://127.0.0.1:" + std::to_string(hub_.http_port);
    options_.ca_file = dir_ / "ca/rootCA.crt";
    options_.certificate_file = dir_ / "certs/server.crt";
    options_.key_file = dir_ / "certs/server.key";
    options_.heartbeat = milliseconds(300);
    token_ = authority_.token();
  }
  void TearDown() override { supervisor_.reset(); }

  void start() {
    EdgeHubDeps deps;
    deps.token = [this] { return token_; };
    deps.enrolled = [this] { ++enrolled_; };
    deps.watch = [this](boost::asio::any_io_executor executor) {
      auto watch = std::make_unique<net::FakeInterfacesWatch>(executor);
      watch_ = watch.get();
      module_executor_ = executor;
      return watch;
    };
    meta_ = bus_.add_module("metamanager", "meta");
    beehive::SupervisorOptions options;
    supervisor_ = std::make_unique<beehive::Supervisor>(bus_, SystemClock::instance(), options,
                                                        [](const auto&, const auto&, const auto&) {});
    beehive::ModuleSpec spec;
    spec.name = names::module::kEdgeHub;
    spec.group = names::group::kHub;
    spec.make = make_edgehub(options_, deps);
    std::vector<beehive::ModuleSpec> specs;
    specs.push_back(std::move(spec));
    supervisor_->start(std::move(specs));
  }

  /// Call it after edgehub has sent a notice.
  void network_change(net::InterfaceChange change) {
    boost::asio::post(module_executor_, [this, change] {
      net::InterfaceEvent event;
      event.change = change;
      event.interface = "eth0";
      watch_->push(event);
    });
  }

  /// The next message for metamanager that `wanted` accepts; waits up to `patience`.
  template <typename Wanted>
  std::optional<beehive::Message> delivered(Wanted wanted, milliseconds patience = milliseconds(5000)) {
    const auto until = steady_now() + patience;
    while (steady_now() < until) {
      while (auto delivery = meta_->try_receive()) {
        if (wanted(*delivery)) return *delivery;
      }
      std::this_thread::sleep_for(milliseconds(5));
    }
    return std::nullopt;
  }
  bool notice(const std::string& content, milliseconds patience = milliseconds(5000)) {
    return delivered(
               [&](const beehive::Message& message) {
                 return message.route.resource == names::resource::kNodeConnection &&
                        message.content == content;
               },
               patience)
        .has_value();
  }
  bool connected() { return notice(names::content::kCloudConnected); }

  /// Asks the cloud through the bus from a thread of its own.
  std::future<beehive::MessagePtr> ask(beehive::Message question, milliseconds timeout = milliseconds(5000)) {
    auto message = std::make_shared<beehive::Message>(std::move(question));
    return std::async(std::launch::async, [this, message, timeout] {
      boost::asio::io_context context;
      auto answer = boost::asio::co_spawn(context, bus_.request(names::module::kEdgeHub, *message, timeout),
                                          boost::asio::use_future);
      context.run();
      return answer.get();
    });
  }

  edgecore::test::TemporaryDirectory dir_;
  FakeAuthority authority_;
  FakeHub hub_{authority_};
  EdgeHubOptions options_;
  std::string token_;
  std::atomic<int> enrolled_{0};
  beehive::Bus bus_;
  std::shared_ptr<beehive::Mailbox> meta_;
  net::FakeInterfacesWatch* watch_ = nullptr;
  boost::asio::any_io_executor module_executor_;
  std::unique_ptr<beehive::Supervisor> supervisor_;
};

TEST(ProbeTime, IsShortButNotTooShortForASlowLink) {
  EXPECT_EQ(probe_time(milliseconds(0)), milliseconds(2000));
  EXPECT_EQ(probe_time(milliseconds(20)), milliseconds(2000));
  EXPECT_EQ(probe_time(milliseconds(900)), milliseconds(3600));
  EXPECT_EQ(probe_time(std::chrono::seconds(20)), milliseconds(8000));
}

TEST_F(EdgeHubTest, AFreshNodeEnrolsConnectsAndSendsAKeepaliveFirst) {
  start();
  ASSERT_TRUE(connected());
  // Messages sent at once do not come before it.
  ASSERT_TRUE(bus_.try_send(names::module::kEdgeHub,
                            make_message("edged", "meta", "update", "kube-node-lease/lease/edge1", "{}")));
  const auto first = hub_.wait_for([](const auto&) { return true; });
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->route.operation, "keepalive");
  EXPECT_EQ(first->route.resource, "node");
  EXPECT_EQ(first->content, "ping");
  EXPECT_EQ(enrolled_, 1);
  EXPECT_TRUE(hub_.wait_for_operation("keepalive").has_value());
}

TEST_F(EdgeHubTest, PushesReachMetamanagerAndAcksGoBack) {
  start();
  ASSERT_TRUE(connected());
  const auto push =
      make_message("edgecontroller", "resource", "update", "default/pod/p", nlohmann::json{{"a", 1}});
  hub_.say(beehive::encode(push) + "\n");
  const auto got = delivered([](const auto& message) { return message.route.resource == "default/pod/p"; });
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->content["a"], 1);
  ASSERT_TRUE(bus_.try_send(names::module::kEdgeHub, beehive::make_response(*got, "OK")));
  const auto ack = hub_.wait_for_operation("response");
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->header.parent_id, push.header.id);
}

TEST_F(EdgeHubTest, AnswersReachTheAskerAndLateOnesMetamanager) {
  start();
  ASSERT_TRUE(connected());
  auto answer = ask(make_message("edged", "meta", "query", "default/configmap/c", nullptr));
  const auto question = hub_.wait_for_operation("query");
  ASSERT_TRUE(question.has_value());
  auto reply = beehive::make_response(*question, nlohmann::json{{"kind", "ConfigMap"}});
  reply.route.source = names::source::kEdgeController;  // as the cloud answers, whatever the question's group
  reply.route.group = names::group::kResource;
  hub_.say(beehive::encode(reply));
  EXPECT_EQ(answer.get()->content["kind"], "ConfigMap");

  hub_.say(beehive::encode(reply));  // again: nobody waits any more, but the cloud wants its ack
  const auto late = delivered([&](const auto& message) { return message.header.id == reply.header.id; });
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(late->header.parent_id, question->header.id);
}

TEST_F(EdgeHubTest, NothingIsAskedOfACloudThatCannotAnswerYet) {
  hub_.greetings_to_lose = 3;
  start();
  ASSERT_TRUE(connected());
  auto answer = ask(make_message("edged", "meta", "query", "kube-node-lease/lease/edge1", nullptr));
  const auto question = hub_.wait_for_operation("query");
  ASSERT_TRUE(question.has_value());
  EXPECT_EQ(question->route.resource, "kube-node-lease/lease/edge1");
  EXPECT_EQ(hub_.asked_at_greeting, 4) << "the answer would have been lost";
  hub_.say(beehive::encode(FakeHub::answer_to(*question, {{"kind", "Lease"}})));
  const auto got = answer.get();
  EXPECT_EQ(got->route.operation, "response");

  // A late answer to a greeting is ignored.
  hub_.say(beehive::encode(FakeHub::answer_to(*hub_.first_greeting(), "too late")));
  const auto push = make_message("edgecontroller", "resource", "update", "default/pod/p", nullptr);
  hub_.say(beehive::encode(push));
  const auto next = delivered([](const auto& message) {
    return message.route.resource == "default/pod/p" ||
           message.route.resource == names::resource::kKubernetesCa;
  });
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->header.id, push.header.id);
  EXPECT_EQ(hub_.greetings, 4) << "a cloud that has answered is not asked again";
}

TEST_F(EdgeHubTest, ACloudThatAnswersNoGreetingIsAskedAllTheSame) {
  hub_.greetings_to_lose = 1000;
  start();
  ASSERT_TRUE(connected());
  auto answer = ask(make_message("edged", "meta", "query", "default/secret/s", nullptr), milliseconds(20000));
  const auto question = hub_.wait_for_operation("query");
  ASSERT_TRUE(question.has_value());
  EXPECT_GE(hub_.asked_at_greeting, 2);
  hub_.say(beehive::encode(FakeHub::answer_to(*question, {{"kind", "Secret"}})));
  EXPECT_EQ(answer.get()->route.operation, "response");
}

TEST_F(EdgeHubTest, ACloudThatIsConnectedAndAnswersNothingIsLeftWithinTwoHeartbeats) {
  start();
  ASSERT_TRUE(connected());
  const auto lost = ask(make_message("edged", "meta", "query", "default/secret/a", nullptr));
  ASSERT_TRUE(hub_.wait_for_operation("query").has_value());
  // The answer is lost, but the cloud is there: another message shows it.
  hub_.say(beehive::encode(make_message("edgecontroller", "resource", "update", "default/pod/p", nullptr)));
  ASSERT_TRUE(delivered([](const auto& message) { return message.route.resource == "default/pod/p"; }));
  hub_.greetings_to_lose = 1000;  // the session is gone, the socket is not
  auto answer = ask(make_message("edged", "meta", "query", "default/secret/b", nullptr), milliseconds(30000));
  ASSERT_TRUE(hub_.wait_for_operation("query").has_value());
  ASSERT_TRUE(notice(names::content::kCloudDisconnected));
  EXPECT_EQ(answer.get()->route.operation, "error");
  hub_.greetings_to_lose = 0;
  EXPECT_TRUE(connected());
}

TEST_F(EdgeHubTest, AQuestionThatTakesLongEndsNoConnectionWhileTheCloudIsThere) {
  start();
  ASSERT_TRUE(connected());
  auto answer = ask(make_message("edged", "meta", "query", "default/secret/s", nullptr), milliseconds(30000));
  const auto question = hub_.wait_for_operation("query");
  ASSERT_TRUE(question.has_value());
  EXPECT_FALSE(notice(names::content::kCloudDisconnected, options_.heartbeat * 5));
  hub_.say(beehive::encode(FakeHub::answer_to(*question, {{"kind", "Secret"}})));
  EXPECT_EQ(answer.get()->route.operation, "response");
  EXPECT_EQ(hub_.connections, 1);
}

TEST_F(EdgeHubTest, ATokenForAnotherCaEnrolsNobody) {
  token_ = std::string(64, '0') + ".header.payload.signature";
  start();
  EXPECT_FALSE(notice(names::content::kCloudConnected, milliseconds(1500)));
  EXPECT_EQ(hub_.certificates_issued, 0);
  EXPECT_FALSE(std::filesystem::exists(options_.ca_file));
}

TEST_F(EdgeHubTest, AnUnusableCertificateLeavesNothingBehind) {
  hub_.empty_answer = true;
  start();
  EXPECT_FALSE(notice(names::content::kCloudConnected, milliseconds(800)));
  EXPECT_FALSE(std::filesystem::exists(options_.key_file));
  hub_.empty_answer = false;
  hub_.other_name = true;
  EXPECT_FALSE(notice(names::content::kCloudConnected, milliseconds(2500)));
  EXPECT_FALSE(std::filesystem::exists(options_.key_file));
  hub_.other_name = false;
  EXPECT_TRUE(notice(names::content::kCloudConnected, milliseconds(8000)));
  EXPECT_EQ(enrolled_, 1);
}

TEST_F(EdgeHubTest, GarbageFromTheCloudIsSkippedAndTheConnectionStays) {
  start();
  ASSERT_TRUE(connected());
  for (const char* text : {"", "garbage", "{\"header\":", "[]", "{\"header\":{\"timestamp\":\"x\"}}",
                           "{\"header\":{\"msg_id\":7}}"}) {
    hub_.say(text);
  }
  hub_.say(std::string(2000, '['));
  hub_.say(beehive::encode(make_message("edgecontroller", "nogroup", "update", "default/pod/x", nullptr)));
  hub_.say(
      beehive::encode(make_message("edgecontroller", "resource", "update", "default/pod/good", nullptr)));
  EXPECT_TRUE(delivered([](const auto& message) {
                return message.route.resource == "default/pod/good";
              }).has_value());
  EXPECT_EQ(hub_.connections, 1);
}

TEST_F(EdgeHubTest, AModuleThatHasFailedForGoodDoesNotTakeTheTunnelAlong) {
  start();
  ASSERT_TRUE(connected());
  meta_->close("module metamanager has failed and is not started again");
  for (int i = 0; i < 3; ++i) {
    hub_.say(beehive::encode(make_message("edgecontroller", "resource", "update", "default/pod/p", nullptr)));
  }
  const auto ping = make_message("edgecontroller", "resource", "ping", "", nullptr);
  hub_.say(beehive::encode(ping));
  const auto pong = hub_.wait_for_operation("response");
  ASSERT_TRUE(pong.has_value());
  EXPECT_EQ(pong->header.parent_id, ping.header.id);
  EXPECT_FALSE(notice(names::content::kCloudDisconnected, milliseconds(300)));
  EXPECT_EQ(hub_.connections, 1);
  EXPECT_EQ(supervisor_->states().at(0).restarts, 0U);
}

TEST_F(EdgeHubTest, WhenTheConnectionDiesAskersAreToldAtOnceAndItComesBack) {
  start();
  ASSERT_TRUE(connected());
  const auto before = steady_now();
  auto answer = ask(make_message("edged", "meta", "query", "default/secret/s", nullptr), milliseconds(30000));
  ASSERT_TRUE(hub_.wait_for_operation("query").has_value());
  hub_.cut();
  EXPECT_EQ(answer.get()->route.operation, "error");
  EXPECT_LT(steady_now() - before, std::chrono::seconds(3));
  EXPECT_TRUE(notice(names::content::kCloudDisconnected));
  EXPECT_TRUE(connected());
  EXPECT_EQ(hub_.certificates_issued, 1);
}

TEST_F(EdgeHubTest, APeerThatFallsSilentIsLeftWithinTwoHeartbeats) {
  hub_.deaf = true;
  start();
  ASSERT_TRUE(connected());
  const auto since = steady_now();
  hub_.deaf = false;
  ASSERT_TRUE(notice(names::content::kCloudDisconnected));
  const milliseconds busy_machine(1000);
  EXPECT_LT(steady_now() - since, 2 * options_.heartbeat + busy_machine);
  EXPECT_TRUE(connected());
}

TEST_F(EdgeHubTest, AConnectionThatDidNotSurviveAChangeOfTheNetworkIsLeftWithinSeconds) {
  options_.heartbeat = std::chrono::seconds(60);
  hub_.deaf = true;
  start();
  ASSERT_TRUE(connected());
  hub_.deaf = false;
  const auto since = steady_now();
  network_change(net::InterfaceChange::kLinkUp);
  ASSERT_TRUE(notice(names::content::kCloudDisconnected));
  EXPECT_LT(steady_now() - since, std::chrono::seconds(4));
  EXPECT_TRUE(connected());
}

TEST_F(EdgeHubTest, ALinkThatComesUpDuringADeadAttemptIsUsedAtOnce) {
  start();
  ASSERT_TRUE(connected());
  hub_.speechless = true;
  hub_.cut();
  ASSERT_TRUE(notice(names::content::kCloudDisconnected));
  ASSERT_TRUE(hub_.wait_for_attempts(1));
  std::this_thread::sleep_for(milliseconds(1100));  // a younger attempt is not cut
  hub_.speechless = false;
  const auto since = steady_now();
  network_change(net::InterfaceChange::kRouteAdded);
  EXPECT_TRUE(connected()) << "the attempt has 30 s for its handshake";
  EXPECT_LT(steady_now() - since, std::chrono::seconds(4));
}

TEST_F(EdgeHubTest, ARestartedModuleLearnsWhetherTheCloudIsThere) {
  const auto question = [] {
    return beehive::make_message("twin", names::group::kHub, names::operation::kQuery,
                                 names::resource::kNodeConnection, nullptr);
  };
  options_.websocket_server = "127.0.0.1:1";
  start();
  EXPECT_EQ(ask(question()).get()->content, names::content::kCloudDisconnected);
  supervisor_.reset();
}

TEST_F(EdgeHubTest, ARestartedModuleLearnsThatTheCloudIsThere) {
  start();
  ASSERT_TRUE(connected());
  const auto answer = ask(beehive::make_message("twin", names::group::kHub, names::operation::kQuery,
                                                names::resource::kNodeConnection, nullptr))
                          .get();
  EXPECT_EQ(answer->content, names::content::kCloudConnected);
}

TEST_F(EdgeHubTest, AnUploadOfEventbusIsAnsweredOnceTheCloudHasReadIt) {
  start();
  ASSERT_TRUE(connected());
  std::vector<std::future<beehive::MessagePtr>> answers;
  for (int i = 0; i < 3; ++i)
    answers.push_back(ask(make_message("bus", "user", "upload", "default/user/t", std::to_string(i))));
  for (auto& answer : answers) {
    const auto got = answer.get();
    EXPECT_EQ(got->route.operation, "response");
    EXPECT_EQ(got->content, "OK");
  }
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(hub_.wait_for_operation("upload").has_value());
}

TEST_F(EdgeHubTest, AnUploadTheCloudHasNotReadIsAnErrorWhenTheConnectionEnds) {
  hub_.deaf = true;
  start();
  ASSERT_TRUE(connected());
  hub_.deaf = false;
  auto answer = ask(make_message("bus", "user", "upload", "default/user/t", "x"), milliseconds(30000));
  EXPECT_EQ(answer.get()->route.operation, "error");
  ASSERT_TRUE(connected());
  answer = ask(make_message("bus", "user", "upload", "default/user/t", "x"), milliseconds(30000));
  EXPECT_EQ(answer.get()->route.operation, "response");
}

TEST_F(EdgeHubTest, UploadsOfOtherModulesAreForTheCloudToAnswer) {
  start();
  ASSERT_TRUE(connected());
  auto answer = ask(make_message("servicebus", "user", "upload", "http://x", "x"),
                    options_.heartbeat + milliseconds(200));
  EXPECT_TRUE(hub_.wait_for_operation("upload").has_value());
  EXPECT_THROW(answer.get(), beehive::RequestFailed);
}

TEST_F(EdgeHubTest, OfflineRequestsFailAtOnce) {
  token_.clear();
  start();
  std::this_thread::sleep_for(milliseconds(100));
  const auto before = steady_now();
  const auto answer = ask(make_message("edged", "meta", "query", "default/secret/s", nullptr)).get();
  EXPECT_EQ(answer->route.operation, "error");
  EXPECT_EQ(answer->content["code"], 503);
  EXPECT_LT(steady_now() - before, std::chrono::seconds(1));
}

TEST_F(EdgeHubTest, ACertificatePastHalfItsLifeIsRenewedAndUsed) {
  FakeAuthority early = authority_;
  early.now = authority_.now - std::chrono::hours(24 * 300);
  const auto node = early.issue("edge1");
  make_directories(dir_ / "ca", 0755);
  make_directories(dir_ / "certs", 0755);
  write_file_atomic(options_.ca_file, authority_.ca.pem(), 0644);
  write_file_atomic(options_.certificate_file, node.certificate.pem(), 0644);
  write_file_atomic(options_.key_file, node.key.pem(), 0600);
  token_.clear();
  start();
  ASSERT_TRUE(connected());
  EXPECT_TRUE(notice(names::content::kCloudDisconnected));
  EXPECT_TRUE(connected());
  EXPECT_EQ(hub_.renewals, 1);
  EXPECT_NE(read_file(options_.key_file, 10000), node.key.pem());
}

TEST_F(EdgeHubTest, ANewTokenOfANewClusterReplacesTheOldIdentity) {
  const FakeAuthority former;
  const auto node = former.issue("edge1");
  make_directories(dir_ / "ca", 0755);
  make_directories(dir_ / "certs", 0755);
  write_file_atomic(options_.ca_file, former.ca.pem(), 0644);
  write_file_atomic(options_.certificate_file, node.certificate.pem(), 0644);
  write_file_atomic(options_.key_file, node.key.pem(), 0600);
  start();
  ASSERT_TRUE(connected());
  EXPECT_EQ(read_file(options_.ca_file, 10000), authority_.ca.pem());
}

TEST_F(EdgeHubTest, NodeTasksAreReportedAsFailed) {
  start();
  ASSERT_TRUE(connected());
  const nlohmann::json task = {
      {"TaskID", "t1"}, {"Type", "prepull"}, {"State", "Checking"}, {"Item", nullptr}};
  hub_.say(
      beehive::encode(make_message("taskmanager", "taskmanager", "prepull", "prepull/t1/node/edge1", task)));
  const auto report = hub_.wait_for_operation("prepull");
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->route.resource, "task/t1/node/edge1");
  EXPECT_EQ(report->content["Event"], "Check");
  EXPECT_EQ(report->content["Action"], "Failure");
}

TEST_F(EdgeHubTest, ANodeJobGetsOneFinalReportAlsoWhenTheConnectionIsLostBeforeIt) {
  start();
  ASSERT_TRUE(connected());
  const auto job = make_message("taskmanager", "taskmanager", "Check",
                                "operations.kubeedge.io/v1alpha2/nodeupgradejob/up-1/node/edge1", "?");
  hub_.say(beehive::encode(job));
  // This message is handled after the job, so the job was handled as well.
  hub_.say(beehive::encode(make_message("edgecontroller", "resource", "update", "default/pod/p", "{}")));
  ASSERT_TRUE(delivered([](const auto& message) { return message.route.resource == "default/pod/p"; }));
  hub_.cut();
  ASSERT_TRUE(connected());
  hub_.say(beehive::encode(job));
  const auto report = hub_.wait_for_operation("UpdateNodeActionStatus");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->route.resource, job.route.resource);
  EXPECT_EQ(report->content["succ"], false);
  // Another job, to know when a second report would have come.
  hub_.say(
      beehive::encode(make_message("taskmanager", "taskmanager", "Check",
                                   "operations.kubeedge.io/v1alpha2/imageprepulljob/p-1/node/edge1", "?")));
  const auto next = hub_.wait_for_operation("UpdateNodeActionStatus");
  ASSERT_TRUE(next);
  EXPECT_EQ(next->route.resource, "operations.kubeedge.io/v1alpha2/imageprepulljob/p-1/node/edge1");
}

}  // namespace
}  // namespace edgecore::edgehub
