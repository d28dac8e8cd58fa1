// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/pod.hpp"
#include "edged/cgroups/cgroup_files.hpp"
#include "edged/spec/pod_resources.hpp"

namespace edgecore::edged {

/// Limits of a cgroup in the units of cgroup v1; absent ones are left as they are.
struct CgroupLimits {
  std::optional<std::int64_t> cpu_shares;
  std::optional<std::int64_t> cpu_quota, cpu_period;     ///< microseconds; quota ≤ 0 = none
  std::optional<std::int64_t> memory_bytes;              ///< ≤ 0 = none
  std::optional<std::int64_t> pids;                      ///< ≤ 0 = none
  std::map<std::string, std::int64_t> huge_pages_bytes;  ///< "2MB" → bytes; < 0 = none
  bool operator==(const CgroupLimits&) const = default;
};

/// Makes slices for the systemd driver: the seam to systemd.
class SliceMaker {
 public:
  virtual ~SliceMaker() = default;
  /// Makes sure that the slice ("kubepods-burstable.slice") exists, with accounting and these limits. Throws
  /// Error if systemd is not running or refuses.
  virtual void ensure(const std::string& unit, const CgroupLimits& limits) = 0;
  /// Stops the slice. No error if it does not exist.
  virtual void stop(const std::string& unit) = 0;
};

struct CgroupOptions {
  enum class Driver { kCgroupfs, kSystemd } driver = Driver::kCgroupfs;
  std::string root = "/";           ///< config cgroupRoot; "" is "/"
  bool per_qos = true;              ///< config cgroupsPerQOS; false: no cgroups are made at all
  bool enforce_allocatable = true;  ///< config enforceNodeAllocatable holds "pods"
  std::int64_t pod_pids_limit = -1;
  std::int64_t allocatable_memory = 0;     ///< bytes: capacity − kubeReserved − systemReserved
  std::int64_t allocatable_milli_cpu = 0;  ///< milli-CPUs: capacity − kubeReserved − systemReserved
  std::int64_t allocatable_pids = 0;       ///< 0 = not limited
  ResourcePolicy resources;
};

/// A pod's cgroup as found on the machine.
struct PodCgroup {
  std::string uid;
  QosClass qos = QosClass::kBestEffort;
  bool operator==(const PodCgroup&) const = default;
};

/// The cgroups above the containers: node, QoS classes, pods (protocol/05-edged.md §1.13). The runtime makes
/// the cgroups of sandboxes and containers below `pod_parent`.
///
/// `pod_parent` may be called on any thread. All other calls may block (on the kernel removing a cgroup, on
/// systemd's answer): make them on the BlockingPool, one at a time except for those that hang, and keep this
/// object alive until they return. Failures are Errors whose text names the cgroup.
class Cgroups {
 public:
  /// `files` and `slices` outlive this; `slices` may be nullptr with the cgroupfs driver.
  Cgroups(CgroupOptions options, CgroupFiles& files, SliceMaker* slices);

  /// CRI's `cgroup_parent` for a pod: "/kubepods/burstable/pod<uid>", or "/kubepods.slice/…" with the systemd
  /// driver. "" without cgroupsPerQOS.
  [[nodiscard]] std::string pod_parent(const kube::Pod& pod) const;

  /// Makes the cgroups of the node and of the QoS classes, with their limits. At start, before the first pod.
  void ensure_node();
  /// Sets the cpu shares of the burstable class from its pods (`active`: all active pods, of any class). Call
  /// it when a pod is created or removed, and every minute. Writes only what has changed.
  void update_qos(const std::vector<kube::PodPtr>& active);

  /// Makes the pod's cgroup, or sets its limits anew.
  void ensure_pod(const kube::Pod& pod);
  /// Kills the processes of the cgroup, in up to five rounds, and removes it with everything below. False if
  /// a process would not die; true also if the cgroup does not exist.
  [[nodiscard]] bool remove_pod(const PodCgroup& pod);
  /// Limits a pod to the least cpu possible: an orphan whose volumes are still mounted.
  void starve_pod(const PodCgroup& pod);

  /// The cgroups of all pods.
  [[nodiscard]] std::vector<PodCgroup> list_pods();

  /// The controllers that pods need and this kernel lacks (often for want of a boot option): limits of them
  /// are not enforced. To be logged once, at start.
  [[nodiscard]] std::vector<std::string> missing_controllers() const;

 private:
  [[nodiscard]] bool systemd() const { return options_.driver == CgroupOptions::Driver::kSystemd; }
  /// The path's components from the hierarchy's root down, before the driver's naming is applied.
  [[nodiscard]] std::vector<std::string> names(std::initializer_list<std::string> below) const;
  [[nodiscard]] std::vector<std::string> pod_names(const PodCgroup& pod) const;
  [[nodiscard]] std::string path(const std::vector<std::string>& of) const;
  void ensure(const std::vector<std::string>& of, const CgroupLimits& limits);
  void write_limits(const std::string& cgroup, const CgroupLimits& limits);

  CgroupOptions options_;
  CgroupFiles& files_;
  SliceMaker* slices_;
  std::vector<std::string> root_;
  std::atomic<std::int64_t> burstable_shares_ = 0;  ///< as last written; 0 = not written yet
};

PodCgroup pod_cgroup(const kube::Pod& pod);

/// The limits of a pod's cgroup.
CgroupLimits pod_limits_for_cgroup(const kube::Pod& pod, const ResourcePolicy& resources,
                                   std::int64_t pids_limit);

/// Converts cpu shares of cgroup v1 to cpu.weight of v2.
std::int64_t cpu_weight(std::int64_t shares);

/// The path of a slice including its parents: "kubepods-burstable.slice" →
/// "/kubepods.slice/kubepods-burstable.slice".
std::string slice_path(std::string_view slice);

}  // namespace edgecore::edged
