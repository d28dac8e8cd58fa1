// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/config/load.hpp"
#include "edgecore/config/validate.hpp"
#include "unit/config/fake_host.hpp"

namespace edgecore::config {
namespace {

using testing::Contains;
using testing::IsEmpty;

/// The keys complained about after the settings of `yaml` (under tailoredKubeletConfig) were laid over the
/// defaults.
std::vector<std::string> complaints(const std::string& yaml, const std::string& edged = "") {
  const std::string text =
      "modules: {edged: {" + edged + (edged.empty() ? "" : ", ") + "tailoredKubeletConfig: {" + yaml + "}}}";
  const LoadedConfig loaded = load(text, test::FakeHost());
  EXPECT_THAT(loaded.warnings, IsEmpty()) << text;
  std::vector<std::string> keys;
  for (const Violation& error : validate_kubelet(loaded.config.modules.edged).errors) {
    keys.push_back(error.field.substr(error.field.starts_with("modules.edged.tailoredKubeletConfig.")
                                          ? std::string("modules.edged.tailoredKubeletConfig.").size()
                                          : 0));
  }
  return keys;
}

TEST(ValidateKubelet, DefaultsAreValid) {
  EXPECT_THAT(complaints(""), IsEmpty());
  EXPECT_THAT(validate_kubelet(Edged{}).warnings, IsEmpty());
}

struct Case {
  const char* yaml;
  const char* key;
};

TEST(ValidateKubelet, EachRuleRefusesWhatBreaksIt) {
  const std::vector<Case> cases{
      {"nodeLeaseDurationSeconds: 0", "nodeLeaseDurationSeconds"},
      {"cgroupsPerQOS: false", "enforceNodeAllocatable"},
      {"systemCgroups: /system", "systemCgroups"},
      {"eventBurst: -1", "eventBurst"},
      {"eventRecordQPS: -1", "eventRecordQPS"},
      {"maxOpenFiles: -1", "maxOpenFiles"},
      {"maxPods: -1", "maxPods"},
      {"podsPerCore: -1", "podsPerCore"},
      {"registryBurst: -1", "registryBurst"},
      {"registryPullQPS: -1", "registryPullQPS"},
      {"cpuCFSQuotaPeriod: 50ms", "cpuCFSQuotaPeriod"},
      {"cpuCFSQuotaPeriod: 2s, featureGates: {CustomCPUCFSQuotaPeriod: true}", "cpuCFSQuotaPeriod"},
      {"imageGCHighThresholdPercent: 101", "imageGCHighThresholdPercent"},
      {"imageGCLowThresholdPercent: -1", "imageGCLowThresholdPercent"},
      {"imageGCLowThresholdPercent: 85", "imageGCLowThresholdPercent"},
      {"iptablesMasqueradeBit: 32", "iptablesMasqueradeBit"},
      {"iptablesDropBit: -1", "iptablesDropBit"},
      {"nodeStatusMaxImages: -2", "nodeStatusMaxImages"},
      {"oomScoreAdj: -1001", "oomScoreAdj"},
      {"readOnlyPort: 65536", "readOnlyPort"},
      {"maxParallelImagePulls: 0", "maxParallelImagePulls"},
      {"maxParallelImagePulls: 2", "maxParallelImagePulls"},
      {"registerWithTaints: [{key: a b, effect: NoSchedule}]", "registerWithTaints"},
      {"registerWithTaints: [{key: a, effect: Never}]", "registerWithTaints.effect"},
      {"registerWithTaints: [{key: a, value: '-', effect: NoSchedule}]", "registerWithTaints"},
      {"registerWithTaints: [{key: a, effect: NoSchedule, timeAdded: '2024-01-01T00:00:00Z'}]",
       "registerWithTaints"},
      {"topologyManagerPolicy: best", "topologyManagerPolicy"},
      {"topologyManagerScope: node", "topologyManagerScope"},
      {"shutdownGracePeriodCriticalPods: 2s", "shutdownGracePeriodCriticalPods"},
      {"shutdownGracePeriod: 10ms", "shutdownGracePeriod"},
      {"shutdownGracePeriod: 5s, shutdownGracePeriodCriticalPods: 10ms", "shutdownGracePeriodCriticalPods"},
      {"shutdownGracePeriod: 5s, shutdownGracePeriodByPodPriority: [{priority: 1}]",
       "shutdownGracePeriodByPodPriority"},
      {"shutdownGracePeriodByPodPriority: [{priority: 1}], featureGates: {AllBeta: false}",
       "shutdownGracePeriodByPodPriority"},
      {"memorySwap: {swapBehavior: Lots}", "memorySwap.swapBehavior"},
      {"memorySwap: {swapBehavior: LimitedSwap}", "memorySwap.swapBehavior"},
      {"enforceNodeAllocatable: [pods, all]", "enforceNodeAllocatable"},
      {"enforceNodeAllocatable: [pods, none]", "enforceNodeAllocatable"},
      {"enforceNodeAllocatable: [system-reserved]", "systemReservedCgroup"},
      {"enforceNodeAllocatable: [kube-reserved]", "kubeReservedCgroup"},
      {"hairpinMode: maybe", "hairpinMode"},
      {"configMapAndSecretChangeDetectionStrategy: get", "configMapAndSecretChangeDetectionStrategy"},
      {"reservedSystemCPUs: 3-1", "reservedSystemCPUs"},
      {"reservedSystemCPUs: 'a'", "reservedSystemCPUs"},
      {"reservedSystemCPUs: '0,'", "reservedSystemCPUs"},
      {"reservedSystemCPUs: '0', systemReservedCgroup: /s", "reservedSystemCPUs"},
      {"reservedMemory: [{limits: {cpu: 1}}]", "reservedMemory"},
      {"reservedMemory: [{limits: {memory: 0Mi}}]", "reservedMemory"},
      {"reservedMemory: [{limits: {memory: 1Gi}}, {numaNode: 0, limits: {memory: 2Gi}}]", "reservedMemory"},
      {"memoryThrottlingFactor: 0", "memoryThrottlingFactor"},
      {"memoryThrottlingFactor: 1.1", "memoryThrottlingFactor"},
      {"enableSystemLogQuery: true", "enableSystemLogQuery"},
      {"enableSystemLogQuery: true, enableSystemLogHandler: false, featureGates: {NodeLogQuery: true}",
       "enableSystemLogQuery"},
      {"logging: {format: xml}", "logging.format"},
      {"logging: {verbosity: 2147483648}", "logging.verbosity"},
      {"logging: {format: json, vmodule: [{filePattern: a, verbosity: 1}]}", "logging.vmodule"},
  };
  for (const Case& c : cases) EXPECT_THAT(complaints(c.yaml), Contains(c.key)) << c.yaml;
}

TEST(ValidateKubelet, WhatTheRulesAllowIsAccepted) {
  for (const char* yaml :
       {"cgroupsPerQOS: false, enforceNodeAllocatable: []", "systemCgroups: /system, cgroupRoot: /",
        "cpuCFSQuotaPeriod: 50ms, featureGates: {CustomCPUCFSQuotaPeriod: true}",
        "cpuCFSQuotaPeriod: 50ms, featureGates: {AllAlpha: true}",
        "maxParallelImagePulls: 5, serializeImagePulls: false", "maxParallelImagePulls: 1",
        "shutdownGracePeriod: 30s, shutdownGracePeriodCriticalPods: 10s",
        "shutdownGracePeriodByPodPriority: [{priority: 1, shutdownGracePeriodSeconds: 5}]",
        "memorySwap: {swapBehavior: LimitedSwap}, featureGates: {NodeSwap: true}",
        "enforceNodeAllocatable: [pods, system-reserved], systemReservedCgroup: /s",
        "enforceNodeAllocatable: [none]", "reservedSystemCPUs: '0-1,3'",
        "reservedMemory: [{limits: {memory: 1Gi, hugepages-2Mi: 4Mi}}]",
        "registerWithTaints: [{key: example.com/edge, value: x, effect: NoExecute}]",
        "nodeStatusMaxImages: -1", "readOnlyPort: 0", "logging: {format: json}"}) {
    EXPECT_THAT(complaints(yaml), IsEmpty()) << yaml;
  }
}

TEST(ValidateKubelet, NodeLabelsOutsideTheKubeletsListAreRefused) {
  const auto refused = [](const std::string& label) {
    return !complaints("", "nodeLabels: {" + label + "}").empty();
  };
  EXPECT_FALSE(refused("rack: '7', example.com/line: b, kubernetes.io/arch: arm64, node.kubernetes.io/x: y"));
  EXPECT_FALSE(refused("topology.kubernetes.io/zone: z, a.kubelet.kubernetes.io/b: c, notk8s.io/a: b"));
  EXPECT_TRUE(refused("node-role.kubernetes.io/edge: ''"));
  EXPECT_TRUE(refused("kubernetes.io/foo: x"));
  EXPECT_TRUE(refused("sub.k8s.io/foo: x"));
  EXPECT_TRUE(refused("'a b': x"));
  EXPECT_TRUE(refused("UPPER.com/a: x"));
  EXPECT_TRUE(refused("a: 'not a value'"));
}

TEST(ValidateKubelet, TheDeprecatedEndpointStepsInForAnEmptyOne) {
  Edged edged;
  edged.kubelet.container_runtime_endpoint.clear();
  edged.remote_runtime_endpoint = "unix:///run/crio/crio.sock";
  edged.remote_image_endpoint = "unix:///run/crio/images.sock";
  EXPECT_EQ(edged.runtime_endpoint(), "unix:///run/crio/crio.sock");
  EXPECT_EQ(edged.image_endpoint(), "unix:///run/crio/images.sock");
  EXPECT_THAT(validate_kubelet(edged).errors, IsEmpty());
  edged.remote_runtime_endpoint.clear();
  ASSERT_FALSE(validate_kubelet(edged).errors.empty());
  EXPECT_EQ(validate_kubelet(edged).errors.front().field,
            "modules.edged.tailoredKubeletConfig.containerRuntimeEndpoint");
  edged.kubelet.container_runtime_endpoint = "unix:///a";
  edged.kubelet.image_service_endpoint.clear();
  EXPECT_EQ(edged.image_endpoint(), "unix:///a");
}

TEST(ValidateKubelet, GatesWithoutEffectAreWarnedAboutAndADisabledEdgedIsNotLookedAt) {
  Edged edged;
  edged.kubelet.feature_gates = {{"KubeletInUserNamespace", true}, {"NodeSwap", true}};
  const Findings findings = validate_kubelet(edged);
  ASSERT_EQ(findings.warnings.size(), 2u);
  EXPECT_THAT(findings.warnings.back().field, testing::EndsWith("NodeSwap")) << "it only allows swapBehavior";
  EXPECT_EQ(findings.warnings.front().field,
            "modules.edged.tailoredKubeletConfig.featureGates.KubeletInUserNamespace");
  edged.kubelet.max_pods = -1;
  EXPECT_EQ(validate_kubelet(edged).errors.size(), 1u);
  edged.enable = false;
  EXPECT_TRUE(validate_kubelet(edged).errors.empty());
}

}  // namespace
}  // namespace edgecore::config
