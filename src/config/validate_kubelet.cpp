// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <set>

#include "config/kubelet_fields.hpp"
#include "config/labels.hpp"
#include "edgecore/base/ascii.hpp"
#include "edgecore/base/go_duration.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/config/validate.hpp"
#include "edgecore/kube/names.hpp"

// The kubelet's own rules (protocol/06-config-cli-tasks.md §1.6, "Kubelet-level validation").

namespace edgecore::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The Kubernetes gates that the rules below depend on, with their state in 1.28.
struct KubernetesGate {
  std::string_view name;
  bool beta;
  bool enabled;
};
constexpr std::array<KubernetesGate, 4> kKubernetesGates{
    {{"CustomCPUCFSQuotaPeriod", false, false},
     {"NodeSwap", true, false},
     {"NodeLogQuery", false, false},
     {"GracefulNodeShutdownBasedOnPodPriority", true, true}}};

/// Collects the faults of one kubelet configuration.
class KubeletRules {
 public:
  KubeletRules(const TailoredKubeletConfig& kubelet, Findings& findings) : k_(kubelet), findings_(findings) {}

  void check_all() {
    check_gates();
    check_numbers();
    check_cgroups();
    check_node_allocatable();
    check_policies();
    check_images();
    check_shutdown();
    check_reserved_memory();
    check_taints();
    check_logging();
  }

 private:
  void fail(const std::string& key, const std::string& text) {
    findings_.errors.push_back({kKubeletSection + key, text});
  }

  void not_negative(const char* key, std::int64_t value) {
    if (value < 0) fail(key, std::to_string(value) + " is negative");
  }
  void within(const char* key, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value >= low && value <= high) return;
    fail(key,
         std::to_string(value) + " is not between " + std::to_string(low) + " and " + std::to_string(high));
  }
  void one_of(const char* key, const std::string& value, const std::vector<std::string>& allowed) {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
    std::string list;
    for (const std::string& name : allowed)
      list += (list.empty() ? "" : ", ") + (name.empty() ? "\"\"" : name);
    fail(key, log::quote(value) + " is not one of " + list);
  }

  [[nodiscard]] bool gate(std::string_view name) const {
    for (const KubernetesGate& known : kKubernetesGates) {
      if (known.name != name) continue;
      if (const auto set = k_.feature_gates.find(std::string(name)); set != k_.feature_gates.end())
        return set->second;
      const auto all = k_.feature_gates.find(known.beta ? "AllBeta" : "AllAlpha");
      return all == k_.feature_gates.end() ? known.enabled : all->second;
    }
    return false;
  }

  void check_gates() {
    for (const auto& [name, enabled] : k_.feature_gates) {
      if (name == "AllAlpha" || name == "AllBeta" || name == "CustomCPUCFSQuotaPeriod") continue;
      // A gate that only allows a key without effect has none either.
      const bool as_usual =
          std::any_of(kKubernetesGates.begin(), kKubernetesGates.end(),
                      [&](const KubernetesGate& g) { return g.name == name && g.enabled == enabled; });
      if (as_usual) continue;
      findings_.warnings.push_back(
          {kKubeletSection + ("featureGates." + log::quote(name)), "has no effect in this edgecore"});
    }
  }

  void check_numbers() {
    if (k_.node_lease_duration_seconds <= 0) fail("nodeLeaseDurationSeconds", "has to be more than 0");
    not_negative("eventBurst", k_.event_burst);
    not_negative("eventRecordQPS", k_.event_record_qps.value_or(0));
    not_negative("maxOpenFiles", k_.max_open_files);
    not_negative("maxPods", k_.max_pods);
    not_negative("podsPerCore", k_.pods_per_core);
    not_negative("registryBurst", k_.registry_burst);
    not_negative("registryPullQPS", k_.registry_pull_qps.value_or(0));
    within("iptablesMasqueradeBit", k_.iptables_masquerade_bit.value_or(14), 0, 31);
    within("iptablesDropBit", k_.iptables_drop_bit.value_or(15), 0, 31);
    if (k_.node_status_max_images.value_or(0) < -1)
      fail("nodeStatusMaxImages", "has to be -1 (no limit) or more");
    within("oomScoreAdj", k_.oom_score_adj.value_or(0), -1000, 1000);
    within("readOnlyPort", k_.read_only_port, 0, 65535);
    const double factor = k_.memory_throttling_factor.value_or(0.9);
    if (!(factor > 0 && factor <= 1)) fail("memoryThrottlingFactor", "has to be more than 0 and at most 1");
    check_quota_period();
  }

  void check_quota_period() {
    const Duration period = k_.cpu_cfs_quota_period.value_or(milliseconds(100));
    if (period == milliseconds(100)) return;
    if (!gate("CustomCPUCFSQuotaPeriod")) {
      fail("cpuCFSQuotaPeriod",
           format_go_duration(period) +
               " differs from 100ms, which needs the Kubernetes gate CustomCPUCFSQuotaPeriod");
    } else if (period < milliseconds(1) || period > seconds(1)) {
      fail("cpuCFSQuotaPeriod", format_go_duration(period) + " is not between 1ms and 1s");
    }
  }

  void check_cgroups() {
    if (!k_.enforce_node_allocatable.empty() && !k_.cgroups_per_qos.value_or(true)) {
      fail("enforceNodeAllocatable", "needs cgroupsPerQOS; set it to true or make this list empty");
    }
    if (!k_.system_cgroups.empty() && k_.cgroup_root.empty()) fail("systemCgroups", "needs cgroupRoot");
    if (k_.reserved_system_cpus.empty()) return;
    if (!is_cpu_set(k_.reserved_system_cpus)) {
      fail("reservedSystemCPUs",
           log::quote(k_.reserved_system_cpus) + " is not a list of CPUs such as 0-1,3");
    }
    if (!k_.system_reserved_cgroup.empty() || !k_.kube_reserved_cgroup.empty()) {
      fail("reservedSystemCPUs", "cannot be combined with systemReservedCgroup or kubeReservedCgroup");
    }
  }

  void check_node_allocatable() {
    for (const std::string& name : k_.enforce_node_allocatable) {
      one_of("enforceNodeAllocatable", name, {"pods", "system-reserved", "kube-reserved", "none"});
      if (name == "none" && k_.enforce_node_allocatable.size() > 1) {
        fail("enforceNodeAllocatable", "none cannot be combined with others");
      }
      if (name == "system-reserved" && k_.system_reserved_cgroup.empty()) {
        fail("systemReservedCgroup", "has to be set because enforceNodeAllocatable has system-reserved");
      }
      if (name == "kube-reserved" && k_.kube_reserved_cgroup.empty()) {
        fail("kubeReservedCgroup", "has to be set because enforceNodeAllocatable has kube-reserved");
      }
    }
  }

  void check_policies() {
    one_of("topologyManagerPolicy", k_.topology_manager_policy,
           {"none", "best-effort", "restricted", "single-numa-node"});
    one_of("topologyManagerScope", k_.topology_manager_scope, {"container", "pod"});
    one_of("hairpinMode", k_.hairpin_mode, {"none", "hairpin-veth", "promiscuous-bridge"});
    one_of("memorySwap.swapBehavior", k_.memory_swap.swap_behavior, {"", "LimitedSwap", "UnlimitedSwap"});
    if (!k_.memory_swap.swap_behavior.empty() && !gate("NodeSwap")) {
      fail("memorySwap.swapBehavior", "needs the Kubernetes gate NodeSwap");
    }
    one_of("configMapAndSecretChangeDetectionStrategy", k_.config_map_and_secret_change_detection_strategy,
           {"Get", "Cache", "Watch"});
    if (k_.container_runtime_endpoint.empty()) fail("containerRuntimeEndpoint", "is empty");
    if (k_.enable_system_log_query.value_or(false)) {
      if (!gate("NodeLogQuery")) fail("enableSystemLogQuery", "needs the Kubernetes gate NodeLogQuery");
      if (!k_.enable_system_log_handler.value_or(true))
        fail("enableSystemLogQuery", "needs enableSystemLogHandler");
    }
  }

  void check_images() {
    const std::int32_t high = k_.image_gc_high_threshold_percent.value_or(85);
    const std::int32_t low = k_.image_gc_low_threshold_percent.value_or(80);
    within("imageGCHighThresholdPercent", high, 0, 100);
    within("imageGCLowThresholdPercent", low, 0, 100);
    if (low >= high) {
      fail("imageGCLowThresholdPercent",
           std::to_string(low) + " has to be less than imageGCHighThresholdPercent, " + std::to_string(high));
    }
    if (!k_.max_parallel_image_pulls) return;
    if (*k_.max_parallel_image_pulls < 1) fail("maxParallelImagePulls", "has to be at least 1");
    if (*k_.max_parallel_image_pulls > 1 && k_.serialize_image_pulls.value_or(true)) {
      fail("maxParallelImagePulls", "cannot be more than 1 while serializeImagePulls is true");
    }
  }

  void check_shutdown() {
    const Duration all = k_.shutdown_grace_period;
    const Duration critical = k_.shutdown_grace_period_critical_pods;
    if (critical > all) fail("shutdownGracePeriodCriticalPods", "is longer than shutdownGracePeriod");
    if (all.count() != 0 && all < seconds(1)) fail("shutdownGracePeriod", "has to be 0s or at least 1s");
    if (critical.count() != 0 && critical < seconds(1)) {
      fail("shutdownGracePeriodCriticalPods", "has to be 0s or at least 1s");
    }
    if (k_.shutdown_grace_period_by_pod_priority.empty()) return;
    if (!gate("GracefulNodeShutdownBasedOnPodPriority")) {
      fail("shutdownGracePeriodByPodPriority",
           "needs the Kubernetes gate GracefulNodeShutdownBasedOnPodPriority, which is off");
    }
    if (all.count() != 0 || critical.count() != 0) {
      fail("shutdownGracePeriodByPodPriority",
           "cannot be combined with shutdownGracePeriod and shutdownGracePeriodCriticalPods");
    }
  }

  void check_reserved_memory() {
    std::set<std::pair<std::int32_t, std::string>> seen;
    for (const MemoryReservation& reservation : k_.reserved_memory) {
      for (const auto& [resource, quantity] : reservation.limits) {
        if (resource != "memory" && !resource.starts_with("hugepages-")) {
          fail("reservedMemory", log::quote(resource) + " cannot be reserved: memory or hugepages-<size>");
        }
        if (quantity.find_first_of("123456789") == std::string::npos) {
          fail("reservedMemory", "the limit of " + log::quote(resource) + " is zero");
        }
        if (!seen.emplace(reservation.numa_node, resource).second) {
          fail("reservedMemory", log::quote(resource) + " is listed twice for NUMA node " +
                                     std::to_string(reservation.numa_node));
        }
      }
    }
  }

  void check_taints() {
    for (const Taint& taint : k_.register_with_taints) {
      if (!kube::is_qualified_name(taint.key))
        fail("registerWithTaints", log::quote(taint.key) + " is not a taint's key");
      if (!kube::is_label_value(taint.value))
        fail("registerWithTaints", log::quote(taint.value) + " is not a taint's value");
      one_of("registerWithTaints.effect", taint.effect, {"NoSchedule", "PreferNoSchedule", "NoExecute"});
      if (taint.time_added)
        fail("registerWithTaints", "timeAdded of " + log::quote(taint.key) + " cannot be set here");
    }
  }

  void check_logging() {
    one_of("logging.format", k_.logging.format, {"text", "json"});
    within("logging.verbosity", k_.logging.verbosity, 0, 2147483647);
    if (!k_.logging.vmodule.empty() && k_.logging.format != "text") {
      fail("logging.vmodule", "needs the format text");
    }
  }

  /// Numbers and ranges separated by commas.
  static bool is_cpu_set(std::string_view text) {
    while (true) {
      const std::size_t comma = text.find(',');
      const std::string_view part = text.substr(0, comma);
      const std::size_t dash = part.find('-');
      const auto first = cpu_number(part.substr(0, dash));
      const auto last = dash == std::string_view::npos ? first : cpu_number(part.substr(dash + 1));
      if (!first || !last || *last < *first) return false;
      if (comma == std::string_view::npos) return true;
      text.remove_prefix(comma + 1);
    }
  }
  static std::optional<int> cpu_number(std::string_view digits) {
    if (digits.empty() || digits.size() > 6) return std::nullopt;
    int number = 0;
    for (const char c : digits) {
      if (!is_digit(c)) return std::nullopt;
      number = number * 10 + (c - '0');
    }
    return number;
  }

  const TailoredKubeletConfig& k_;
  Findings& findings_;
};

void check_node_labels(const StringMap& labels, Findings& findings) {
  for (const auto& [key, value] : labels) {
    const std::string field = "modules.edged.nodeLabels." + log::quote(key);
    if (!kube::is_qualified_name(key)) findings.errors.push_back({field, "is not a label's key"});
    if (!kube::is_label_value(value))
      findings.errors.push_back({field, log::quote(value) + " is not a label's value"});
    if (!may_label_itself(key)) {
      findings.errors.push_back(
          {field, "is a label of kubernetes.io or k8s.io that a node may not set on itself"});
    }
  }
}

}  // namespace

Findings validate_kubelet(const Edged& edged) {
  Findings findings;
  if (!edged.enable) return findings;
  // An empty endpoint is replaced by the deprecated one before the rules apply (§1.5).
  TailoredKubeletConfig kubelet = edged.kubelet;
  kubelet.container_runtime_endpoint = edged.runtime_endpoint();
  KubeletRules(kubelet, findings).check_all();
  check_node_labels(edged.node_labels, findings);
  return findings;
}

}  // namespace edgecore::config
