// SPDX-License-Identifier: Apache-2.0
#include "edged/probes/probe_manager.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "edgecore/kube/json.hpp"
#include "support/loop.hpp"
#include "support/skipped_time.hpp"
#include "unit/edged/running_container.hpp"

namespace edgecore::edged {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

Json exec_probe(const std::string& command, const Json& more = Json::object()) {
  Json probe = {
      {"exec", {{"command", Json::array({command})}}}, {"periodSeconds", 1}, {"failureThreshold", 1}};
  probe.update(more);
  return probe;
}

class ProbeManagerTest : public ::testing::Test {
 protected:
  ProbeManagerTest() {
    runtime_.on_exec([this](const std::string&, const std::vector<std::string>& command) {
      ++asked_[command.front()];
      cri::ExecResult result;
      result.exit_code = bad_.contains(command.front()) ? 1 : 0;
      return result;
    });
    outcome_.start(loop_, manager_.run());
  }
  ~ProbeManagerTest() override {
    outcome_.cancel();
    loop_.restart();
    loop_.run();
    EXPECT_TRUE(outcome_.aborted());
  }

  kube::PodPtr pod(Json probes, const Json& metadata = Json::object(), const Json& status = nullptr) {
    probes["name"] = "main";
    probes["image"] = "i";
    Json object = {{"metadata", {{"name", "p"}, {"namespace", "ns"}, {"uid", "u1"}}},
                   {"spec", {{"containers", Json::array({probes})}}}};
    object["metadata"].update(metadata);
    if (!status.is_null()) object["status"] = status;
    return kube::parse_pod(std::move(object));
  }
  void start() {
    edgecore::test::run([](cri::FakeRuntime& runtime, std::string& id) -> asio::awaitable<void> {
      id = co_await start_container(runtime, "main");
    }(runtime_, id_));
    status_.id = id_;
    status_.metadata.name = "main";
    status_.state = cri::ContainerState::kRunning;
    status_.started_at = std::chrono::nanoseconds(clock_.wall().time_since_epoch()).count();
  }
  void update(const kube::PodPtr& pod) {
    PodRuntime runtime;
    if (!status_.id.empty()) runtime.containers.push_back(status_);
    manager_.update(pod, runtime, "10.0.0.1");
  }
  void run_for(std::chrono::milliseconds time) { time_.pass(time); }
  Readiness readiness() {
    const auto all = manager_.readiness("u1");
    const auto found = all.find(id_);
    return found == all.end() ? Readiness{false, false} : found->second;
  }

  asio::io_context loop_;
  edgecore::test::SkippedTime time_{loop_};
  edgecore::test::SkippedClock clock_;
  cri::FakeRuntime runtime_;
  ProbeRunner runner_{runtime_, nullptr};
  std::map<std::string, int> asked_;
  std::set<std::string> bad_;
  std::vector<std::string> changed_;
  ProbeManager manager_{{loop_.get_executor(), clock_, log::get("test"), runner_,
                         [this](const std::string& uid) { changed_.push_back(uid); }}};
  edgecore::test::Outcome outcome_;
  cri::ContainerStatus status_;
  std::string id_;
};

TEST_F(ProbeManagerTest, ReadyWithTheFirstGoodAnswerAndAskedAtOnce) {
  const auto one = pod({{"readinessProbe", exec_probe("r", {{"periodSeconds", 3600}})}});
  update(one);
  run_for(1500ms);
  EXPECT_EQ(asked_["r"], 0) << "nothing runs yet";
  start();
  update(one);
  EXPECT_FALSE(readiness().ready);
  run_for(1500ms);
  EXPECT_TRUE(readiness().ready);
  EXPECT_EQ(asked_["r"], 1);
  EXPECT_EQ(changed_, std::vector<std::string>{"u1"});
  update(one);
  run_for(3s);
  EXPECT_EQ(asked_["r"], 1) << "an update that tells nothing new asks nothing";
}

TEST_F(ProbeManagerTest, AProbeThatSaysNothingIsLoggedWithoutAColonBeforeIt) {
  std::ostringstream text;
  const log::Logger logger = log::get("test");
  logger->sinks().push_back(std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
  start();
  update(pod({{"readinessProbe", exec_probe("r", {{"periodSeconds", 3600}})}}));
  run_for(1500ms);
  logger->sinks().pop_back();
  EXPECT_NE(text.str().find("the readiness probe of container main of pod ns/p now succeeds\n"),
            std::string::npos)
      << text.str();
}

TEST_F(ProbeManagerTest, EachPeriodAsksOnce) {
  start();
  update(pod({{"readinessProbe", exec_probe("r")}}));
  run_for(10s);
  EXPECT_GE(asked_["r"], 4);
  EXPECT_LE(asked_["r"], 11);
}

TEST_F(ProbeManagerTest, InitialDelayIsKept) {
  start();
  update(pod({{"livenessProbe", exec_probe("l", {{"initialDelaySeconds", 10}})}}));
  run_for(5s);
  EXPECT_EQ(asked_["l"], 0);
  run_for(15s);
  EXPECT_GE(asked_["l"], 1);
}

TEST_F(ProbeManagerTest, AFailedLivenessHoldsUntilAnotherContainerComes) {
  start();
  bad_ = {"l"};
  const auto one = pod({{"livenessProbe", exec_probe("l", {{"failureThreshold", 2}})}});
  update(one);
  run_for(10s);
  EXPECT_EQ(asked_["l"], 2);
  EXPECT_TRUE(manager_.verdicts("u1").liveness_failed.contains(id_));
  const std::string before = id_;
  bad_.clear();
  start();
  update(one);
  EXPECT_TRUE(manager_.verdicts("u1").liveness_failed.empty());
  run_for(5s);
  EXPECT_GE(asked_["l"], 3);
  EXPECT_NE(before, id_);
}

TEST_F(ProbeManagerTest, NothingButStartupIsAskedBeforeItSucceeded) {
  start();
  bad_ = {"s"};
  update(pod({{"startupProbe", exec_probe("s", {{"failureThreshold", 100}})},
              {"readinessProbe", exec_probe("r", {{"periodSeconds", 3600}})},
              {"livenessProbe", exec_probe("l", {{"periodSeconds", 3600}})}}));
  run_for(5s);
  EXPECT_GE(asked_["s"], 2);
  EXPECT_EQ(asked_["r"] + asked_["l"], 0);
  EXPECT_FALSE(readiness().started);
  bad_.clear();
  run_for(3s);
  EXPECT_TRUE(readiness().started && readiness().ready);
  EXPECT_TRUE(manager_.verdicts("u1").started.contains(id_));
  EXPECT_EQ(asked_["l"], 1);
  const int startups = asked_["s"];
  run_for(3s);
  EXPECT_EQ(asked_["s"], startups) << "startup is asked no more";
}

TEST_F(ProbeManagerTest, AFailedStartupIsAVerdict) {
  start();
  bad_ = {"s"};
  update(pod({{"startupProbe", exec_probe("s")}}));
  run_for(3s);
  EXPECT_TRUE(manager_.verdicts("u1").startup_failed.contains(id_));
}

TEST_F(ProbeManagerTest, ErrorsAreTriedAgainThreeTimesAndSayNothing) {
  start();
  cri::FakeRuntime::Fault away;
  away.code = cri::Code::kUnavailable;
  for (int i = 0; i < 3; ++i) runtime_.fail_next("ExecSync", away);
  update(pod({{"livenessProbe", exec_probe("l", {{"periodSeconds", 3600}})}}));
  runtime_.clear_calls();
  run_for(3s);
  EXPECT_EQ(runtime_.count_calls("ExecSync"), 3U);
  EXPECT_TRUE(manager_.verdicts("u1").liveness_failed.empty());
  EXPECT_TRUE(changed_.empty());
}

TEST_F(ProbeManagerTest, ADeletedPodKeepsOnlyItsReadiness) {
  start();
  bad_ = {"l"};
  const Json probes = {{"livenessProbe", exec_probe("l")}, {"readinessProbe", exec_probe("r")}};
  update(pod(probes));
  run_for(3s);
  EXPECT_FALSE(manager_.verdicts("u1").liveness_failed.empty());
  update(pod(probes, {{"deletionTimestamp", "2024-01-01T00:00:00Z"}}));
  EXPECT_TRUE(manager_.verdicts("u1").liveness_failed.empty());
  const int before = asked_["r"];
  bad_ = {"l", "r"};
  run_for(5s);
  EXPECT_GT(asked_["r"], before);
  EXPECT_FALSE(readiness().ready);
}

TEST_F(ProbeManagerTest, AfterARestartOfOursAReadyContainerStaysReady) {
  start();
  const Json known = {{"containerStatuses", Json::array({{{"name", "main"},
                                                          {"containerID", "containerd://" + id_},
                                                          {"ready", true},
                                                          {"started", true}}})}};
  const auto one =
      pod({{"startupProbe", exec_probe("s")}, {"readinessProbe", exec_probe("r")}}, Json::object(), known);
  update(one);
  EXPECT_TRUE(readiness().started && readiness().ready);
  run_for(3s);
  EXPECT_EQ(asked_["s"], 0);
  EXPECT_GE(asked_["r"], 1);
  start();
  update(one);
  EXPECT_FALSE(readiness().ready) << "what was known was about another container";
}

TEST_F(ProbeManagerTest, RemovedPodsAreForgottenEvenWhileBeingAsked) {
  start();
  cri::FakeRuntime::Fault slow;
  slow.delay = 3s;
  runtime_.fail_next("ExecSync", slow);
  update(pod({{"readinessProbe", exec_probe("r")}}));
  run_for(1s);
  EXPECT_EQ(manager_.size(), 1U);
  manager_.remove_pod("u1");
  EXPECT_EQ(manager_.size(), 0U);
  run_for(7500ms);
  EXPECT_TRUE(changed_.empty());
  EXPECT_LE(asked_["r"], 1);
}

}  // namespace
}  // namespace edgecore::edged
