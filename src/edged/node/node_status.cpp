// SPDX-License-Identifier: Apache-2.0
#include "edged/node/node_status.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "edgecore/kube/quantity.hpp"
#include "edgecore/kube/time.hpp"
#include "edged/spec/conditions.hpp"
#include "edged/spec/pod_resources.hpp"

namespace edgecore::edged {
namespace {

using kube::Quantity;

constexpr char kAttachAnnotation[] = "volumes.kubernetes.io/controller-managed-attach-detach";
constexpr char kKeepVolumesAnnotation[] = "volumes.kubernetes.io/keep-terminated-pod-volumes";
constexpr char kUnschedulableTaint[] = "node.kubernetes.io/unschedulable";
/// Most names of an image in the status, digests first.
constexpr std::size_t kNamesPerImage = 5;
/// The version of the Kubernetes API that this agent behaves like. CloudCore parses the text after the first
/// two dashes.
constexpr char kKubernetesVersion[] = "v1.28.11";

std::string reported_version(const NodeFacts& facts) {
  return std::string(kKubernetesVersion) + "-kubeedge-" + facts.agent_version;
}

/// The labels that this agent sets at every start.
std::map<std::string, std::string> machine_labels(const NodeFacts& facts) {
  return {{"kubernetes.io/hostname", facts.node_name},
          {"kubernetes.io/os", "linux"},
          {"kubernetes.io/arch", facts.machine.architecture},
          {"beta.kubernetes.io/os", "linux"},
          {"beta.kubernetes.io/arch", facts.machine.architecture}};
}

std::int64_t max_pods(const NodeFacts& facts, const config::TailoredKubeletConfig& kubelet) {
  if (kubelet.pods_per_core <= 0) return kubelet.max_pods;
  return std::min<std::int64_t>(kubelet.max_pods, facts.machine.cores * kubelet.pods_per_core);
}

/// Resources that another agent advertises on this node ("example.com/dongle").
bool is_extended_resource(const std::string& name) {
  return name.find('/') != std::string::npos && name.find("kubernetes.io/") == std::string::npos;
}

Json capacity(const NodeFacts& facts, const config::TailoredKubeletConfig& kubelet, const Json& previous) {
  Json map = {{"cpu", std::to_string(facts.machine.cores)},
              {"memory", bytes_text(facts.machine.memory_kib * 1024)},
              {"pods", std::to_string(max_pods(facts, kubelet))}};
  if (facts.ephemeral_storage_bytes > 0) map["ephemeral-storage"] = bytes_text(facts.ephemeral_storage_bytes);
  for (const auto& [size, bytes] : facts.machine.huge_pages) map["hugepages-" + size] = bytes_text(bytes);
  for (const auto& [name, amount] : kube::object_or_empty(previous, "capacity").items()) {
    if (is_extended_resource(name)) map[name] = amount;
  }
  return map;
}

Quantity reserved(const config::TailoredKubeletConfig& kubelet, const std::string& resource) {
  Quantity sum;
  for (const auto* map : {&kubelet.system_reserved, &kubelet.kube_reserved}) {
    const auto found = map->find(resource);
    if (found == map->end()) continue;
    if (const auto amount = Quantity::try_parse(found->second)) sum = sum + *amount;
  }
  return sum;
}

/// A hard eviction threshold in bytes: "10%" of `of`, or a quantity. Computed with a 32-bit float and
/// truncated, as recorded from the Go edge (protocol/05-edged.md §3.3).
std::int64_t threshold(const config::StringMap& eviction_hard, const std::string& signal, std::int64_t of) {
  const auto found = eviction_hard.find(signal);
  if (found == eviction_hard.end()) return 0;
  const std::string& text = found->second;
  if (!text.empty() && text.back() == '%') {
    const float fraction = std::strtof(text.c_str(), nullptr) / 100.0F;
    return static_cast<std::int64_t>(static_cast<double>(of) * static_cast<double>(fraction));
  }
  const auto amount = Quantity::try_parse(text);
  return amount ? amount->value() : 0;
}

Json allocatable(const NodeFacts& facts, const config::Edged& edged, Json map) {
  const config::TailoredKubeletConfig& kubelet = edged.kubelet;
  const config::StringMap kept_free =
      edged.node_allocatable_ignores_eviction_threshold ? config::StringMap() : kubelet.eviction_hard;
  Quantity cpu = Quantity::of(facts.machine.cores) - reserved(kubelet, "cpu");
  map["cpu"] = cpu.is_negative() ? "0" : cpu.text();

  std::int64_t huge = 0;
  for (const auto& [size, bytes] : facts.machine.huge_pages) huge += bytes;
  const std::int64_t memory_bytes = facts.machine.memory_kib * 1024;
  const std::int64_t memory = memory_bytes - reserved(kubelet, "memory").value() -
                              threshold(kept_free, "memory.available", memory_bytes) - huge;
  map["memory"] = bytes_text(std::max<std::int64_t>(0, memory));

  if (facts.ephemeral_storage_bytes > 0) {
    const std::int64_t storage = facts.ephemeral_storage_bytes -
                                 reserved(kubelet, "ephemeral-storage").value() -
                                 threshold(kept_free, "nodefs.available", facts.ephemeral_storage_bytes);
    map["ephemeral-storage"] = bytes_text(std::max<std::int64_t>(0, storage));
  }
  return map;
}

struct ConditionText {
  const char *type, *reason_true, *message_true, *reason_false, *message_false;
};
constexpr std::array<ConditionText, 3> kPressures{{
    {"MemoryPressure", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available",
     "KubeletHasSufficientMemory", "kubelet has sufficient memory available"},
    {"DiskPressure", "KubeletHasDiskPressure", "kubelet has disk pressure", "KubeletHasNoDiskPressure",
     "kubelet has no disk pressure"},
    {"PIDPressure", "KubeletHasInsufficientPID", "kubelet has insufficient PID available",
     "KubeletHasSufficientPID", "kubelet has sufficient PID available"},
}};

Json condition(const Json& previous, const std::string& type, bool holds, const std::string& reason,
               const std::string& message, WallTime now) {
  const std::string stamp = kube::format_time(now);
  const std::string status = holds ? "True" : "False";
  std::string transition = stamp;
  if (const Json* before = find_condition(previous, type)) {
    if (kube::string_or(*before, "status") == status)
      transition = kube::string_or(*before, "lastTransitionTime", stamp);
  }
  return {{"type", type},
          {"status", status},
          {"lastHeartbeatTime", stamp},
          {"lastTransitionTime", transition},
          {"reason", reason},
          {"message", message}};
}

std::string joined_reasons(const std::vector<std::string>& reasons) {
  if (reasons.size() == 1) return reasons.front();
  std::string text = "[";
  for (const auto& reason : reasons) text += (text.size() > 1 ? ", " : "") + reason;
  return text + "]";
}

Json conditions(const NodeFacts& facts, const Json& previous, WallTime now) {
  const std::array<bool, 3> pressure{facts.memory_pressure, facts.disk_pressure, facts.pid_pressure};
  Json list = Json::array();
  for (std::size_t i = 0; i < kPressures.size(); ++i) {
    const auto& text = kPressures[i];
    list.push_back(condition(previous, text.type, pressure[i],
                             pressure[i] ? text.reason_true : text.reason_false,
                             pressure[i] ? text.message_true : text.message_false, now));
  }
  if (facts.not_ready.empty()) {
    std::string message = "edge is posting ready status";
    if (facts.app_armor) message += ". AppArmor enabled";
    list.push_back(condition(previous, "Ready", true, "EdgeReady", message, now));
  } else {
    list.push_back(
        condition(previous, "Ready", false, "KubeletNotReady", joined_reasons(facts.not_ready), now));
  }
  return list;
}

Json addresses(const NodeFacts& facts) {
  Json list = Json::array();
  for (const auto& address : facts.addresses) list.push_back({{"type", "InternalIP"}, {"address", address}});
  list.push_back({{"type", "Hostname"}, {"address", facts.node_name}});
  return list;
}

Json node_info(const NodeFacts& facts) {
  const std::string runtime =
      facts.runtime_name.empty() ? "" : facts.runtime_name + "://" + facts.runtime_version;
  return {{"machineID", facts.machine.machine_id},
          {"systemUUID", facts.machine.system_uuid},
          {"bootID", facts.machine.boot_id},
          {"kernelVersion", facts.machine.kernel_version},
          {"osImage", facts.machine.os_image},
          {"containerRuntimeVersion", runtime},
          {"kubeletVersion", reported_version(facts)},
          {"kubeProxyVersion", reported_version(facts)},
          {"operatingSystem", "linux"},
          {"architecture", facts.machine.architecture}};
}

Json taint(const std::string& key, const std::string& value, const std::string& effect) {
  Json made = {{"key", key}, {"effect", effect}};
  if (!value.empty()) made["value"] = value;
  return made;
}

Json without_heartbeat(Json list) {
  for (auto& entry : list) {
    if (entry.is_object()) entry.erase("lastHeartbeatTime");
  }
  return list;
}

/// The patch that turns the map `known` into `wanted`: changed values, and null for removed ones.
Json map_difference(const Json& known, const Json& wanted) {
  Json difference = Json::object();
  for (const auto& [key, value] : wanted.items()) {
    const auto before = known.find(key);
    if (before == known.end() || *before != value) difference[key] = value;
  }
  for (const auto& [key, value] : known.items()) {
    if (!wanted.contains(key)) difference[key] = nullptr;
  }
  return difference;
}

}  // namespace

Json initial_node(const NodeFacts& facts, const config::Edged& config, WallTime now) {
  Json labels = machine_labels(facts);
  labels["node-role.kubernetes.io/edge"] = "";
  labels["node-role.kubernetes.io/agent"] = "";
  for (const auto& [key, value] : config.node_labels) labels[key] = value;

  Json annotations = Json::object();
  if (config.kubelet.enable_controller_attach_detach.value_or(true)) annotations[kAttachAnnotation] = "true";
  if (config.keep_terminated_pod_volumes) annotations[kKeepVolumesAnnotation] = "true";

  Json spec = Json::object();
  Json taints = Json::array();
  for (const auto& entry : config.kubelet.register_with_taints)
    taints.push_back(taint(entry.key, entry.value, entry.effect));
  if (!config.register_schedulable) {
    spec["unschedulable"] = true;
    const Json unschedulable = taint(kUnschedulableTaint, "", "NoSchedule");
    if (std::find(taints.begin(), taints.end(), unschedulable) == taints.end())
      taints.push_back(unschedulable);
  }
  if (!taints.empty()) spec["taints"] = taints;

  // No daemonEndpoints: nothing listens at readOnlyPort yet, and a port there invites metrics-server to ask.
  const Json status = node_status(facts, config, nullptr, now);
  return {{"kind", "Node"},
          {"apiVersion", "v1"},
          {"metadata", {{"name", facts.node_name}, {"labels", labels}, {"annotations", annotations}}},
          {"spec", spec},
          {"status", status}};
}

Json node_status(const NodeFacts& facts, const config::Edged& config, const Json& previous, WallTime now,
                 const std::optional<Json>& image_list) {
  const Json total = capacity(facts, config.kubelet, previous);
  Json status = {{"capacity", total},
                 {"allocatable", allocatable(facts, config, total)},
                 {"conditions", conditions(facts, previous, now)},
                 {"addresses", addresses(facts)},
                 {"nodeInfo", node_info(facts)}};
  if (image_list) status["images"] = *image_list;
  return status;
}

Json node_images(std::vector<cri::Image> images, std::int32_t most) {
  std::sort(images.begin(), images.end(), [](const cri::Image& left, const cri::Image& right) {
    return left.size != right.size ? left.size > right.size : left.id < right.id;
  });
  if (most >= 0 && images.size() > static_cast<std::size_t>(most))
    images.resize(static_cast<std::size_t>(most));
  Json list = Json::array();
  for (const cri::Image& image : images) {
    Json names = Json::array();
    for (const auto* from : {&image.repo_digests, &image.repo_tags}) {
      for (const std::string& name : *from) {
        if (names.size() < kNamesPerImage) names.push_back(name);
      }
    }
    Json entry = {{"names", std::move(names)}};
    if (image.size > 0) entry["sizeBytes"] = image.size;
    list.push_back(std::move(entry));
  }
  return list;
}

bool differs_beyond_heartbeat(const Json& known, const Json& wanted) {
  for (const auto& [key, value] : wanted.items()) {
    const auto before = known.is_object() ? known.find(key) : known.end();
    if (key == "conditions") {
      for (const auto& condition : value) {
        const Json* old = find_condition(known, kube::string_or(condition, "type"));
        if (old == nullptr) return true;
        const Json was = without_heartbeat(Json::array({*old}));
        const Json is = without_heartbeat(Json::array({condition}));
        if (was != is) return true;
      }
      continue;
    }
    if (!known.is_object() || before == known.end()) {
      if (!value.empty()) return true;
    } else if (*before != value) {
      return true;
    }
  }
  return false;
}

Json node_patch(const Json& known, const Json& wanted_status, const NodeFacts& facts,
                const config::Edged& config) {
  const Json& known_status = kube::object_or_empty(known, "status");
  Json status = {{"conditions", wanted_status.at("conditions")}};
  for (const char* map : {"capacity", "allocatable", "nodeInfo"}) {
    Json difference = map_difference(kube::object_or_empty(known_status, map), wanted_status.at(map));
    if (!difference.empty()) status[map] = std::move(difference);
  }
  if (kube::array_or_empty(known_status, "addresses") != wanted_status.at("addresses")) {
    status["addresses"] = wanted_status.at("addresses");
    status["addresses"].push_back({{"$patch", "replace"}});  // merge key "type" would mix up two InternalIPs
  }
  if (const auto images = wanted_status.find("images"); images != wanted_status.end()) {
    if (kube::array_or_empty(known_status, "images") != *images) status["images"] = *images;
  }

  Json patch = {{"status", std::move(status)}};
  Json metadata = Json::object();
  const Json& labels = kube::object_or_empty(known, "metadata.labels");
  for (const auto& [key, value] : machine_labels(facts)) {
    const auto before = labels.find(key);
    if (before == labels.end() || *before != value) metadata["labels"][key] = value;
  }
  const bool attach = config.kubelet.enable_controller_attach_detach.value_or(true);
  const Json& annotations = kube::object_or_empty(known, "metadata.annotations");
  if (attach && !annotations.contains(kAttachAnnotation)) metadata["annotations"][kAttachAnnotation] = "true";
  if (!attach && annotations.contains(kAttachAnnotation))
    metadata["annotations"][kAttachAnnotation] = nullptr;
  if (!metadata.empty()) patch["metadata"] = std::move(metadata);
  return patch;
}

Json node_lease(const std::string& node_name, int duration_seconds, const Json& known,
                const std::string& node_uid, WallTime now) {
  Json lease = known.is_object() ? known : Json::object();
  lease["kind"] = "Lease";
  lease["apiVersion"] = "coordination.k8s.io/v1";
  lease["metadata"]["name"] = node_name;
  lease["metadata"]["namespace"] = "kube-node-lease";
  if (!node_uid.empty()) {
    // Replaces owners: a lease of a deleted Node would be collected together with it.
    Json owners = Json::array();
    for (const Json& owner : kube::array_or_empty(lease, "metadata.ownerReferences")) {
      if (kube::string_or(owner, "kind") != "Node") owners.push_back(owner);
    }
    owners.push_back({{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node_name}, {"uid", node_uid}});
    lease["metadata"]["ownerReferences"] = std::move(owners);
  }
  lease["spec"]["holderIdentity"] = node_name;
  lease["spec"]["leaseDurationSeconds"] = duration_seconds;
  lease["spec"]["renewTime"] = kube::format_micro_time(now);
  return lease;
}

}  // namespace edgecore::edged
