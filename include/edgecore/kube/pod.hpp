// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace edgecore::kube {

/// A Pod as edged uses it: parsed and checked once (parse_pod), then read without further checks. Only the
/// fields that a node agent needs are typed; `raw` keeps the whole object. Immutable after parsing. The
/// fields mean what they mean in the Kubernetes v1 API; absent optionals are nullopt.

using StringMap = std::map<std::string, std::string>;

struct KeyToPath {
  std::string key, path;
  std::optional<std::int32_t> mode;
};

struct IntOrString {
  std::variant<std::int32_t, std::string> value = 0;
};

struct ContainerPort {
  std::string name, protocol = "TCP", host_ip;
  std::int32_t container_port = 0, host_port = 0;
};

struct FieldRef {
  std::string api_version, field_path;
};
struct ResourceFieldRef {
  std::string container_name, resource, divisor;
};
struct KeyRef {  ///< of a ConfigMap or Secret
  std::string name, key;
  bool optional = false;
};

struct EnvVar {
  std::string name, value;
  std::optional<FieldRef> field_ref;
  std::optional<ResourceFieldRef> resource_field_ref;
  std::optional<KeyRef> config_map_key_ref, secret_key_ref;
};

struct EnvFrom {
  std::string prefix;
  enum class Kind { kConfigMap, kSecret } kind = Kind::kConfigMap;
  std::string name;
  bool optional = false;
};

struct Resources {
  StringMap limits, requests;  ///< resource name → quantity text, already validated
};

struct VolumeMount {
  std::string name, mount_path, sub_path, sub_path_expr, mount_propagation;
  bool read_only = false;
};

struct HttpGetAction {
  std::string path = "/", host, scheme = "HTTP";
  IntOrString port;
  std::vector<std::pair<std::string, std::string>> headers;
};
struct TcpSocketAction {
  std::string host;
  IntOrString port;
};
struct ExecAction {
  std::vector<std::string> command;
};
struct GrpcAction {
  std::int32_t port = 0;
  std::string service;
};
using Handler = std::variant<std::monostate, ExecAction, HttpGetAction, TcpSocketAction, GrpcAction>;

struct Probe {
  Handler handler;
  std::int32_t initial_delay_seconds = 0, timeout_seconds = 1, period_seconds = 10, success_threshold = 1,
               failure_threshold = 3;
  std::optional<std::int64_t> termination_grace_period_seconds;
};

struct SeLinuxOptions {
  std::string user, role, type, level;
};
struct SeccompProfile {
  std::string type, localhost_profile;
};
struct Capabilities {
  std::vector<std::string> add, drop;
};

struct SecurityContext {  ///< of a container
  std::optional<Capabilities> capabilities;
  std::optional<bool> privileged, run_as_non_root, read_only_root_filesystem, allow_privilege_escalation;
  std::optional<std::int64_t> run_as_user, run_as_group;
  std::optional<SeLinuxOptions> se_linux;
  std::optional<SeccompProfile> seccomp;
  std::string proc_mount;
};

struct Sysctl {
  std::string name, value;
};

struct PodSecurityContext {
  std::optional<bool> run_as_non_root;
  std::optional<std::int64_t> run_as_user, run_as_group, fs_group;
  std::vector<std::int64_t> supplemental_groups;
  std::string fs_group_change_policy;
  std::optional<SeLinuxOptions> se_linux;
  std::optional<SeccompProfile> seccomp;
  std::vector<Sysctl> sysctls;
};

struct Container {
  std::string name, image, working_dir, image_pull_policy = "IfNotPresent";
  std::string termination_message_path = "/dev/termination-log", termination_message_policy = "File";
  std::string restart_policy;  ///< of init containers: "Always" = sidecar
  std::vector<std::string> command, args;
  std::vector<ContainerPort> ports;
  std::vector<EnvVar> env;
  std::vector<EnvFrom> env_from;
  Resources resources;
  std::vector<VolumeMount> volume_mounts;
  bool has_volume_devices = false;
  std::optional<Probe> liveness, readiness, startup;
  Handler post_start, pre_stop;
  std::optional<SecurityContext> security_context;
  bool stdin_open = false, stdin_once = false, tty = false;
  nlohmann::json raw;  ///< the container as received, for its hash (protocol/05-edged.md §1.5)
  /// The first part of it that cannot be read (read_pod), which then has its default; "" if all can. Such a
  /// container is not started.
  std::string problem;
};

struct EmptyDirSource {
  std::string medium;
  std::optional<std::string> size_limit;
};
struct HostPathSource {
  std::string path, type;
};
struct ConfigMapSource {
  std::string name;
  std::vector<KeyToPath> items;
  std::optional<std::int32_t> default_mode;
  bool optional = false;
};
struct SecretSource {
  std::string name;
  std::vector<KeyToPath> items;
  std::optional<std::int32_t> default_mode;
  bool optional = false;
};
struct DownwardApiFile {
  std::string path;
  std::optional<FieldRef> field_ref;
  std::optional<ResourceFieldRef> resource_field_ref;
  std::optional<std::int32_t> mode;
};
struct DownwardApiSource {
  std::vector<DownwardApiFile> items;
  std::optional<std::int32_t> default_mode;
};
struct ServiceAccountTokenProjection {
  std::string audience, path;
  std::int64_t expiration_seconds = 3600;
};
using Projection =
    std::variant<ConfigMapSource, SecretSource, DownwardApiSource, ServiceAccountTokenProjection>;
struct ProjectedSource {
  std::vector<Projection> sources;
  std::optional<std::int32_t> default_mode;
};
struct UnsupportedSource {
  std::string kind;     ///< the member's name, e.g. "persistentVolumeClaim"
  std::string problem;  ///< why it cannot be read (read_pod); "" if the node does not provide the kind
};

struct Volume {
  std::string name;
  std::variant<EmptyDirSource, HostPathSource, ConfigMapSource, SecretSource, DownwardApiSource,
               ProjectedSource, UnsupportedSource>
      source;
};

struct Toleration {
  std::string key, op, value, effect;
  std::optional<std::int64_t> seconds;
};

struct HostAlias {
  std::string ip;
  std::vector<std::string> hostnames;
};

struct DnsConfig {
  std::vector<std::string> nameservers, searches;
  std::vector<std::pair<std::string, std::optional<std::string>>> options;
};

struct PodSpec {
  std::vector<Volume> volumes;
  std::vector<Container> init_containers, containers, ephemeral_containers;
  std::string restart_policy = "Always", dns_policy = "ClusterFirst", service_account_name, node_name,
              hostname, subdomain, runtime_class_name, priority_class_name, os_name;
  std::optional<std::int64_t> termination_grace_period_seconds, active_deadline_seconds;
  std::optional<std::int32_t> priority;
  bool host_network = false, host_pid = false, host_ipc = false, share_process_namespace = false,
       set_hostname_as_fqdn = false;
  std::optional<bool> automount_service_account_token;
  std::optional<PodSecurityContext> security_context;
  std::vector<std::string> image_pull_secrets, readiness_gates;
  std::vector<Toleration> tolerations;
  std::vector<HostAlias> host_aliases;
  std::optional<DnsConfig> dns_config;
  StringMap node_selector, overhead;
  nlohmann::json affinity;
  /// The first fault outside of containers and volumes (read_pod); "" if there is none. Nothing of such a pod
  /// is started.
  std::string problem;
};

struct Pod {
  std::string name, ns, uid, resource_version;
  StringMap labels, annotations;
  std::string creation_timestamp, deletion_timestamp;  ///< RFC 3339; empty when absent
  std::optional<std::int64_t> deletion_grace_period_seconds;
  PodSpec spec;
  nlohmann::json status;  ///< the last status of the API; null when absent
  nlohmann::json raw;     ///< the whole object as received

  [[nodiscard]] std::string full_name() const { return name + "_" + ns; }
  [[nodiscard]] bool deleting() const { return !deletion_timestamp.empty(); }
};
using PodPtr = std::shared_ptr<const Pod>;

/// Parses and checks a Pod object. Throws BadInput with the path of the first fault: missing or invalid name,
/// namespace, uid; names that are not DNS labels; mount paths, subPaths and item paths that are absolute
/// where they must not be or contain `..`; quantities, ports and modes out of range; a container without a
/// name; two containers or volumes of one name; a volumeMount of an unknown volume; a limit exceeded
/// (PodLimits in src/kube/pod/pod_field.hpp). Does not add API defaults (kube/defaults.hpp does that for
/// static pods). Unknown members are kept in `raw` and otherwise ignored.
PodPtr parse_pod(nlohmann::json object);

/// Like parse_pod for a pod of the API, which is reported and deleted even if this node cannot read all of
/// it: a part that parse_pod would refuse keeps its default, and the fault is the `problem` of the container,
/// volume or spec that it belongs to. Throws BadInput only without a usable name, namespace or uid.
PodPtr read_pod(nlohmann::json object);

}  // namespace edgecore::kube
