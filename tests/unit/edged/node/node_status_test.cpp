// SPDX-License-Identifier: Apache-2.0
#include "edged/node/node_status.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <vector>

#include "edgecore/kube/strategic_merge.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::edged {
namespace {

using std::chrono::seconds;

const WallTime kNow = kube::parse_time("2024-06-10T12:00:00Z").value();

NodeFacts some_facts() {
  NodeFacts facts;
  facts.node_name = "edge1";
  facts.addresses = {"10.0.0.5"};
  facts.agent_version = "v1.17.4";
  facts.runtime_name = "containerd";
  facts.runtime_version = "1.6.20";
  facts.ephemeral_storage_bytes = 264212084LL * 1024;
  facts.machine.cores = 2;
  facts.machine.memory_kib = 24684092;
  facts.machine.architecture = "amd64";
  facts.machine.huge_pages = {{"2Mi", 0}, {"1Gi", 0}};
  return facts;
}

config::Edged some_config() {
  config::Edged config;
  config.hostname_override = "edge1";
  return config;
}

const Json& condition(const Json& status, const std::string& type) {
  for (const Json& one : status.at("conditions")) {
    if (one.at("type") == type) return one;
  }
  throw std::runtime_error("no condition " + type);
}

// ---- Registration (protocol/05-edged.md §3.2)

TEST(NodeStatus, ANewNodeHasTheLabelsOfTheMachineTheEdgeRolesAndTheConfiguredOnes) {
  config::Edged config = some_config();
  config.node_labels = {{"site", "roof"}, {"kubernetes.io/arch", "as-I-say"}};
  const Json node = initial_node(some_facts(), config, kNow);
  const Json labels = {{"kubernetes.io/hostname", "edge1"},   {"kubernetes.io/os", "linux"},
                       {"kubernetes.io/arch", "as-I-say"},    {"beta.kubernetes.io/os", "linux"},
                       {"beta.kubernetes.io/arch", "amd64"},  {"node-role.kubernetes.io/edge", ""},
                       {"node-role.kubernetes.io/agent", ""}, {"site", "roof"}};
  EXPECT_EQ(node.at("metadata").at("labels"), labels);
  EXPECT_EQ(node.at("metadata").at("name"), "edge1");
  const Json annotations = {{"volumes.kubernetes.io/controller-managed-attach-detach", "true"}};
  EXPECT_EQ(node.at("metadata").at("annotations"), annotations);
  EXPECT_FALSE(node.at("status").contains("daemonEndpoints")) << "nothing listens at that port";
  EXPECT_EQ(node.at("spec"), Json::object());
}

TEST(NodeStatus, ConfiguredTaintsAreRegisteredAndAnUnschedulableNodeSaysSo) {
  config::Edged config = some_config();
  config.kubelet.register_with_taints = {{"dedicated", "camera", "NoExecute", {}}};
  config.register_schedulable = false;
  config.keep_terminated_pod_volumes = true;
  config.kubelet.enable_controller_attach_detach = false;
  const Json node = initial_node(some_facts(), config, kNow);
  const Json taints = {{{"key", "dedicated"}, {"value", "camera"}, {"effect", "NoExecute"}},
                       {{"key", "node.kubernetes.io/unschedulable"}, {"effect", "NoSchedule"}}};
  EXPECT_EQ(node.at("spec").at("taints"), taints);
  EXPECT_EQ(node.at("spec").at("unschedulable"), true);
  const Json annotations = {{"volumes.kubernetes.io/keep-terminated-pod-volumes", "true"}};
  EXPECT_EQ(node.at("metadata").at("annotations"), annotations);
}

// ---- Conditions (§3.3)

TEST(NodeStatus, ConditionsHaveKubeletsReasonsAndMessages) {
  struct Row {
    const char *type, *status, *reason, *message;
  };
  const Row well[] = {
      {"MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"},
      {"DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"},
      {"PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"},
      {"Ready", "True", "EdgeReady", "edge is posting ready status"}};
  const Row ill[] = {
      {"MemoryPressure", "True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available"},
      {"DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure"},
      {"PIDPressure", "True", "KubeletHasInsufficientPID", "kubelet has insufficient PID available"},
      {"Ready", "False", "KubeletNotReady", "[container runtime is down, PLEG is not healthy]"}};
  NodeFacts facts = some_facts();
  const auto expect = [&](const Row(&rows)[4]) {
    const Json status = node_status(facts, some_config(), nullptr, kNow);
    ASSERT_EQ(status.at("conditions").size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      const Json& got = status.at("conditions").at(i);
      EXPECT_EQ(got.at("type"), rows[i].type);
      EXPECT_EQ(got.at("status"), rows[i].status) << rows[i].type;
      EXPECT_EQ(got.at("reason"), rows[i].reason);
      EXPECT_EQ(got.at("message"), rows[i].message);
      EXPECT_EQ(got.at("lastHeartbeatTime"), "2024-06-10T12:00:00Z");
      EXPECT_EQ(got.at("lastTransitionTime"), "2024-06-10T12:00:00Z");
    }
  };
  expect(well);
  facts.memory_pressure = facts.disk_pressure = facts.pid_pressure = true;
  facts.not_ready = {"container runtime is down", "PLEG is not healthy"};
  expect(ill);
  facts.not_ready = {"container runtime is down"};
  EXPECT_EQ(condition(node_status(facts, some_config(), nullptr, kNow), "Ready").at("message"),
            "container runtime is down");
}

TEST(NodeStatus, AConditionKeepsItsTransitionTimeUntilItFlips) {
  NodeFacts facts = some_facts();
  const Json first = node_status(facts, some_config(), nullptr, kNow);
  facts.disk_pressure = true;
  const Json second = node_status(facts, some_config(), first, kNow + seconds(60));
  EXPECT_EQ(condition(second, "Ready").at("lastTransitionTime"), "2024-06-10T12:00:00Z");
  EXPECT_EQ(condition(second, "Ready").at("lastHeartbeatTime"), "2024-06-10T12:01:00Z");
  EXPECT_EQ(condition(second, "DiskPressure").at("lastTransitionTime"), "2024-06-10T12:01:00Z");
}

// ---- Amounts (§3.3)

TEST(NodeStatus, CapacityAndAllocatableAreAsRecorded) {
  const Json status = node_status(some_facts(), some_config(), nullptr, kNow);
  const Json capacity = {{"cpu", "2"},           {"memory", "24684092Ki"},
                         {"pods", "110"},        {"ephemeral-storage", "264212084Ki"},
                         {"hugepages-1Gi", "0"}, {"hugepages-2Mi", "0"}};
  EXPECT_EQ(status.at("capacity"), capacity);
  Json allocatable = capacity;
  allocatable["memory"] = "24581692Ki";  // less 100Mi
  allocatable["ephemeral-storage"] = "243497856212";
  EXPECT_EQ(status.at("allocatable"), allocatable);
}

TEST(NodeStatus, EvictionThresholdsMayBeLeftOutOfAllocatable) {
  config::Edged config = some_config();
  config.node_allocatable_ignores_eviction_threshold = true;
  const Json status = node_status(some_facts(), config, nullptr, kNow);
  EXPECT_EQ(status.at("allocatable"), status.at("capacity"));
}

TEST(NodeStatus, WhatIsReservedCannotBeAllocated) {
  config::Edged config = some_config();
  config.kubelet.system_reserved = {{"cpu", "100m"}, {"memory", "1Gi"}};
  config.kubelet.kube_reserved = {{"cpu", "400m"}, {"ephemeral-storage", "1Gi"}};
  config.kubelet.eviction_hard = {{"memory.available", "0"}};
  config.kubelet.pods_per_core = 10;
  NodeFacts facts = some_facts();
  facts.machine.memory_kib = 4 << 20;
  facts.machine.huge_pages = {{"2Mi", 1LL << 30}};
  facts.ephemeral_storage_bytes = 10LL << 30;
  const Json status = node_status(facts, config, nullptr, kNow);
  EXPECT_EQ(status.at("capacity").at("pods"), "20");
  EXPECT_EQ(status.at("capacity").at("memory"), "4Gi") << "as the API gives it back";
  EXPECT_EQ(status.at("capacity").at("hugepages-2Mi"), "1Gi");
  EXPECT_EQ(status.at("allocatable").at("cpu"), "1500m");
  EXPECT_EQ(status.at("allocatable").at("memory"), "2Gi") << "less 1Gi reserved and 1Gi of huge pages";
  EXPECT_EQ(status.at("allocatable").at("ephemeral-storage"), "9Gi");
  config.kubelet.system_reserved["memory"] = "8Gi";
  EXPECT_EQ(node_status(facts, config, nullptr, kNow).at("allocatable").at("memory"), "0");
}

TEST(NodeStatus, ResourcesThatOthersAdvertiseStay) {
  Json known = node_status(some_facts(), some_config(), nullptr, kNow);
  known["capacity"]["example.com/dongle"] = "4";
  known["allocatable"]["example.com/dongle"] = "4";
  const Json wanted = node_status(some_facts(), some_config(), known, kNow + seconds(10));
  EXPECT_EQ(wanted.at("allocatable").at("example.com/dongle"), "4");
  EXPECT_FALSE(differs_beyond_heartbeat(known, wanted));
}

TEST(NodeStatus, AddressesAndVersionsAreAsCloudCoreReadsThem) {
  NodeFacts facts = some_facts();
  facts.addresses = {"10.0.0.5", "fd00::5"};
  const Json status = node_status(facts, some_config(), nullptr, kNow);
  const Json addresses = {{{"type", "InternalIP"}, {"address", "10.0.0.5"}},
                          {{"type", "InternalIP"}, {"address", "fd00::5"}},
                          {{"type", "Hostname"}, {"address", "edge1"}}};
  EXPECT_EQ(status.at("addresses"), addresses);
  EXPECT_EQ(status.at("nodeInfo").at("kubeletVersion"), "v1.28.11-kubeedge-v1.17.4");
  EXPECT_EQ(status.at("nodeInfo").at("containerRuntimeVersion"), "containerd://1.6.20");
  EXPECT_FALSE(status.contains("daemonEndpoints")) << "CloudStream's port is there";
  EXPECT_FALSE(status.contains("images"));
}

// ---- Images (§3.3)

TEST(NodeStatus, TheBiggestImagesAreToldWithFiveNamesAtMost) {
  cri::Image big, small, nameless;
  big.id = "sha256:b";
  big.size = 300;
  big.repo_digests = {"r/big@sha256:1", "r/big@sha256:2"};
  big.repo_tags = {"r/big:1", "r/big:2", "r/big:3", "r/big:4"};
  small.id = "sha256:s";
  small.size = 100;
  small.repo_tags = {"r/small:1"};
  nameless.id = "sha256:n";
  nameless.size = 200;
  const Json list = node_images({small, big, nameless}, 2);
  const Json wanted = {
      {{"names", {"r/big@sha256:1", "r/big@sha256:2", "r/big:1", "r/big:2", "r/big:3"}}, {"sizeBytes", 300}},
      {{"names", Json::array()}, {"sizeBytes", 200}}};
  EXPECT_EQ(list, wanted);
  EXPECT_EQ(node_images({small, big, nameless}, -1).size(), 3U);
  EXPECT_EQ(node_images({small, big}, 0), Json::array());
}

// ---- Patches (§3.4)

TEST(NodeStatus, OnlyHeartbeatTimesAreNoDifference) {
  const NodeFacts facts = some_facts();
  const Json known = node_status(facts, some_config(), nullptr, kNow);
  EXPECT_FALSE(differs_beyond_heartbeat(known, node_status(facts, some_config(), known, kNow + seconds(9))));
  EXPECT_TRUE(differs_beyond_heartbeat(nullptr, known));
  for (const auto& change : std::vector<std::function<void(NodeFacts&)>>{
           [](NodeFacts& f) { f.addresses = {"10.0.0.6"}; },
           [](NodeFacts& f) { f.not_ready = {"container runtime is down"}; },
           [](NodeFacts& f) { f.runtime_version = "1.7.1"; },
           [](NodeFacts& f) { f.ephemeral_storage_bytes /= 2; },
           [](NodeFacts& f) { f.pid_pressure = true; }}) {
    NodeFacts other = facts;
    change(other);
    EXPECT_TRUE(differs_beyond_heartbeat(known, node_status(other, some_config(), known, kNow)));
  }
}

TEST(NodeStatus, ThePatchBringsTheNodeWhereItBelongsAndTouchesNothingElse) {
  const config::Edged config = some_config();
  Json known = initial_node(some_facts(), config, kNow);
  known["metadata"]["labels"]["site"] = "roof";
  known["metadata"]["labels"]["kubernetes.io/hostname"] = "renamed";
  known["metadata"]["annotations"].clear();
  known["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] = 10351;
  known["status"]["volumesAttached"] = {{{"name", "v"}, {"devicePath", ""}}};
  known["status"]["conditions"].push_back({{"type", "NetworkUnavailable"}, {"status", "False"}});
  known["status"]["capacity"]["hugepages-32Mi"] = "0";

  NodeFacts facts = some_facts();
  facts.addresses = {"10.1.0.1", "fd00::1"};
  facts.runtime_version = "1.7.1";
  const Json wanted = node_status(facts, config, known.at("status"), kNow + seconds(60), Json::array());
  const Json patch = node_patch(known, wanted, facts, config);
  EXPECT_FALSE(patch.at("status").contains("daemonEndpoints"));
  EXPECT_FALSE(patch.at("status").contains("images")) << "there were none";
  EXPECT_FALSE(patch.contains("spec"));
  const Json info = {{"containerRuntimeVersion", "containerd://1.7.1"}};
  EXPECT_EQ(patch.at("status").at("nodeInfo"), info);

  const Json after = kube::apply_strategic_merge(known, patch, "Node");
  EXPECT_EQ(after.at("status").at("addresses"), wanted.at("addresses"));
  EXPECT_EQ(after.at("status").at("capacity"), wanted.at("capacity"));
  EXPECT_EQ(after.at("status").at("daemonEndpoints").at("kubeletEndpoint").at("Port"), 10351);
  EXPECT_EQ(after.at("status").at("volumesAttached"), known.at("status").at("volumesAttached"));
  EXPECT_EQ(condition(after.at("status"), "NetworkUnavailable").at("status"), "False");
  EXPECT_EQ(condition(after.at("status"), "Ready").at("lastHeartbeatTime"), "2024-06-10T12:01:00Z");
  EXPECT_EQ(after.at("metadata").at("labels").at("site"), "roof");
  EXPECT_EQ(after.at("metadata").at("labels").at("kubernetes.io/hostname"), "edge1");
  EXPECT_EQ(
      after.at("metadata").at("annotations").at("volumes.kubernetes.io/controller-managed-attach-detach"),
      "true");
  EXPECT_FALSE(differs_beyond_heartbeat(after.at("status"), wanted)) << "the next look would patch again";
}

// ---- Lease (§3.5)

TEST(NodeStatus, ALeaseNamesItsNodeOnceThatIsKnown) {
  const Json without = node_lease("edge1", 40, nullptr, "", kNow);
  EXPECT_FALSE(without.at("metadata").contains("ownerReferences")) << "a real API server refuses uid \"\"";
  const Json lease = node_lease("edge1", 40, without, "uid-1", kNow);
  const Json owners = {{{"apiVersion", "v1"}, {"kind", "Node"}, {"name", "edge1"}, {"uid", "uid-1"}}};
  EXPECT_EQ(lease.at("metadata").at("ownerReferences"), owners);
  const Json spec = {{"holderIdentity", "edge1"},
                     {"leaseDurationSeconds", 40},
                     {"renewTime", "2024-06-10T12:00:00.000000Z"}};
  EXPECT_EQ(lease.at("spec"), spec);
}

TEST(NodeStatus, ARenewalKeepsWhatOthersPutOnTheLeaseButNotTheNodeOfBefore) {
  Json known = node_lease("edge1", 40, nullptr, "uid-1", kNow);
  known["metadata"]["resourceVersion"] = "17";
  known["metadata"]["annotations"]["a"] = "b";
  const Json other = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "c"}, {"uid", "c1"}};
  known["metadata"]["ownerReferences"].push_back(other);
  const Json lease = node_lease("edge1", 40, known, "uid-2", kNow + seconds(10));
  EXPECT_EQ(lease.at("metadata").at("resourceVersion"), "17");
  EXPECT_EQ(lease.at("metadata").at("annotations").at("a"), "b");
  ASSERT_EQ(lease.at("metadata").at("ownerReferences").size(), 2U);
  EXPECT_EQ(lease.at("metadata").at("ownerReferences").at(0), other);
  EXPECT_EQ(lease.at("metadata").at("ownerReferences").at(1).at("uid"), "uid-2");
  EXPECT_EQ(lease.at("spec").at("renewTime"), "2024-06-10T12:00:10.000000Z");
}

}  // namespace
}  // namespace edgecore::edged
