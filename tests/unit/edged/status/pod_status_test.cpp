// SPDX-License-Identifier: Apache-2.0
#include "edged/status/pod_status.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/time.hpp"
#include "edged/status/status_patch.hpp"

namespace edgecore::edged {
namespace {

using cri::ContainerState;

class PodStatusTest : public ::testing::Test {
 protected:
  void make(const char* policy = "Always", const char* more = "") {
    pod_ = kube::parse_pod(kube::parse_json(
        std::string(
            R"({"metadata": {"name": "p1", "namespace": "default", "uid": "u"}, "spec": {"restartPolicy": ")") +
        policy + "\"" + more +
        R"(, "containers": [{"name": "c", "image": "localhost/busybox:1.35", "resources": {"requests": {"cpu": "50m"}},
            "readinessProbe": {"exec": {}}}]}})"));
    runtime_ = {};
    old_ = nullptr;
  }
  void sandbox() {
    cri::PodSandboxStatus one;
    one.state = cri::PodSandboxState::kReady;
    one.ip = "10.244.7.11";
    runtime_.sandboxes = {one};
  }
  void has(const char* name, ContainerState state, std::int32_t exit_code = 0, int restarts = 0) {
    cri::ContainerStatus one;
    one.id = "c87" + std::to_string(restarts);
    one.metadata.name = name;
    one.state = state;
    one.exit_code = exit_code;
    one.image.image = "localhost/busybox:1.35";
    one.image_ref = "sha256:3772";
    one.reason = state == ContainerState::kExited ? (exit_code == 0 ? "Completed" : "Error") : "";
    one.started_at = cri::unix_nanos(*kube::parse_time("2026-11-22T15:14:43Z"));
    if (state == ContainerState::kExited)
      one.finished_at = cri::unix_nanos(*kube::parse_time("2026-11-22T15:14:57Z"));
    one.annotations["io.kubernetes.container.restartCount"] = std::to_string(restarts);
    runtime_.containers.insert(runtime_.containers.begin(), one);
  }
  Json compute(const char* now = "2026-11-22T15:14:43Z", bool terminal = false,
               std::map<std::string, Refusal> failures = {},
               std::map<std::string, Readiness> readiness = {}) {
    return make_pod_status({*pod_, runtime_, old_, std::move(failures), std::move(readiness), "192.0.2.2",
                            false, "containerd", terminal, std::nullopt, *kube::parse_time(now)});
  }
  /// Makes the next status and returns its patch from the last one.
  Json step(const char* now, bool terminal = false, std::map<std::string, Readiness> readiness = {}) {
    Json status = compute(now, terminal, {}, std::move(readiness));
    const auto patch = make_status_patch("u", old_, status);
    old_ = std::move(status);
    return patch ? (*patch)["status"] : Json("nothing");
  }

  kube::PodPtr pod_;
  PodRuntime runtime_;
  Json old_;
};

TEST_F(PodStatusTest, TellsTheRecordedLifeOfAPod) {
  make();
  old_ = {{"phase", "Pending"}, {"qosClass", "BestEffort"}};
  EXPECT_EQ(step("2026-11-22T15:14:43Z"), kube::parse_json(R"({"conditions":[
    {"lastProbeTime":null,"lastTransitionTime":"2026-11-22T15:14:43Z","status":"True","type":"Initialized"},
    {"lastProbeTime":null,"lastTransitionTime":"2026-11-22T15:14:43Z","message":"containers with unready status: [c]","reason":"ContainersNotReady","status":"False","type":"Ready"},
    {"lastProbeTime":null,"lastTransitionTime":"2026-11-22T15:14:43Z","message":"containers with unready status: [c]","reason":"ContainersNotReady","status":"False","type":"ContainersReady"},
    {"lastProbeTime":null,"lastTransitionTime":"2026-11-22T15:14:43Z","status":"True","type":"PodScheduled"}],
    "containerStatuses":[{"image":"localhost/busybox:1.35","imageID":"","lastState":{},"name":"c","ready":false,"restartCount":0,"started":false,"state":{"waiting":{"reason":"ContainerCreating"}}}],
    "hostIP":"192.0.2.2","qosClass":"Burstable","startTime":"2026-11-22T15:14:43Z"})"));
  sandbox();
  has("c", ContainerState::kRunning);
  EXPECT_EQ(step("2026-11-22T15:14:44Z"),
            kube::parse_json(R"({"containerStatuses":[{"containerID":"containerd://c870",
    "image":"localhost/busybox:1.35","imageID":"sha256:3772","lastState":{},"name":"c","ready":false,"restartCount":0,"started":true,
    "state":{"running":{"startedAt":"2026-11-22T15:14:43Z"}}}],"phase":"Running","podIP":"10.244.7.11","podIPs":[{"ip":"10.244.7.11"}]})"));
  const Json ready = step("2026-11-22T15:14:45Z", false, {{"c870", {true, true}}});
  EXPECT_EQ(ready["conditions"], kube::parse_json(R"([
    {"lastTransitionTime":"2026-11-22T15:14:45Z","message":null,"reason":null,"status":"True","type":"Ready"},
    {"lastTransitionTime":"2026-11-22T15:14:45Z","message":null,"reason":null,"status":"True","type":"ContainersReady"}])"));
  EXPECT_EQ(
      ready["$setElementOrder/conditions"],
      kube::parse_json(
          R"([{"type":"Initialized"},{"type":"Ready"},{"type":"ContainersReady"},{"type":"PodScheduled"}])"));
  EXPECT_EQ(step("2026-11-22T15:14:46Z", false, {{"c870", {true, true}}}), "nothing");
  runtime_ = {};
  has("c", ContainerState::kExited, 137);
  const Json end = step("2026-11-22T15:14:57Z", true);
  EXPECT_EQ(end["phase"], "Failed");
  EXPECT_FALSE(end.contains("podIP")) << "addresses stay: the terminal status is sent once, complete";
  EXPECT_EQ(end["conditions"][0]["reason"], "PodFailed");
  EXPECT_EQ(end["containerStatuses"][0]["state"],
            kube::parse_json(R"({"terminated":{"containerID":"containerd://c870",
    "exitCode":137,"finishedAt":"2026-11-22T15:14:57Z","reason":"Error","startedAt":"2026-11-22T15:14:43Z"}})"));
}

TEST_F(PodStatusTest, Phases) {
  struct Case {
    const char* policy;
    ContainerState state;
    std::int32_t exit_code;
    bool terminal;
    const char* phase;
  };
  for (const Case& one : {Case{"Always", ContainerState::kCreated, 0, false, "Pending"},
                          {"Always", ContainerState::kRunning, 0, false, "Running"},
                          {"Always", ContainerState::kExited, 0, false, "Running"},
                          {"Always", ContainerState::kExited, 0, true, "Succeeded"},
                          {"Always", ContainerState::kExited, 1, true, "Failed"},
                          {"OnFailure", ContainerState::kExited, 1, false, "Running"},
                          {"OnFailure", ContainerState::kExited, 0, false, "Succeeded"},
                          {"Never", ContainerState::kExited, 1, false, "Failed"}}) {
    make(one.policy);
    has("c", one.state, one.exit_code);
    EXPECT_EQ(compute("2026-11-22T15:14:43Z", one.terminal)["phase"], one.phase)
        << one.policy << one.exit_code;
  }
}

TEST_F(PodStatusTest, ATerminalPhaseStaysAndIsNotReachedWhileSomethingRuns) {
  make("Never");
  old_ = {{"phase", "Failed"}, {"reason", "Evicted"}};
  has("c", ContainerState::kRunning);
  EXPECT_EQ(compute()["phase"], "Failed");
  EXPECT_EQ(compute()["reason"], "Evicted");
  old_ = {{"phase", "Running"}};
  const Json evicted = make_pod_status({*pod_,
                                        runtime_,
                                        old_,
                                        {},
                                        {},
                                        "",
                                        false,
                                        "containerd",
                                        true,
                                        Refusal{"Evicted", "m"},
                                        *kube::parse_time("2026-11-22T15:14:43Z")});
  EXPECT_EQ(evicted["phase"], "Running");
}

TEST_F(PodStatusTest, ACrashingContainerWaitsAndItsEndMovesToLastState) {
  make();
  has("c", ContainerState::kExited, 1, 2);
  const Json c = compute("2026-11-22T15:15:00Z", false,
                         {{"c", {"CrashLoopBackOff", "back-off"}}})["containerStatuses"][0];
  EXPECT_EQ(c["state"],
            kube::parse_json(R"({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}})"));
  EXPECT_EQ(c["lastState"]["terminated"]["exitCode"], 1);
  EXPECT_EQ(c["restartCount"], 2);
}

TEST_F(PodStatusTest, AContainerThatVanishedIsCountedAsEnded) {
  make();
  old_ = kube::parse_json(
      R"({"containerStatuses": [{"name": "c", "restartCount": 3, "state": {"running": {}}}]})");
  const Json c = compute()["containerStatuses"][0];
  EXPECT_EQ(c["restartCount"], 4);
  EXPECT_EQ(c["lastState"]["terminated"]["reason"], "ContainerStatusUnknown");
  EXPECT_EQ(c["state"]["waiting"]["reason"], "ContainerCreating");
}

TEST_F(PodStatusTest, InitContainers) {
  make("Never", R"(, "initContainers": [{"name": "i"}])");
  Json status = compute();
  EXPECT_EQ(status["phase"], "Pending");
  EXPECT_EQ(status["conditions"][0]["message"], "containers with incomplete status: [i]");
  EXPECT_EQ(status["containerStatuses"][0]["state"]["waiting"]["reason"], "PodInitializing");
  has("i", ContainerState::kExited, 1);
  EXPECT_EQ(compute()["phase"], "Failed");
}

TEST_F(PodStatusTest, TransitionsDeadlinesAddressesAndLimits) {
  make("OnFailure", R"(, "activeDeadlineSeconds": 10)");
  const Json done =
      kube::parse_json(R"({"containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 0}}}]})");
  const Json runs = kube::parse_json(R"({"containerStatuses": [{"name": "c", "state": {"running": {}}}]})");
  EXPECT_FALSE(is_allowed_transition(*pod_, done, runs));
  EXPECT_TRUE(is_allowed_transition(*pod_, runs, done));
  const Json started = {{"startTime", "2026-11-22T15:14:43Z"}};
  EXPECT_FALSE(past_deadline(*pod_, started, *kube::parse_time("2026-11-22T15:14:52Z")));
  EXPECT_EQ(past_deadline(*pod_, started, *kube::parse_time("2026-11-22T15:14:53Z"))->reason,
            "DeadlineExceeded");
  sandbox();
  runtime_.sandboxes[0].additional_ips = {"fd00::1", "10.0.0.9", "junk"};
  EXPECT_EQ(pod_ips(*pod_, runtime_, "", false), (std::vector<std::string>{"10.244.7.11", "fd00::1"}));
  EXPECT_EQ(pod_ips(*pod_, runtime_, "", true), (std::vector<std::string>{"fd00::1", "10.244.7.11"}));
  has("c", ContainerState::kExited, 1);
  runtime_.containers[0].message = std::string(20000, 'x');
  EXPECT_EQ(compute()["containerStatuses"][0]["state"]["terminated"]["message"].get<std::string>().size(),
            12288u);
}

TEST(StatusPatch, MergesAddressesByIpAndIgnoresWhatDoesNotCount) {
  const Json old =
      kube::parse_json(R"({"podIPs": [{"ip": "1.1.1.1"}], "reason": "x", "nominatedNodeName": "n",
      "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "a", "message": null}]})");
  const Json now = kube::parse_json(R"({"podIPs": [{"ip": "2.2.2.2"}],
      "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "b"}]})");
  EXPECT_EQ(make_status_patch("u", old, now),
            kube::parse_json(R"({"metadata": {"uid": "u"}, "status": {"reason": null,
      "podIPs": [{"ip": "2.2.2.2"}, {"ip": "1.1.1.1", "$patch": "delete"}], "$setElementOrder/podIPs": [{"ip": "2.2.2.2"}]}})"));
  EXPECT_EQ(make_status_patch("u", now, now), std::nullopt);
}

TEST_F(PodStatusTest, AContainerOfWhichNoEndIsKnownHasEndedWithThePod) {
  make();
  sandbox();
  has("c", ContainerState::kRunning);
  step("2026-11-22T15:14:43Z");
  runtime_ = {};
  const Json status = compute("2026-11-22T15:15:43Z", true);
  EXPECT_EQ(status["phase"], "Failed");
  const Json& end = status["containerStatuses"][0]["state"]["terminated"];
  EXPECT_EQ(end["exitCode"], 137);
  EXPECT_EQ(end["reason"], "ContainerStatusUnknown");
  EXPECT_EQ(compute("2026-11-22T15:15:43Z")["containerStatuses"][0]["state"].count("waiting"), 1U)
      << "as long as it may start again it waits";
}

TEST_F(PodStatusTest, WhatInitContainersKeptFromBeginningHasNoEnd) {
  make("Always", R"(, "initContainers": [{"name": "i1", "image": "x"}, {"name": "i2", "image": "x"}])");
  sandbox();
  has("i1", ContainerState::kExited, 0);
  const Json status = compute("2026-11-22T15:15:43Z", true);
  EXPECT_EQ(status["phase"], "Failed");
  EXPECT_EQ(status["initContainerStatuses"][0]["state"]["terminated"]["exitCode"], 0);
  EXPECT_TRUE(status["initContainerStatuses"][1]["state"].contains("waiting"));
  EXPECT_TRUE(status["containerStatuses"][0]["state"].contains("waiting"));
}

TEST_F(PodStatusTest, APodThatWasPushedOutSaysSoInACondition) {
  make();
  sandbox();
  has("c", ContainerState::kExited, 137);
  const auto disrupted = [&](const char* reason, bool terminal) {
    const Refusal why{reason, "The node was low on resource: memory. "};
    const Json status = make_pod_status({*pod_,
                                         runtime_,
                                         old_,
                                         {},
                                         {},
                                         "192.0.2.2",
                                         false,
                                         "containerd",
                                         terminal,
                                         why,
                                         *kube::parse_time("2026-11-22T15:15:43Z")});
    for (const auto& one : status["conditions"]) {
      if (one["type"] == "DisruptionTarget") return one["reason"] == "TerminationByKubelet";
    }
    return false;
  };
  EXPECT_TRUE(disrupted("Evicted", true));
  EXPECT_FALSE(disrupted("Evicted", false)) << "not admitted, or not over yet";
  EXPECT_FALSE(disrupted("DeadlineExceeded", true));
}

TEST_F(PodStatusTest, APodThatFailedBeforeItsStartListsNoContainers) {
  make();
  const auto failed = [&](bool terminal) {
    PodStatusInput input{.pod = *pod_,
                         .runtime = runtime_,
                         .old_status = old_,
                         .host_ip = {},
                         .is_terminal = terminal,
                         .failed = Refusal{"Evicted", "The node had condition: [DiskPressure]. "},
                         .now = *kube::parse_time("2026-11-22T15:15:43Z")};
    return make_pod_status(input);
  };
  old_ = compute();  // ContainerCreating was reported before
  EXPECT_TRUE(old_.contains("containerStatuses"));
  for (const bool terminal : {false, true}) {
    const Json status = failed(terminal);
    EXPECT_EQ(status["phase"], "Failed");
    EXPECT_EQ(status["reason"], "Evicted");
    EXPECT_FALSE(status.contains("containerStatuses")) << status;
  }
  const auto patch = make_status_patch("u", old_, failed(false));
  EXPECT_TRUE((*patch)["status"]["containerStatuses"].is_null()) << *patch;
  has("c", ContainerState::kExited, 137);
  EXPECT_TRUE(failed(true).contains("containerStatuses")) << "it ran";
}

}  // namespace
}  // namespace edgecore::edged
