// SPDX-License-Identifier: Apache-2.0
// How unexpected ends of containers are noticed, through the whole module.

#include "unit/edged/edged_fixture.hpp"
#include "unit/edged/fake_processes.hpp"

namespace edgecore::edged::test {
namespace {

/// Sooner than a list of the runtime, which comes a second after an end. Real time of a busy machine counts,
/// too.
constexpr auto kAtOnce = 500ms;

class Exits : public EdgedTest {
 protected:
  Exits() {
    runtime_.with_pids = true;
    runtime_.on_end = [this](const std::string& id) { processes_.end(id); };
    processes_of_ = [this] { return processes_.make(); };
  }
  ~Exits() override { stop_edged(); }  // before its members

  std::string start_pod() {
    start_edged();
    Json web = pod("web", "u-1");
    if (adjust_pod_) adjust_pod_(web);
    meta_->put(web);
    EXPECT_TRUE(runs("web"));
    const std::string id = runtime_.find_container("c");
    EXPECT_TRUE(eventually([&] { return processes_.is_watched(id); }));
    turn_for(20s);
    return id;
  }
  [[nodiscard]] bool tells_restart() const {
    return meta_->status("web", "containerStatuses/0/restartCount") == 1;
  }
  [[nodiscard]] Json terminated() const {
    return meta_->status("web", "containerStatuses/0/state/terminated");
  }
  /// What containerd's event service says of a main process that has just ended; CRI shows it running.
  void ends(const std::string& id, std::int32_t code) {
    using Kind = cri::TaskEvent::Kind;
    runtime_.tell({id, Kind::kExit, code, cri::unix_nanos(clock_.wall())});
    processes_.end(id);
  }
  [[nodiscard]] bool is_told(std::int32_t code, std::chrono::milliseconds within = kAtOnce) {
    return eventually([&] { return terminated().is_object() && terminated()["exitCode"] == code; }, within);
  }

  FakeProcesses processes_;
  std::function<void(Json&)> adjust_pod_;  ///< changes the pod of `start_pod`
};

TEST_F(Exits, AnIdleNodeListsTheRuntimeTwiceAMinute) {
  start_pod();
  runtime_.clear_calls();
  turn_for(150s);
  EXPECT_GE(runtime_.count_calls("ListContainers"), 4U);
  EXPECT_LE(runtime_.count_calls("ListContainers"), 15U);  // including the pod's own syncs, one a minute
}

TEST_F(Exits, AnEndIsReportedAtOnceAndNoListNeeded) {
  const std::string id = start_pod();
  runtime_.exit_container(id, 137);
  meta_->sent.clear();
  const auto reported = [&] {
    for (const Json& patch : meta_->patches("web"))
      if (patch.dump().find("\"exitCode\":137") != std::string::npos) return true;
    return false;
  };
  EXPECT_TRUE(eventually(reported, kAtOnce));
  EXPECT_TRUE(eventually([&] { return tells_restart(); }, 5s));
}

TEST_F(Exits, AnEndIsReportedWhileTheRuntimeIsStillBusyWithItAndNoContainerStartedBeforeItIsDone) {
  runtime_.with_task_events = true;
  const std::string id = start_pod();
  runtime_.clear_calls();
  ends(id, 137);
  ASSERT_TRUE(is_told(137));
  EXPECT_EQ(terminated()["reason"], "Error");
  EXPECT_EQ(terminated()["containerID"], "fake://" + id);
  turn_for(5s);
  EXPECT_EQ(runtime_.count_calls("CreateContainer"), 0U);
  EXPECT_EQ(runtime_.count_calls("StopContainer"), 0U);
  runtime_.exit_container(id, 137);
  EXPECT_TRUE(eventually([&] { return tells_restart(); }, 5s));
  EXPECT_EQ(runtime_.count_calls("CreateContainer"), 1U);
}

TEST_F(Exits, WhenTheRuntimeShowsAnEndThatWasReportedNothingIsReportedAgain) {
  runtime_.with_task_events = true;
  adjust_pod_ = [](Json& pod) {
    pod["spec"]["restartPolicy"] = "Never";
    Json other = pod["spec"]["containers"][0];
    other["name"] = "other";
    pod["spec"]["containers"].push_back(other);
  };
  const std::string id = start_pod();
  meta_->sent.clear();
  ends(id, 3);
  ASSERT_TRUE(is_told(3));
  turn_for(150ms);
  runtime_.exit_container(id, 3);
  turn_for(100s);
  EXPECT_EQ(meta_->patches("web").size(), 1U) << meta_->patches("web").back();
}

TEST_F(Exits, APodWhoseLastContainerHasEndedIsOverWhileTheRuntimeIsStillBusyWithTheEnd) {
  runtime_.with_task_events = true;
  adjust_pod_ = [](Json& pod) { pod["spec"]["restartPolicy"] = "Never"; };
  const std::string id = start_pod();
  ends(id, 3);
  EXPECT_TRUE(eventually([&] { return meta_->phase("web") == "Failed"; }, kAtOnce));
  EXPECT_TRUE(is_told(3));
  const Json told = terminated();
  turn_for(5s);
  EXPECT_EQ(terminated(), told);
  runtime_.exit_container(id, 3);
  EXPECT_TRUE(
      eventually([&] { return runtime_.sandboxes().front().state == cri::PodSandboxState::kNotReady; }, 2s));
}

TEST_F(Exits, AKillForLackOfMemoryIsReportedAsOne) {
  runtime_.with_task_events = true;
  const std::string id = start_pod();
  runtime_.tell({id, cri::TaskEvent::Kind::kOom, 0, 0});
  turn_for(100s);  // a process of the container was killed, not its main process
  EXPECT_TRUE(terminated().is_null());
  ends(id, 137);
  ASSERT_TRUE(is_told(137));
  EXPECT_EQ(terminated()["reason"], "OOMKilled");
}

TEST_F(Exits, AMessageFromTheLogWaitsUntilTheRuntimeHasWrittenTheLog) {
  runtime_.with_task_events = true;
  adjust_pod_ = [](Json& pod) {
    pod["spec"]["containers"][0]["terminationMessagePolicy"] = "FallbackToLogsOnError";
  };
  const std::string id = start_pod();
  ends(id, 1);
  EXPECT_FALSE(is_told(1, 2s));
  runtime_.exit_container(id, 1);
  EXPECT_TRUE(is_told(1, 2s) || tells_restart());
}

TEST_F(Exits, AnEndThatTheRuntimeNeverShowsIsForgottenSoThatItsProbesMayActAgain) {
  runtime_.with_task_events = true;
  const std::string id = start_pod();
  ends(id, 1);
  ASSERT_TRUE(is_told(1));
  EXPECT_TRUE(eventually([&] { return terminated().is_null(); }, 100s));
  EXPECT_FALSE(meta_->status("web", "containerStatuses/0/state/running").is_null());
}

TEST_F(Exits, EndsOfOthersChangeNothing) {
  runtime_.with_task_events = true;
  start_pod();
  meta_->sent.clear();
  runtime_.clear_calls();
  for (int i = 0; i < 3000; ++i) ends("stranger-" + std::to_string(i), 1);
  ends(runtime_.sandboxes().front().id, 0);
  turn_for(1s);
  EXPECT_TRUE(meta_->patches("web").empty());
  EXPECT_EQ(runtime_.count_calls("StopPodSandbox"), 0U);
}

TEST_F(Exits, WithoutTaskEventsTheRuntimeIsAskedForThemOnce) {
  const std::string id = start_pod();
  turn_for(300s);
  EXPECT_EQ(runtime_.count_calls("Subscribe"), 1U);
  runtime_.exit_container(id, 137);
  EXPECT_TRUE(eventually([&] { return tells_restart(); }, 5s));
}

TEST_F(Exits, AfterARestartOfTheRuntimeItsEventsAreFollowedAgain) {
  runtime_.with_task_events = true;
  const std::string id = start_pod();
  runtime_.set_down(true);
  turn_for(20s);
  EXPECT_EQ(runtime_.count_calls("Subscribe"), 1U);
  runtime_.set_down(false);
  ASSERT_TRUE(eventually([&] { return runtime_.count_calls("Subscribe") == 2; }, 10s));
  turn_for(10s);
  ends(id, 137);
  EXPECT_TRUE(is_told(137));
}

TEST_F(Exits, ASandboxThatDiesIsReplacedAtOnce) {
  start_pod();
  const std::string box = runtime_.sandboxes().front().id;
  runtime_.kill_sandbox(box);
  EXPECT_TRUE(eventually(
      [&] { return runtime_.sandboxes().size() > 1 && runtime_.sandboxes().back().metadata.attempt == 1; },
      500ms));
}

TEST_F(Exits, ContainersOfTheFormerLifeAreWatchedAsWell) {
  const std::string id = start_pod();
  stop_edged();
  start_edged();
  ASSERT_TRUE(eventually([&] { return processes_.is_watched(id); }));
  turn_for(20s);
  runtime_.exit_container(id, 1);
  EXPECT_TRUE(eventually([&] { return meta_->status("web", "containerStatuses/0/restartCount") == 1; }, 5s));
}

TEST_F(Exits, AContainerMadeByHandIsFoundByTheSafetyNet) {
  start_pod();
  cri::PodSandboxConfig config;
  config.metadata = {"stray", "u-9", "default", 0};
  config.labels = {{"io.kubernetes.pod.uid", "u-9"},
                   {"io.kubernetes.pod.name", "stray"},
                   {"io.kubernetes.pod.namespace", "default"}};
  boost::asio::co_spawn(loop_, runtime_.run_pod_sandbox(config, ""),
                        [](const std::exception_ptr&, const std::string&) {});
  ASSERT_TRUE(eventually([&] { return runtime_.sandboxes().size() == 2; }));
  EXPECT_TRUE(eventually([&] { return runtime_.sandboxes().size() == 1; }, 40s));
}

TEST_F(Exits, AnEndThatTheRuntimeToldNobodyOfIsFoundByAListWithinASecond) {
  runtime_.with_pids = false;
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  turn_for(20s);
  runtime_.exit_container(runtime_.find_container("c"), 1);
  EXPECT_TRUE(eventually([&] { return meta_->status("web", "containerStatuses/0/restartCount") == 1; }, 2s));
}

}  // namespace
}  // namespace edgecore::edged::test
