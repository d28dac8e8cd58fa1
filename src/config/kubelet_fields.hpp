// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/fields.hpp"

// The part of the table of keys that belongs to `tailoredKubeletConfig`; see fields.hpp.

namespace edgecore::config {

/// What the full name of each of these keys begins with.
inline constexpr const char* kubelet_section = "modules.edged.tailoredKubeletConfig.";

template <Is<MemorySwap> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("swapBehavior", o.swap_behavior, Print::nonzero);
}

template <Is<VmodulePattern> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("filePattern", o.file_pattern, Print::always);
  v("verbosity", o.verbosity, Print::always);
}

template <Is<JsonLogOptions> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("splitStream", o.split_stream, Print::nonzero);
  v("infoBufferSize", o.info_buffer_size, Print::always);
}

template <Is<LogOptions> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("json", o.json, Print::always);
}

template <Is<Logging> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("format", o.format, Print::nonzero);
  v("flushFrequency", o.flush_frequency, Print::always);
  v("verbosity", o.verbosity, Print::always);
  v("vmodule", o.vmodule, Print::nonzero);
  v("options", o.options, Print::always);
}

template <Is<ShutdownGraceByPriority> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("priority", o.priority, Print::always);
  v("shutdownGracePeriodSeconds", o.shutdown_grace_period_seconds, Print::always);
}

template <Is<MemoryReservation> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("numaNode", o.numa_node, Print::always);
  v("limits", o.limits, Print::nonzero);
}

template <Is<TailoredKubeletConfig> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("staticPodPath", o.static_pod_path, Print::nonzero);
  v("syncFrequency", o.sync_frequency, Print::always);
  v("fileCheckFrequency", o.file_check_frequency, Print::always);
  v("address", o.address, Print::nonzero);
  v("readOnlyPort", o.read_only_port, Print::nonzero);
  v("registryPullQPS", o.registry_pull_qps, Print::nonzero);
  v("registryBurst", o.registry_burst, Print::nonzero);
  v("eventRecordQPS", o.event_record_qps, Print::nonzero);
  v("eventBurst", o.event_burst, Print::nonzero);
  v("enableDebuggingHandlers", o.enable_debugging_handlers, Print::nonzero);
  v("enableContentionProfiling", o.enable_contention_profiling, Print::nonzero);
  v("oomScoreAdj", o.oom_score_adj, Print::nonzero);
  v("clusterDomain", o.cluster_domain, Print::nonzero);
  v("clusterDNS", o.cluster_dns, Print::nonzero);
  v("streamingConnectionIdleTimeout", o.streaming_connection_idle_timeout, Print::always);
  v("nodeStatusUpdateFrequency", o.node_status_update_frequency, Print::always);
  v("nodeStatusReportFrequency", o.node_status_report_frequency, Print::always);
  v("nodeLeaseDurationSeconds", o.node_lease_duration_seconds, Print::nonzero);
  v("imageMinimumGCAge", o.image_minimum_gc_age, Print::always);
  v("imageGCHighThresholdPercent", o.image_gc_high_threshold_percent, Print::nonzero);
  v("imageGCLowThresholdPercent", o.image_gc_low_threshold_percent, Print::nonzero);
  v("volumeStatsAggPeriod", o.volume_stats_agg_period, Print::always);
  v("kubeletCgroups", o.kubelet_cgroups, Print::nonzero);
  v("systemCgroups", o.system_cgroups, Print::nonzero);
  v("cgroupRoot", o.cgroup_root, Print::nonzero);
  v("cgroupsPerQOS", o.cgroups_per_qos, Print::nonzero);
  v("cgroupDriver", o.cgroup_driver, Print::nonzero);
  v("cpuManagerPolicy", o.cpu_manager_policy, Print::nonzero);
  v("cpuManagerPolicyOptions", o.cpu_manager_policy_options, Print::nonzero);
  v("cpuManagerReconcilePeriod", o.cpu_manager_reconcile_period, Print::always);
  v("memoryManagerPolicy", o.memory_manager_policy, Print::nonzero);
  v("topologyManagerPolicy", o.topology_manager_policy, Print::nonzero);
  v("topologyManagerScope", o.topology_manager_scope, Print::nonzero);
  v("topologyManagerPolicyOptions", o.topology_manager_policy_options, Print::nonzero);
  v("qosReserved", o.qos_reserved, Print::nonzero);
  v("runtimeRequestTimeout", o.runtime_request_timeout, Print::always);
  v("hairpinMode", o.hairpin_mode, Print::nonzero);
  v("maxPods", o.max_pods, Print::nonzero);
  v("podCIDR", o.pod_cidr, Print::nonzero);
  v("podPidsLimit", o.pod_pids_limit, Print::nonzero);
  v("resolvConf", o.resolv_conf, Print::nonzero);
  v("cpuCFSQuota", o.cpu_cfs_quota, Print::nonzero);
  v("cpuCFSQuotaPeriod", o.cpu_cfs_quota_period, Print::nonzero);
  v("nodeStatusMaxImages", o.node_status_max_images, Print::nonzero);
  v("maxOpenFiles", o.max_open_files, Print::nonzero);
  v("contentType", o.content_type, Print::nonzero);
  v("serializeImagePulls", o.serialize_image_pulls, Print::nonzero);
  v("maxParallelImagePulls", o.max_parallel_image_pulls, Print::nonzero);
  v("evictionHard", o.eviction_hard, Print::nonzero);
  v("evictionSoft", o.eviction_soft, Print::nonzero);
  v("evictionSoftGracePeriod", o.eviction_soft_grace_period, Print::nonzero);
  v("evictionPressureTransitionPeriod", o.eviction_pressure_transition_period, Print::always);
  v("evictionMaxPodGracePeriod", o.eviction_max_pod_grace_period, Print::nonzero);
  v("evictionMinimumReclaim", o.eviction_minimum_reclaim, Print::nonzero);
  v("podsPerCore", o.pods_per_core, Print::nonzero);
  v("enableControllerAttachDetach", o.enable_controller_attach_detach, Print::nonzero);
  v("protectKernelDefaults", o.protect_kernel_defaults, Print::nonzero);
  v("makeIPTablesUtilChains", o.make_iptables_util_chains, Print::nonzero);
  v("iptablesMasqueradeBit", o.iptables_masquerade_bit, Print::nonzero);
  v("iptablesDropBit", o.iptables_drop_bit, Print::nonzero);
  v("featureGates", o.feature_gates, Print::nonzero);
  v("failSwapOn", o.fail_swap_on, Print::nonzero);
  v("memorySwap", o.memory_swap, Print::always);
  v("containerLogMaxSize", o.container_log_max_size, Print::nonzero);
  v("containerLogMaxFiles", o.container_log_max_files, Print::nonzero);
  v("configMapAndSecretChangeDetectionStrategy", o.config_map_and_secret_change_detection_strategy,
    Print::nonzero);
  v("systemReserved", o.system_reserved, Print::nonzero);
  v("kubeReserved", o.kube_reserved, Print::nonzero);
  v("reservedSystemCPUs", o.reserved_system_cpus, Print::nonzero);
  v("showHiddenMetricsForVersion", o.show_hidden_metrics_for_version, Print::nonzero);
  v("systemReservedCgroup", o.system_reserved_cgroup, Print::nonzero);
  v("kubeReservedCgroup", o.kube_reserved_cgroup, Print::nonzero);
  v("enforceNodeAllocatable", o.enforce_node_allocatable, Print::nonzero);
  v("allowedUnsafeSysctls", o.allowed_unsafe_sysctls, Print::nonzero);
  v("volumePluginDir", o.volume_plugin_dir, Print::nonzero);
  v("kernelMemcgNotification", o.kernel_memcg_notification, Print::nonzero);
  v("logging", o.logging, Print::always);
  v("enableSystemLogHandler", o.enable_system_log_handler, Print::nonzero);
  v("enableSystemLogQuery", o.enable_system_log_query, Print::nonzero);
  v("shutdownGracePeriod", o.shutdown_grace_period, Print::always);
  v("shutdownGracePeriodCriticalPods", o.shutdown_grace_period_critical_pods, Print::always);
  v("shutdownGracePeriodByPodPriority", o.shutdown_grace_period_by_pod_priority, Print::nonzero);
  v("reservedMemory", o.reserved_memory, Print::nonzero);
  v("enableProfilingHandler", o.enable_profiling_handler, Print::nonzero);
  v("enableDebugFlagsHandler", o.enable_debug_flags_handler, Print::nonzero);
  v("seccompDefault", o.seccomp_default, Print::nonzero);
  v("memoryThrottlingFactor", o.memory_throttling_factor, Print::nonzero);
  v("registerWithTaints", o.register_with_taints, Print::nonzero);
  v("registerNode", o.register_node, Print::nonzero);
  v("localStorageCapacityIsolation", o.local_storage_capacity_isolation, Print::nonzero);
  v("containerRuntimeEndpoint", o.container_runtime_endpoint, Print::always);
  v("imageServiceEndpoint", o.image_service_endpoint, Print::nonzero);
}

}  // namespace edgecore::config
