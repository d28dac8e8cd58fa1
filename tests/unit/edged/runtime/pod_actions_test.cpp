// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/pod_actions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/kube/json.hpp"
#include "edged/spec/container_hash.hpp"

namespace edgecore::edged {
namespace {

using cri::ContainerState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A pod with init containers i1, i2 (if wanted) and app containers a, b, and its state in the runtime.
class PodActionsTest : public ::testing::Test {
 protected:
  void make(const char* policy, const char* more = "") {
    pod_ = kube::parse_pod(kube::parse_json(
        std::string(
            R"({"metadata": {"name": "p", "namespace": "ns", "uid": "u"}, "spec": {"restartPolicy": ")") +
        policy + "\"" + more +
        R"(, "containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "x"}]}})"));
    runtime_ = {};
    sandbox("s0", 0, cri::PodSandboxState::kReady, "10.0.0.1");
  }
  void with_init(const char* policy) {
    make(policy, R"(, "initContainers": [{"name": "i1"}, {"name": "i2"}])");
  }
  void with_sidecar(const char* policy, const char* probe = "") {
    make(policy, (std::string(R"(, "initContainers": [{"name": "s", "restartPolicy": "Always")") + probe +
                  R"(}, {"name": "i2"}])")
                     .c_str());
  }
  void sandbox(const char* id, std::uint32_t attempt, cri::PodSandboxState state, const char* ip) {
    cri::PodSandboxStatus one;
    one.id = id;
    one.metadata.attempt = attempt;
    one.state = state;
    one.ip = ip;
    one.created_at = attempt;
    runtime_.sandboxes.push_back(one);
    sort_newest_first(runtime_);
  }
  void has(const std::string& name, ContainerState state, std::int32_t exit_code = 0) {
    cri::ContainerStatus one;
    one.id = "id-" + name;
    one.metadata.name = name;
    one.state = state;
    one.exit_code = exit_code;
    for (const auto* list : {&pod_->spec.containers, &pod_->spec.init_containers}) {
      for (const auto& c : *list) {
        if (c.name == name) one.annotations["io.kubernetes.container.hash"] = container_hash_text(c);
      }
    }
    std::erase_if(runtime_.containers, [&](const auto& old) { return old.metadata.name == name; });
    runtime_.containers.push_back(one);
  }
  PodActions compute() { return compute_pod_actions(*pod_, runtime_, probes_); }

  kube::PodPtr pod_;
  PodRuntime runtime_;
  ProbeVerdicts probes_;
};

TEST_F(PodActionsTest, NothingToDoWhileAllRuns) {
  make("Always");
  has("a", ContainerState::kRunning);
  has("b", ContainerState::kRunning);
  PodActions wanted;
  wanted.sandbox_id = "s0";
  EXPECT_EQ(compute(), wanted);
}

TEST_F(PodActionsTest, AContainerIsNotReplacedWhileTheRuntimeIsStillBusyWithItsEnd) {
  with_init("Always");
  has("i1", ContainerState::kExited);
  has("i2", ContainerState::kExited);
  has("a", ContainerState::kExited, 137);
  has("b", ContainerState::kExited, 137);
  runtime_.settling = {"id-a", "id-b"};
  PodActions nothing;
  nothing.sandbox_id = "s0";
  EXPECT_EQ(compute(), nothing);
  runtime_.settling = {"id-b"};
  EXPECT_THAT(compute().containers, ElementsAre("a"));
}

TEST_F(PodActionsTest, ThePodIsNotStoppedWhileTheRuntimeIsStillBusyWithAnEnd) {
  make("Never");
  has("a", ContainerState::kExited);
  has("b", ContainerState::kExited);
  runtime_.settling = {"id-b"};
  EXPECT_FALSE(compute().kill_pod);
  runtime_.settling.clear();
  EXPECT_TRUE(compute().kill_pod);
}

TEST_F(PodActionsTest, TheNextInitContainerWaitsUntilTheRuntimeIsDoneWithTheOneBefore) {
  with_init("Always");
  has("i1", ContainerState::kExited);
  runtime_.settling = {"id-i1"};
  EXPECT_THAT(compute().init, IsEmpty());
  runtime_.settling.clear();
  EXPECT_THAT(compute().init, ElementsAre("i2"));
}

TEST_F(PodActionsTest, ANewPodGetsASandboxAndAllContainers) {
  make("Always");
  runtime_ = {};
  const auto got = compute();
  EXPECT_TRUE(got.create_sandbox && got.kill_pod);
  EXPECT_EQ(got.attempt, 0u);
  EXPECT_EQ(got.sandbox_id, "");
  EXPECT_THAT(got.containers, ElementsAre("a", "b"));
}

TEST_F(PodActionsTest, ASandboxThatIsNotGoodIsReplaced) {
  make("Always");
  runtime_.sandboxes[0].state = cri::PodSandboxState::kNotReady;
  EXPECT_EQ(compute().attempt, 1u);
  EXPECT_TRUE(compute().create_sandbox);
  EXPECT_EQ(compute().sandbox_id, "s0");

  make("Always");
  sandbox("s1", 1, cri::PodSandboxState::kReady, "10.0.0.2");
  EXPECT_EQ(compute().attempt, 2u) << "two ready ones";

  make("Always");
  runtime_.sandboxes[0].ip = "";
  EXPECT_TRUE(compute().create_sandbox) << "no address";

  make("Always");
  runtime_.sandboxes[0].namespace_options.emplace().network = cri::NamespaceMode::kNode;
  EXPECT_TRUE(compute().create_sandbox);
  EXPECT_EQ(compute().sandbox_id, "") << "another network mode";
}

TEST_F(PodActionsTest, ANewSandboxStartsOnlyWhatIsLeftToDo) {
  make("OnFailure");
  has("a", ContainerState::kExited, 0);
  has("b", ContainerState::kExited, 1);
  runtime_.sandboxes[0].state = cri::PodSandboxState::kNotReady;
  EXPECT_THAT(compute().containers, ElementsAre("b"));
  has("b", ContainerState::kExited, 0);
  EXPECT_FALSE(compute().create_sandbox);
  EXPECT_TRUE(compute().kill_pod);

  make("Never");
  has("a", ContainerState::kExited, 1);
  runtime_.sandboxes[0].state = cri::PodSandboxState::kNotReady;
  EXPECT_FALSE(compute().create_sandbox) << "a pod that runs once is over with its sandbox";

  with_init("Always");
  runtime_ = {};
  EXPECT_THAT(compute().init, ElementsAre("i1"));
  EXPECT_THAT(compute().containers, IsEmpty());
}

TEST_F(PodActionsTest, RestartPolicies) {
  struct Case {
    const char* policy;
    std::int32_t exit_code;
    bool restarts;
  };
  for (const Case& one : {Case{"Always", 0, true},
                          {"Always", 1, true},
                          {"OnFailure", 0, false},
                          {"OnFailure", 1, true},
                          {"Never", 0, false},
                          {"Never", 1, false}}) {
    make(one.policy);
    has("a", ContainerState::kExited, one.exit_code);
    has("b", ContainerState::kRunning);
    EXPECT_EQ(!compute().containers.empty(), one.restarts) << one.policy << one.exit_code;
    EXPECT_FALSE(compute().kill_pod);
  }
  make("Never");
  has("a", ContainerState::kExited, 0);
  has("b", ContainerState::kExited, 1);
  EXPECT_TRUE(compute().kill_pod) << "nothing runs and nothing will";
}

TEST_F(PodActionsTest, AnUnknownContainerIsKilledFirst) {
  make("Never");
  has("a", ContainerState::kUnknown);
  has("b", ContainerState::kCreated);
  const auto got = compute();
  ASSERT_EQ(got.kills.size(), 1u);
  EXPECT_EQ(got.kills[0].reason, PodActions::KillReason::kUnknownState);
  EXPECT_THAT(got.containers, ElementsAre("a", "b"));
}

TEST_F(PodActionsTest, AChangedDefinitionRestartsEvenWithPolicyNever) {
  make("Never");
  has("a", ContainerState::kRunning);
  has("b", ContainerState::kRunning);
  runtime_.containers[0].annotations["io.kubernetes.container.hash"] = "1";
  const auto got = compute();
  EXPECT_THAT(got.containers, ElementsAre("a"));
  EXPECT_EQ(got.kills[0].message, "Container a definition changed, will be restarted");
  runtime_.containers[0].annotations.clear();
  EXPECT_THAT(compute().kills, IsEmpty()) << "a missing hash does not restart it";
}

TEST_F(PodActionsTest, FailedProbesRestartUnlessThePolicyIsNever) {
  for (const char* policy : {"OnFailure", "Never"}) {
    make(policy);
    has("a", ContainerState::kRunning);
    has("b", ContainerState::kRunning);
    probes_.liveness_failed = {"id-a"};
    probes_.startup_failed = {"id-b"};
    const auto got = compute();
    ASSERT_EQ(got.kills.size(), 2u);
    EXPECT_EQ(got.kills[0].reason, PodActions::KillReason::kLiveness);
    EXPECT_EQ(got.kills[1].reason, PodActions::KillReason::kStartup);
    EXPECT_EQ(got.containers.size(), policy == std::string("Never") ? 0u : 2u);
  }
}

TEST_F(PodActionsTest, InitContainersRunOneByOne) {
  with_init("Always");
  EXPECT_THAT(compute().init, ElementsAre("i1"));
  has("i1", ContainerState::kRunning);
  EXPECT_THAT(compute().init, IsEmpty());
  EXPECT_THAT(compute().containers, IsEmpty());
  has("i1", ContainerState::kExited, 0);
  EXPECT_THAT(compute().init, ElementsAre("i2"));
  has("i2", ContainerState::kExited, 1);
  EXPECT_THAT(compute().init, ElementsAre("i2"));
  has("i2", ContainerState::kExited, 0);
  EXPECT_THAT(compute().init, IsEmpty());
  EXPECT_THAT(compute().containers, ElementsAre("a", "b"));
  runtime_.containers.erase(runtime_.containers.begin());
  EXPECT_THAT(compute().containers, ElementsAre("a", "b")) << "the record of i1 was removed";
}

TEST_F(PodActionsTest, AFailedInitContainerEndsAPodThatNeverRestarts) {
  with_init("Never");
  has("i1", ContainerState::kExited, 2);
  const auto got = compute();
  EXPECT_TRUE(got.kill_pod);
  EXPECT_FALSE(got.create_sandbox);
  EXPECT_THAT(got.init, IsEmpty());
}

TEST_F(PodActionsTest, ARunningAppContainerMeansInitIsOver) {
  with_init("Always");
  has("a", ContainerState::kRunning);
  EXPECT_THAT(compute().init, IsEmpty());
  EXPECT_THAT(compute().containers, ElementsAre("b"));
}

TEST_F(PodActionsTest, SidecarsAreAwaitedThenKept) {
  with_sidecar("Never", R"(, "startupProbe": {"exec": {}})");
  EXPECT_THAT(compute().init, ElementsAre("s"));
  has("s", ContainerState::kRunning);
  EXPECT_THAT(compute().init, IsEmpty()) << "not started yet";
  probes_.started = {"id-s"};
  EXPECT_THAT(compute().init, ElementsAre("i2"));
  has("i2", ContainerState::kExited, 0);
  EXPECT_THAT(compute().containers, ElementsAre("a", "b"));
  has("a", ContainerState::kRunning);
  has("b", ContainerState::kRunning);
  has("s", ContainerState::kExited, 0);
  EXPECT_THAT(compute().init, ElementsAre("s")) << "it restarts after init, whatever the policy";
  has("a", ContainerState::kExited, 0);
  has("b", ContainerState::kExited, 0);
  EXPECT_TRUE(compute().kill_pod);
  EXPECT_THAT(compute().init, IsEmpty());
}

TEST_F(PodActionsTest, NothingStartsInAPodBeingDeleted) {
  make("Always");
  kube::Pod deleting = *pod_;
  deleting.deletion_timestamp = "2026-01-01T00:00:00Z";
  EXPECT_FALSE(should_restart(deleting, nullptr));
  EXPECT_TRUE(should_restart(*pod_, nullptr));
}

}  // namespace
}  // namespace edgecore::edged
