// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/openapi_fields.hpp"

#include <algorithm>
#include <array>

#include "metaserver/http/review_groups.hpp"

namespace edgecore::metaserver {
namespace {

using enum FieldType;

constexpr Field kSpec{"spec", kObject, "What is wanted."};
constexpr Field kStatus{"status", kObject, "What was last observed; written by the system."};

constexpr auto kSpecAndStatus = std::to_array<Field>({kSpec, kStatus});
constexpr auto kSpecOnly = std::to_array<Field>({kSpec});

constexpr auto kBinding = std::to_array<Field>({{"target", kObject, "The node to bind to."}});
constexpr auto kComponentStatus =
    std::to_array<Field>({{"conditions", kObjects, "How the component is.", "type"}});
constexpr auto kConfigMap = std::to_array<Field>(
    {{"data", kStrings,
      "The configuration as text by key. Keys consist of letters, digits, '-', '_' and '.'."},
     {"binaryData", kStrings, "The same for values that are no UTF-8, in base64. No key may be in both."},
     {"immutable", kFlag, "If true, data and binaryData cannot be changed any more."}});
constexpr auto kSecret = std::to_array<Field>(
    {{"data", kStrings, "The secret values by key, in base64."},
     {"stringData", kStrings, "Values as plain text, to write with; they become data and are never read."},
     {"type", kText, "What kind of secret it is, for programs."},
     {"immutable", kFlag, "If true, data cannot be changed any more."}});
constexpr auto kServiceAccount = std::to_array<Field>(
    {{"secrets", kObjects, "Secrets that pods of this account may use.", "name"},
     {"imagePullSecrets", kObjects, "References to secrets with which images are pulled."},
     {"automountServiceAccountToken", kFlag, "Whether pods get a token mounted unless they say otherwise."}});
constexpr auto kEndpoints = std::to_array<Field>(
    {{"subsets", kObjects, "Sets of addresses and the ports that each of them offers."}});
constexpr auto kEvent =
    std::to_array<Field>({{"involvedObject", kObject, "The object this event is about."},
                          {"reason", kText, "Why it happened, in a word for programs."},
                          {"message", kText, "What happened, for people."},
                          {"source", kObject, "The component that reports."},
                          {"firstTimestamp", kTime, "When it was first seen."},
                          {"lastTimestamp", kTime, "When it was last seen."},
                          {"count", kInteger, "How often it was seen."},
                          {"type", kText, "Normal or Warning."},
                          {"eventTime", kTime, "When it was first seen, exactly."},
                          {"series", kObject, "Of a repeated event: how often and when last."},
                          {"action", kText, "What was done or failed."},
                          {"related", kObject, "Another object that has part in it."},
                          {"reportingComponent", kText, "The controller that reports."},
                          {"reportingInstance", kText, "Which instance of it."}});
constexpr auto kNewEvent =
    std::to_array<Field>({{"eventTime", kTime, "When it was first seen, exactly."},
                          {"series", kObject, "Of a repeated event: how often and when last."},
                          {"reportingController", kText, "The controller that reports."},
                          {"reportingInstance", kText, "Which instance of it."},
                          {"action", kText, "What was done or failed."},
                          {"reason", kText, "Why it happened, in a word for programs."},
                          {"regarding", kObject, "The object this event is about."},
                          {"related", kObject, "Another object that has part in it."},
                          {"note", kText, "What happened, for people."},
                          {"type", kText, "Normal or Warning."},
                          {"deprecatedSource", kObject, "As in events of v1."},
                          {"deprecatedFirstTimestamp", kTime, "As in events of v1."},
                          {"deprecatedLastTimestamp", kTime, "As in events of v1."},
                          {"deprecatedCount", kInteger, "As in events of v1."}});
constexpr auto kPodTemplate = std::to_array<Field>({{"template", kObject, "The pods to be made from it."}});
constexpr auto kControllerRevision =
    std::to_array<Field>({{"data", kAny, "The state."}, {"revision", kInteger, "The number of the state."}});
constexpr auto kWebhooks = std::to_array<Field>(
    {{"webhooks", kObjects, "The webhooks, and for which operations they are called.", "name"}});
constexpr auto kEndpointSlice =
    std::to_array<Field>({{"addressType", kText, "IPv4, IPv6 or FQDN."},
                          {"endpoints", kObjects, "The endpoints, at most 1000."},
                          {"ports", kObjects, "The ports that each endpoint offers, at most 100."}});
constexpr auto kRuntimeClass =
    std::to_array<Field>({{"handler", kText, "The runtime handler of the node that runs these pods."},
                          {"overhead", kObject, "What a pod costs beside its containers."},
                          {"scheduling", kObject, "Which nodes can run these pods."}});
constexpr auto kRole = std::to_array<Field>({{"rules", kObjects, "What is permitted."}});
constexpr auto kClusterRole = std::to_array<Field>(
    {{"rules", kObjects, "What is permitted."},
     {"aggregationRule", kObject, "Selects the cluster roles whose rules make up this one's."}});
constexpr auto kRoleBinding = std::to_array<Field>(
    {{"subjects", kObjects, "Users, groups and service accounts who are given the role."},
     {"roleRef", kObject, "The role; it cannot be changed."}});
constexpr auto kPriorityClass =
    std::to_array<Field>({{"value", kInteger, "The priority that pods of this class get."},
                          {"globalDefault", kFlag, "Whether pods without a class belong to this one."},
                          {"description", kText, "When to use this class."},
                          {"preemptionPolicy", kText, "PreemptLowerPriority or Never."}});
constexpr auto kStorageClass = std::to_array<Field>(
    {{"provisioner", kText, "Who makes the volumes."},
     {"parameters", kStrings, "What the provisioner is told."},
     {"reclaimPolicy", kText, "Delete or Retain: what becomes of a volume without its claim."},
     {"mountOptions", kTexts, "Mount options of the volumes."},
     {"allowVolumeExpansion", kFlag, "Whether volumes can grow."},
     {"volumeBindingMode", kText, "Immediate or WaitForFirstConsumer."},
     {"allowedTopologies", kObjects, "Where volumes can be made."}});
constexpr auto kStorageCapacity =
    std::to_array<Field>({{"nodeTopology", kObject, "The nodes it is about."},
                          {"storageClassName", kText, "The storage class it is about."},
                          {"capacity", kText, "How much there is."},
                          {"maximumVolumeSize", kText, "The largest volume that can be made."}});

constexpr std::string_view kCore = "", kAdmission = "admissionregistration.k8s.io", kApps = "apps",
                           kCertificates = "certificates.k8s.io", kFlow = "flowcontrol.apiserver.k8s.io",
                           kNetworking = "networking.k8s.io", kRbac = "rbac.authorization.k8s.io",
                           kStorage = "storage.k8s.io";

constexpr auto kKnownKinds = std::to_array<KindFields>({
    {kCore, "Binding", "Binds an object to another, such as a pod to a node.", kBinding},
    {kCore, "ComponentStatus", "Says how a component of the control plane is.", kComponentStatus},
    {kCore, "ConfigMap", "Holds configuration for pods to use.", kConfigMap},
    {kCore, "Endpoints", "The addresses at which a service is found.", kEndpoints},
    {kCore, "Event", "Reports something that happened to an object.", kEvent},
    {kCore, "LimitRange", "Limits and defaults of what pods of a namespace may use.", kSpecOnly},
    {kCore, "Namespace", "Gives a scope to names.", kSpecAndStatus},
    {kCore, "Node", "A machine on which pods run.", kSpecAndStatus},
    {kCore, "PersistentVolume", "Storage that the cluster has.", kSpecAndStatus},
    {kCore, "PersistentVolumeClaim", "A user's request for a persistent volume.", kSpecAndStatus},
    {kCore, "Pod", "A collection of containers that run together on a node.", kSpecAndStatus},
    {kCore, "PodTemplate", "What pods are made from.", kPodTemplate},
    {kCore, "ReplicationController", "Keeps a number of equal pods running.", kSpecAndStatus},
    {kCore, "ResourceQuota", "What a namespace may use in all.", kSpecAndStatus},
    {kCore, "Secret", "Holds secret data, such as passwords and keys.", kSecret},
    {kCore, "Service", "A name and address for a set of pods.", kSpecAndStatus},
    {kCore, "ServiceAccount", "An identity for the processes in pods.", kServiceAccount},
    {kAdmission, "MutatingWebhookConfiguration", "Webhooks that may change objects.", kWebhooks},
    {kAdmission, "ValidatingWebhookConfiguration", "Webhooks that may refuse objects.", kWebhooks},
    {"apiextensions.k8s.io", "CustomResourceDefinition", "Adds a resource to the API.", kSpecAndStatus},
    {"apiregistration.k8s.io", "APIService", "The server of a group and version of the API.", kSpecAndStatus},
    {kApps, "ControllerRevision", "A former state of a controller's pods.", kControllerRevision},
    {kApps, "DaemonSet", "Keeps a pod running on each of a set of nodes.", kSpecAndStatus},
    {kApps, "Deployment", "Keeps pods running and replaces them step by step.", kSpecAndStatus},
    {kApps, "ReplicaSet", "Keeps a number of equal pods running.", kSpecAndStatus},
    {kApps, "StatefulSet", "Keeps pods with identities of their own running.", kSpecAndStatus},
    {kAuthenticationGroup, "TokenReview", "Asks whom a token belongs to.", kSpecAndStatus},
    {kAuthorizationGroup, "SelfSubjectAccessReview", "Asks whether one may do something.", kSpecAndStatus},
    {kAuthorizationGroup, "SelfSubjectRulesReview", "Asks what one may do in a namespace.", kSpecAndStatus},
    {"autoscaling", "HorizontalPodAutoscaler", "Sets the number of pods by metrics.", kSpecAndStatus},
    {"batch", "CronJob", "Runs jobs at set times.", kSpecAndStatus},
    {"batch", "Job", "Runs pods until they succeed.", kSpecAndStatus},
    {kCertificates, "CertificateSigningRequest", "Asks for a certificate.", kSpecAndStatus},
    {"coordination.k8s.io", "Lease", "Says who holds something, and for how long.", kSpecOnly},
    {"discovery.k8s.io", "EndpointSlice", "Part of the addresses at which a service is found.",
     kEndpointSlice},
    {"events.k8s.io", "Event", "Reports something that happened to an object.", kNewEvent},
    {kFlow, "FlowSchema", "Which requests belong to a priority level.", kSpecAndStatus},
    {kFlow, "PriorityLevelConfiguration", "How requests of a priority level are served.", kSpecAndStatus},
    {kNetworking, "Ingress", "Rules by which requests from outside reach services.", kSpecAndStatus},
    {kNetworking, "IngressClass", "Who serves a class of ingresses.", kSpecOnly},
    // Up to 1.27 with a status, which manifests from there may still have.
    {kNetworking, "NetworkPolicy", "Which traffic a set of pods may have.", kSpecAndStatus},
    {"node.k8s.io", "RuntimeClass", "A way to run containers.", kRuntimeClass},
    {"policy", "PodDisruptionBudget", "How many pods may be taken away at a time.", kSpecAndStatus},
    {kRbac, "ClusterRole", "A set of permissions for the whole cluster.", kClusterRole},
    {kRbac, "ClusterRoleBinding", "Gives a cluster role to subjects.", kRoleBinding},
    {kRbac, "Role", "A set of permissions in a namespace.", kRole},
    {kRbac, "RoleBinding", "Gives a role to subjects, in a namespace.", kRoleBinding},
    {"scheduling.k8s.io", "PriorityClass", "A name for a priority of pods.", kPriorityClass},
    {kStorage, "CSIDriver", "What a CSI volume driver can do.", kSpecOnly},
    {kStorage, "CSINode", "The CSI drivers of a node.", kSpecOnly},
    {kStorage, "CSIStorageCapacity", "How much storage there is for a class and place.", kStorageCapacity},
    {kStorage, "StorageClass", "A class of storage from which volumes are made.", kStorageClass},
    {kStorage, "VolumeAttachment", "Attaches a volume to a node.", kSpecAndStatus},
    {"devices.kubeedge.io", "Device", "A device at the edge and its twin.", kSpecAndStatus},
    {"devices.kubeedge.io", "DeviceModel", "What devices of a model have in common.", kSpecOnly},
    {"rules.kubeedge.io", "Rule", "Where messages of a source are sent.", kSpecAndStatus},
    {"rules.kubeedge.io", "RuleEndpoint", "A source or target of messages.", kSpecOnly},
    {"operations.kubeedge.io", "NodeUpgradeJob", "Upgrades edge nodes.", kSpecAndStatus},
    {"operations.kubeedge.io", "ImagePrePullJob", "Pulls images to edge nodes in advance.", kSpecAndStatus},
    {"reliablesyncs.kubeedge.io", "ObjectSync", "What a node has of an object.", kSpecAndStatus},
    {"reliablesyncs.kubeedge.io", "ClusterObjectSync", "What a node has of a cluster's object.",
     kSpecAndStatus},
    {"policy.kubeedge.io", "ServiceAccountAccess", "What a service account at the edge may do.",
     kSpecAndStatus},
    {"apps.kubeedge.io", "NodeGroup", "A group of edge nodes.", kSpecAndStatus},
    {"apps.kubeedge.io", "EdgeApplication", "An application for groups of edge nodes.", kSpecAndStatus},
});

constexpr auto kMetadata = std::to_array<Field>(
    {{"annotations", kStrings, "Notes of programs and people, by key."},
     {"creationTimestamp", kTime, "When the object was created; set by the server."},
     {"deletionGracePeriodSeconds", kInteger, "Seconds from the deletion to the end; set by the server."},
     {"deletionTimestamp", kTime, "When the object will be gone; set by the server on a deletion."},
     {"finalizers", kTexts, "What must be done before the object goes.", "*"},
     {"generateName", kText, "Beginning of a name that the server completes when there is no name."},
     {"generation", kInteger, "Counts changes of what is wanted; set by the server."},
     {"labels", kStrings, "Names and values by which objects are selected."},
     {"managedFields", kObjects, "Who set which fields; set by the server."},
     {"name", kText, "Name of the object, unique in its namespace; it cannot be changed."},
     {"namespace", kText, "The namespace of the object; it cannot be changed."},
     {"ownerReferences", kObjects, "The objects without which this one goes too.", "uid"},
     {"resourceVersion", kText, "The version of the object, to compare for equality; set by the server."},
     {"selfLink", kText, "No longer in use."},
     {"uid", kText, "Unique in time and space; set by the server."}});

}  // namespace

const KindFields* known_fields(const kube::ApiResource& resource) {
  const auto* found = std::find_if(kKnownKinds.begin(), kKnownKinds.end(), [&](const KindFields& row) {
    return row.kind == resource.kind && row.group == resource.group;
  });
  return found == kKnownKinds.end() ? nullptr : found;
}

std::span<const Field> metadata_fields() {
  return kMetadata;
}

}  // namespace edgecore::metaserver
