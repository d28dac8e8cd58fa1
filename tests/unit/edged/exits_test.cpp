// SPDX-License-Identifier: Apache-2.0
// How unexpected ends of containers are noticed, through the whole module.

#include "unit/edged/edged_fixture.hpp"
#include "unit/edged/fake_processes.hpp"

namespace edgecore::edged::test {
namespace {

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
    meta_->put(pod("web", "u-1"));
    EXPECT_TRUE(runs("web"));
    const std::string id = runtime_.find_container("c");
    EXPECT_TRUE(eventually([&] { return processes_.is_watched(id); }));
    turn_for(20s);
    return id;
  }
  [[nodiscard]] bool tells_restart() const {
    return meta_->status("web", "containerStatuses/0/restartCount") == 1;
  }

  FakeProcesses processes_;
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
  EXPECT_TRUE(eventually(reported, 50ms));
  EXPECT_TRUE(eventually([&] { return tells_restart(); }, 5s));
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
