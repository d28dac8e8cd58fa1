// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "edgecore/config/model.hpp"

// The one table of keys: `fields(object, visitor)` calls `visitor(key, member, print, effect)` for every key
// of the object; reading, printing, the warnings about keys without effect and the tests of the documentation
// use it. `print` is `always`, or `nonzero` for a key that is omitted while its value and its default are
// zero (empty, false). That is the Go agent's rule, except that a zero that differs from the default is
// printed. Keys whose default depends on the machine are always printed.

namespace edgecore::config {

enum class Print { kAlways, kNonzero };

/// What a key does in this version. A key that does not work is warned about when it differs from its default
/// (effects.hpp), and its row in docs/configuration.md says so. Of an object only its keys are warned about.
enum class Effect {
  kWorks,
  kNotYet,        ///< a later version may have it
  kOnlyOff,       ///< not yet; off (false, 0) is what holds anyway
  kNever,         ///< accepted for files of the Go agent only
  kBehindEnable,  ///< of a part that does not run yet: its `enable` is warned about
};

template <class Object, class Type>
concept Is = std::is_same_v<std::remove_const_t<Object>, Type>;

struct AnyKey {
  template <class Member>
  void operator()(const char*, Member&, Print, Effect) const {}
};
/// An object of the file that has keys of its own.
template <class Type>
concept Section = requires(Type& object) { fields(object, AnyKey()); };

template <Is<EdgeCoreConfig> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("apiVersion", o.api_version, Print::kNonzero, Effect::kNever);
  v("kind", o.kind, Print::kNonzero, Effect::kNever);
  v("database", o.database, Print::kAlways, Effect::kWorks);
  v("modules", o.modules, Print::kAlways, Effect::kWorks);
  v("featureGates", o.feature_gates, Print::kNonzero, Effect::kWorks);
}

template <Is<Database> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("driverName", o.driver_name, Print::kNonzero, Effect::kNever);
  v("aliasName", o.alias_name, Print::kNonzero, Effect::kNever);
  v("dataSource", o.data_source, Print::kNonzero, Effect::kWorks);
}

template <Is<Modules> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("edged", o.edged, Print::kAlways, Effect::kWorks);
  v("edgeHub", o.edge_hub, Print::kAlways, Effect::kWorks);
  v("eventBus", o.event_bus, Print::kAlways, Effect::kWorks);
  v("metaManager", o.meta_manager, Print::kAlways, Effect::kWorks);
  v("serviceBus", o.service_bus, Print::kAlways, Effect::kWorks);
  v("deviceTwin", o.device_twin, Print::kAlways, Effect::kWorks);
  v("dbTest", o.db_test, Print::kAlways, Effect::kNever);
  v("edgeStream", o.edge_stream, Print::kAlways, Effect::kNotYet);
}

template <Is<HubTransport> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kWorks);
  v("handshakeTimeout", o.handshake_timeout, Print::kNonzero, Effect::kWorks);
  v("readDeadline", o.read_deadline, Print::kNonzero, Effect::kNotYet);
  v("server", o.server, Print::kAlways, Effect::kWorks);
  v("writeDeadline", o.write_deadline, Print::kNonzero, Effect::kWorks);
}

template <Is<EdgeHub> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kWorks);
  v("heartbeat", o.heartbeat, Print::kNonzero, Effect::kWorks);
  v("messageQPS", o.message_qps, Print::kNonzero, Effect::kWorks);
  v("messageBurst", o.message_burst, Print::kNonzero, Effect::kWorks);
  v("projectID", o.project_id, Print::kNonzero, Effect::kWorks);
  v("tlsCaFile", o.tls_ca_file, Print::kNonzero, Effect::kWorks);
  v("tlsCertFile", o.tls_cert_file, Print::kNonzero, Effect::kWorks);
  v("tlsPrivateKeyFile", o.tls_private_key_file, Print::kNonzero, Effect::kWorks);
  v("quic", o.quic, Print::kAlways, Effect::kWorks);
  v("websocket", o.websocket, Print::kAlways, Effect::kWorks);
  v("token", o.token, Print::kAlways, Effect::kWorks);
  v("httpServer", o.http_server, Print::kAlways, Effect::kWorks);
  v("rotateCertificates", o.rotate_certificates, Print::kNonzero, Effect::kWorks);
}

template <Is<Taint> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("key", o.key, Print::kAlways, Effect::kWorks);
  v("value", o.value, Print::kNonzero, Effect::kWorks);
  v("effect", o.effect, Print::kAlways, Effect::kWorks);
  v("timeAdded", o.time_added, Print::kNonzero, Effect::kWorks);
}

template <Is<Edged> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kWorks);
  v("tailoredKubeletConfig", o.kubelet, Print::kAlways, Effect::kWorks);
  v("hostnameOverride", o.hostname_override, Print::kAlways, Effect::kWorks);
  v("nodeIP", o.node_ip, Print::kNonzero, Effect::kWorks);
  v("containerRuntime", o.container_runtime, Print::kNonzero, Effect::kNever);
  v("runtimeCgroups", o.runtime_cgroups, Print::kNonzero, Effect::kNotYet);
  v("podSandboxImage", o.pod_sandbox_image, Print::kNonzero, Effect::kWorks);
  v("rootDirectory", o.root_directory, Print::kNonzero, Effect::kWorks);
  v("registerNode", o.register_node, Print::kNonzero, Effect::kWorks);
  v("registerWithTaints", o.register_with_taints, Print::kNonzero, Effect::kNever);
  v("windowsService", o.windows_service, Print::kNonzero, Effect::kNever);
  v("windowsPriorityClass", o.windows_priority_class, Print::kNonzero, Effect::kNever);
  v("remoteRuntimeEndpoint", o.remote_runtime_endpoint, Print::kNonzero, Effect::kWorks);
  v("remoteImageEndpoint", o.remote_image_endpoint, Print::kNonzero, Effect::kWorks);
  v("experimentalMounterPath", o.experimental_mounter_path, Print::kNonzero, Effect::kNever);
  v("experimentalNodeAllocatableIgnoreEvictionThreshold", o.node_allocatable_ignores_eviction_threshold,
    Print::kNonzero, Effect::kWorks);
  v("nodeLabels", o.node_labels, Print::kNonzero, Effect::kWorks);
  v("minimumGCAge", o.minimum_gc_age, Print::kAlways, Effect::kWorks);
  v("maxPerPodContainerCount", o.max_per_pod_container_count, Print::kNonzero, Effect::kWorks);
  v("maxContainerCount", o.max_container_count, Print::kNonzero, Effect::kWorks);
  v("masterServiceNamespace", o.master_service_namespace, Print::kNonzero, Effect::kNever);
  v("registerSchedulable", o.register_schedulable, Print::kNonzero, Effect::kWorks);
  v("keepTerminatedPodVolumes", o.keep_terminated_pod_volumes, Print::kNonzero, Effect::kWorks);
  v("seccompDefault", o.seccomp_default, Print::kNonzero, Effect::kWorks);
  v("customInterfaceName", o.custom_interface_name, Print::kNonzero, Effect::kWorks);
  v("registerNodeNamespace", o.register_node_namespace, Print::kNonzero, Effect::kWorks);
}

template <Is<EventBusTls> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kWorks);
  v("tlsMqttCAFile", o.ca_file, Print::kNonzero, Effect::kWorks);
  v("tlsMqttCertFile", o.cert_file, Print::kNonzero, Effect::kWorks);
  v("tlsMqttPrivateKeyFile", o.private_key_file, Print::kNonzero, Effect::kWorks);
}

template <Is<EventBus> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kWorks);
  v("mqttQOS", o.qos, Print::kAlways, Effect::kWorks);
  v("mqttRetain", o.retain, Print::kAlways, Effect::kWorks);
  v("mqttSessionQueueSize", o.session_queue_size, Print::kNonzero, Effect::kWorks);
  v("mqttServerInternal", o.server_internal, Print::kNonzero, Effect::kWorks);
  v("mqttServerExternal", o.server_external, Print::kNonzero, Effect::kWorks);
  v("mqttSubClientID", o.sub_client_id, Print::kAlways, Effect::kWorks);
  v("mqttPubClientID", o.pub_client_id, Print::kAlways, Effect::kWorks);
  v("mqttUsername", o.username, Print::kAlways, Effect::kWorks);
  v("mqttPassword", o.password, Print::kAlways, Effect::kWorks);
  v("mqttMode", o.mode, Print::kAlways, Effect::kWorks);
  v("eventBusTLS", o.tls, Print::kAlways, Effect::kWorks);
}

template <Is<MetaServer> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kWorks);
  v("server", o.server, Print::kAlways, Effect::kWorks);
  v("tlsCaFile", o.tls_ca_file, Print::kAlways, Effect::kNever);
  v("tlsCertFile", o.tls_cert_file, Print::kAlways, Effect::kWorks);
  v("tlsPrivateKeyFile", o.tls_private_key_file, Print::kAlways, Effect::kWorks);
  v("serviceAccountIssuers", o.service_account_issuers, Print::kAlways, Effect::kWorks);
  v("apiAudiences", o.api_audiences, Print::kAlways, Effect::kWorks);
  v("serviceAccountKeyFiles", o.service_account_key_files, Print::kAlways, Effect::kWorks);
  v("dummyServer", o.dummy_server, Print::kAlways, Effect::kWorks);
}

template <Is<MetaManager> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kWorks);
  v("contextSendGroup", o.context_send_group, Print::kNonzero, Effect::kNever);
  v("contextSendModule", o.context_send_module, Print::kNonzero, Effect::kNever);
  v("remoteQueryTimeout", o.remote_query_timeout, Print::kNonzero, Effect::kWorks);
  v("metaServer", o.meta_server, Print::kAlways, Effect::kWorks);
}

template <Is<ServiceBus> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kWorks);
  v("server", o.server, Print::kAlways, Effect::kWorks);
  v("port", o.port, Print::kAlways, Effect::kWorks);
  v("timeout", o.timeout, Print::kAlways, Effect::kWorks);
}

template <Is<DeviceTwin> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kWorks);
  v("dmiSockPath", o.dmi_sock_path, Print::kNonzero, Effect::kWorks);
}

template <Is<DbTest> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kNever);
}

template <Is<EdgeStream> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways, Effect::kNotYet);
  v("tlsTunnelCAFile", o.tls_ca_file, Print::kNonzero, Effect::kBehindEnable);
  v("tlsTunnelCertFile", o.tls_cert_file, Print::kNonzero, Effect::kBehindEnable);
  v("tlsTunnelPrivateKeyFile", o.tls_private_key_file, Print::kNonzero, Effect::kBehindEnable);
  v("handshakeTimeout", o.handshake_timeout, Print::kNonzero, Effect::kBehindEnable);
  v("readDeadline", o.read_deadline, Print::kNonzero, Effect::kBehindEnable);
  v("server", o.server, Print::kNonzero, Effect::kBehindEnable);
  v("writeDeadline", o.write_deadline, Print::kNonzero, Effect::kBehindEnable);
}

}  // namespace edgecore::config
