// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "edgecore/config/kubelet.hpp"

// The content of edgecore.yaml, schema v1alpha2 (protocol/06-config-cli-tasks.md §1.2 to §1.12). Member
// initialisers are the defaults; those that depend on the machine (node name, addresses) are set by
// defaults() in load.hpp. Made once at the start and then only read; each module gets its own part. Times
// without a unit are seconds, as in the file.

namespace edgecore::config {

inline constexpr const char* kApiVersion = "edgecore.config.kubeedge.io/v1alpha2";
inline constexpr const char* kKind = "EdgeCore";
inline constexpr const char* kDefaultConfigPath = "/etc/kubeedge/config/edgecore.yaml";
inline constexpr const char* kDefaultBootstrapPath = "/etc/kubeedge/bootstrap-edgecore.conf";
inline constexpr const char* kDefaultCaFile = "/etc/kubeedge/ca/rootCA.crt";
inline constexpr const char* kDefaultCertFile = "/etc/kubeedge/certs/server.crt";
inline constexpr const char* kDefaultKeyFile = "/etc/kubeedge/certs/server.key";

struct Database {
  std::string driver_name = "sqlite3";
  std::string alias_name = "default";
  std::string data_source = "/var/lib/kubeedge/edgecore.db";
  bool operator==(const Database&) const = default;
};

/// One transport to CloudHub; `server` is host:port.
struct HubTransport {
  bool enable = false;
  std::int32_t handshake_timeout = 30;
  std::int32_t read_deadline = 15;
  std::int32_t write_deadline = 15;
  std::string server;
  bool operator==(const HubTransport&) const = default;
};

/// The tunnel to the cloud (§1.7). `token` is a secret: never log it.
struct EdgeHub {
  bool enable = true;
  std::int32_t heartbeat = 15;
  std::int32_t message_qps = 30;  ///< 0: no limit
  std::int32_t message_burst = 60;
  std::string project_id = "e632aba927ea4ac2b575ec1603d56f10";
  std::string tls_ca_file = kDefaultCaFile;
  std::string tls_cert_file = kDefaultCertFile;
  std::string tls_private_key_file = kDefaultKeyFile;
  HubTransport quic;
  HubTransport websocket{.enable = true, .server = {}};
  std::string token;
  std::string http_server;
  bool rotate_certificates = true;
  bool operator==(const EdgeHub&) const = default;
};

/// Pods on this node (§1.5): the keys directly under `edged`; the kubelet's settings are in `kubelet`.
struct Edged {
  bool enable = true;
  TailoredKubeletConfig kubelet;
  std::string hostname_override;  ///< the node's name, for every module
  std::string node_ip;
  std::string container_runtime = "remote";
  std::string runtime_cgroups;
  std::string pod_sandbox_image = "kubeedge/pause:3.6";
  std::string root_directory = "/var/lib/edged";
  bool register_node = true;                ///< combined with `kubelet.register_node`: use `registers_node`
  std::vector<Taint> register_with_taints;  ///< read and ignored; `kubelet.register_with_taints` counts
  bool windows_service = false;
  std::string windows_priority_class;
  std::string remote_runtime_endpoint = "unix:///run/containerd/containerd.sock";
  std::string remote_image_endpoint = "unix:///run/containerd/containerd.sock";
  std::string experimental_mounter_path;
  bool node_allocatable_ignores_eviction_threshold = false;
  StringMap node_labels;
  Duration minimum_gc_age{};
  std::int32_t max_per_pod_container_count = 1;
  std::int32_t max_container_count = -1;
  std::string master_service_namespace = "default";
  bool register_schedulable = true;
  bool keep_terminated_pod_volumes = false;
  bool seccomp_default = false;
  std::string custom_interface_name;
  std::string register_node_namespace = "default";
  bool operator==(const Edged&) const = default;

  /// True if the node registers itself: both switches must be on (§1.5).
  [[nodiscard]] bool registers_node() const { return register_node && kubelet.register_node.value_or(true); }
  /// The runtime's endpoint; the deprecated pair of keys counts only if the kubelet's endpoint is empty
  /// (§1.5).
  [[nodiscard]] const std::string& runtime_endpoint() const;
  /// The image service's endpoint; by default the runtime's.
  [[nodiscard]] const std::string& image_endpoint() const;
};

struct EventBusTls {
  bool enable = false;
  std::string ca_file = kDefaultCaFile;
  std::string cert_file = kDefaultCertFile;
  std::string private_key_file = kDefaultKeyFile;
  bool operator==(const EventBusTls&) const = default;
};

/// `mqttMode` of the file.
inline constexpr std::int64_t kMqttInternal = 0, kMqttBoth = 1, kMqttExternal = 2;

/// MQTT (§1.8). `password` is a secret: never log it.
struct EventBus {
  bool enable = true;
  std::uint8_t qos = 0;
  bool retain = false;
  std::int32_t session_queue_size = 100;
  std::string server_internal = "tcp://127.0.0.1:1884";
  std::string server_external = "tcp://127.0.0.1:1883";
  std::string sub_client_id;
  std::string pub_client_id;
  std::string username;
  std::string password;
  std::int64_t mode = kMqttExternal;
  EventBusTls tls;
  bool operator==(const EventBus&) const = default;
};

/// The Kubernetes API for pods of this node (§1.9).
struct MetaServer {
  bool enable = false;
  std::string server = "127.0.0.1:10550";
  std::string tls_ca_file = kDefaultCaFile;
  std::string tls_cert_file = kDefaultCertFile;
  std::string tls_private_key_file = kDefaultKeyFile;
  std::vector<std::string> service_account_issuers = {"https://kubernetes.default.svc.cluster.local"};
  std::vector<std::string> api_audiences;
  std::vector<std::string> service_account_key_files;
  std::string dummy_server = "169.254.30.10:10550";
  bool operator==(const MetaServer&) const = default;
};

struct MetaManager {
  bool enable = true;
  std::string context_send_group = "hub";
  std::string context_send_module = "websocket";
  std::int32_t remote_query_timeout = 60;
  MetaServer meta_server;
  bool operator==(const MetaManager&) const = default;
};

struct ServiceBus {
  bool enable = false;
  std::string server = "127.0.0.1";
  std::int64_t port = 9060;
  std::int64_t timeout = 60;
  bool operator==(const ServiceBus&) const = default;
};

struct DeviceTwin {
  bool enable = true;
  std::string dmi_sock_path = "/etc/kubeedge/dmi.sock";
  bool operator==(const DeviceTwin&) const = default;
};

struct DbTest {
  bool enable = false;
  bool operator==(const DbTest&) const = default;
};

/// The logs/exec/metrics tunnel (§1.12).
struct EdgeStream {
  bool enable = false;
  std::string tls_ca_file = kDefaultCaFile;
  std::string tls_cert_file = kDefaultCertFile;
  std::string tls_private_key_file = kDefaultKeyFile;
  std::int32_t handshake_timeout = 30;
  std::int32_t read_deadline = 15;
  std::int32_t write_deadline = 15;
  std::string server = "127.0.0.1:10004";
  bool operator==(const EdgeStream&) const = default;
};

struct Modules {
  Edged edged;
  EdgeHub edge_hub;
  EventBus event_bus;
  MetaManager meta_manager;
  ServiceBus service_bus;
  DeviceTwin device_twin;
  DbTest db_test;
  EdgeStream edge_stream;
  bool operator==(const Modules&) const = default;
};

/// The whole file.
struct EdgeCoreConfig {
  std::string api_version = config::kApiVersion;
  std::string kind = config::kKind;
  Database database;
  Modules modules;
  GateMap feature_gates;  ///< as written; resolved by feature_gates.hpp
  bool operator==(const EdgeCoreConfig&) const = default;
};

}  // namespace edgecore::config
