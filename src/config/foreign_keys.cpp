// SPDX-License-Identifier: Apache-2.0
#include "config/foreign_keys.hpp"

#include <algorithm>
#include <array>

#include "config/kubelet_fields.hpp"
#include "edgecore/base/ascii.hpp"

namespace edgecore::config {
namespace {

/// A key of v1alpha1 directly under `modules.edged`, and the key that replaces it ("" = none).
struct OldKey {
  std::string_view name;
  std::string_view replacement;
};

constexpr std::string_view kEdgedSection = "modules.edged.";

constexpr std::array<OldKey, 29> kOldKeys{{
    {"labels", "modules.edged.nodeLabels"},
    {"annotations", ""},
    {"taints", "modules.edged.tailoredKubeletConfig.registerWithTaints"},
    {"nodeStatusUpdateFrequency", "modules.edged.tailoredKubeletConfig.nodeStatusUpdateFrequency"},
    {"runtimeType", ""},
    {"dockerAddress", ""},
    {"clusterDNS", "modules.edged.tailoredKubeletConfig.clusterDNS"},
    {"clusterDomain", "modules.edged.tailoredKubeletConfig.clusterDomain"},
    {"edgedMemoryCapacity", ""},
    {"imagePullProgressDeadline", ""},
    {"runtimeRequestTimeout", "modules.edged.tailoredKubeletConfig.runtimeRequestTimeout"},
    {"concurrentConsumers", ""},
    {"devicePluginEnabled", ""},
    {"gpuPluginEnabled", ""},
    {"imageGCHighThreshold", "modules.edged.tailoredKubeletConfig.imageGCHighThresholdPercent"},
    {"imageGCLowThreshold", "modules.edged.tailoredKubeletConfig.imageGCLowThresholdPercent"},
    {"maximumDeadContainersPerPod", "modules.edged.maxPerPodContainerCount"},
    {"cgroupDriver", "modules.edged.tailoredKubeletConfig.cgroupDriver"},
    {"cgroupsPerQOS", "modules.edged.tailoredKubeletConfig.cgroupsPerQOS"},
    {"cgroupRoot", "modules.edged.tailoredKubeletConfig.cgroupRoot"},
    {"edgeCoreCgroups", "modules.edged.tailoredKubeletConfig.kubeletCgroups"},
    {"systemCgroups", "modules.edged.tailoredKubeletConfig.systemCgroups"},
    {"networkPluginName", ""},
    {"cniConfDir", ""},
    {"cniBinDir", ""},
    {"cniCacheDirs", ""},
    {"networkPluginMTU", ""},
    {"volumeStatsAggPeriod", "modules.edged.tailoredKubeletConfig.volumeStatsAggPeriod"},
    {"enableMetrics", ""},
}};

struct NewKey {
  std::string_view prefix;
  std::string_view name;
  std::string_view since;
};

constexpr std::array<NewKey, 10> kNewKeys{{
    {kKubeletSection, "imageMaximumGCAge", "v1.18"},
    {kEdgedSection, "reportEvent", "v1.19"},
    {kKubeletSection, "podLogsDir", "v1.20"},
    {kKubeletSection, "containerLogMaxWorkers", "v1.20"},
    {kKubeletSection, "containerLogMonitorInterval", "v1.20"},
    {"", "edgecoreVersion", "v1.21"},
    {"modules.", "taskManager", "v1.21"},
    {kKubeletSection, "failCgroupV1", "v1.22"},
    {kKubeletSection, "singleProcessOOMKill", "v1.23"},
    {kKubeletSection, "crashLoopBackOff", "v1.23"},
}};

/// Modules of CloudCore, and what stands beside them in cloudcore.yaml.
constexpr std::array<std::string_view, 11> kCloudKeys{
    "cloudHub",          "cloudStream",    "commonConfig",    "deviceController",
    "dynamicController", "edgeController", "iptablesManager", "kubeAPIConfig",
    "leaderElection",    "router",         "syncController"};

bool is_key(std::string_view path, std::string_view prefix, std::string_view name) {
  return path.size() == prefix.size() + name.size() && iequals(path.substr(0, prefix.size()), prefix) &&
         iequals(path.substr(prefix.size()), name);
}

}  // namespace

std::optional<std::string> foreign_key_remark(std::string_view path) {
  for (const OldKey& old : kOldKeys) {
    if (!is_key(path, kEdgedSection, old.name)) continue;
    std::string remark = "belongs to the old v1alpha1 schema and has no effect";
    if (!old.replacement.empty()) remark += "; use " + std::string(old.replacement);
    return remark;
  }
  for (const NewKey& added : kNewKeys) {
    if (is_key(path, added.prefix, added.name)) {
      return "belongs to KubeEdge " + std::string(added.since) + " and later; it has no effect here";
    }
  }
  const std::string_view name = path.substr(path.rfind('.') + 1);
  const auto is_name = [name](std::string_view known) { return iequals(known, name); };
  const bool at_top = name.size() == path.size() || is_key(path, "modules.", name);
  if (at_top && std::any_of(kCloudKeys.begin(), kCloudKeys.end(), is_name))
    return "belongs into cloudcore.yaml, in the cloud";
  return std::nullopt;
}

}  // namespace edgecore::config
