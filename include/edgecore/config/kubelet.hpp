// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// `modules.edged.tailoredKubeletConfig` (protocol/06-config-cli-tasks.md §1.6). Plain values: made once at
// the start, read by all modules. A std::optional field may be unset; those with a default are initialised
// with it. Durations are in nanoseconds, the resolution of the file's notation ("1m30s").

namespace edgecore::config {

using Duration = std::chrono::nanoseconds;
using StringMap = std::map<std::string, std::string>;
using GateMap = std::map<std::string, bool>;

/// A taint with which the node registers. Validation rejects `time_added`.
struct Taint {
  std::string key;
  std::string value;
  std::string effect;
  std::optional<std::string> time_added;
  bool operator==(const Taint&) const = default;
};

struct MemorySwap {
  std::string swap_behavior;
  bool operator==(const MemorySwap&) const = default;
};

struct VmodulePattern {
  std::string file_pattern;
  std::int64_t verbosity = 0;
  bool operator==(const VmodulePattern&) const = default;
};

struct JsonLogOptions {
  bool split_stream = false;
  std::string info_buffer_size = "0";  ///< a quantity
  bool operator==(const JsonLogOptions&) const = default;
};

struct LogOptions {
  JsonLogOptions json;
  bool operator==(const LogOptions&) const = default;
};

/// Validated but without effect: the verbosity comes from the command line's -v.
struct Logging {
  std::string format = "text";
  Duration flush_frequency = std::chrono::seconds(5);
  std::int64_t verbosity = 0;
  std::vector<VmodulePattern> vmodule;
  LogOptions options;
  bool operator==(const Logging&) const = default;
};

struct ShutdownGraceByPriority {
  std::int32_t priority = 0;
  std::int64_t shutdown_grace_period_seconds = 0;
  bool operator==(const ShutdownGraceByPriority&) const = default;
};

struct MemoryReservation {
  std::int32_t numa_node = 0;
  StringMap limits;  ///< resource name -> quantity
  bool operator==(const MemoryReservation&) const = default;
};

/// The settings of the kubelet part of edged.
struct TailoredKubeletConfig {
  std::string static_pod_path = "/etc/kubeedge/manifests";
  Duration sync_frequency = std::chrono::minutes(1);
  Duration file_check_frequency = std::chrono::seconds(20);
  std::string address = "127.0.0.1";
  std::int32_t read_only_port = 10350;  ///< 0: no read-only server
  std::optional<std::int32_t> registry_pull_qps = 5;
  std::int32_t registry_burst = 10;
  std::optional<std::int32_t> event_record_qps = 50;
  std::int32_t event_burst = 100;
  std::optional<bool> enable_debugging_handlers = true;
  bool enable_contention_profiling = false;
  std::optional<std::int32_t> oom_score_adj = -999;
  std::string cluster_domain = "cluster.local";
  std::vector<std::string> cluster_dns;
  Duration streaming_connection_idle_timeout = std::chrono::hours(4);
  Duration node_status_update_frequency = std::chrono::seconds(10);
  Duration node_status_report_frequency = std::chrono::minutes(5);
  std::int32_t node_lease_duration_seconds = 40;
  Duration image_minimum_gc_age = std::chrono::minutes(2);
  std::optional<std::int32_t> image_gc_high_threshold_percent = 85;
  std::optional<std::int32_t> image_gc_low_threshold_percent = 80;
  Duration volume_stats_agg_period = std::chrono::minutes(1);
  std::string kubelet_cgroups;
  std::string system_cgroups;
  std::string cgroup_root;
  std::optional<bool> cgroups_per_qos = true;
  std::string cgroup_driver = "cgroupfs";
  std::string cpu_manager_policy = "none";
  StringMap cpu_manager_policy_options;
  Duration cpu_manager_reconcile_period = std::chrono::seconds(10);
  std::string memory_manager_policy = "None";
  std::string topology_manager_policy = "none";
  std::string topology_manager_scope = "container";
  StringMap topology_manager_policy_options;
  StringMap qos_reserved;
  Duration runtime_request_timeout = std::chrono::minutes(2);
  std::string hairpin_mode = "promiscuous-bridge";
  std::int32_t max_pods = 110;
  std::string pod_cidr;
  std::optional<std::int64_t> pod_pids_limit = -1;
  std::optional<std::string> resolv_conf = "/etc/resolv.conf";
  std::optional<bool> cpu_cfs_quota = true;
  std::optional<Duration> cpu_cfs_quota_period = std::chrono::milliseconds(100);
  std::optional<std::int32_t> node_status_max_images = 0;
  std::int64_t max_open_files = 1000000;
  std::string content_type = "application/json";
  std::optional<bool> serialize_image_pulls = true;
  std::optional<std::int32_t> max_parallel_image_pulls;
  StringMap eviction_hard = {{"imagefs.available", "15%"},
                             {"memory.available", "100Mi"},
                             {"nodefs.available", "10%"},
                             {"nodefs.inodesFree", "5%"}};
  StringMap eviction_soft;
  StringMap eviction_soft_grace_period;
  Duration eviction_pressure_transition_period = std::chrono::minutes(5);
  std::int32_t eviction_max_pod_grace_period = 0;
  StringMap eviction_minimum_reclaim;
  std::int32_t pods_per_core = 0;
  std::optional<bool> enable_controller_attach_detach = true;
  bool protect_kernel_defaults = false;
  std::optional<bool> make_iptables_util_chains = true;
  std::optional<std::int32_t> iptables_masquerade_bit = 14;
  std::optional<std::int32_t> iptables_drop_bit = 15;
  GateMap feature_gates;  ///< Kubernetes gates, not KubeEdge's at the file's top level
  std::optional<bool> fail_swap_on = false;
  MemorySwap memory_swap;
  std::string container_log_max_size = "10Mi";
  std::optional<std::int32_t> container_log_max_files = 5;
  std::string config_map_and_secret_change_detection_strategy = "Get";
  StringMap system_reserved;
  StringMap kube_reserved;
  std::string reserved_system_cpus;
  std::string show_hidden_metrics_for_version;
  std::string system_reserved_cgroup;
  std::string kube_reserved_cgroup;
  std::vector<std::string> enforce_node_allocatable = {"pods"};
  std::vector<std::string> allowed_unsafe_sysctls;
  std::string volume_plugin_dir = "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/";
  bool kernel_memcg_notification = false;
  Logging logging;
  std::optional<bool> enable_system_log_handler = true;
  std::optional<bool> enable_system_log_query;
  Duration shutdown_grace_period{};
  Duration shutdown_grace_period_critical_pods{};
  std::vector<ShutdownGraceByPriority> shutdown_grace_period_by_pod_priority;
  std::vector<MemoryReservation> reserved_memory;
  std::optional<bool> enable_profiling_handler = true;
  std::optional<bool> enable_debug_flags_handler = true;
  std::optional<bool> seccomp_default = false;
  std::optional<double> memory_throttling_factor = 0.9;
  std::vector<Taint> register_with_taints;
  std::optional<bool> register_node = true;
  std::optional<bool> local_storage_capacity_isolation = true;
  std::string container_runtime_endpoint = "unix:///run/containerd/containerd.sock";
  std::string image_service_endpoint = "unix:///run/containerd/containerd.sock";
  bool operator==(const TailoredKubeletConfig&) const = default;
};

}  // namespace edgecore::config
