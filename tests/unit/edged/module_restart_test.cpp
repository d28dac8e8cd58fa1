// SPDX-License-Identifier: Apache-2.0
// How a new life of the module handles what the last one left in the runtime, in the database and on disk.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>

#include "unit/edged/edged_fixture.hpp"

namespace edgecore::edged::test {
namespace {

TEST_F(EdgedTest, ARestartAdoptsRunningContainersAndReportsNothing) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  meta_->put(pod("db", "u-2"));
  ASSERT_TRUE(runs("web") && runs("db"));
  turn_for(200ms);
  stop_edged();
  const auto before = runtime_.containers();
  meta_->sent.clear();
  meta_->lists_to_fail = 2;
  start_edged();
  turn_for(3s);
  const auto after = runtime_.containers();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].id, before[i].id);
  EXPECT_EQ(running(), 2U);
  EXPECT_TRUE(meta_->patches("web").empty());
}

TEST_F(EdgedTest, BeforeTheFirstListNothingIsRemoved) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  stop_edged();
  meta_->lists_to_fail = 1000;
  start_edged();
  turn_for(2500ms);
  EXPECT_EQ(running(), 1U);
}

TEST_F(EdgedTest, APodThatVanishedWhileWeWereAwayIsRemoved) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  meta_->put(pod("db", "u-2"));
  ASSERT_TRUE(runs("web") && runs("db"));
  stop_edged();
  meta_->objects.erase("default/pod/web");
  start_edged();
  ASSERT_TRUE(eventually([&] { return runtime_.sandboxes().size() == 1; }));
  EXPECT_EQ(runtime_.sandboxes().front().metadata.uid, "u-2");
  EXPECT_EQ(running(), 1U);
}

TEST_F(EdgedTest, WithTheDatabaseLostWhatRunsIsLeftAloneUntilTheCloudHasSaidWhatIsWanted) {
  start_edged();
  meta_->put(pod("kept", "u-1"));
  meta_->put(pod("unwanted", "u-2"));
  ASSERT_TRUE(runs("kept"));
  ASSERT_TRUE(runs("unwanted"));
  turn_for(200ms);
  stop_edged();
  const auto kept = [this] {
    std::string id;
    for (const auto& one : runtime_.containers())
      if (one.labels.at("io.kubernetes.pod.uid") == "u-1") id = one.id;
    return id;
  };
  const std::string before = kept();
  const fs::path data = root_ / "edged/pods/u-1/volumes/kubernetes.io~empty-dir/data";
  fs::create_directories(data);
  meta_->objects.erase("default/pod/unwanted");
  meta_->lost = true;
  meta_->notice(false);
  runtime_.clear_calls();
  start_edged();
  ASSERT_TRUE(eventually([&] { return meta_->count("query", "default/pod/unwanted") > 0; }));
  turn_for(1500ms);
  EXPECT_EQ(runtime_.count_calls("StopContainer"), 0U);
  EXPECT_EQ(running(), 2U);
  EXPECT_TRUE(fs::exists(data)) << "the data of a pod that runs were taken away";

  meta_->lost = false;
  meta_->notice(true);
  ASSERT_TRUE(eventually([&] { return runtime_.containers().size() == 1; }));
  EXPECT_EQ(kept(), before);
  EXPECT_TRUE(eventually([&] { return runtime_.sandboxes().size() == 1; }));
  EXPECT_EQ(running(), 1U);
  meta_->begin_deletion("kept", 1);  // it is a pod like any other again
  EXPECT_TRUE(gone("kept"));
}

TEST_F(EdgedTest, ADeletionBegunBeforeARestartIsCarriedOutAfterIt) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  stop_edged();
  Json& stored = meta_->objects.at("default/pod/web");
  stored["metadata"]["deletionTimestamp"] = "2024-06-10T06:13:20Z";
  stored["metadata"]["deletionGracePeriodSeconds"] = 3;
  start_edged();
  EXPECT_TRUE(gone("web"));
  EXPECT_TRUE(nothing_left());
}

TEST_F(EdgedTest, APodThatWasToldToEndStaysEndedOverARestartInBetween) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  meta_->notice(false);
  const Json cloud_copy = meta_->objects.at("default/pod/web");
  meta_->push("update", marked_for_deletion(cloud_copy));
  ASSERT_TRUE(eventually([&] { return running() == 0; }));
  stop_edged();
  runtime_.clear_calls();
  meta_->objects["default/pod/web"] = marked_for_deletion(cloud_copy);  // the database
  start_edged();
  turn_for(300ms);
  meta_->objects["default/pod/web"] = cloud_copy;  // the cloud
  meta_->put(cloud_copy);
  turn_for(300ms);
  meta_->notice(true);
  EXPECT_TRUE(gone("web"));
  EXPECT_TRUE(nothing_left());
  EXPECT_EQ(runtime_.count_calls("CreateContainer"), 0U);
}

TEST_F(EdgedTest, AContainerThatTheRuntimeStillStartsForOurFormerLifeIsTakenOver) {
  // Killed between the request to start it and the answer.
  cri::FakeRuntime::Fault killed;
  killed.hang = true;
  runtime_.fail_next("StartContainer", killed);
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(eventually([&] { return runtime_.count_calls("StartContainer") == 1; }));
  stop_edged();
  const std::string id = runtime_.find_container("c", cri::ContainerState::kCreated);
  ASSERT_NE(id, "");
  cri::FakeRuntime::Fault busy;
  busy.code = cri::Code::kUnknown;
  busy.message = "failed to set removing state: container is in starting state, can't be removed";
  runtime_.fail_next("RemoveContainer", busy);
  start_edged();
  ASSERT_TRUE(eventually([&] { return runtime_.count_calls("RemoveContainer") == 1; }));
  boost::asio::co_spawn(loop_, runtime_.start_container(id), [](const std::exception_ptr&) {});
  ASSERT_TRUE(runs("web"));
  turn_for(1500ms);
  EXPECT_EQ(runtime_.containers().size(), 1U);
  EXPECT_EQ(runtime_.find_container("c", cri::ContainerState::kRunning), id);
  EXPECT_EQ(meta_->status("web", "containerStatuses/0/restartCount"), 0);
}

TEST_F(EdgedTest, ASandboxNameStillReservedForOurFormerLifeIsAskedForAgain) {
  cri::FakeRuntime::Fault taken;
  taken.code = cri::Code::kUnknown;
  taken.message = "failed to reserve sandbox name \"web\": it is reserved for \"x\"";
  runtime_.fail_next("RunPodSandbox", taken);
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  ASSERT_EQ(runtime_.sandboxes().size(), 1U);
  EXPECT_EQ(runtime_.sandboxes().front().metadata.attempt, 0U)
      << "another number could make a second sandbox";
}

TEST_F(EdgedTest, ARestartCountSurvivesTheLossOfRecordsAndLogs) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  runtime_.exit_container(runtime_.find_container("c"), 1);
  ASSERT_TRUE(eventually([&] {
    return running() == 1 && meta_->status("web", "containerStatuses/0/restartCount") == 1 &&
           meta_->status("web", "containerStatuses/0/state/running") != nullptr;
  }));
  stop_edged();
  for (const auto& one : runtime_.containers()) {
    if (one.state == cri::ContainerState::kRunning) runtime_.exit_container(one.id, 1);
    boost::asio::co_spawn(loop_, runtime_.remove_container(one.id), boost::asio::detached);
  }
  ASSERT_TRUE(eventually([&] { return runtime_.containers().empty(); }));
  fs::remove_all(root_ / "pods");
  start_edged();
  ASSERT_TRUE(eventually([&] { return running() == 1; }));
  const auto* config = runtime_.container_config(runtime_.find_container("c"));
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(config->metadata.attempt, 2U) << "the count begins anew";
  ASSERT_TRUE(eventually([&] {
    return meta_->status("web", "containerStatuses/0/state/running/startedAt").is_string() &&
           meta_->status("web", "containerStatuses/0/restartCount") == 2;
  }));
  EXPECT_EQ(meta_->status("web", "containerStatuses/0/lastState/terminated/reason"),
            "ContainerStatusUnknown");
}

}  // namespace
}  // namespace edgecore::edged::test
