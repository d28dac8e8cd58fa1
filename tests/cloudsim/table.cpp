#include "cloudsim/table.hpp"

#include <chrono>
#include <functional>

#include "edgecore/kube/time.hpp"

namespace edgecore::cloudsim {
namespace {

struct Column {
  const char* name;
  const char* type;
  int priority;  ///< above 0: only with -o wide
  std::function<Json(const Json&, WallTime)> cell;
};

std::string duration(std::chrono::seconds span) {
  const auto s = span.count();
  if (s < 0) return "<invalid>";
  if (s < 120) return std::to_string(s) + "s";
  if (s < 600) return std::to_string(s / 60) + "m" + (s % 60 ? std::to_string(s % 60) + "s" : "");
  if (s < 3 * 3600) return std::to_string(s / 60) + "m";
  if (s < 8 * 3600)
    return std::to_string(s / 3600) + "h" + (s / 60 % 60 ? std::to_string(s / 60 % 60) + "m" : "");
  if (s < 48 * 3600) return std::to_string(s / 3600) + "h";
  return std::to_string(s / 86400) + "d";
}

Json age(const Json& object, WallTime now) {
  const auto created = kube::time_at(object, "metadata.creationTimestamp");
  if (!created) return "<unknown>";
  return duration(std::chrono::duration_cast<std::chrono::seconds>(now - *created));
}

Json or_none(const std::string& text) {
  return text.empty() ? "<none>" : text;
}

Json pod_ready(const Json& pod, WallTime) {
  std::size_t ready = 0;
  for (const Json& status : kube::array_or_empty(pod, "status.containerStatuses"))
    ready += kube::bool_or(status, "ready", false) ? 1 : 0;
  return std::to_string(ready) + "/" + std::to_string(kube::array_or_empty(pod, "spec.containers").size());
}

/// As kubectl words the state of a pod: the reason of a container that hinders, else the phase.
Json pod_status(const Json& pod, WallTime) {
  std::string status = kube::string_or(pod, "status.phase", "Unknown");
  if (const std::string reason = kube::string_or(pod, "status.reason"); !reason.empty()) status = reason;
  for (const Json& container : kube::array_or_empty(pod, "status.containerStatuses")) {
    const std::string waiting = kube::string_or(container, "state.waiting.reason");
    const std::string ended = kube::string_or(container, "state.terminated.reason");
    if (!waiting.empty()) status = waiting;
    if (!ended.empty()) status = ended;
  }
  if (kube::find_path(pod, "metadata.deletionTimestamp")) status = "Terminating";
  return status;
}

Json pod_restarts(const Json& pod, WallTime) {
  std::int64_t restarts = 0;
  for (const Json& status : kube::array_or_empty(pod, "status.containerStatuses"))
    restarts += kube::int_or(status, "restartCount", 0);
  return std::to_string(restarts);
}

Json node_status(const Json& node, WallTime) {
  std::string status = "Unknown";
  for (const Json& condition : kube::array_or_empty(node, "status.conditions")) {
    if (kube::string_or(condition, "type") == "Ready")
      status = kube::string_or(condition, "status") == "True" ? "Ready" : "NotReady";
  }
  if (kube::bool_or(node, "spec.unschedulable", false)) status += ",SchedulingDisabled";
  return status;
}

Json node_roles(const Json& node, WallTime) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::string roles;
  for (const auto& [label, value] : kube::object_or_empty(node, "metadata.labels").items()) {
    if (label.starts_with(kPrefix)) roles += (roles.empty() ? "" : ",") + label.substr(kPrefix.size());
  }
  return or_none(roles);
}

Json node_address(const Json& node, WallTime) {
  for (const Json& address : kube::array_or_empty(node, "status.addresses")) {
    if (kube::string_or(address, "type") == "InternalIP") return kube::string_or(address, "address");
  }
  return "<none>";
}

Column text(const char* name, const char* path, int priority = 0) {
  return {name, "string", priority,
          [path](const Json& object, WallTime) { return or_none(kube::string_or(object, path)); }};
}

Column count(const char* name, const char* path) {
  return {name, "integer", 0,
          [path](const Json& object, WallTime) { return Json(kube::object_or_empty(object, path).size()); }};
}

std::vector<Column> columns(const ResourceKind& kind) {
  const Column name{"Name", "string", 0, [](const Json& object, WallTime) { return Json(name_of(object)); }};
  const Column old{"Age", "string", 0, age};
  if (kind.kind == "Pod") {
    return {name,
            {"Ready", "string", 0, pod_ready},
            {"Status", "string", 0, pod_status},
            {"Restarts", "string", 0, pod_restarts},
            old,
            text("IP", "status.podIP", 1),
            text("Node", "spec.nodeName", 1),
            text("Nominated Node", "status.nominatedNodeName", 1),
            {"Readiness Gates", "string", 1, [](const Json&, WallTime) { return Json("<none>"); }}};
  }
  if (kind.kind == "Node") {
    return {name,
            {"Status", "string", 0, node_status},
            {"Roles", "string", 0, node_roles},
            old,
            text("Version", "status.nodeInfo.kubeletVersion"),
            {"Internal-IP", "string", 1, node_address},
            {"External-IP", "string", 1, [](const Json&, WallTime) { return Json("<none>"); }},
            text("OS-Image", "status.nodeInfo.osImage", 1),
            text("Kernel-Version", "status.nodeInfo.kernelVersion", 1),
            text("Container-Runtime", "status.nodeInfo.containerRuntimeVersion", 1)};
  }
  if (kind.kind == "ConfigMap") return {name, count("Data", "data"), old};
  if (kind.kind == "Secret") return {name, text("Type", "type"), count("Data", "data"), old};
  if (kind.kind == "Namespace") return {name, text("Status", "status.phase"), old};
  if (kind.kind == "Lease") return {name, text("Holder", "spec.holderIdentity"), old};
  if (kind.kind == "ObjectSync" || kind.kind == "ClusterObjectSync") {
    return {name, text("Kind", "spec.objectKind"), text("Object", "spec.objectName"),
            text("Acked", "status.objectResourceVersion"), old};
  }
  return {name, old};
}

}  // namespace

Json table(const ResourceKind& kind, const std::vector<Object>& objects, WallTime now) {
  const std::vector<Column> shown = columns(kind);
  Json definitions = Json::array();
  for (const Column& column : shown) {
    definitions.push_back({{"name", column.name},
                           {"type", column.type},
                           {"format", std::string_view(column.name) == "Name" ? "name" : ""},
                           {"description", column.name},
                           {"priority", column.priority}});
  }
  Json rows = Json::array();
  for (const Object& object : objects) {
    Json cells = Json::array();
    for (const Column& column : shown) cells.push_back(column.cell(*object, now));
    Json partial = {{"kind", "PartialObjectMetadata"},
                    {"apiVersion", "meta.k8s.io/v1"},
                    {"metadata", kube::object_or_empty(*object, "metadata")}};
    rows.push_back({{"cells", std::move(cells)}, {"object", std::move(partial)}});
  }
  return {{"kind", "Table"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", Json::object()},
          {"columnDefinitions", std::move(definitions)},
          {"rows", std::move(rows)}};
}

}  // namespace edgecore::cloudsim
