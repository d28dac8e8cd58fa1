// SPDX-License-Identifier: Apache-2.0
// Pods from creation to removal, through the whole module: real bus, a runtime and a cloud in memory.

#include <boost/asio/bind_cancellation_slot.hpp>

#include "support/umask.hpp"
#include "unit/edged/edged_fixture.hpp"

namespace edgecore::edged::test {
namespace {

TEST_F(EdgedTest, APodComesToRunAndItsStatusIsReported) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  EXPECT_EQ(running(), 1U);
  EXPECT_EQ(meta_->status("web", "hostIP"), "192.0.2.7");
  EXPECT_FALSE(meta_->status("web", "podIP").is_null());
  EXPECT_EQ(meta_->status("web", "containerStatuses/0/ready"), true);
  EXPECT_EQ(meta_->status("web", "containerStatuses/0/restartCount"), 0);

  const std::string id = runtime_.find_container("c");
  const cri::ContainerConfig* config = runtime_.container_config(id);
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(config->envs.back().value, "10550");
  EXPECT_EQ(config->labels.at("io.kubernetes.pod.uid"), "u-1");
}

TEST_F(EdgedTest, LogFoldersCanBeReadByCollectorsWhateverTheUmaskIs) {
  for (const mode_t mask : edgecore::test::kExtremeUmasks) {
    const edgecore::test::Umask now(mask);
    start_edged();
    const std::string name = "web-" + std::to_string(mask);
    meta_->put(pod(name, "u-" + name));
    ASSERT_TRUE(runs(name));
    stop_edged();
    for (const auto& made : fs::recursive_directory_iterator(root_ / "pods")) {
      if (!made.is_directory() || made.path().string().find(name) == std::string::npos) continue;
      EXPECT_EQ(edgecore::test::mode_of(made.path()), 0755U) << made.path();
    }
    EXPECT_EQ(edgecore::test::mode_of(root_ / "pods"), 0755U);
    EXPECT_EQ(edgecore::test::mode_of(root_ / "containers"), 0755U);
    fs::remove_all(root_ / "pods");
    fs::remove_all(root_ / "containers");
  }
}

TEST_F(EdgedTest, NothingIsSentForAPodThatStaysAsItIs) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  turn_for(300ms);
  const std::size_t sent = meta_->patches("web").size();
  EXPECT_LE(sent, 2U);  // waiting, running
  turn_for(2500ms);
  EXPECT_EQ(meta_->patches("web").size(), sent);
}

TEST_F(EdgedTest, AGracefulDeletionEndsWithOneTerminalPatchThenTheDeletion) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  turn_for(200ms);
  const std::size_t before = meta_->patches("web").size();
  meta_->begin_deletion("web", 3);
  ASSERT_TRUE(gone("web"));
  const auto patches = meta_->patches("web");
  ASSERT_EQ(patches.size(), before + 1);
  EXPECT_EQ(patches.back()["status"]["phase"], "Succeeded");
  EXPECT_FALSE(patches.back()["status"].contains("podIP")) << "the addresses stay";
  EXPECT_EQ(meta_->count("delete", "default/pod/web"), 1U);
  EXPECT_TRUE(nothing_left());
}

TEST_F(EdgedTest, AnApiThatShowsAnotherStatusThanItTookDelaysNeitherTheNextStatusNorTheDeletion) {
  meta_->amendment = {{"message", "seen by a hook"}};
  start_edged();
  meta_->put(pod("web", "u1"), names::operation::kInsert);
  ASSERT_TRUE(runs("web"));
  turn_for(300ms);
  const std::size_t patches = meta_->patches("web").size();
  turn_for(700ms);
  EXPECT_EQ(meta_->patches("web").size(), patches) << "the same status is said again and again";

  meta_->begin_deletion("web", 3);
  const auto soon = [&] { return !meta_->objects.contains("default/pod/web"); };
  EXPECT_TRUE(eventually(soon, 5s)) << "the deletion waits for the API to agree with the status";
  EXPECT_EQ(meta_->patches("web").back()["status"]["phase"], "Succeeded");
}

TEST_F(EdgedTest, AForceDeletedPodIsStoppedAndRemoved) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  const Json object = meta_->objects.at("default/pod/web");
  meta_->objects.erase("default/pod/web");
  meta_->push(names::operation::kDelete, object);
  EXPECT_TRUE(nothing_left());
  EXPECT_EQ(meta_->count("delete", "default/pod/web"), 0U);
}

TEST_F(EdgedTest, APodRefusedAtAdmissionHasAReasonAndNoContainerStatuses) {
  start_edged();
  Json elsewhere = pod("web", "u-1");
  elsewhere["spec"]["nodeSelector"] = {{"kubernetes.io/os", "windows"}};
  meta_->put(elsewhere);
  ASSERT_TRUE(eventually([&] { return meta_->phase("web") == "Failed"; }));
  EXPECT_EQ(meta_->status("web", "reason"), "PodOSSelectorNodeLabelDoesNotMatch");
  EXPECT_TRUE(meta_->status("web", "message").is_string());
  EXPECT_TRUE(meta_->status("web", "containerStatuses").is_null()) << "kubectl would show ContainerCreating";
}

TEST_F(EdgedTest, ADeletionOfAnotherUidOrWithoutOneChangesNothing) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  meta_->push(names::operation::kDelete, pod("web", "u-0"));
  Json nameless = pod("web", "u-1");
  nameless["metadata"].erase("uid");
  meta_->push(names::operation::kDelete, nameless);
  Json broken = pod("web", "u-1");
  broken["spec"]["containers"] = "none";
  meta_->push(names::operation::kUpdate, broken);
  turn_for(1500ms);
  EXPECT_EQ(running(), 1U);
}

TEST_F(EdgedTest, ARecreatedPodOfTheSameNameRunsBesideTheDyingOne) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  const std::string old_id = runtime_.find_container("c");
  const Json old = meta_->objects.at("default/pod/web");
  meta_->put(pod("web", "u-2"));
  meta_->push(names::operation::kDelete, old);
  ASSERT_TRUE(eventually([&] {
    return meta_->phase("web") == "Running" && running() == 1 && runtime_.find_container("c") != old_id;
  }));
  EXPECT_EQ(meta_->objects.at("default/pod/web")["metadata"]["uid"], "u-2");
}

TEST_F(EdgedTest, OfflineAPodRunsAndEndsAndTheCloudHearsOfItAfterwards) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  meta_->put(pod("db", "u-2"));
  ASSERT_TRUE(runs("web") && runs("db"));
  turn_for(100ms);
  meta_->notice(false);
  turn_for(100ms);
  meta_->put(pod("late", "u-3"));
  meta_->begin_deletion("web", 1);
  ASSERT_TRUE(eventually([&] { return running() == 2; }));  // db, late
  turn_for(500ms);
  EXPECT_EQ(meta_->phase("late"), "Pending");
  meta_->notice(true);
  EXPECT_TRUE(eventually([&] { return meta_->phase("late") == "Running"; }, 2s));
  EXPECT_TRUE(gone("web"));
}

TEST_F(EdgedTest, APodThatWasToldToEndStaysEndedAlthoughANewerCopyWithoutDeletionTimestampComes) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  meta_->notice(false);
  turn_for(50ms);
  meta_->push("update", marked_for_deletion(meta_->objects.at("default/pod/web")));
  ASSERT_TRUE(eventually([&] { return running() == 0; })) << "it is to end without the cloud";
  Json newer = meta_->objects.at("default/pod/web");
  newer["metadata"]["labels"]["seen"] = "unreachable";
  runtime_.clear_calls();
  meta_->put(newer);
  turn_for(500ms);
  EXPECT_EQ(running(), 0U);
  meta_->notice(true);
  EXPECT_TRUE(gone("web")) << "the cloud keeps a pod that is gone from the node";
  EXPECT_TRUE(nothing_left());
  EXPECT_EQ(runtime_.count_calls("CreateContainer"), 0U);
}

TEST_F(EdgedTest, WithoutTheCloudEachNewStatusIsToldToThisNodeOnce) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  turn_for(200ms);
  EXPECT_TRUE(meta_->shown("web").empty()) << "the cloud has it";
  meta_->notice(false);
  turn_for(50ms);
  meta_->put(pod("late", "u-2"));
  ASSERT_TRUE(eventually([&] {
    const auto shown = meta_->shown("late");
    return !shown.empty() && kube::string_or(shown.back(), "status.phase") == "Running";
  }));
  EXPECT_EQ(meta_->shown("late").back()["metadata"]["uid"], "u-2");
  EXPECT_EQ(meta_->phase("late"), "Pending") << "this is not the API's";
  const std::size_t told = meta_->shown("late").size();
  turn_for(1500ms);  // time for a relist
  EXPECT_EQ(meta_->shown("late").size(), told) << "the same again";
  EXPECT_TRUE(meta_->shown("web").empty());
  meta_->notice(true);
  EXPECT_TRUE(runs("late"));
  turn_for(200ms);
  EXPECT_EQ(meta_->shown("late").size(), told);
}

TEST_F(EdgedTest, AStatusThatTheTunnelRefusesIsToldToThisNode) {
  meta_->connected = false;  // no notice has come yet, as after a start
  start_edged();
  meta_->put(pod("web", "u-1"));
  EXPECT_TRUE(eventually([&] {
    const auto shown = meta_->shown("web");
    return !shown.empty() && kube::string_or(shown.front(), "metadata.uid") == "u-1";
  }));
  meta_->notice(true);
  EXPECT_TRUE(runs("web"));
}

TEST_F(EdgedTest, AStatusRefusedForWantOfAConnectionIsSentAtOnceThoughTheNoticeCameBeforeTheRefusal) {
  start_edged();
  meta_->connect_at_patch = true;
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(eventually([&] { return !meta_->late_refusals.empty(); }));
  turn_for(100ms);  // lets edged read the notice
  meta_->refuse_late();
  EXPECT_TRUE(eventually([&] { return meta_->phase("web") == "Running"; }, 5s));
}

TEST_F(EdgedTest, ACrashingContainerIsRestartedWithGrowingPauses) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  runtime_.exit_container(runtime_.find_container("c"), 1);
  ASSERT_TRUE(eventually([&] { return meta_->status("web", "containerStatuses/0/restartCount") == 1; }));
  EXPECT_EQ(meta_->status("web", "containerStatuses/0/lastState/terminated/exitCode"), 1);
  runtime_.exit_container(runtime_.find_container("c", cri::ContainerState::kRunning), 1);
  ASSERT_TRUE(eventually([&] {
    return meta_->status("web", "containerStatuses/0/state/waiting/reason") == "CrashLoopBackOff";
  }));
  turn_for(500ms);
  EXPECT_EQ(running(), 0U);
  clock_.advance(11s);
  Json labelled = meta_->objects.at("default/pod/web");
  labelled["metadata"]["labels"]["touched"] = "yes";
  meta_->put(labelled);  // causes a sync earlier than the real clock would
  ASSERT_TRUE(eventually([&] { return meta_->status("web", "containerStatuses/0/restartCount") == 2; }));
}

TEST_F(EdgedTest, AContainerWithRestartPolicyNeverEndsItsPod) {
  start_edged();
  Json job = pod("job", "u-1");
  job["spec"]["restartPolicy"] = "Never";
  meta_->put(job);
  ASSERT_TRUE(runs("job"));
  runtime_.exit_container(runtime_.find_container("c"), 3);
  ASSERT_TRUE(eventually([&] { return meta_->phase("job") == "Failed"; }));
  EXPECT_EQ(meta_->status("job", "containerStatuses/0/state/terminated/exitCode"), 3);
  turn_for(300ms);
  EXPECT_EQ(meta_->count("delete", "default/pod/job"), 0U) << "nobody asked for its deletion";
  meta_->begin_deletion("job", 1);
  EXPECT_TRUE(gone("job"));
  EXPECT_TRUE(nothing_left());
}

TEST_F(EdgedTest, ADeadlineIsNotReachedByAClockThatIsSet) {
  clock_.set_forward(-24h * 365 * 20);  // no RTC
  start_edged();
  Json job = pod("job", "u-1");
  job["spec"]["activeDeadlineSeconds"] = 3600;
  meta_->put(job);
  ASSERT_TRUE(runs("job"));
  clock_.set_forward(24h * 365 * 20);
  const auto touch = [&](const char* value) {
    Json touched = meta_->objects.at("default/pod/job");
    touched["metadata"]["labels"]["touched"] = value;
    meta_->put(touched);  // causes a sync
  };
  touch("once");
  turn_for(700ms);
  EXPECT_EQ(running(), 1U) << "the time that the clock was wrong by counts";
  clock_.advance(3601s);
  touch("twice");
  EXPECT_TRUE(eventually([&] { return meta_->status("job", "reason") == "DeadlineExceeded"; }));
  EXPECT_TRUE(eventually([&] { return running() == 0; }));
}

TEST_F(EdgedTest, OnFailureRestartsFailuresAndLetsSuccessEndThePod) {
  start_edged();
  Json job = pod("job", "u-1");
  job["spec"]["restartPolicy"] = "OnFailure";
  meta_->put(job);
  ASSERT_TRUE(runs("job"));
  runtime_.exit_container(runtime_.find_container("c"), 1);
  ASSERT_TRUE(eventually([&] { return meta_->status("job", "containerStatuses/0/restartCount") == 1; }));
  runtime_.exit_container(runtime_.find_container("c", cri::ContainerState::kRunning), 0);
  EXPECT_TRUE(eventually([&] { return meta_->phase("job") == "Succeeded"; }));
}

TEST_F(EdgedTest, InitContainersRunOneAfterTheOtherBeforeTheRest) {
  start_edged();
  Json with_init = pod("web", "u-1");
  with_init["spec"]["initContainers"] = Json::array(
      {{{"name", "first"}, {"image", "busybox:1"}}, {{"name", "second"}, {"image", "busybox:1"}}});
  meta_->put(with_init);
  ASSERT_TRUE(
      eventually([&] { return !runtime_.find_container("first", cri::ContainerState::kRunning).empty(); }));
  turn_for(300ms);
  EXPECT_TRUE(runtime_.find_container("second").empty());
  runtime_.exit_container(runtime_.find_container("first"), 0);
  ASSERT_TRUE(
      eventually([&] { return !runtime_.find_container("second", cri::ContainerState::kRunning).empty(); }));
  EXPECT_TRUE(runtime_.find_container("c").empty());
  runtime_.exit_container(runtime_.find_container("second"), 0);
  EXPECT_TRUE(runs("web"));
}

TEST_F(EdgedTest, AfterARebootAllInitContainersRunAgainBeforeTheRest) {
  start_edged();
  Json with_init = pod("web", "u-1");
  with_init["spec"]["initContainers"] = Json::array(
      {{{"name", "first"}, {"image", "busybox:1"}}, {{"name", "second"}, {"image", "busybox:1"}}});
  meta_->put(with_init);
  const auto runs_now = [&](const char* name) {
    return !runtime_.find_container(name, cri::ContainerState::kRunning).empty();
  };
  for (const char* name : {"first", "second"}) {
    ASSERT_TRUE(eventually([&] { return runs_now(name); })) << name;
    runtime_.exit_container(runtime_.find_container(name), 0);
  }
  ASSERT_TRUE(runs("web"));

  runtime_.reboot();
  ASSERT_TRUE(eventually([&] { return runs_now("first"); }));
  turn_for(300ms);
  EXPECT_FALSE(runs_now("second"));
  EXPECT_FALSE(runs_now("c")) << "what ran in the old sandbox passes for done";
  runtime_.exit_container(runtime_.find_container("first"), 0);
  ASSERT_TRUE(eventually([&] { return runs_now("second"); }));
  EXPECT_FALSE(runs_now("c"));
  runtime_.exit_container(runtime_.find_container("second"), 0);
  ASSERT_TRUE(eventually([&] { return runs_now("c"); }));
  EXPECT_TRUE(eventually([&] { return meta_->status("web", "containerStatuses/0/restartCount") == 1; }));
  EXPECT_EQ(meta_->status("web", "initContainerStatuses/0/restartCount"), 1);
}

TEST_F(EdgedTest, AnEphemeralContainerJoinsARunningPodAndIsReported) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  const std::string app = runtime_.find_container("c");
  Json debugged = meta_->objects.at("default/pod/web");
  debugged["spec"]["ephemeralContainers"] =
      Json::array({{{"name", "debug"}, {"image", "busybox:1"}, {"targetContainerName", "c"}}});
  meta_->put(debugged);
  ASSERT_TRUE(eventually([&] {
    return meta_->status("web", "ephemeralContainerStatuses/0/state/running/startedAt").is_string();
  }));
  const auto* config = runtime_.container_config(runtime_.find_container("debug"));
  ASSERT_TRUE(config != nullptr && config->linux.security_context.namespace_options);
  EXPECT_EQ(config->linux.security_context.namespace_options->pid, cri::NamespaceMode::kTarget);
  EXPECT_EQ(config->linux.security_context.namespace_options->target_id, app);
  runtime_.exit_container(runtime_.find_container("debug"), 0);
  ASSERT_TRUE(eventually(
      [&] { return meta_->status("web", "ephemeralContainerStatuses/0/state/terminated/exitCode") == 0; }));
  turn_for(1200ms);
  EXPECT_EQ(running(), 1U) << "it is never started again";
  EXPECT_EQ(runtime_.find_container("c", cri::ContainerState::kRunning), app);
}

TEST_F(EdgedTest, APreStopThatSleepsIsWaitedForWithinTheGracePeriod) {
  start_edged();
  Json slow = pod("web", "u-1");
  slow["spec"]["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] = 1;
  meta_->put(slow);
  ASSERT_TRUE(runs("web"));
  const auto begun = steady_now();
  meta_->begin_deletion("web", 30);
  ASSERT_TRUE(eventually([&] { return runtime_.count_calls("StopContainer") > 0; }));
  EXPECT_GE(steady_now() - begun, 1s);
  EXPECT_TRUE(gone("web"));
}

TEST_F(EdgedTest, APodThatEndsIsReportedUnreadyWhenItsProbeFails) {
  bool ready = true;
  runtime_.on_exec([&](const std::string&, const std::vector<std::string>&) {
    cri::ExecResult result;
    result.exit_code = ready ? 0 : 1;
    return result;
  });
  start_edged();
  Json probed = pod("web", "u-1");
  probed["spec"]["terminationGracePeriodSeconds"] = 30;
  probed["spec"]["containers"][0]["readinessProbe"] =
      kube::parse_json(R"({"exec": {"command": ["x"]}, "periodSeconds": 1, "failureThreshold": 1})");
  meta_->put(probed);
  const auto is_ready = [&] { return meta_->status("web", "containerStatuses/0/ready") == true; };
  ASSERT_TRUE(eventually(is_ready));
  runtime_.fail_next("StopContainer", {cri::Code::kOk, "", 8s});
  meta_->begin_deletion("web", 30);
  turn_for(1s);
  ready = false;
  EXPECT_TRUE(eventually([&] { return !is_ready(); }, 4s));
  EXPECT_EQ(running(), 1U) << "it still works off its requests";
  EXPECT_TRUE(gone("web"));
}

TEST_F(EdgedTest, AChangedImageRestartsTheContainer) {
  runtime_.add_image("busybox:2");
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  const std::string old_id = runtime_.find_container("c");
  Json changed = meta_->objects.at("default/pod/web");
  changed["metadata"]["labels"]["x"] = "y";
  meta_->put(changed);
  turn_for(500ms);
  EXPECT_EQ(runtime_.find_container("c", cri::ContainerState::kRunning), old_id) << "labels restart nothing";
  changed = meta_->objects.at("default/pod/web");
  changed["spec"]["containers"][0]["image"] = "busybox:2";
  meta_->put(changed);
  ASSERT_TRUE(eventually([&] {
    const std::string now = runtime_.find_container("c", cri::ContainerState::kRunning);
    return !now.empty() && now != old_id;
  }));
}

TEST_F(EdgedTest, AMissingImageIsReportedWithItsReason) {
  start_edged();
  Json absent = pod("web", "u-1");
  absent["spec"]["containers"][0]["image"] = "nowhere:1";
  meta_->put(absent);
  ASSERT_TRUE(eventually(
      [&] { return meta_->status("web", "containerStatuses/0/state/waiting/reason") == "ErrImagePull"; }));
  meta_->begin_deletion("web", 1);
  EXPECT_TRUE(gone("web"));
  EXPECT_TRUE(nothing_left());
}

TEST_F(EdgedTest, AnImageThatCannotBePulledWaitsAsImagePullBackOff) {
  start_edged();
  Json absent = pod("web", "u-1");
  absent["spec"]["containers"][0]["image"] = "nowhere:1";
  meta_->put(absent);
  const auto reason = [&] { return meta_->status("web", "containerStatuses/0/state/waiting/reason"); };
  ASSERT_TRUE(eventually([&] { return reason() == "ErrImagePull"; }));
  EXPECT_TRUE(eventually([&] { return reason() == "ImagePullBackOff"; }, 5s));
  EXPECT_EQ(runtime_.count_calls("PullImage"), 1U) << "the pause before the next pull is ten seconds";
}

TEST_F(EdgedTest, EightPodsAtOnceAllComeToRun) {
  start_edged();
  for (int i = 0; i < 8; ++i) meta_->put(pod("p" + std::to_string(i), "u-" + std::to_string(i)));
  EXPECT_TRUE(eventually([&] {
    for (int i = 0; i < 8; ++i) {
      if (meta_->phase("p" + std::to_string(i)) != "Running") return false;
    }
    return true;
  }));
  EXPECT_EQ(runtime_.sandboxes().size(), 8U);
  EXPECT_EQ(runtime_.containers().size(), 8U);
}

/// One CRI call fails once while a pod is created, runs, and is deleted: the pod converges and leaves nothing
/// behind.
class OneFault : public EdgedTest, public ::testing::WithParamInterface<std::tuple<const char*, bool>> {};

TEST_P(OneFault, ConvergesAndLeavesNothing) {
  const auto& [method, after_effect] = GetParam();
  cri::FakeRuntime::Fault fault;
  fault.code = cri::Code::kUnavailable;
  fault.message = "injected";
  fault.after_effect = after_effect;
  start_edged();
  ASSERT_TRUE(eventually([&] { return runtime_.count_calls("ListContainers") > 0; }));
  runtime_.fail_next(method, fault);
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(eventually([&] { return meta_->phase("web") == "Running"; }, 25s));
  EXPECT_EQ(running(), 1U);
  runtime_.fail_next(method, fault);
  meta_->begin_deletion("web", 1);
  EXPECT_TRUE(eventually([&] { return !meta_->objects.contains("default/pod/web"); }, 25s));
  // A fault of a removal occurs twice: removal is retried after 10 and 20 s.
  EXPECT_TRUE(eventually([&] { return runtime_.containers().empty() && runtime_.sandboxes().empty(); }, 40s));
}

INSTANTIATE_TEST_SUITE_P(
    EachCall, OneFault,
    ::testing::Combine(::testing::Values("RunPodSandbox", "PodSandboxStatus", "CreateContainer",
                                         "StartContainer", "ListContainers", "ListPodSandbox",
                                         "ContainerStatus", "ImageStatus", "StopContainer", "StopPodSandbox",
                                         "RemoveContainer", "RemovePodSandbox"),
                       ::testing::Bool()),
    [](const auto& one) {
      return std::string(std::get<0>(one.param)) + (std::get<1>(one.param) ? "AnswerLost" : "Refused");
    });

}  // namespace
}  // namespace edgecore::edged::test
