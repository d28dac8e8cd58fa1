// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "edgecore/config/model.hpp"

// The one table of keys: `fields(object, visitor)` calls `visitor(key, member, print)` for every key of the
// object, and reading, printing and the tests of the documentation all go by it. `print` is `always`, or
// `nonzero` for a key that is left out while its value and its default are zero (empty, false). That is the
// Go agent's rule, except that a zero the file set on purpose is kept. Keys whose default depends on the
// machine are printed always.

namespace edgecore::config {

enum class Print { always, nonzero };

template <class Object, class Type>
concept Is = std::is_same_v<std::remove_const_t<Object>, Type>;

template <Is<EdgeCoreConfig> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("apiVersion", o.api_version, Print::nonzero);
  v("kind", o.kind, Print::nonzero);
  v("database", o.database, Print::always);
  v("modules", o.modules, Print::always);
  v("featureGates", o.feature_gates, Print::nonzero);
}

template <Is<Database> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("driverName", o.driver_name, Print::nonzero);
  v("aliasName", o.alias_name, Print::nonzero);
  v("dataSource", o.data_source, Print::nonzero);
}

template <Is<Modules> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("edged", o.edged, Print::always);
  v("edgeHub", o.edge_hub, Print::always);
  v("eventBus", o.event_bus, Print::always);
  v("metaManager", o.meta_manager, Print::always);
  v("serviceBus", o.service_bus, Print::always);
  v("deviceTwin", o.device_twin, Print::always);
  v("dbTest", o.db_test, Print::always);
  v("edgeStream", o.edge_stream, Print::always);
}

template <Is<HubTransport> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
  v("handshakeTimeout", o.handshake_timeout, Print::nonzero);
  v("readDeadline", o.read_deadline, Print::nonzero);
  v("server", o.server, Print::always);
  v("writeDeadline", o.write_deadline, Print::nonzero);
}

template <Is<EdgeHub> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
  v("heartbeat", o.heartbeat, Print::nonzero);
  v("messageQPS", o.message_qps, Print::nonzero);
  v("messageBurst", o.message_burst, Print::nonzero);
  v("projectID", o.project_id, Print::nonzero);
  v("tlsCaFile", o.tls_ca_file, Print::nonzero);
  v("tlsCertFile", o.tls_cert_file, Print::nonzero);
  v("tlsPrivateKeyFile", o.tls_private_key_file, Print::nonzero);
  v("quic", o.quic, Print::always);
  v("websocket", o.websocket, Print::always);
  v("token", o.token, Print::always);
  v("httpServer", o.http_server, Print::always);
  v("rotateCertificates", o.rotate_certificates, Print::nonzero);
}

template <Is<Taint> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("key", o.key, Print::always);
  v("value", o.value, Print::nonzero);
  v("effect", o.effect, Print::always);
  v("timeAdded", o.time_added, Print::nonzero);
}

template <Is<Edged> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
  v("tailoredKubeletConfig", o.kubelet, Print::always);
  v("hostnameOverride", o.hostname_override, Print::always);
  v("nodeIP", o.node_ip, Print::nonzero);
  v("containerRuntime", o.container_runtime, Print::nonzero);
  v("runtimeCgroups", o.runtime_cgroups, Print::nonzero);
  v("podSandboxImage", o.pod_sandbox_image, Print::nonzero);
  v("rootDirectory", o.root_directory, Print::nonzero);
  v("registerNode", o.register_node, Print::nonzero);
  v("registerWithTaints", o.register_with_taints, Print::nonzero);
  v("windowsService", o.windows_service, Print::nonzero);
  v("windowsPriorityClass", o.windows_priority_class, Print::nonzero);
  v("remoteRuntimeEndpoint", o.remote_runtime_endpoint, Print::nonzero);
  v("remoteImageEndpoint", o.remote_image_endpoint, Print::nonzero);
  v("experimentalMounterPath", o.experimental_mounter_path, Print::nonzero);
  v("experimentalNodeAllocatableIgnoreEvictionThreshold", o.node_allocatable_ignores_eviction_threshold,
    Print::nonzero);
  v("nodeLabels", o.node_labels, Print::nonzero);
  v("minimumGCAge", o.minimum_gc_age, Print::always);
  v("maxPerPodContainerCount", o.max_per_pod_container_count, Print::nonzero);
  v("maxContainerCount", o.max_container_count, Print::nonzero);
  v("masterServiceNamespace", o.master_service_namespace, Print::nonzero);
  v("registerSchedulable", o.register_schedulable, Print::nonzero);
  v("keepTerminatedPodVolumes", o.keep_terminated_pod_volumes, Print::nonzero);
  v("seccompDefault", o.seccomp_default, Print::nonzero);
  v("customInterfaceName", o.custom_interface_name, Print::nonzero);
  v("registerNodeNamespace", o.register_node_namespace, Print::nonzero);
}

template <Is<EventBusTls> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
  v("tlsMqttCAFile", o.ca_file, Print::nonzero);
  v("tlsMqttCertFile", o.cert_file, Print::nonzero);
  v("tlsMqttPrivateKeyFile", o.private_key_file, Print::nonzero);
}

template <Is<EventBus> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
  v("mqttQOS", o.qos, Print::always);
  v("mqttRetain", o.retain, Print::always);
  v("mqttSessionQueueSize", o.session_queue_size, Print::nonzero);
  v("mqttServerInternal", o.server_internal, Print::nonzero);
  v("mqttServerExternal", o.server_external, Print::nonzero);
  v("mqttSubClientID", o.sub_client_id, Print::always);
  v("mqttPubClientID", o.pub_client_id, Print::always);
  v("mqttUsername", o.username, Print::always);
  v("mqttPassword", o.password, Print::always);
  v("mqttMode", o.mode, Print::always);
  v("eventBusTLS", o.tls, Print::always);
}

template <Is<MetaServer> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
  v("server", o.server, Print::always);
  v("tlsCaFile", o.tls_ca_file, Print::always);
  v("tlsCertFile", o.tls_cert_file, Print::always);
  v("tlsPrivateKeyFile", o.tls_private_key_file, Print::always);
  v("serviceAccountIssuers", o.service_account_issuers, Print::always);
  v("apiAudiences", o.api_audiences, Print::always);
  v("serviceAccountKeyFiles", o.service_account_key_files, Print::always);
  v("dummyServer", o.dummy_server, Print::always);
}

template <Is<MetaManager> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
  v("contextSendGroup", o.context_send_group, Print::nonzero);
  v("contextSendModule", o.context_send_module, Print::nonzero);
  v("remoteQueryTimeout", o.remote_query_timeout, Print::nonzero);
  v("metaServer", o.meta_server, Print::always);
}

template <Is<ServiceBus> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
  v("server", o.server, Print::always);
  v("port", o.port, Print::always);
  v("timeout", o.timeout, Print::always);
}

template <Is<DeviceTwin> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
  v("dmiSockPath", o.dmi_sock_path, Print::nonzero);
}

template <Is<DbTest> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
}

template <Is<EdgeStream> Object, class Visitor>
void fields(Object& o, Visitor&& v) {
  v("enable", o.enable, Print::always);
  v("tlsTunnelCAFile", o.tls_ca_file, Print::nonzero);
  v("tlsTunnelCertFile", o.tls_cert_file, Print::nonzero);
  v("tlsTunnelPrivateKeyFile", o.tls_private_key_file, Print::nonzero);
  v("handshakeTimeout", o.handshake_timeout, Print::nonzero);
  v("readDeadline", o.read_deadline, Print::nonzero);
  v("server", o.server, Print::nonzero);
  v("writeDeadline", o.write_deadline, Print::nonzero);
}

}  // namespace edgecore::config
