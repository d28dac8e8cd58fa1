// SPDX-License-Identifier: Apache-2.0
// The kinds outside the core group, without workloads and networking.
#include <spdlog/fmt/fmt.h>

#include <functional>
#include <map>

#include "edgecore/kube/table.hpp"
#include "edgecore/kube/time.hpp"
#include "kube/table/table_columns.hpp"

namespace edgecore::kube {
namespace {

/// The kinds for which the API server shows the time of creation instead of the age.
Column created_column() {
  return {"Created At",
          "date",
          0,
          [](const Json& object, WallTime) { return string_or(object, "metadata.creationTimestamp"); },
          "",
          ""};
}

Column boolean_column(const char* name, const char* path) {
  return {name, "boolean", 0, [path](const Json& object, WallTime) { return bool_or(object, path, false); },
          "",   ""};
}

/// Names of the subjects of one kind.
Column subjects_column(const char* name, const char* kind) {
  return {name,
          "string",
          1,
          [kind](const Json& binding, WallTime) {
            std::string text;
            for (const Json& subject : array_or_empty(binding, "subjects")) {
              if (string_or(subject, "kind") != kind) continue;
              const std::string space = string_or(subject, "namespace");
              text += (text.empty() ? "" : ", ") + (space.empty() ? "" : space + "/") +
                      string_or(subject, "name");
            }
            return text;
          },
          "",
          ""};
}

Columns binding_columns() {
  return {name_column(),
          {"Role", "string", 0,
           [](const Json& binding, WallTime) {
             return string_or(binding, "roleRef.kind") + "/" + string_or(binding, "roleRef.name");
           },
           "", ""},
          age_column(),
          subjects_column("Users", "User"),
          subjects_column("Groups", "Group"),
          subjects_column("ServiceAccounts", "ServiceAccount")};
}

Columns storage_class_columns() {
  return {
      {"Name", "string", 0,
       [](const Json& object, WallTime) {
         const Json* mark =
             find_keys(object, {"metadata", "annotations", "storageclass.kubernetes.io/is-default-class"});
         return string_or(object, "metadata.name") + (scalar_text(mark) == "true" ? " (default)" : "");
       },
       "name", ""},
      text_column("Provisioner", "provisioner", 0, ""),
      text_column("ReclaimPolicy", "reclaimPolicy", 0, "Delete"),
      text_column("VolumeBindingMode", "volumeBindingMode", 0, "Immediate"),
      {"AllowVolumeExpansion", "string", 0,
       [](const Json& object, WallTime) { return bool_or(object, "allowVolumeExpansion", false); }, "", ""},
      age_column()};
}

std::string signing_state(const Json& request) {
  bool approved = false, denied = false, failed = false;
  for (const Json& condition : array_or_empty(request, "status.conditions")) {
    const std::string type = string_or(condition, "type");
    approved = approved || type == "Approved";
    denied = denied || type == "Denied";
    failed = failed || type == "Failed";
  }
  std::string state = denied ? "Denied" : approved ? "Approved" : "Pending";
  if (failed) state += ",Failed";
  if (!string_or(request, "status.certificate").empty()) state += ",Issued";
  return state;
}

Columns signing_request_columns() {
  return {name_column(),
          age_column(),
          text_column("SignerName", "spec.signerName"),
          text_column("Requestor", "spec.username", 0, ""),
          {"RequestedDuration", "string", 0,
           [](const Json& request, WallTime) -> std::string {
             const std::int64_t wanted = int_or(request, "spec.expirationSeconds", 0);
             return wanted > 0 && wanted < (std::int64_t{1} << 32)
                        ? human_duration(std::chrono::seconds(wanted))
                        : "<none>";
           },
           "", ""},
          {"Condition", "string", 0, [](const Json& request, WallTime) { return signing_state(request); }, "",
           ""}};
}

std::string service_of(const Json& object) {
  const Json* service = find_path(object, "spec.service");
  if (service == nullptr) return "Local";
  return string_or(*service, "namespace") + "/" + string_or(*service, "name");
}

std::string availability(const Json& object) {
  for (const Json& condition : array_or_empty(object, "status.conditions")) {
    if (string_or(condition, "type") != "Available") continue;
    const std::string status = string_or(condition, "status");
    return status == "True" ? status : fmt::format("{} ({})", status, string_or(condition, "reason"));
  }
  return "Unknown";
}

Columns api_service_columns() {
  return {
      name_column(),
      {"Service", "string", 0, [](const Json& object, WallTime) { return service_of(object); }, "", ""},
      {"Available", "string", 0, [](const Json& object, WallTime) { return availability(object); }, "", ""},
      age_column()};
}

Columns csi_driver_columns() {
  return {name_column(),
          {"AttachRequired", "boolean", 0,
           [](const Json& driver, WallTime) { return bool_or(driver, "spec.attachRequired", true); }, "", ""},
          boolean_column("PodInfoOnMount", "spec.podInfoOnMount"),
          boolean_column("StorageCapacity", "spec.storageCapacity"),
          {"TokenRequests", "string", 0,
           [](const Json& driver, WallTime) {
             const std::string audiences = joined(driver, "spec.tokenRequests", "audience");
             return audiences.empty() ? std::string("<unset>") : audiences;
           },
           "", ""},
          boolean_column("RequiresRepublish", "spec.requiresRepublish"),
          {"Modes", "string", 0,
           [](const Json& driver, WallTime) {
             const std::string modes = joined(driver, "spec.volumeLifecycleModes", "");
             return modes.empty() ? std::string("<none>") : modes;
           },
           "", ""},
          age_column()};
}

Columns disruption_budget_columns() {
  return {name_column(), text_column("Min Available", "spec.minAvailable", 0, "N/A"),
          text_column("Max Unavailable", "spec.maxUnavailable", 0, "N/A"),
          number_column("Allowed Disruptions", "status.disruptionsAllowed"), age_column()};
}

/// Current and target value of an autoscaler's metric: "40%/80%".
std::string metric_text(const Json& wanted, const Json* current) {
  const auto value = [](const Json& metric) -> std::string {
    const Json* utilization = find_path(metric, "averageUtilization");
    if (utilization != nullptr) return scalar_text(utilization) + "%";
    const std::string average = scalar_text(find_path(metric, "averageValue"));
    return average.empty() ? scalar_text(find_path(metric, "value")) : average;
  };
  const std::string now = current == nullptr ? "" : value(*current);
  return (now.empty() ? "<unknown>" : now) + "/" + value(wanted);
}

std::string autoscaler_targets(const Json& scaler) {
  if (const Json* wanted = find_path(scaler, "spec.targetCPUUtilizationPercentage")) {  // autoscaling/v1
    const std::string now = scalar_text(find_path(scaler, "status.currentCPUUtilizationPercentage"));
    return (now.empty() ? "<unknown>" : now + "%") + "/" + scalar_text(wanted) + "%";
  }
  const std::map<std::string, const char*> members = {{"Resource", "resource"},
                                                      {"ContainerResource", "containerResource"},
                                                      {"Pods", "pods"},
                                                      {"Object", "object"},
                                                      {"External", "external"}};
  const Json& current = array_or_empty(scaler, "status.currentMetrics");
  std::string text;
  std::size_t at = 0;
  for (const Json& metric : array_or_empty(scaler, "spec.metrics")) {
    const auto member = members.find(string_or(metric, "type"));
    if (member == members.end()) continue;
    const std::string path = member->second;
    const Json* now = at < current.size() ? find_path(current[at], path + ".current") : nullptr;
    text += (text.empty() ? "" : ", ") + metric_text(object_or_empty(metric, path + ".target"), now);
    ++at;
  }
  return or_none(std::move(text));
}

Columns autoscaler_columns() {
  return {name_column(),
          {"Reference", "string", 0,
           [](const Json& scaler, WallTime) {
             return string_or(scaler, "spec.scaleTargetRef.kind") + "/" +
                    string_or(scaler, "spec.scaleTargetRef.name");
           },
           "", ""},
          {"Targets", "string", 0, [](const Json& scaler, WallTime) { return autoscaler_targets(scaler); },
           "", ""},
          text_column("MinPods", "spec.minReplicas", 0, "<unset>"),
          number_column("MaxPods", "spec.maxReplicas"),
          number_column("Replicas", "status.currentReplicas"),
          age_column()};
}

Columns storage_columns(const std::string& kind) {
  if (kind == "StorageClass") return storage_class_columns();
  if (kind == "CSIDriver") return csi_driver_columns();
  if (kind == "CSINode") {
    Column drivers = size_column("Drivers", "spec.drivers");
    drivers.type = "integer";
    return {name_column(), std::move(drivers), age_column()};
  }
  if (kind == "CSIStorageCapacity") {
    return {name_column(), text_column("StorageClassName", "storageClassName", 0, ""),
            text_column("Capacity", "capacity", 0, "<unset>")};
  }
  if (kind == "VolumeAttachment") {
    return {name_column(),
            text_column("Attacher", "spec.attacher", 0, ""),
            text_column("PV", "spec.source.persistentVolumeName", 0, ""),
            text_column("Node", "spec.nodeName", 0, ""),
            boolean_column("Attached", "status.attached"),
            age_column()};
  }
  return {};
}

Columns flow_control_columns(const std::string& kind) {
  if (kind == "FlowSchema") {
    return {name_column(), text_column("PriorityLevel", "spec.priorityLevelConfiguration.name", 0, ""),
            number_column("MatchingPrecedence", "spec.matchingPrecedence"),
            text_column("DistinguisherMethod", "spec.distinguisherMethod.type"), age_column()};
  }
  if (kind == "PriorityLevelConfiguration") {
    return {name_column(),
            text_column("Type", "spec.type", 0, ""),
            text_column("NominalConcurrencyShares", "spec.limited.nominalConcurrencyShares"),
            text_column("Queues", "spec.limited.limitResponse.queuing.queues"),
            text_column("HandSize", "spec.limited.limitResponse.queuing.handSize"),
            text_column("QueueLengthLimit", "spec.limited.limitResponse.queuing.queueLengthLimit"),
            age_column()};
  }
  return {};
}

}  // namespace

Columns group_columns(const ApiResource& resource) {
  const std::string &kind = resource.kind, &group = resource.group;
  if (group == "rbac.authorization.k8s.io") {
    if (kind == "Role" || kind == "ClusterRole") return {name_column(), created_column()};
    return binding_columns();
  }
  if (group == "storage.k8s.io") return storage_columns(kind);
  if (group == "flowcontrol.apiserver.k8s.io") return flow_control_columns(kind);
  if (group == "coordination.k8s.io")
    return {name_column(), text_column("Holder", "spec.holderIdentity", 0, ""), age_column()};
  if (group == "certificates.k8s.io" && kind == "CertificateSigningRequest") return signing_request_columns();
  if (group == "apiextensions.k8s.io") return {name_column(), created_column()};
  if (group == "apiregistration.k8s.io") return api_service_columns();
  if (group == "policy" && kind == "PodDisruptionBudget") return disruption_budget_columns();
  if (group == "autoscaling") return autoscaler_columns();
  if (group == "node.k8s.io") return {name_column(), text_column("Handler", "handler", 0, ""), age_column()};
  if (group == "scheduling.k8s.io") {
    return {name_column(), number_column("Value", "value"), boolean_column("Global-Default", "globalDefault"),
            age_column()};
  }
  if (group == "admissionregistration.k8s.io" && kind.ends_with("WebhookConfiguration")) {
    Column webhooks = size_column("Webhooks", "webhooks");
    webhooks.type = "integer";
    return {name_column(), std::move(webhooks), age_column()};
  }
  return {};
}

}  // namespace edgecore::kube
