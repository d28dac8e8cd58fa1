// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "edgecore/config/model.hpp"

// The one table of keys: `fields(object, visitor)` calls `visitor(key, member, print)` for every key of the
// object; reading, printing and the tests of the documentation use it. `print` is `always`, or `nonzero` for
// a key that is omitted while its value and its default are zero (empty, false). That is the Go agent's rule,
// except that a zero that differs from the default is printed. Keys whose default depends on the machine are
// always printed.

namespace edgecore::config {

enum class Print { kAlways, kNonzero };

template <class Object, class Type>
concept Is = std::is_same_v<std::remove_const_t<Object>, Type>;

template <Is<EdgeCoreConfig> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("apiVersion", o.api_version, Print::kNonzero);
  v("kind", o.kind, Print::kNonzero);
  v("database", o.database, Print::kAlways);
  v("modules", o.modules, Print::kAlways);
  v("featureGates", o.feature_gates, Print::kNonzero);
}

template <Is<Database> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("driverName", o.driver_name, Print::kNonzero);
  v("aliasName", o.alias_name, Print::kNonzero);
  v("dataSource", o.data_source, Print::kNonzero);
}

template <Is<Modules> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("edged", o.edged, Print::kAlways);
  v("edgeHub", o.edge_hub, Print::kAlways);
  v("eventBus", o.event_bus, Print::kAlways);
  v("metaManager", o.meta_manager, Print::kAlways);
  v("serviceBus", o.service_bus, Print::kAlways);
  v("deviceTwin", o.device_twin, Print::kAlways);
  v("dbTest", o.db_test, Print::kAlways);
  v("edgeStream", o.edge_stream, Print::kAlways);
}

template <Is<HubTransport> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
  v("handshakeTimeout", o.handshake_timeout, Print::kNonzero);
  v("readDeadline", o.read_deadline, Print::kNonzero);
  v("server", o.server, Print::kAlways);
  v("writeDeadline", o.write_deadline, Print::kNonzero);
}

template <Is<EdgeHub> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
  v("heartbeat", o.heartbeat, Print::kNonzero);
  v("messageQPS", o.message_qps, Print::kNonzero);
  v("messageBurst", o.message_burst, Print::kNonzero);
  v("projectID", o.project_id, Print::kNonzero);
  v("tlsCaFile", o.tls_ca_file, Print::kNonzero);
  v("tlsCertFile", o.tls_cert_file, Print::kNonzero);
  v("tlsPrivateKeyFile", o.tls_private_key_file, Print::kNonzero);
  v("quic", o.quic, Print::kAlways);
  v("websocket", o.websocket, Print::kAlways);
  v("token", o.token, Print::kAlways);
  v("httpServer", o.http_server, Print::kAlways);
  v("rotateCertificates", o.rotate_certificates, Print::kNonzero);
}

template <Is<Taint> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("key", o.key, Print::kAlways);
  v("value", o.value, Print::kNonzero);
  v("effect", o.effect, Print::kAlways);
  v("timeAdded", o.time_added, Print::kNonzero);
}

template <Is<Edged> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
  v("tailoredKubeletConfig", o.kubelet, Print::kAlways);
  v("hostnameOverride", o.hostname_override, Print::kAlways);
  v("nodeIP", o.node_ip, Print::kNonzero);
  v("containerRuntime", o.container_runtime, Print::kNonzero);
  v("runtimeCgroups", o.runtime_cgroups, Print::kNonzero);
  v("podSandboxImage", o.pod_sandbox_image, Print::kNonzero);
  v("rootDirectory", o.root_directory, Print::kNonzero);
  v("registerNode", o.register_node, Print::kNonzero);
  v("registerWithTaints", o.register_with_taints, Print::kNonzero);
  v("windowsService", o.windows_service, Print::kNonzero);
  v("windowsPriorityClass", o.windows_priority_class, Print::kNonzero);
  v("remoteRuntimeEndpoint", o.remote_runtime_endpoint, Print::kNonzero);
  v("remoteImageEndpoint", o.remote_image_endpoint, Print::kNonzero);
  v("experimentalMounterPath", o.experimental_mounter_path, Print::kNonzero);
  v("experimentalNodeAllocatableIgnoreEvictionThreshold", o.node_allocatable_ignores_eviction_threshold,
    Print::kNonzero);
  v("nodeLabels", o.node_labels, Print::kNonzero);
  v("minimumGCAge", o.minimum_gc_age, Print::kAlways);
  v("maxPerPodContainerCount", o.max_per_pod_container_count, Print::kNonzero);
  v("maxContainerCount", o.max_container_count, Print::kNonzero);
  v("masterServiceNamespace", o.master_service_namespace, Print::kNonzero);
  v("registerSchedulable", o.register_schedulable, Print::kNonzero);
  v("keepTerminatedPodVolumes", o.keep_terminated_pod_volumes, Print::kNonzero);
  v("seccompDefault", o.seccomp_default, Print::kNonzero);
  v("customInterfaceName", o.custom_interface_name, Print::kNonzero);
  v("registerNodeNamespace", o.register_node_namespace, Print::kNonzero);
}

template <Is<EventBusTls> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
  v("tlsMqttCAFile", o.ca_file, Print::kNonzero);
  v("tlsMqttCertFile", o.cert_file, Print::kNonzero);
  v("tlsMqttPrivateKeyFile", o.private_key_file, Print::kNonzero);
}

template <Is<EventBus> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
  v("mqttQOS", o.qos, Print::kAlways);
  v("mqttRetain", o.retain, Print::kAlways);
  v("mqttSessionQueueSize", o.session_queue_size, Print::kNonzero);
  v("mqttServerInternal", o.server_internal, Print::kNonzero);
  v("mqttServerExternal", o.server_external, Print::kNonzero);
  v("mqttSubClientID", o.sub_client_id, Print::kAlways);
  v("mqttPubClientID", o.pub_client_id, Print::kAlways);
  v("mqttUsername", o.username, Print::kAlways);
  v("mqttPassword", o.password, Print::kAlways);
  v("mqttMode", o.mode, Print::kAlways);
  v("eventBusTLS", o.tls, Print::kAlways);
}

template <Is<MetaServer> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
  v("server", o.server, Print::kAlways);
  v("tlsCaFile", o.tls_ca_file, Print::kAlways);
  v("tlsCertFile", o.tls_cert_file, Print::kAlways);
  v("tlsPrivateKeyFile", o.tls_private_key_file, Print::kAlways);
  v("serviceAccountIssuers", o.service_account_issuers, Print::kAlways);
  v("apiAudiences", o.api_audiences, Print::kAlways);
  v("serviceAccountKeyFiles", o.service_account_key_files, Print::kAlways);
  v("dummyServer", o.dummy_server, Print::kAlways);
}

template <Is<MetaManager> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
  v("contextSendGroup", o.context_send_group, Print::kNonzero);
  v("contextSendModule", o.context_send_module, Print::kNonzero);
  v("remoteQueryTimeout", o.remote_query_timeout, Print::kNonzero);
  v("metaServer", o.meta_server, Print::kAlways);
}

template <Is<ServiceBus> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
  v("server", o.server, Print::kAlways);
  v("port", o.port, Print::kAlways);
  v("timeout", o.timeout, Print::kAlways);
}

template <Is<DeviceTwin> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
  v("dmiSockPath", o.dmi_sock_path, Print::kNonzero);
}

template <Is<DbTest> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
}

template <Is<EdgeStream> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::kAlways);
  v("tlsTunnelCAFile", o.tls_ca_file, Print::kNonzero);
  v("tlsTunnelCertFile", o.tls_cert_file, Print::kNonzero);
  v("tlsTunnelPrivateKeyFile", o.tls_private_key_file, Print::kNonzero);
  v("handshakeTimeout", o.handshake_timeout, Print::kNonzero);
  v("readDeadline", o.read_deadline, Print::kNonzero);
  v("server", o.server, Print::kNonzero);
  v("writeDeadline", o.write_deadline, Print::kNonzero);
}

}  // namespace edgecore::config
