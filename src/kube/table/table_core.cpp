// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include <array>
#include <set>

#include "edgecore/base/ascii.hpp"
#include "edgecore/kube/table.hpp"
#include "edgecore/kube/time.hpp"
#include "kube/table/table_columns.hpp"

namespace edgecore::kube {
namespace {

std::string node_status(const Json& node) {
  std::string status = "Unknown";
  for (const Json& condition : array_or_empty(node, "status.conditions")) {
    if (string_or(condition, "type") == "Ready")
      status = string_or(condition, "status") == "True" ? "Ready" : "NotReady";
  }
  if (bool_or(node, "spec.unschedulable", false)) status += ",SchedulingDisabled";
  return status;
}

std::string node_roles(const Json& node) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::set<std::string> roles;
  for (const auto& [label, value] : object_or_empty(node, "metadata.labels").items()) {
    if (label.starts_with(kPrefix) && label.size() > kPrefix.size())
      roles.insert(label.substr(kPrefix.size()));
    if (label == "kubernetes.io/role" && !scalar_text(&value).empty()) roles.insert(scalar_text(&value));
  }
  std::string text;
  for (const std::string& role : roles) text += (text.empty() ? "" : ",") + role;
  return or_none(std::move(text));
}

Column node_address(const char* name, const char* type) {
  return {name,
          "string",
          1,
          [type](const Json& node, WallTime) -> std::string {
            for (const Json& address : array_or_empty(node, "status.addresses"))
              if (string_or(address, "type") == type) return or_none(string_or(address, "address"));
            return "<none>";
          },
          "",
          ""};
}

Columns node_columns() {
  return {name_column(),
          {"Status", "string", 0, [](const Json& node, WallTime) { return node_status(node); }, "", ""},
          {"Roles", "string", 0, [](const Json& node, WallTime) { return node_roles(node); }, "", ""},
          age_column(),
          text_column("Version", "status.nodeInfo.kubeletVersion", 0, ""),
          node_address("Internal-IP", "InternalIP"),
          node_address("External-IP", "ExternalIP"),
          text_column("OS-Image", "status.nodeInfo.osImage", 1, "<unknown>"),
          text_column("Kernel-Version", "status.nodeInfo.kernelVersion", 1, "<unknown>"),
          text_column("Container-Runtime", "status.nodeInfo.containerRuntimeVersion", 1, "<unknown>")};
}

/// A field of an event in either API group; prefers the core group's path.
std::string first_text(const Json& event, std::string_view path, std::string_view other) {
  std::string text = string_or(event, path);
  return text.empty() ? string_or(event, other) : text;
}

/// "3m": the age of an event, or of the last observation of a series; falls back to the first time.
std::string event_age(const Json& event, WallTime now, bool last) {
  constexpr std::array kLast = {"series.lastObservedTime", "lastTimestamp", "deprecatedLastTimestamp"};
  constexpr std::array kFirst = {"firstTimestamp", "deprecatedFirstTimestamp", "eventTime"};
  if (last) {
    for (const char* path : kLast)
      if (time_at(event, path)) return since(event, path, now);
  }
  for (const char* path : kFirst)
    if (time_at(event, path)) return since(event, path, now);
  return "<unknown>";
}

std::string event_object(const Json& event) {
  const char* member = find_path(event, "involvedObject") != nullptr ? "involvedObject" : "regarding";
  const Json& object = object_or_empty(event, member);
  std::string kind = lower_case(string_or(object, "kind"));
  const std::string name = string_or(object, "name");
  return name.empty() ? kind : kind + "/" + name;
}

std::string event_source(const Json& event) {
  std::string component = first_text(event, "source.component", "deprecatedSource.component");
  std::string host = first_text(event, "source.host", "deprecatedSource.host");
  if (component.empty()) {
    component = first_text(event, "reportingComponent", "reportingController");
    host = string_or(event, "reportingInstance");
  }
  return host.empty() ? component : component + ", " + host;
}

std::int64_t event_count(const Json& event) {
  for (const char* path : {"series.count", "count", "deprecatedCount"})
    if (const std::int64_t count = int_or(event, path, 0); count > 0) return count;
  return 1;
}

Column event_text(const char* name, int priority, const char* path, const char* other) {
  return {name,     "string",
          priority, [path, other](const Json& event, WallTime) { return first_text(event, path, other); },
          "",       ""};
}

Columns event_columns() {
  Column name = name_column();
  name.priority = 1;
  return {{"Last Seen", "string", 0,
           [](const Json& event, WallTime now) { return event_age(event, now, true); }, "", ""},
          text_column("Type", "type", 0, ""),
          text_column("Reason", "reason", 0, ""),
          {"Object", "string", 0, [](const Json& event, WallTime) { return event_object(event); }, "", ""},
          event_text("Subobject", 1, "involvedObject.fieldPath", "regarding.fieldPath"),
          {"Source", "string", 1, [](const Json& event, WallTime) { return event_source(event); }, "", ""},
          event_text("Message", 0, "message", "note"),
          {"First Seen", "string", 1,
           [](const Json& event, WallTime now) { return event_age(event, now, false); }, "", ""},
          {"Count", "integer", 1, [](const Json& event, WallTime) { return event_count(event); }, "", ""},
          std::move(name)};
}

/// "requests.cpu: 1/2, pods: 3/10": only the limits, or everything else.
std::string quota_text(const Json& quota, bool limits) {
  std::string text;
  for (const auto& [resource, hard] : object_or_empty(quota, "status.hard").items()) {
    if (resource.starts_with("limits.") != limits) continue;
    const Json* used = find_keys(quota, {"status", "used", resource});
    text += fmt::format("{}{}: {}/{}", text.empty() ? "" : ", ", resource,
                        used == nullptr ? "0" : scalar_text(used), scalar_text(&hard));
  }
  return text;
}

std::string storage_class(const Json& object) {
  const Json* old = find_keys(object, {"metadata", "annotations", "volume.beta.kubernetes.io/storage-class"});
  return old != nullptr ? scalar_text(old) : string_or(object, "spec.storageClassName");
}

std::string phase_or_terminating(const Json& object) {
  return find_path(object, "metadata.deletionTimestamp") != nullptr ? "Terminating"
                                                                    : string_or(object, "status.phase");
}

Column storage_class_column() {
  return {"StorageClass",
          "string",
          0,
          [](const Json& object, WallTime) { return storage_class(object); },
          "",
          ""};
}

Columns persistent_volume_columns() {
  return {name_column(),
          text_column("Capacity", "spec.capacity.storage", 0, ""),
          {"Access Modes", "string", 0,
           [](const Json& object, WallTime) { return access_modes(object, "spec.accessModes"); }, "", ""},
          text_column("Reclaim Policy", "spec.persistentVolumeReclaimPolicy", 0, ""),
          {"Status", "string", 0, [](const Json& object, WallTime) { return phase_or_terminating(object); },
           "", ""},
          {"Claim", "string", 0,
           [](const Json& object, WallTime) {
             const Json& claim = object_or_empty(object, "spec.claimRef");
             return claim.empty() ? std::string()
                                  : string_or(claim, "namespace") + "/" + string_or(claim, "name");
           },
           "", ""},
          storage_class_column(),
          text_column("Reason", "status.reason", 0, ""),
          age_column(),
          text_column("VolumeMode", "spec.volumeMode", 1, "<unset>")};
}

/// A claim without a volume has neither capacity nor modes.
Columns persistent_volume_claim_columns() {
  const auto bound = [](const Json& object) { return !string_or(object, "spec.volumeName").empty(); };
  return {name_column(),
          {"Status", "string", 0, [](const Json& object, WallTime) { return phase_or_terminating(object); },
           "", ""},
          text_column("Volume", "spec.volumeName", 0, ""),
          {"Capacity", "string", 0,
           [bound](const Json& object, WallTime) {
             return bound(object) ? scalar_text(find_path(object, "status.capacity.storage")) : std::string();
           },
           "", ""},
          {"Access Modes", "string", 0,
           [bound](const Json& object, WallTime) {
             return bound(object) ? access_modes(object, "status.accessModes") : std::string();
           },
           "", ""},
          storage_class_column(),
          age_column(),
          text_column("VolumeMode", "spec.volumeMode", 1, "<unset>")};
}

Columns config_map_columns() {
  return {
      name_column(),
      {"Data", "string", 0,
       [](const Json& object, WallTime) {
         return Json(object_or_empty(object, "data").size() + object_or_empty(object, "binaryData").size());
       },
       "", ""},
      age_column()};
}

Column healthy_column(const char* name, const char* member) {
  return {name,
          "string",
          0,
          [member](const Json& object, WallTime) -> std::string {
            for (const Json& condition : array_or_empty(object, "conditions"))
              if (string_or(condition, "type") == "Healthy") return string_or(condition, member);
            return "Unknown";
          },
          "",
          ""};
}

}  // namespace

Columns core_columns(const ApiResource& resource) {
  const std::string& kind = resource.kind;
  if (kind == "Event" && (resource.group.empty() || resource.group == "events.k8s.io"))
    return event_columns();
  if (!resource.group.empty()) return {};
  if (kind == "Node") return node_columns();
  if (kind == "PersistentVolume") return persistent_volume_columns();
  if (kind == "PersistentVolumeClaim") return persistent_volume_claim_columns();
  if (kind == "ConfigMap") return config_map_columns();
  if (kind == "Secret")
    return {name_column(), text_column("Type", "type", 0, ""), size_column("Data", "data"), age_column()};
  if (kind == "ServiceAccount") return {name_column(), size_column("Secrets", "secrets"), age_column()};
  if (kind == "Namespace") return {name_column(), text_column("Status", "status.phase", 0, ""), age_column()};
  if (kind == "ComponentStatus") {
    return {name_column(), healthy_column("Status", "status"), healthy_column("Message", "message"),
            healthy_column("Error", "error")};
  }
  if (kind == "ResourceQuota") {
    return {
        name_column(),
        age_column(),
        {"Request", "string", 0, [](const Json& quota, WallTime) { return quota_text(quota, false); }, "",
         ""},
        {"Limit", "string", 0, [](const Json& quota, WallTime) { return quota_text(quota, true); }, "", ""}};
  }
  return {};
}

}  // namespace edgecore::kube
