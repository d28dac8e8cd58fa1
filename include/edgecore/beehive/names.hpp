// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Every word used on the wire or on the bus (protocol/01-tunnel.md §1.6, §5.1), as string constants to
/// compare with received texts.
namespace edgecore::names {

namespace module {
inline constexpr char kTwin[] = "twin";
inline constexpr char kEdged[] = "edged";
inline constexpr char kEdgeHub[] = "websocket";
inline constexpr char kEventBus[] = "eventbus";
inline constexpr char kMetaManager[] = "metamanager";
inline constexpr char kServiceBus[] = "servicebus";
inline constexpr char kMetaServer[] = "metaserver";
}  // namespace module

namespace group {
// Beehive groups modules belong to.
inline constexpr char kTwin[] = "twin";
inline constexpr char kMeta[] = "meta";
inline constexpr char kEdged[] = "edged";
inline constexpr char kHub[] = "hub";
inline constexpr char kBus[] = "bus";
// Routing groups on the tunnel.
inline constexpr char kResource[] = "resource";
inline constexpr char kFunc[] = "func";
inline constexpr char kUser[] = "user";
inline constexpr char kTaskManager[] = "taskmanager";
inline constexpr char kDynamicController[] = "dynamiccontroller";
}  // namespace group

namespace source {
inline constexpr char kEdgeController[] = "edgecontroller";
inline constexpr char kDeviceController[] = "devicecontroller";
inline constexpr char kDynamicController[] = "dynamiccontroller";
inline constexpr char kPolicyController[] = "policycontroller";
inline constexpr char kSyncController[] = "synccontroller";
inline constexpr char kCloudHub[] = "cloudhub";
inline constexpr char kCloudStream[] = "cloudStream";
inline constexpr char kTaskManager[] = "taskmanager";
inline constexpr char kRouterEventBus[] = "router_eventbus";
inline constexpr char kRouterServiceBus[] = "router_servicebus";
inline constexpr char kEdgeHub[] = "edgehub";  ///< source of connection notices
inline constexpr char kBus[] = "bus";          ///< messages from MQTT
inline constexpr char kMetaServer[] = "metaserver";
inline constexpr char kMeta[] = "meta";
}  // namespace source

namespace operation {
inline constexpr char kInsert[] = "insert";
inline constexpr char kDelete[] = "delete";
inline constexpr char kQuery[] = "query";
inline constexpr char kUpdate[] = "update";
inline constexpr char kPatch[] = "patch";
inline constexpr char kUpload[] = "upload";
inline constexpr char kResponse[] = "response";
inline constexpr char kError[] = "error";
inline constexpr char kKeepalive[] = "keepalive";
inline constexpr char kConnect[] = "connect";
inline constexpr char kPublish[] = "publish";
inline constexpr char kSubscribe[] = "subscribe";
inline constexpr char kUnsubscribe[] = "unsubscribe";
inline constexpr char kStart[] = "start";
inline constexpr char kStop[] = "stop";
inline constexpr char kUpgrade[] = "upgrade";
inline constexpr char kPrepull[] = "prepull";
inline constexpr char kUpdateNodeActionStatus[] =
    "UpdateNodeActionStatus";                  ///< report of a v1alpha2 node job
inline constexpr char kRestart[] = "restart";  ///< restarts a pod's containers, from metaserver to edged
inline constexpr char kApplicationResponse[] = "applicationResponse";
inline constexpr char kCreateVolume[] = "createvolume";
inline constexpr char kDeleteVolume[] = "deletevolume";
inline constexpr char kControllerPublishVolume[] = "controllerpublishvolume";
inline constexpr char kControllerUnpublishVolume[] = "controllerunpublishvolume";
}  // namespace operation

namespace resource {
inline constexpr char kPod[] = "pod";
inline constexpr char kPodStatus[] = "podstatus";
inline constexpr char kPodPatch[] = "podpatch";
inline constexpr char kNode[] = "node";
inline constexpr char kNodeStatus[] = "nodestatus";
inline constexpr char kNodePatch[] = "nodepatch";
inline constexpr char kConfigMap[] = "configmap";
inline constexpr char kSecret[] = "secret";
inline constexpr char kServiceAccountToken[] = "serviceaccounttoken";
inline constexpr char kServiceAccountAccess[] = "serviceaccountaccess";
inline constexpr char kServiceAccount[] = "serviceaccount";
inline constexpr char kLease[] = "lease";
inline constexpr char kCertificateSigningRequest[] = "certificatesigningrequest";
inline constexpr char kPersistentVolume[] = "persistentvolume";
inline constexpr char kPersistentVolumeClaim[] = "persistentvolumeclaim";
inline constexpr char kVolumeAttachment[] = "volumeattachment";
inline constexpr char kVolume[] = "volume";
inline constexpr char kDevice[] = "device";
inline constexpr char kDeviceModel[] = "devicemodel";
inline constexpr char kCustomResourceDefinition[] = "customresourcedefinition";
inline constexpr char kKubernetesCa[] = "k8s/ca.crt";         ///< the whole resource
inline constexpr char kNodeConnection[] = "node/connection";  ///< connection notices on the bus
}  // namespace resource

namespace content {
inline constexpr char kOk[] = "OK";
inline constexpr char kCloudConnected[] = "cloud_connected";
inline constexpr char kCloudDisconnected[] = "cloud_disconnected";
}  // namespace content

}  // namespace edgecore::names
