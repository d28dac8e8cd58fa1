// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/fields.hpp"

// The keys of `tailoredKubeletConfig`; see fields.hpp.

namespace edgecore::config {

/// Prefix of the full names of these keys.
inline constexpr const char* kKubeletSection = "modules.edged.tailoredKubeletConfig.";

template <Is<MemorySwap> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("swapBehavior", o.swap_behavior, Print::kNonzero, Effect::kNotYet);
}

template <Is<VmodulePattern> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("filePattern", o.file_pattern, Print::kAlways, Effect::kNever);
  v("verbosity", o.verbosity, Print::kAlways, Effect::kNever);
}

template <Is<JsonLogOptions> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("splitStream", o.split_stream, Print::kNonzero, Effect::kNever);
  v("infoBufferSize", o.info_buffer_size, Print::kAlways, Effect::kNever);
}

template <Is<LogOptions> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("json", o.json, Print::kAlways, Effect::kWorks);
}

template <Is<Logging> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("format", o.format, Print::kNonzero, Effect::kNever);
  v("flushFrequency", o.flush_frequency, Print::kAlways, Effect::kNever);
  v("verbosity", o.verbosity, Print::kAlways, Effect::kNever);
  v("vmodule", o.vmodule, Print::kNonzero, Effect::kNever);
  v("options", o.options, Print::kAlways, Effect::kWorks);
}

template <Is<ShutdownGraceByPriority> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("priority", o.priority, Print::kAlways, Effect::kNotYet);
  v("shutdownGracePeriodSeconds", o.shutdown_grace_period_seconds, Print::kAlways, Effect::kNotYet);
}

template <Is<MemoryReservation> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("numaNode", o.numa_node, Print::kAlways, Effect::kNotYet);
  v("limits", o.limits, Print::kNonzero, Effect::kNotYet);
}

template <Is<TailoredKubeletConfig> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("staticPodPath", o.static_pod_path, Print::kNonzero, Effect::kWorks);
  v("syncFrequency", o.sync_frequency, Print::kAlways, Effect::kWorks);
  v("fileCheckFrequency", o.file_check_frequency, Print::kAlways, Effect::kWorks);
  v("address", o.address, Print::kNonzero, Effect::kNotYet);
  v("readOnlyPort", o.read_only_port, Print::kNonzero, Effect::kOnlyOff);
  v("registryPullQPS", o.registry_pull_qps, Print::kNonzero, Effect::kWorks);
  v("registryBurst", o.registry_burst, Print::kNonzero, Effect::kWorks);
  v("eventRecordQPS", o.event_record_qps, Print::kNonzero, Effect::kNotYet);
  v("eventBurst", o.event_burst, Print::kNonzero, Effect::kNotYet);
  v("enableDebuggingHandlers", o.enable_debugging_handlers, Print::kNonzero, Effect::kOnlyOff);
  v("enableContentionProfiling", o.enable_contention_profiling, Print::kNonzero, Effect::kNever);
  v("oomScoreAdj", o.oom_score_adj, Print::kNonzero, Effect::kWorks);
  v("clusterDomain", o.cluster_domain, Print::kNonzero, Effect::kWorks);
  v("clusterDNS", o.cluster_dns, Print::kNonzero, Effect::kWorks);
  v("streamingConnectionIdleTimeout", o.streaming_connection_idle_timeout, Print::kAlways, Effect::kNotYet);
  v("nodeStatusUpdateFrequency", o.node_status_update_frequency, Print::kAlways, Effect::kWorks);
  v("nodeStatusReportFrequency", o.node_status_report_frequency, Print::kAlways, Effect::kWorks);
  v("nodeLeaseDurationSeconds", o.node_lease_duration_seconds, Print::kNonzero, Effect::kWorks);
  v("imageMinimumGCAge", o.image_minimum_gc_age, Print::kAlways, Effect::kWorks);
  v("imageGCHighThresholdPercent", o.image_gc_high_threshold_percent, Print::kNonzero, Effect::kWorks);
  v("imageGCLowThresholdPercent", o.image_gc_low_threshold_percent, Print::kNonzero, Effect::kWorks);
  v("volumeStatsAggPeriod", o.volume_stats_agg_period, Print::kAlways, Effect::kWorks);
  v("kubeletCgroups", o.kubelet_cgroups, Print::kNonzero, Effect::kNotYet);
  v("systemCgroups", o.system_cgroups, Print::kNonzero, Effect::kNotYet);
  v("cgroupRoot", o.cgroup_root, Print::kNonzero, Effect::kWorks);
  v("cgroupsPerQOS", o.cgroups_per_qos, Print::kNonzero, Effect::kWorks);
  v("cgroupDriver", o.cgroup_driver, Print::kNonzero, Effect::kWorks);
  v("cpuManagerPolicy", o.cpu_manager_policy, Print::kNonzero, Effect::kNotYet);
  v("cpuManagerPolicyOptions", o.cpu_manager_policy_options, Print::kNonzero, Effect::kNotYet);
  v("cpuManagerReconcilePeriod", o.cpu_manager_reconcile_period, Print::kAlways, Effect::kNotYet);
  v("memoryManagerPolicy", o.memory_manager_policy, Print::kNonzero, Effect::kNotYet);
  v("topologyManagerPolicy", o.topology_manager_policy, Print::kNonzero, Effect::kNotYet);
  v("topologyManagerScope", o.topology_manager_scope, Print::kNonzero, Effect::kNotYet);
  v("topologyManagerPolicyOptions", o.topology_manager_policy_options, Print::kNonzero, Effect::kNotYet);
  v("qosReserved", o.qos_reserved, Print::kNonzero, Effect::kNotYet);
  v("runtimeRequestTimeout", o.runtime_request_timeout, Print::kAlways, Effect::kWorks);
  v("hairpinMode", o.hairpin_mode, Print::kNonzero, Effect::kNotYet);
  v("maxPods", o.max_pods, Print::kNonzero, Effect::kWorks);
  v("podCIDR", o.pod_cidr, Print::kNonzero, Effect::kNotYet);
  v("podPidsLimit", o.pod_pids_limit, Print::kNonzero, Effect::kWorks);
  v("resolvConf", o.resolv_conf, Print::kNonzero, Effect::kWorks);
  v("cpuCFSQuota", o.cpu_cfs_quota, Print::kNonzero, Effect::kWorks);
  v("cpuCFSQuotaPeriod", o.cpu_cfs_quota_period, Print::kNonzero, Effect::kWorks);
  v("nodeStatusMaxImages", o.node_status_max_images, Print::kNonzero, Effect::kWorks);
  v("maxOpenFiles", o.max_open_files, Print::kNonzero, Effect::kNotYet);
  v("contentType", o.content_type, Print::kNonzero, Effect::kNever);
  v("serializeImagePulls", o.serialize_image_pulls, Print::kNonzero, Effect::kWorks);
  v("maxParallelImagePulls", o.max_parallel_image_pulls, Print::kNonzero, Effect::kWorks);
  v("evictionHard", o.eviction_hard, Print::kNonzero, Effect::kWorks);
  v("evictionSoft", o.eviction_soft, Print::kNonzero, Effect::kWorks);
  v("evictionSoftGracePeriod", o.eviction_soft_grace_period, Print::kNonzero, Effect::kWorks);
  v("evictionPressureTransitionPeriod", o.eviction_pressure_transition_period, Print::kAlways,
    Effect::kWorks);
  v("evictionMaxPodGracePeriod", o.eviction_max_pod_grace_period, Print::kNonzero, Effect::kWorks);
  v("evictionMinimumReclaim", o.eviction_minimum_reclaim, Print::kNonzero, Effect::kWorks);
  v("podsPerCore", o.pods_per_core, Print::kNonzero, Effect::kWorks);
  v("enableControllerAttachDetach", o.enable_controller_attach_detach, Print::kNonzero, Effect::kWorks);
  v("protectKernelDefaults", o.protect_kernel_defaults, Print::kNonzero, Effect::kNotYet);
  v("makeIPTablesUtilChains", o.make_iptables_util_chains, Print::kNonzero, Effect::kOnlyOff);
  v("iptablesMasqueradeBit", o.iptables_masquerade_bit, Print::kNonzero, Effect::kNotYet);
  v("iptablesDropBit", o.iptables_drop_bit, Print::kNonzero, Effect::kNotYet);
  v("featureGates", o.feature_gates, Print::kNonzero, Effect::kWorks);
  v("failSwapOn", o.fail_swap_on, Print::kNonzero, Effect::kNotYet);
  v("memorySwap", o.memory_swap, Print::kAlways, Effect::kWorks);
  v("containerLogMaxSize", o.container_log_max_size, Print::kNonzero, Effect::kWorks);
  v("containerLogMaxFiles", o.container_log_max_files, Print::kNonzero, Effect::kWorks);
  v("configMapAndSecretChangeDetectionStrategy", o.config_map_and_secret_change_detection_strategy,
    Print::kNonzero, Effect::kNever);
  v("systemReserved", o.system_reserved, Print::kNonzero, Effect::kWorks);
  v("kubeReserved", o.kube_reserved, Print::kNonzero, Effect::kWorks);
  v("reservedSystemCPUs", o.reserved_system_cpus, Print::kNonzero, Effect::kNotYet);
  v("showHiddenMetricsForVersion", o.show_hidden_metrics_for_version, Print::kNonzero, Effect::kNever);
  v("systemReservedCgroup", o.system_reserved_cgroup, Print::kNonzero, Effect::kNotYet);
  v("kubeReservedCgroup", o.kube_reserved_cgroup, Print::kNonzero, Effect::kNotYet);
  v("enforceNodeAllocatable", o.enforce_node_allocatable, Print::kNonzero, Effect::kWorks);
  v("allowedUnsafeSysctls", o.allowed_unsafe_sysctls, Print::kNonzero, Effect::kWorks);
  v("volumePluginDir", o.volume_plugin_dir, Print::kNonzero, Effect::kNever);
  v("kernelMemcgNotification", o.kernel_memcg_notification, Print::kNonzero, Effect::kNotYet);
  v("logging", o.logging, Print::kAlways, Effect::kNever);
  v("enableSystemLogHandler", o.enable_system_log_handler, Print::kNonzero, Effect::kOnlyOff);
  v("enableSystemLogQuery", o.enable_system_log_query, Print::kNonzero, Effect::kNotYet);
  v("shutdownGracePeriod", o.shutdown_grace_period, Print::kAlways, Effect::kNotYet);
  v("shutdownGracePeriodCriticalPods", o.shutdown_grace_period_critical_pods, Print::kAlways,
    Effect::kNotYet);
  v("shutdownGracePeriodByPodPriority", o.shutdown_grace_period_by_pod_priority, Print::kNonzero,
    Effect::kNotYet);
  v("reservedMemory", o.reserved_memory, Print::kNonzero, Effect::kNotYet);
  v("enableProfilingHandler", o.enable_profiling_handler, Print::kNonzero, Effect::kOnlyOff);
  v("enableDebugFlagsHandler", o.enable_debug_flags_handler, Print::kNonzero, Effect::kOnlyOff);
  v("seccompDefault", o.seccomp_default, Print::kNonzero, Effect::kWorks);
  v("memoryThrottlingFactor", o.memory_throttling_factor, Print::kNonzero, Effect::kNotYet);
  v("registerWithTaints", o.register_with_taints, Print::kNonzero, Effect::kWorks);
  v("registerNode", o.register_node, Print::kNonzero, Effect::kWorks);
  v("localStorageCapacityIsolation", o.local_storage_capacity_isolation, Print::kNonzero, Effect::kWorks);
  v("containerRuntimeEndpoint", o.container_runtime_endpoint, Print::kAlways, Effect::kWorks);
  v("imageServiceEndpoint", o.image_service_endpoint, Print::kNonzero, Effect::kWorks);
}

}  // namespace edgecore::config
