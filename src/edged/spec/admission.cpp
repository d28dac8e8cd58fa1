// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/admission.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/base/ascii.hpp"
#include "edged/spec/pod_resources.hpp"
#include "edged/spec/security.hpp"

namespace edgecore::edged {
namespace {

using kube::Quantity;

std::optional<Refusal> predicate_failed(const char* name) {
  return Refusal{name, fmt::format("Predicate {} failed", name)};
}

bool tolerates(const kube::Pod& pod, const std::string& key, const std::string& value,
               const std::string& effect) {
  return std::any_of(pod.spec.tolerations.begin(), pod.spec.tolerations.end(),
                     [&](const kube::Toleration& one) {
                       if (!one.effect.empty() && one.effect != effect) return false;
                       if (!one.key.empty() && one.key != key) return false;
                       if (one.op == "Exists") return true;
                       return !one.key.empty() && one.value == value;
                     });
}

std::optional<Refusal> check_pressure(const kube::Pod& pod, const AdmissionNode& node) {
  if (node.pressures.empty() || is_critical(pod)) return std::nullopt;
  if (node.pressures == std::vector<std::string>{"MemoryPressure"}) {
    if (qos_class(pod) != QosClass::kBestEffort) return std::nullopt;
    if (tolerates(pod, "node.kubernetes.io/memory-pressure", "", "NoSchedule")) return std::nullopt;
  }
  return Refusal{"Evicted", fmt::format("The node had condition: [{}]. ", fmt::join(node.pressures, " "))};
}

bool allowed_sysctl(const std::string& name, const AdmissionNode& node) {
  static constexpr std::string_view kSafe[] = {
      "kernel.shm_rmid_forced",    "net.ipv4.ip_local_port_range",        "net.ipv4.tcp_syncookies",
      "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports"};
  if (std::find(std::begin(kSafe), std::end(kSafe), name) != std::end(kSafe)) return true;
  return std::any_of(node.allowed_unsafe_sysctls.begin(), node.allowed_unsafe_sysctls.end(),
                     [&](const auto& one) {
                       if (one.ends_with('*'))
                         return name.starts_with(std::string_view(one).substr(0, one.size() - 1));
                       return one == name;
                     });
}

std::optional<Refusal> check_sysctls(const kube::Pod& pod, const AdmissionNode& node) {
  if (!pod.spec.security_context) return std::nullopt;
  for (const auto& sysctl : pod.spec.security_context->sysctls) {
    const std::string name = sysctl_name(sysctl.name);
    const bool net = name.starts_with("net.");
    const bool ipc = name.starts_with("kernel.shm") || name.starts_with("kernel.msg") ||
                     name == "kernel.sem" || name.starts_with("fs.mqueue.");
    if (!allowed_sysctl(name, node)) {
      return Refusal{"SysctlForbidden", fmt::format("forbidden sysctl: \"{}\" not allowlisted", sysctl.name)};
    }
    if ((net && pod.spec.host_network) || (ipc && pod.spec.host_ipc)) {
      return Refusal{"SysctlForbidden",
                     fmt::format("forbidden sysctl: \"{}\" not allowed with host {} enabled", sysctl.name,
                                 net ? "net" : "ipc")};
    }
  }
  return std::nullopt;
}

std::optional<Refusal> check_os(const kube::Pod& pod) {
  if (!pod.spec.os_name.empty() && pod.spec.os_name != "linux") {
    return Refusal{"PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"};
  }
  const auto selected = pod.spec.node_selector.find("kubernetes.io/os");
  if (selected != pod.spec.node_selector.end() && selected->second != "linux") {
    return Refusal{"PodOSSelectorNodeLabelDoesNotMatch",
                   "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"};
  }
  return std::nullopt;
}

std::optional<Refusal> check_resources(const kube::Pod& pod, const std::vector<kube::PodPtr>& others,
                                       const AdmissionNode& node) {
  const Json& allocatable = kube::object_or_empty(node.node, "status.allocatable");
  const auto available = [&](const std::string& name) -> std::optional<Quantity> {
    const auto found = allocatable.find(name);
    if (found == allocatable.end() || !found->is_string()) return std::nullopt;
    return Quantity::try_parse(found->get_ref<const std::string&>());
  };
  const auto refuse = [](const std::string& name, std::int64_t wanted, std::int64_t used,
                         std::int64_t capacity) {
    return Refusal{"OutOf" + name,
                   fmt::format("Node didn't have enough resource: {}, requested: {}, used: {}, capacity: {}",
                               name, wanted, used, capacity)};
  };
  if (const auto pods = available("pods");
      pods && static_cast<std::int64_t>(others.size()) + 1 > pods->value()) {
    return refuse("pods", 1, static_cast<std::int64_t>(others.size()), pods->value());
  }
  const Amounts wanted = pod_requests(pod, Overhead::kWith);
  if (wanted.empty()) return std::nullopt;
  Amounts used;
  for (const auto& other : others) {
    for (const auto& [name, amount] : pod_requests(*other, Overhead::kWith)) used[name] = used[name] + amount;
  }
  for (const auto& [name, amount] : wanted) {
    const auto capacity = available(name);
    if (!capacity || amount.is_zero() || used[name] + amount <= *capacity) continue;
    const bool cpu = name == "cpu";
    const auto number = [&](const Quantity& one) { return cpu ? one.milli_value() : one.value(); };
    return refuse(name, number(amount), number(used[name]), number(*capacity));
  }
  return std::nullopt;
}

bool clash(const kube::ContainerPort& a, const kube::ContainerPort& b) {
  const auto any = [](const std::string& ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; };
  return a.host_port == b.host_port && a.protocol == b.protocol &&
         (any(a.host_ip) || any(b.host_ip) || a.host_ip == b.host_ip);
}

bool ports_clash(const kube::Pod& pod, const kube::Pod& other) {
  for (const auto& container : pod.spec.containers) {
    for (const auto& port : container.ports) {
      if (port.host_port == 0) continue;
      for (const auto& theirs : other.spec.containers) {
        if (std::any_of(theirs.ports.begin(), theirs.ports.end(),
                        [&](const auto& one) { return clash(port, one); })) {
          return true;
        }
      }
    }
  }
  return false;
}

bool matches_requirement(const Json& requirement, const kube::StringMap& values) {
  const std::string op = kube::string_or(requirement, "operator");
  const auto found = values.find(kube::string_or(requirement, "key"));
  const bool has = found != values.end();
  if (op == "Exists") return has;
  if (op == "DoesNotExist") return !has;
  const Json& wanted = kube::array_or_empty(requirement, "values");
  const bool in = has && std::find(wanted.begin(), wanted.end(), Json(found->second)) != wanted.end();
  if (op == "In") return in;
  if (op == "NotIn") return !in;
  if ((op != "Gt" && op != "Lt") || !has || wanted.size() != 1 || !wanted[0].is_string()) return false;
  const auto left = to_number<std::int64_t>(found->second);
  const auto right = to_number<std::int64_t>(wanted[0].get<std::string>());
  return left && right && (op == "Gt" ? *left > *right : *left < *right);
}

std::optional<Refusal> check_placement(const kube::Pod& pod, const std::vector<kube::PodPtr>& others,
                                       const AdmissionNode& node) {
  kube::StringMap labels;
  for (const auto& [key, value] : kube::object_or_empty(node.node, "metadata.labels").items()) {
    if (value.is_string()) labels[key] = value.get<std::string>();
  }
  if (!matches_node(pod, labels, node.name)) return predicate_failed("NodeAffinity");
  if (!pod.spec.node_name.empty() && pod.spec.node_name != node.name) return predicate_failed("NodeName");
  for (const auto& other : others) {
    if (ports_clash(pod, *other)) return predicate_failed("NodePorts");
  }
  if (is_static(pod)) return std::nullopt;
  for (const auto& taint : kube::array_or_empty(node.node, "spec.taints")) {
    if (kube::string_or(taint, "effect") != "NoExecute") continue;
    if (!tolerates(pod, kube::string_or(taint, "key"), kube::string_or(taint, "value"), "NoExecute")) {
      return predicate_failed("TaintToleration");
    }
  }
  return std::nullopt;
}

}  // namespace

bool matches_node(const kube::Pod& pod, const kube::StringMap& labels, const std::string& node_name) {
  for (const auto& [key, value] : pod.spec.node_selector) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  const Json* terms = kube::find_path(
      pod.spec.affinity, "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
  if (terms == nullptr) return true;
  const kube::StringMap fields = {{"metadata.name", node_name}};
  return std::any_of(terms->begin(), terms->end(), [&](const Json& term) {
    const Json& expressions = kube::array_or_empty(term, "matchExpressions");
    const Json& by_field = kube::array_or_empty(term, "matchFields");
    if (expressions.empty() && by_field.empty()) return false;  // an empty term matches nothing
    return std::all_of(expressions.begin(), expressions.end(),
                       [&](const Json& one) { return matches_requirement(one, labels); }) &&
           std::all_of(by_field.begin(), by_field.end(),
                       [&](const Json& one) { return matches_requirement(one, fields); });
  });
}

std::optional<Refusal> admit(const kube::Pod& pod, const std::vector<kube::PodPtr>& others,
                             const AdmissionNode& node) {
  if (auto refusal = check_pressure(pod, node)) return refusal;
  if (auto refusal = check_sysctls(pod, node)) return refusal;
  if (auto refusal = check_os(pod)) return refusal;
  if (auto refusal = check_resources(pod, others, node)) return refusal;
  return check_placement(pod, others, node);
}

std::optional<Refusal> unsupported(const kube::Pod& pod) {
  constexpr const char* kReason = "NotSupported";
  const auto& spec = pod.spec;
  if (!spec.problem.empty()) return Refusal{"CreateContainerConfigError", spec.problem};
  if (spec.containers.empty()) return Refusal{kReason, "The pod has no containers"};
  if (!spec.runtime_class_name.empty()) {
    return Refusal{kReason, fmt::format("RuntimeClass \"{}\" not found", spec.runtime_class_name)};
  }
  for (const auto& volume : spec.volumes) {
    const auto* source = std::get_if<kube::UnsupportedSource>(&volume.source);
    if (source != nullptr && source->problem.empty()) {
      return Refusal{kReason,
                     fmt::format("The volume \"{}\" is of the kind {}, which this node does not provide",
                                 volume.name, source->kind)};
    }
  }
  for (const auto* list : {&spec.init_containers, &spec.containers}) {
    for (const auto& container : *list) {
      if (container.has_volume_devices) {
        return Refusal{kReason,
                       fmt::format("The container \"{}\" asks for block devices (volumeDevices), which this "
                                   "node does not provide",
                                   container.name)};
      }
      for (const auto& [name, amount] : container.resources.limits) {
        const bool device =
            name.find('/') != std::string::npos && name.find("kubernetes.io/") == std::string::npos;
        if (!device || Quantity::parse(amount).is_zero()) continue;
        return Refusal{kReason,
                       fmt::format("The container \"{}\" asks for the device {}; this node has no device "
                                   "plugins",
                                   container.name, name)};
      }
      if (!kube::array_or_empty(container.raw, "resources.claims").empty()) {
        return Refusal{kReason,
                       fmt::format("The container \"{}\" has resource claims, which this node does not serve",
                                   container.name)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace edgecore::edged
