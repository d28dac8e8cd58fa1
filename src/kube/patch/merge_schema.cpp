// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/merge_schema.hpp"

#include <algorithm>
#include <array>

namespace edgecore::kube {
namespace {

using List = ListStrategy;

constexpr MergeField by_key(std::string_view name, std::string_view key, const MergeSchema* type = nullptr,
                            bool retain_keys = false) {
  return {name, type, List::kByKey, key, retain_keys};
}
constexpr MergeField primitives(std::string_view name) {
  return {name, nullptr, List::kPrimitives, {}, false};
}
constexpr MergeField object(std::string_view name, const MergeSchema& type) {
  return {name, &type, List::kAtomic, {}, false};
}

constexpr auto kMetadataFields =
    std::to_array<MergeField>({by_key("ownerReferences", "uid"), primitives("finalizers")});
constexpr MergeSchema kMetadata{kMetadataFields};

// Containers. envFrom, tolerations, resources.claims and all lists of strings are replaced whole.
constexpr auto kContainerFields = std::to_array<MergeField>({
    by_key("env", "name"),
    by_key("ports", "containerPort"),
    by_key("volumeMounts", "mountPath"),
    by_key("volumeDevices", "devicePath"),
});
constexpr MergeSchema kContainer{kContainerFields};

constexpr auto kPodSpecFields = std::to_array<MergeField>({
    by_key("containers", "name", &kContainer),
    by_key("initContainers", "name", &kContainer),
    by_key("ephemeralContainers", "name", &kContainer),
    by_key("volumes", "name", nullptr, true),
    by_key("imagePullSecrets", "name"),
    by_key("hostAliases", "ip"),
    by_key("topologySpreadConstraints", "topologyKey"),
    by_key("resourceClaims", "name", nullptr, true),
    by_key("schedulingGates", "name"),
});
constexpr MergeSchema kPodSpec{kPodSpecFields};

constexpr auto kPodStatusFields =
    std::to_array<MergeField>({by_key("conditions", "type"), by_key("podIPs", "ip"), by_key("hostIPs", "ip"),
                               by_key("resourceClaimStatuses", "name", nullptr, true)});
constexpr MergeSchema kPodStatus{kPodStatusFields};

constexpr auto kPodFields = std::to_array<MergeField>(
    {object("metadata", kMetadata), object("spec", kPodSpec), object("status", kPodStatus)});
constexpr MergeSchema kPod{kPodFields};

constexpr auto kNodeSpecFields = std::to_array<MergeField>({primitives("podCIDRs")});
constexpr MergeSchema kNodeSpec{kNodeSpecFields};
constexpr auto kConditionsByTypeFields = std::to_array<MergeField>({by_key("conditions", "type")});
constexpr MergeSchema kConditionsByType{kConditionsByTypeFields};
constexpr auto kNodeStatusFields =
    std::to_array<MergeField>({by_key("conditions", "type"), by_key("addresses", "type")});
constexpr MergeSchema kNodeStatus{kNodeStatusFields};
constexpr auto kNodeFields = std::to_array<MergeField>(
    {object("metadata", kMetadata), object("spec", kNodeSpec), object("status", kNodeStatus)});
constexpr MergeSchema kNode{kNodeFields};

// Workloads: a pod template, which is one level deeper in CronJob.
constexpr auto kTemplateFields =
    std::to_array<MergeField>({object("metadata", kMetadata), object("spec", kPodSpec)});
constexpr MergeSchema kTemplate{kTemplateFields};
constexpr auto kWorkloadSpecFields = std::to_array<MergeField>(
    {object("template", kTemplate), {"strategy", nullptr, List::kAtomic, {}, true}});
constexpr MergeSchema kWorkloadSpec{kWorkloadSpecFields};
constexpr auto kWorkloadFields = std::to_array<MergeField>(
    {object("metadata", kMetadata), object("spec", kWorkloadSpec), object("status", kConditionsByType)});
constexpr MergeSchema kWorkload{kWorkloadFields};
constexpr auto kJobTemplateFields =
    std::to_array<MergeField>({object("metadata", kMetadata), object("spec", kWorkloadSpec)});
constexpr MergeSchema kJobTemplate{kJobTemplateFields};
constexpr auto kCronJobSpecFields = std::to_array<MergeField>({object("jobTemplate", kJobTemplate)});
constexpr MergeSchema kCronJobSpec{kCronJobSpecFields};
constexpr auto kCronJobFields =
    std::to_array<MergeField>({object("metadata", kMetadata), object("spec", kCronJobSpec)});
constexpr MergeSchema kCronJob{kCronJobFields};

constexpr auto kServiceSpecFields = std::to_array<MergeField>({by_key("ports", "port")});
constexpr MergeSchema kServiceSpec{kServiceSpecFields};
constexpr auto kServiceFields = std::to_array<MergeField>(
    {object("metadata", kMetadata), object("spec", kServiceSpec), object("status", kConditionsByType)});
constexpr MergeSchema kService{kServiceFields};

constexpr auto kServiceAccountFields = std::to_array<MergeField>(
    {object("metadata", kMetadata), by_key("secrets", "name"), by_key("imagePullSecrets", "name")});
constexpr MergeSchema kServiceAccount{kServiceAccountFields};

/// Kinds that have merge keys only in metadata and status.conditions.
constexpr auto kWithConditionsFields =
    std::to_array<MergeField>({object("metadata", kMetadata), object("status", kConditionsByType)});
constexpr MergeSchema kWithConditions{kWithConditionsFields};

constexpr auto kMetadataOnlyFields = std::to_array<MergeField>({object("metadata", kMetadata)});
constexpr MergeSchema kMetadataOnly{kMetadataOnlyFields};

struct KindSchema {
  std::string_view kind;
  const MergeSchema* schema;
};

constexpr auto kKindSchemas = std::to_array<KindSchema>({
    {"Pod", &kPod},
    {"Node", &kNode},
    {"ReplicationController", &kWorkload},
    {"Deployment", &kWorkload},
    {"DaemonSet", &kWorkload},
    {"ReplicaSet", &kWorkload},
    {"StatefulSet", &kWorkload},
    {"Job", &kWorkload},
    {"CronJob", &kCronJob},
    {"Service", &kService},
    {"ServiceAccount", &kServiceAccount},
    {"Namespace", &kWithConditions},
    {"PersistentVolumeClaim", &kWithConditions},
});

}  // namespace

const MergeField* MergeSchema::find(std::string_view name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const MergeField& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

const MergeSchema& merge_schema(std::string_view kind) {
  const auto* found = std::find_if(kKindSchemas.begin(), kKindSchemas.end(),
                                   [&](const KindSchema& row) { return row.kind == kind; });
  return found == kKindSchemas.end() ? kMetadataOnly : *found->schema;
}

}  // namespace edgecore::kube
