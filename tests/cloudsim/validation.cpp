// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/validation.hpp"

#include <algorithm>
#include <array>

#include "edgecore/kube/defaults.hpp"

namespace edgecore::cloudsim {
namespace {

enum class Shape { kText, kNumber, kObject, kList, kTextList, kTextMap };

/// A member's type; kind "" means every kind.
struct Member {
  std::string_view kind;
  std::string_view path;
  Shape shape;
};

constexpr std::array kMembers = {
    Member{"", "metadata", Shape::kObject},
    Member{"", "metadata.name", Shape::kText},
    Member{"", "metadata.namespace", Shape::kText},
    Member{"", "metadata.uid", Shape::kText},
    Member{"", "metadata.resourceVersion", Shape::kText},
    Member{"", "metadata.labels", Shape::kTextMap},
    Member{"", "metadata.annotations", Shape::kTextMap},
    Member{"", "metadata.finalizers", Shape::kTextList},
    Member{"", "metadata.ownerReferences", Shape::kList},
    Member{"ConfigMap", "data", Shape::kTextMap},
    Member{"ConfigMap", "binaryData", Shape::kTextMap},
    Member{"Secret", "data", Shape::kTextMap},
    Member{"Secret", "stringData", Shape::kTextMap},
    Member{"Secret", "type", Shape::kText},
    Member{"Pod", "spec", Shape::kObject},
    Member{"Pod", "spec.containers", Shape::kList},
    Member{"Pod", "spec.nodeName", Shape::kText},
    Member{"Pod", "spec.volumes", Shape::kList},
    Member{"Pod", "spec.terminationGracePeriodSeconds", Shape::kNumber},
    Member{"Pod", "status", Shape::kObject},
    Member{"Pod", "status.phase", Shape::kText},
    Member{"Pod", "status.conditions", Shape::kList},
    Member{"Pod", "status.containerStatuses", Shape::kList},
    Member{"Node", "spec", Shape::kObject},
    Member{"Node", "status", Shape::kObject},
    Member{"Node", "status.conditions", Shape::kList},
    Member{"Node", "status.addresses", Shape::kList},
    Member{"Lease", "spec", Shape::kObject},
    Member{"Lease", "spec.holderIdentity", Shape::kText},
    Member{"Lease", "spec.leaseDurationSeconds", Shape::kNumber},
    Member{"Deployment", "spec.replicas", Shape::kNumber},
    Member{"Device", "spec", Shape::kObject},
    Member{"Device", "spec.properties", Shape::kList},
    Member{"Device", "status", Shape::kObject},
    Member{"Device", "status.twins", Shape::kList},
};

bool is_text_or_null(const Json& value) {
  return value.is_string() || value.is_null();
}

bool has_shape(const Json& value, Shape shape) {
  switch (shape) {
    case Shape::kText:
      return value.is_string();
    case Shape::kNumber:
      return value.is_number();
    case Shape::kObject:
      return value.is_object();
    case Shape::kList:
      return value.is_array();
    case Shape::kTextList:
      return value.is_array() && std::all_of(value.begin(), value.end(), is_text_or_null);
    case Shape::kTextMap:
      return value.is_object() && std::all_of(value.begin(), value.end(), is_text_or_null);
  }
  return false;
}

const char* go_type(Shape shape) {
  switch (shape) {
    case Shape::kText:
    case Shape::kTextList:
    case Shape::kTextMap:
      return "string";
    case Shape::kNumber:
      return "int64";
    case Shape::kObject:
      return "struct";
    case Shape::kList:
      return "slice";
  }
  return "";
}

constexpr std::array<std::string_view, 6> kConfigMapFields = {"apiVersion", "binaryData", "data",
                                                              "immutable",  "kind",       "metadata"};
constexpr std::array<std::string_view, 25> kContainerFields = {"args",
                                                               "command",
                                                               "env",
                                                               "envFrom",
                                                               "image",
                                                               "imagePullPolicy",
                                                               "lifecycle",
                                                               "livenessProbe",
                                                               "name",
                                                               "ports",
                                                               "readinessProbe",
                                                               "resizePolicy",
                                                               "resources",
                                                               "restartPolicy",
                                                               "restartPolicyRules",
                                                               "securityContext",
                                                               "startupProbe",
                                                               "stdin",
                                                               "stdinOnce",
                                                               "terminationMessagePath",
                                                               "terminationMessagePolicy",
                                                               "tty",
                                                               "volumeDevices",
                                                               "volumeMounts",
                                                               "workingDir"};

template <std::size_t Count>
std::optional<std::string> other_than(const std::array<std::string_view, Count>& known, const Json& object,
                                      const std::string& where) {
  for (const auto& [name, value] : object.items())
    if (std::find(known.begin(), known.end(), name) == known.end()) return where + name;
  return std::nullopt;
}

/// A field that stays as it was created; once it has a value, where it may be left out at creation.
struct Immutable {
  std::string_view kind;
  std::string_view path;
};

constexpr std::array kImmutable = {
    Immutable{"Secret", "type"},
    Immutable{"PersistentVolumeClaim", "spec.accessModes"},
    Immutable{"PersistentVolumeClaim", "spec.storageClassName"},
    Immutable{"PersistentVolumeClaim", "spec.volumeMode"},
    Immutable{"PersistentVolumeClaim", "spec.volumeName"},
    Immutable{"PersistentVolumeClaim", "spec.selector"},
    Immutable{"Deployment", "spec.selector"},
    Immutable{"DaemonSet", "spec.selector"},
    Immutable{"ReplicaSet", "spec.selector"},
    Immutable{"StatefulSet", "spec.selector"},
    Immutable{"StatefulSet", "spec.serviceName"},
    Immutable{"StatefulSet", "spec.volumeClaimTemplates"},
    Immutable{"Job", "spec.selector"},
    Immutable{"Job", "spec.template"},
    Immutable{"Job", "spec.completions"},
    Immutable{"RoleBinding", "roleRef"},
    Immutable{"ClusterRoleBinding", "roleRef"},
    Immutable{"CertificateSigningRequest", "spec"},
    Immutable{"VolumeAttachment", "spec"},
    Immutable{"StorageClass", "provisioner"},
    Immutable{"StorageClass", "parameters"},
    Immutable{"StorageClass", "reclaimPolicy"},
    Immutable{"StorageClass", "volumeBindingMode"},
    Immutable{"PriorityClass", "value"},
    Immutable{"RuntimeClass", "handler"},
    Immutable{"EndpointSlice", "addressType"},
    Immutable{"CustomResourceDefinition", "spec.group"},
    Immutable{"CustomResourceDefinition", "spec.scope"},
    Immutable{"CustomResourceDefinition", "spec.names.kind"},
    Immutable{"CustomResourceDefinition", "spec.names.plural"},
};

bool differs(const Json& before, const Json& after, std::string_view path) {
  const Json* was = kube::find_path(before, path);
  const Json* is = kube::find_path(after, path);
  return was != nullptr && (is == nullptr || *was != *is);
}

kube::StatusCause immutable(std::string_view path) {
  return {"FieldValueInvalid", "Invalid value: field is immutable", std::string(path)};
}

void check_fields(const ResourceKind& kind, const Json& before, const Json& after,
                  std::vector<kube::StatusCause>& causes) {
  for (const Immutable& field : kImmutable)
    if (kind.kind == field.kind && differs(before, after, field.path))
      causes.push_back(immutable(field.path));
}

/// A ConfigMap or Secret that says of itself that it does not change.
void check_sealed(const Json& before, const Json& after, std::vector<kube::StatusCause>& causes) {
  if (!kube::bool_or(before, "immutable", false)) return;
  for (const char* field : {"data", "binaryData", "immutable"}) {
    if (before.value(field, Json()) == after.value(field, Json())) continue;
    causes.push_back({"FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set", field});
  }
}

/// The spec without what a pod's update may change.
Json fixed_part(const Json& pod) {
  Json spec = kube::object_or_empty(pod, "spec");
  for (const char* list : {"containers", "initContainers"}) {
    if (!spec.contains(list) || !spec[list].is_array()) continue;
    for (Json& container : spec[list])
      if (container.is_object()) container.erase("image");
  }
  for (const char* field : {"activeDeadlineSeconds", "tolerations", "schedulingGates"}) spec.erase(field);
  return spec;
}

bool lost_a_toleration(const Json& before, const Json& after) {
  const Json& kept = kube::array_or_empty(after, "spec.tolerations");
  const Json& old = kube::array_or_empty(before, "spec.tolerations");
  return std::any_of(old.begin(), old.end(), [&](const Json& toleration) {
    return std::find(kept.begin(), kept.end(), toleration) == kept.end();
  });
}

void check_pod(const Json& before, const Json& after, std::vector<kube::StatusCause>& causes) {
  Json was = before;
  kube::apply_pod_defaults(was);
  const char* grace = "terminationGracePeriodSeconds";
  if (kube::int_or(was, "spec.terminationGracePeriodSeconds", 0) < 0 &&
      kube::int_or(after, "spec.terminationGracePeriodSeconds", 0) == 1)
    was["spec"][grace] = 1;
  if (fixed_part(was) == fixed_part(after) && !lost_a_toleration(was, after)) return;
  causes.push_back(
      {"FieldValueForbidden",
       "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
       "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
       "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
       "previously negative)",
       "spec"});
}

void check_metadata(const Json& before, const Json& after, std::vector<kube::StatusCause>& causes) {
  const bool deleting = kube::find_path(before, "metadata.deletionTimestamp") != nullptr;
  if (!deleting) {
    for (const char* field : {"metadata.deletionTimestamp", "metadata.deletionGracePeriodSeconds"})
      if (kube::find_path(after, field) != nullptr) causes.push_back(immutable(field));
    return;
  }
  const Json& old = kube::array_or_empty(before, "metadata.finalizers");
  for (const Json& finalizer : kube::array_or_empty(after, "metadata.finalizers")) {
    if (std::find(old.begin(), old.end(), finalizer) != old.end()) continue;
    causes.push_back({"FieldValueForbidden",
                      "Forbidden: no new finalizers can be added if the object is being deleted, found new "
                      "finalizers " +
                          kube::dump_json(finalizer),
                      "metadata.finalizers"});
  }
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

}  // namespace

std::optional<std::string> wrong_type(const ResourceKind& kind, const Json& object) {
  if (!object.is_object()) return "json: cannot unmarshal " + std::string(object.type_name());
  for (const Member& member : kMembers) {
    if (!member.kind.empty() && member.kind != kind.kind) continue;
    const Json* value = kube::find_path(object, member.path);
    if (value == nullptr || has_shape(*value, member.shape)) continue;
    return "json: cannot unmarshal " + std::string(value->type_name()) + " into Go struct field " +
           std::string(kind.kind) + "." + std::string(member.path) + " of type " + go_type(member.shape);
  }
  return std::nullopt;
}

std::optional<std::string> unknown_field(const ResourceKind& kind, const Json& object) {
  if (kind.kind == "ConfigMap") return other_than(kConfigMapFields, object, "");
  if (kind.kind != "Pod") return std::nullopt;
  const Json& containers = kube::array_or_empty(object, "spec.containers");
  for (std::size_t i = 0; i < containers.size(); ++i)
    if (auto unknown =
            other_than(kContainerFields, containers[i], "spec.containers[" + std::to_string(i) + "]."))
      return unknown;
  return std::nullopt;
}

std::vector<kube::StatusCause> forbidden_changes(const ResourceKind& kind, const Json& before,
                                                 const Json& after) {
  std::vector<kube::StatusCause> causes;
  check_metadata(before, after, causes);
  check_fields(kind, before, after, causes);
  if (kind.kind == "ConfigMap" || kind.kind == "Secret") check_sealed(before, after, causes);
  if (kind.kind == "Pod") check_pod(before, after, causes);
  return causes;
}

bool is_custom(const ResourceKind& kind) {
  const auto builtin = kube::builtin_kinds();
  return kind.group.ends_with("kubeedge.io") ||
         std::none_of(builtin.begin(), builtin.end(),
                      [&](const ResourceKind& row) { return same_resource(row, kind); });
}

bool allows_unconditional_update(const ResourceKind& kind) {
  return !is_custom(kind) &&
         !is_one_of(kind.kind, {"Lease", "VolumeAttachment", "CustomResourceDefinition", "RuntimeClass",
                                "CSIDriver", "CSINode", "PodDisruptionBudget"});
}

bool builtin_has_status(const ResourceKind& kind) {
  return !is_custom(kind) &&
         (is_one_of(kind.kind, {"Pod", "Node", "Namespace", "Service", "PersistentVolume",
                                "PersistentVolumeClaim", "ReplicationController", "ResourceQuota",
                                "CertificateSigningRequest", "VolumeAttachment", "CustomResourceDefinition",
                                "Ingress", "PodDisruptionBudget", "HorizontalPodAutoscaler"}) ||
          is_one_of(kind.kind, {"Deployment", "DaemonSet", "ReplicaSet", "StatefulSet", "Job", "CronJob"}));
}

bool has_subresource(const ResourceKind& kind, std::string_view subresource) {
  if (is_custom(kind)) return false;
  if (subresource == "scale")
    return is_one_of(kind.kind, {"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"});
  if (subresource == "token") return kind.kind == "ServiceAccount";
  if (subresource == "approval") return kind.kind == "CertificateSigningRequest";
  if (subresource == "finalize") return kind.kind == "Namespace";
  if (subresource == "proxy") return is_one_of(kind.kind, {"Pod", "Service", "Node"});
  return kind.kind == "Pod" && is_one_of(subresource, {"log", "exec", "attach", "portforward", "binding",
                                                       "eviction", "ephemeralcontainers"});
}

}  // namespace edgecore::cloudsim
