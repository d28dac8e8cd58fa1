// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/cri/types.hpp"
#include "edgecore/kube/pod.hpp"
#include "edgecore/kube/quantity.hpp"

/// QoS classes, sums of requests and limits, and the kernel parameters made from them (protocol/05-edged.md
/// §1.5.4, §1.11.3, §1.13). Pure functions.
namespace edgecore::edged {

enum class QosClass { kGuaranteed, kBurstable, kBestEffort };
QosClass qos_class(const kube::Pod& pod);
/// The name in status.qosClass.
std::string_view qos_name(QosClass qos);

using Amounts = std::map<std::string, kube::Quantity>;
enum class Overhead { kWithout, kWith };
/// The pod's peak request: the sum of its containers, or the largest init container if that is more.
/// Restartable init containers count beside the containers.
Amounts pod_requests(const kube::Pod& pod, Overhead overhead);
Amounts pod_limits(const kube::Pod& pod, Overhead overhead);
Amounts amounts(const kube::StringMap& quantities);
/// Bytes as a quantity in the API's canonical form. Another form would differ from the API's copy for ever.
std::string bytes_text(std::int64_t bytes);

/// An init container with restartPolicy Always (a sidecar).
bool is_restartable_init(const kube::Container& container);
/// Static pods, mirror pods, and pods of at least system priority: never evicted, always admitted first.
bool is_critical(const kube::Pod& pod);
bool is_static(const kube::Pod& pod);  ///< read from a file on this node
bool is_mirror(const kube::Pod& pod);  ///< the API's object for a static pod

std::int64_t cpu_shares(std::int64_t milli_cpu);
/// Microseconds per period; 0 = no limit.
std::int64_t cpu_quota(std::int64_t milli_cpu, std::int64_t period);
std::int64_t oom_score_adj(const kube::Pod& pod, const kube::Container& container,
                           std::int64_t memory_capacity);

/// The node's resource settings.
struct ResourcePolicy {
  bool cpu_cfs_quota = true;
  std::int64_t cpu_cfs_period = 100'000;    ///< microseconds
  std::int64_t memory_capacity = 0;         ///< bytes
  std::vector<std::string> hugepage_sizes;  ///< page sizes of the machine: "2MB", "1GB"
  bool cgroup_v2 = false;
  bool swap_controller = false;  ///< v1: swap accounting is on; v2: memory.swap.max exists
};

cri::LinuxContainerResources container_resources(const kube::Pod& pod, const kube::Container& container,
                                                 const ResourcePolicy& policy);
cri::LinuxContainerResources sandbox_resources(const kube::Pod& pod, const ResourcePolicy& policy);
/// All zero if the pod has no overhead.
cri::LinuxContainerResources overhead_resources(const kube::Pod& pod, const ResourcePolicy& policy);

}  // namespace edgecore::edged
