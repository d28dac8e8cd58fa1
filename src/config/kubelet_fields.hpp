// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/fields.hpp"

// The keys of `tailoredKubeletConfig`; see fields.hpp.

namespace edgecore::config {

/// Prefix of the full names of these keys.
inline constexpr const char* kKubeletSection = "modules.edged.tailoredKubeletConfig.";

template <Is<MemorySwap> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("swapBehavior", o.swap_behavior, Print::kNonzero);
}

template <Is<VmodulePattern> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("filePattern", o.file_pattern, Print::kAlways);
  v("verbosity", o.verbosity, Print::kAlways);
}

template <Is<JsonLogOptions> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("splitStream", o.split_stream, Print::kNonzero);
  v("infoBufferSize", o.info_buffer_size, Print::kAlways);
}

template <Is<LogOptions> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("json", o.json, Print::kAlways);
}

template <Is<Logging> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("format", o.format, Print::kNonzero);
  v("flushFrequency", o.flush_frequency, Print::kAlways);
  v("verbosity", o.verbosity, Print::kAlways);
  v("vmodule", o.vmodule, Print::kNonzero);
  v("options", o.options, Print::kAlways);
}

template <Is<ShutdownGraceByPriority> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("priority", o.priority, Print::kAlways);
  v("shutdownGracePeriodSeconds", o.shutdown_grace_period_seconds, Print::kAlways);
}

template <Is<MemoryReservation> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("numaNode", o.numa_node, Print::kAlways);
  v("limits", o.limits, Print::kNonzero);
}

template <Is<TailoredKubeletConfig> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("staticPodPath", o.static_pod_path, Print::kNonzero);
  v("syncFrequency", o.sync_frequency, Print::kAlways);
  v("fileCheckFrequency", o.file_check_frequency, Print::kAlways);
  v("address", o.address, Print::kNonzero);
  v("readOnlyPort", o.read_only_port, Print::kNonzero);
  v("registryPullQPS", o.registry_pull_qps, Print::kNonzero);
  v("registryBurst", o.registry_burst, Print::kNonzero);
  v("eventRecordQPS", o.event_record_qps, Print::kNonzero);
  v("eventBurst", o.event_burst, Print::kNonzero);
  v("enableDebuggingHandlers", o.enable_debugging_handlers, Print::kNonzero);
  v("enableContentionProfiling", o.enable_contention_profiling, Print::kNonzero);
  v("oomScoreAdj", o.oom_score_adj, Print::kNonzero);
  v("clusterDomain", o.cluster_domain, Print::kNonzero);
  v("clusterDNS", o.cluster_dns, Print::kNonzero);
  v("streamingConnectionIdleTimeout", o.streaming_connection_idle_timeout, Print::kAlways);
  v("nodeStatusUpdateFrequency", o.node_status_update_frequency, Print::kAlways);
  v("nodeStatusReportFrequency", o.node_status_report_frequency, Print::kAlways);
  v("nodeLeaseDurationSeconds", o.node_lease_duration_seconds, Print::kNonzero);
  v("imageMinimumGCAge", o.image_minimum_gc_age, Print::kAlways);
  v("imageGCHighThresholdPercent", o.image_gc_high_threshold_percent, Print::kNonzero);
  v("imageGCLowThresholdPercent", o.image_gc_low_threshold_percent, Print::kNonzero);
  v("volumeStatsAggPeriod", o.volume_stats_agg_period, Print::kAlways);
  v("kubeletCgroups", o.kubelet_cgroups, Print::kNonzero);
  v("systemCgroups", o.system_cgroups, Print::kNonzero);
  v("cgroupRoot", o.cgroup_root, Print::kNonzero);
  v("cgroupsPerQOS", o.cgroups_per_qos, Print::kNonzero);
  v("cgroupDriver", o.cgroup_driver, Print::kNonzero);
  v("cpuManagerPolicy", o.cpu_manager_policy, Print::kNonzero);
  v("cpuManagerPolicyOptions", o.cpu_manager_policy_options, Print::kNonzero);
  v("cpuManagerReconcilePeriod", o.cpu_manager_reconcile_period, Print::kAlways);
  v("memoryManagerPolicy", o.memory_manager_policy, Print::kNonzero);
  v("topologyManagerPolicy", o.topology_manager_policy, Print::kNonzero);
  v("topologyManagerScope", o.topology_manager_scope, Print::kNonzero);
  v("topologyManagerPolicyOptions", o.topology_manager_policy_options, Print::kNonzero);
  v("qosReserved", o.qos_reserved, Print::kNonzero);
  v("runtimeRequestTimeout", o.runtime_request_timeout, Print::kAlways);
  v("hairpinMode", o.hairpin_mode, Print::kNonzero);
  v("maxPods", o.max_pods, Print::kNonzero);
  v("podCIDR", o.pod_cidr, Print::kNonzero);
  v("podPidsLimit", o.pod_pids_limit, Print::kNonzero);
  v("resolvConf", o.resolv_conf, Print::kNonzero);
  v("cpuCFSQuota", o.cpu_cfs_quota, Print::kNonzero);
  v("cpuCFSQuotaPeriod", o.cpu_cfs_quota_period, Print::kNonzero);
  v("nodeStatusMaxImages", o.node_status_max_images, Print::kNonzero);
  v("maxOpenFiles", o.max_open_files, Print::kNonzero);
  v("contentType", o.content_type, Print::kNonzero);
  v("serializeImagePulls", o.serialize_image_pulls, Print::kNonzero);
  v("maxParallelImagePulls", o.max_parallel_image_pulls, Print::kNonzero);
  v("evictionHard", o.eviction_hard, Print::kNonzero);
  v("evictionSoft", o.eviction_soft, Print::kNonzero);
  v("evictionSoftGracePeriod", o.eviction_soft_grace_period, Print::kNonzero);
  v("evictionPressureTransitionPeriod", o.eviction_pressure_transition_period, Print::kAlways);
  v("evictionMaxPodGracePeriod", o.eviction_max_pod_grace_period, Print::kNonzero);
  v("evictionMinimumReclaim", o.eviction_minimum_reclaim, Print::kNonzero);
  v("podsPerCore", o.pods_per_core, Print::kNonzero);
  v("enableControllerAttachDetach", o.enable_controller_attach_detach, Print::kNonzero);
  v("protectKernelDefaults", o.protect_kernel_defaults, Print::kNonzero);
  v("makeIPTablesUtilChains", o.make_iptables_util_chains, Print::kNonzero);
  v("iptablesMasqueradeBit", o.iptables_masquerade_bit, Print::kNonzero);
  v("iptablesDropBit", o.iptables_drop_bit, Print::kNonzero);
  v("featureGates", o.feature_gates, Print::kNonzero);
  v("failSwapOn", o.fail_swap_on, Print::kNonzero);
  v("memorySwap", o.memory_swap, Print::kAlways);
  v("containerLogMaxSize", o.container_log_max_size, Print::kNonzero);
  v("containerLogMaxFiles", o.container_log_max_files, Print::kNonzero);
  v("configMapAndSecretChangeDetectionStrategy", o.config_map_and_secret_change_detection_strategy,
    Print::kNonzero);
  v("systemReserved", o.system_reserved, Print::kNonzero);
  v("kubeReserved", o.kube_reserved, Print::kNonzero);
  v("reservedSystemCPUs", o.reserved_system_cpus, Print::kNonzero);
  v("showHiddenMetricsForVersion", o.show_hidden_metrics_for_version, Print::kNonzero);
  v("systemReservedCgroup", o.system_reserved_cgroup, Print::kNonzero);
  v("kubeReservedCgroup", o.kube_reserved_cgroup, Print::kNonzero);
  v("enforceNodeAllocatable", o.enforce_node_allocatable, Print::kNonzero);
  v("allowedUnsafeSysctls", o.allowed_unsafe_sysctls, Print::kNonzero);
  v("volumePluginDir", o.volume_plugin_dir, Print::kNonzero);
  v("kernelMemcgNotification", o.kernel_memcg_notification, Print::kNonzero);
  v("logging", o.logging, Print::kAlways);
  v("enableSystemLogHandler", o.enable_system_log_handler, Print::kNonzero);
  v("enableSystemLogQuery", o.enable_system_log_query, Print::kNonzero);
  v("shutdownGracePeriod", o.shutdown_grace_period, Print::kAlways);
  v("shutdownGracePeriodCriticalPods", o.shutdown_grace_period_critical_pods, Print::kAlways);
  v("shutdownGracePeriodByPodPriority", o.shutdown_grace_period_by_pod_priority, Print::kNonzero);
  v("reservedMemory", o.reserved_memory, Print::kNonzero);
  v("enableProfilingHandler", o.enable_profiling_handler, Print::kNonzero);
  v("enableDebugFlagsHandler", o.enable_debug_flags_handler, Print::kNonzero);
  v("seccompDefault", o.seccomp_default, Print::kNonzero);
  v("memoryThrottlingFactor", o.memory_throttling_factor, Print::kNonzero);
  v("registerWithTaints", o.register_with_taints, Print::kNonzero);
  v("registerNode", o.register_node, Print::kNonzero);
  v("localStorageCapacityIsolation", o.local_storage_capacity_isolation, Print::kNonzero);
  v("containerRuntimeEndpoint", o.container_runtime_endpoint, Print::kAlways);
  v("imageServiceEndpoint", o.image_service_endpoint, Print::kNonzero);
}

}  // namespace edgecore::config
