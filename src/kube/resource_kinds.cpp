// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/resource_kinds.hpp"

#include <algorithm>
#include <array>

#include "edgecore/base/ascii.hpp"

namespace edgecore::kube {
namespace {

constexpr std::string_view kAdmission = "admissionregistration.k8s.io";
constexpr std::string_view kAuthentication = "authentication.k8s.io";
constexpr std::string_view kAuthorization = "authorization.k8s.io";
constexpr std::string_view kCertificates = "certificates.k8s.io";
constexpr std::string_view kFlowControl = "flowcontrol.apiserver.k8s.io";
constexpr std::string_view kNetworking = "networking.k8s.io";
constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kResource = "resource.k8s.io";
constexpr std::string_view kStorage = "storage.k8s.io";
constexpr std::string_view kDevices = "devices.kubeedge.io";
constexpr std::string_view kRules = "rules.kubeedge.io";
constexpr std::string_view kOperations = "operations.kubeedge.io";
constexpr std::string_view kSyncs = "reliablesyncs.kubeedge.io";

constexpr bool kNamespaced = true;
constexpr bool kCluster = false;

// clang-format off
constexpr auto kKinds = std::to_array<ResourceKind>({
    {"Binding", "bindings", "binding", "", "v1", kNamespaced, ""},
    {"ComponentStatus", "componentstatuses", "componentstatus", "", "v1", kCluster, "cs"},
    {"ConfigMap", "configmaps", "configmap", "", "v1", kNamespaced, "cm"},
    {"Endpoints", "endpoints", "endpoints", "", "v1", kNamespaced, "ep"},
    {"Event", "events", "event", "", "v1", kNamespaced, "ev"},
    {"LimitRange", "limitranges", "limitrange", "", "v1", kNamespaced, "limits"},
    {"Namespace", "namespaces", "namespace", "", "v1", kCluster, "ns"},
    {"Node", "nodes", "node", "", "v1", kCluster, "no"},
    {"PersistentVolume", "persistentvolumes", "persistentvolume", "", "v1", kCluster, "pv"},
    {"PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim", "", "v1", kNamespaced, "pvc"},
    {"Pod", "pods", "pod", "", "v1", kNamespaced, "po"},
    {"PodTemplate", "podtemplates", "podtemplate", "", "v1", kNamespaced, ""},
    {"ReplicationController", "replicationcontrollers", "replicationcontroller", "", "v1", kNamespaced, "rc"},
    {"ResourceQuota", "resourcequotas", "resourcequota", "", "v1", kNamespaced, "quota"},
    {"Secret", "secrets", "secret", "", "v1", kNamespaced, ""},
    {"Service", "services", "service", "", "v1", kNamespaced, "svc"},
    {"ServiceAccount", "serviceaccounts", "serviceaccount", "", "v1", kNamespaced, "sa"},
    {"MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "mutatingwebhookconfiguration", kAdmission, "v1", kCluster, ""},
    {"ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "validatingwebhookconfiguration", kAdmission, "v1", kCluster, ""},
    {"ValidatingAdmissionPolicy", "validatingadmissionpolicies", "validatingadmissionpolicy", kAdmission, "v1beta1", kCluster, ""},
    {"ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "validatingadmissionpolicybinding", kAdmission, "v1beta1", kCluster, ""},
    {"CustomResourceDefinition", "customresourcedefinitions", "customresourcedefinition", "apiextensions.k8s.io", "v1", kCluster, "crd,crds"},
    {"APIService", "apiservices", "apiservice", "apiregistration.k8s.io", "v1", kCluster, ""},
    {"ControllerRevision", "controllerrevisions", "controllerrevision", "apps", "v1", kNamespaced, ""},
    {"DaemonSet", "daemonsets", "daemonset", "apps", "v1", kNamespaced, "ds"},
    {"Deployment", "deployments", "deployment", "apps", "v1", kNamespaced, "deploy"},
    {"ReplicaSet", "replicasets", "replicaset", "apps", "v1", kNamespaced, "rs"},
    {"StatefulSet", "statefulsets", "statefulset", "apps", "v1", kNamespaced, "sts"},
    {"SelfSubjectReview", "selfsubjectreviews", "selfsubjectreview", kAuthentication, "v1", kCluster, ""},
    {"TokenReview", "tokenreviews", "tokenreview", kAuthentication, "v1", kCluster, ""},
    {"LocalSubjectAccessReview", "localsubjectaccessreviews", "localsubjectaccessreview", kAuthorization, "v1", kNamespaced, ""},
    {"SelfSubjectAccessReview", "selfsubjectaccessreviews", "selfsubjectaccessreview", kAuthorization, "v1", kCluster, ""},
    {"SelfSubjectRulesReview", "selfsubjectrulesreviews", "selfsubjectrulesreview", kAuthorization, "v1", kCluster, ""},
    {"SubjectAccessReview", "subjectaccessreviews", "subjectaccessreview", kAuthorization, "v1", kCluster, ""},
    {"HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler", "autoscaling", "v2", kNamespaced, "hpa"},
    {"HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler", "autoscaling", "v1", kNamespaced, "hpa"},
    {"CronJob", "cronjobs", "cronjob", "batch", "v1", kNamespaced, "cj"},
    {"Job", "jobs", "job", "batch", "v1", kNamespaced, ""},
    {"CertificateSigningRequest", "certificatesigningrequests", "certificatesigningrequest", kCertificates, "v1", kCluster, "csr"},
    {"ClusterTrustBundle", "clustertrustbundles", "clustertrustbundle", kCertificates, "v1alpha1", kCluster, ""},
    {"Lease", "leases", "lease", "coordination.k8s.io", "v1", kNamespaced, ""},
    {"EndpointSlice", "endpointslices", "endpointslice", "discovery.k8s.io", "v1", kNamespaced, ""},
    {"Event", "events", "event", "events.k8s.io", "v1", kNamespaced, "ev"},
    {"FlowSchema", "flowschemas", "flowschema", kFlowControl, "v1beta3", kCluster, ""},
    {"FlowSchema", "flowschemas", "flowschema", kFlowControl, "v1beta2", kCluster, ""},
    {"PriorityLevelConfiguration", "prioritylevelconfigurations", "prioritylevelconfiguration", kFlowControl, "v1beta3", kCluster, ""},
    {"PriorityLevelConfiguration", "prioritylevelconfigurations", "prioritylevelconfiguration", kFlowControl, "v1beta2", kCluster, ""},
    {"StorageVersion", "storageversions", "storageversion", "internal.apiserver.k8s.io", "v1alpha1", kCluster, ""},
    {"Ingress", "ingresses", "ingress", kNetworking, "v1", kNamespaced, "ing"},
    {"IngressClass", "ingressclasses", "ingressclass", kNetworking, "v1", kCluster, ""},
    {"NetworkPolicy", "networkpolicies", "networkpolicy", kNetworking, "v1", kNamespaced, "netpol"},
    {"ClusterCIDR", "clustercidrs", "clustercidr", kNetworking, "v1alpha1", kCluster, "cc"},
    {"IPAddress", "ipaddresses", "ipaddress", kNetworking, "v1alpha1", kCluster, "ip"},
    {"RuntimeClass", "runtimeclasses", "runtimeclass", "node.k8s.io", "v1", kCluster, ""},
    {"PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", "policy", "v1", kNamespaced, "pdb"},
    {"ClusterRole", "clusterroles", "clusterrole", kRbac, "v1", kCluster, ""},
    {"ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding", kRbac, "v1", kCluster, ""},
    {"Role", "roles", "role", kRbac, "v1", kNamespaced, ""},
    {"RoleBinding", "rolebindings", "rolebinding", kRbac, "v1", kNamespaced, ""},
    {"PodSchedulingContext", "podschedulingcontexts", "podschedulingcontext", kResource, "v1alpha2", kNamespaced, ""},
    {"ResourceClaim", "resourceclaims", "resourceclaim", kResource, "v1alpha2", kNamespaced, ""},
    {"ResourceClaimTemplate", "resourceclaimtemplates", "resourceclaimtemplate", kResource, "v1alpha2", kNamespaced, ""},
    {"ResourceClass", "resourceclasses", "resourceclass", kResource, "v1alpha2", kCluster, ""},
    {"PriorityClass", "priorityclasses", "priorityclass", "scheduling.k8s.io", "v1", kCluster, "pc"},
    {"CSIDriver", "csidrivers", "csidriver", kStorage, "v1", kCluster, ""},
    {"CSINode", "csinodes", "csinode", kStorage, "v1", kCluster, ""},
    {"CSIStorageCapacity", "csistoragecapacities", "csistoragecapacity", kStorage, "v1", kNamespaced, ""},
    {"StorageClass", "storageclasses", "storageclass", kStorage, "v1", kCluster, "sc"},
    {"VolumeAttachment", "volumeattachments", "volumeattachment", kStorage, "v1", kCluster, ""},
    {"Device", "devices", "device", kDevices, "v1beta1", kNamespaced, ""},
    {"DeviceModel", "devicemodels", "devicemodel", kDevices, "v1beta1", kNamespaced, ""},
    {"Rule", "rules", "rule", kRules, "v1", kNamespaced, ""},
    {"RuleEndpoint", "ruleendpoints", "ruleendpoint", kRules, "v1", kNamespaced, "re"},
    {"NodeUpgradeJob", "nodeupgradejobs", "nodeupgradejob", kOperations, "v1alpha1", kCluster, ""},
    {"ImagePrePullJob", "imageprepulljobs", "imageprepulljob", kOperations, "v1alpha1", kCluster, ""},
    {"ObjectSync", "objectsyncs", "objectsync", kSyncs, "v1alpha1", kNamespaced, ""},
    {"ClusterObjectSync", "clusterobjectsyncs", "clusterobjectsync", kSyncs, "v1alpha1", kCluster, ""},
    {"ServiceAccountAccess", "serviceaccountaccesses", "serviceaccountaccess", "policy.kubeedge.io", "v1alpha1", kNamespaced, "saaccess"},
    {"NodeGroup", "nodegroups", "nodegroup", "apps.kubeedge.io", "v1alpha1", kCluster, "ng"},
    {"EdgeApplication", "edgeapplications", "edgeapplication", "apps.kubeedge.io", "v1alpha1", kNamespaced, "eapp"},
});
// clang-format on

template <typename Member>
const ResourceKind* find_by(Member member, std::string_view wanted, std::optional<std::string_view> group) {
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(), [&](const ResourceKind& row) {
    return row.*member == wanted && (!group || row.group == *group);
  });
  return found == kKinds.end() ? nullptr : found;
}

std::string english_plural(std::string word) {
  const auto ends = [&](std::string_view with) { return word.ends_with(with); };
  if (word.empty()) return word;
  if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh")) return word + "es";
  const bool consonant_before_y =
      ends("y") && word.size() > 1 &&
      std::string_view("aeiou").find(word[word.size() - 2]) == std::string_view::npos;
  if (consonant_before_y) {
    word.pop_back();
    return word + "ies";
  }
  return word + "s";
}

std::string or_null(const std::string& text) {
  return text.empty() ? "null" : text;
}
std::string_view unless_null(std::string_view text) {
  return text == "null" ? std::string_view() : text;
}

}  // namespace

std::string ResourceKind::api_version() const {
  return format_api_version(group, version);
}

std::span<const ResourceKind> builtin_kinds() {
  return kKinds;
}

const ResourceKind* find_kind(std::string_view kind, std::optional<std::string_view> group) {
  return find_by(&ResourceKind::kind, kind, group);
}

const ResourceKind* find_type(std::string_view type) {
  return find_by(&ResourceKind::singular, type, std::nullopt);
}

std::string plural_of(std::string_view kind) {
  if (const ResourceKind* known = find_kind(kind)) return std::string(known->plural);
  if (kind == "PodStatus") return "podstatus";
  if (kind == "NodeStatus") return "nodestatus";
  return english_plural(lower_case(kind));
}

std::optional<GroupVersion> parse_api_version(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) {
    if (text.empty()) return std::nullopt;
    return GroupVersion{"", std::string(text)};
  }
  const std::string_view group = text.substr(0, slash);
  const std::string_view version = text.substr(slash + 1);
  if (group.empty() || version.empty() || version.find('/') != version.npos) return std::nullopt;
  return GroupVersion{std::string(group), std::string(version)};
}

std::string format_api_version(std::string_view group, std::string_view version) {
  if (group.empty()) return std::string(version);
  return std::string(group).append("/").append(version);
}

std::string MetaKey::text() const {
  const std::string shown_group = group.empty() ? "core" : group;
  return "/" + shown_group + "/" + version + "/" + plural + "/" + or_null(name_space) + "/" + or_null(name);
}

std::optional<MetaKey> MetaKey::parse(std::string_view key) {
  std::array<std::string_view, 5> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!key.starts_with('/')) return std::nullopt;
    key.remove_prefix(1);
    const auto end = std::min(key.find('/'), key.size());
    if (end == 0) return std::nullopt;
    parts[i] = key.substr(0, end);
    key.remove_prefix(end);
  }
  if (!key.empty()) return std::nullopt;
  return MetaKey{std::string(parts[0] == "core" ? std::string_view() : parts[0]), std::string(parts[1]),
                 std::string(parts[2]), std::string(unless_null(parts[3])),
                 std::string(unless_null(parts[4]))};
}

}  // namespace edgecore::kube
