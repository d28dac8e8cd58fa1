// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"

/// The messages of CRI v1 that edged uses, as plain values with the field names of protocol/05-edged.md §4.2.
/// Stats and events are in stats.hpp. Rules for all of them:
///  * An unset scalar is zero. Where absence differs from zero or from an empty message, the field is
///  optional.
///  * Times are unix nanoseconds (0 = not yet); `wall_time` converts.
///  * Unknown enum values of a newer runtime become the harmless member named at the enum.
///  * All are regular types: copyable, comparable, without identity; any thread.
namespace edgecore::cri {

using StringMap = std::map<std::string, std::string>;

/// Unix nanoseconds to the clock's type and back.
inline WallTime wall_time(std::int64_t unix_nanos) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(unix_nanos)));
}
inline std::int64_t unix_nanos(WallTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

// ---- The runtime itself

struct VersionInfo {
  std::string version;       // of the kubelet's runtime API, "0.1.0"
  std::string runtime_name;  // "containerd", the scheme of containerIDs
  std::string runtime_version;
  std::string runtime_api_version;  // "v1"
  bool operator==(const VersionInfo&) const = default;
};

struct RuntimeCondition {
  std::string type;  // "RuntimeReady", "NetworkReady"
  bool status = false;
  std::string reason;
  std::string message;
  bool operator==(const RuntimeCondition&) const = default;
};

struct RuntimeStatus {
  std::vector<RuntimeCondition> conditions;
  StringMap info;  // only of a verbose Status; runtime-specific JSON ("config" of containerd)
  bool operator==(const RuntimeStatus&) const = default;

  /// The condition of that type; nullptr if the runtime did not report it.
  [[nodiscard]] const RuntimeCondition* condition(std::string_view type) const {
    for (const auto& one : conditions)
      if (one.type == type) return &one;
    return nullptr;
  }
};

// ---- Parts of sandboxes and containers

enum class Protocol { kTcp = 0, kUdp = 1, kSctp = 2 };
enum class MountPropagation { kPrivate = 0, kHostToContainer = 1, kBidirectional = 2 };  // unknown → Private
enum class NamespaceMode { kPod = 0, kContainer = 1, kNode = 2, kTarget = 3 };           // unknown → Pod
enum class ProfileType { kRuntimeDefault = 0, kUnconfined = 1, kLocalhost = 2 };
enum class PodSandboxState { kReady = 0, kNotReady = 1 };                             // unknown → NotReady
enum class ContainerState { kCreated = 0, kRunning = 1, kExited = 2, kUnknown = 3 };  // unknown → Unknown

struct IdMapping {
  std::uint32_t host_id = 0;
  std::uint32_t container_id = 0;
  std::uint32_t length = 0;
  bool operator==(const IdMapping&) const = default;
};

struct UserNamespace {
  NamespaceMode mode = NamespaceMode::kPod;
  std::vector<IdMapping> uids;
  std::vector<IdMapping> gids;
  bool operator==(const UserNamespace&) const = default;
};

struct NamespaceOption {
  NamespaceMode network = NamespaceMode::kPod;
  NamespaceMode pid = NamespaceMode::kPod;
  NamespaceMode ipc = NamespaceMode::kPod;
  std::string target_id;  // container whose pid namespace is joined, with pid == Target
  std::optional<UserNamespace> userns_options;
  bool operator==(const NamespaceOption&) const = default;
};

struct SecurityProfile {
  ProfileType profile_type = ProfileType::kRuntimeDefault;
  std::string localhost_ref;  // file name or profile name, with Localhost
  bool operator==(const SecurityProfile&) const = default;
};

struct SelinuxOption {
  std::string user;
  std::string role;
  std::string type;
  std::string level;
  bool operator==(const SelinuxOption&) const = default;
};

struct HugepageLimit {
  std::string page_size;    // "2MB", as the runtime spells it
  std::uint64_t limit = 0;  // bytes
  bool operator==(const HugepageLimit&) const = default;
};

/// Zero means "not set" in every number here.
struct LinuxContainerResources {
  std::int64_t cpu_period = 0;  // microseconds
  std::int64_t cpu_quota = 0;   // microseconds a period; -1 = unlimited
  std::int64_t cpu_shares = 0;
  std::int64_t memory_limit_in_bytes = 0;
  std::int64_t oom_score_adj = 0;
  std::string cpuset_cpus;
  std::string cpuset_mems;
  std::vector<HugepageLimit> hugepage_limits;
  StringMap unified;  // cgroup v2 files, e.g. memory.oom.group
  std::int64_t memory_swap_limit_in_bytes = 0;
  bool operator==(const LinuxContainerResources&) const = default;
};

// ---- Pod sandboxes

struct PodSandboxMetadata {
  std::string name;
  std::string uid;
  std::string pod_namespace;  // `namespace` in CRI
  std::uint32_t attempt = 0;
  bool operator==(const PodSandboxMetadata&) const = default;
};

struct DnsConfig {
  std::vector<std::string> servers;
  std::vector<std::string> searches;
  std::vector<std::string> options;
  bool operator==(const DnsConfig&) const = default;
};

struct PortMapping {
  Protocol protocol = Protocol::kTcp;
  std::int32_t container_port = 0;
  std::int32_t host_port = 0;  // 0 = none
  std::string host_ip;
  bool operator==(const PortMapping&) const = default;
};

struct LinuxSandboxSecurityContext {
  std::optional<NamespaceOption> namespace_options;
  std::optional<SelinuxOption> selinux_options;
  std::optional<std::int64_t> run_as_user;
  std::optional<std::int64_t> run_as_group;
  bool readonly_rootfs = false;
  std::vector<std::int64_t> supplemental_groups;
  bool privileged = false;
  std::optional<SecurityProfile> seccomp;
  std::optional<SecurityProfile> apparmor;
  bool operator==(const LinuxSandboxSecurityContext&) const = default;
};

struct LinuxPodSandboxConfig {
  std::string cgroup_parent;
  LinuxSandboxSecurityContext security_context;
  StringMap sysctls;
  std::optional<LinuxContainerResources> overhead;
  std::optional<LinuxContainerResources> resources;
  bool operator==(const LinuxPodSandboxConfig&) const = default;
};

/// What a sandbox is made from (protocol/05-edged.md §1.4). CreateContainer and PullImage carry it again.
struct PodSandboxConfig {
  PodSandboxMetadata metadata;
  std::string hostname;
  std::string log_directory;  // absolute, on the host
  std::optional<DnsConfig> dns_config;
  std::vector<PortMapping> port_mappings;
  StringMap labels;
  StringMap annotations;
  LinuxPodSandboxConfig linux;
  bool operator==(const PodSandboxConfig&) const = default;
};

/// A row of ListPodSandbox.
struct PodSandbox {
  std::string id;
  PodSandboxMetadata metadata;
  PodSandboxState state = PodSandboxState::kNotReady;
  std::int64_t created_at = 0;
  StringMap labels;
  StringMap annotations;
  std::string runtime_handler;
  bool operator==(const PodSandbox&) const = default;
};

/// All conditions that are set must hold; an empty filter selects everything. `id` may be a unique prefix.
struct PodSandboxFilter {
  std::string id;
  std::optional<PodSandboxState> state;
  StringMap label_selector;  // label == value, each
  bool operator==(const PodSandboxFilter&) const = default;
};

struct PodSandboxStatus {
  std::string id;
  PodSandboxMetadata metadata;
  PodSandboxState state = PodSandboxState::kNotReady;
  std::int64_t created_at = 0;
  std::string ip;  // "" with the host's network, or while there is none
  std::vector<std::string> additional_ips;
  std::optional<NamespaceOption> namespace_options;
  StringMap labels;
  StringMap annotations;
  std::string runtime_handler;
  bool operator==(const PodSandboxStatus&) const = default;
};

// ---- Images

struct ImageSpec {
  std::string image;  // reference or id
  StringMap annotations;
  std::string user_specified_image;  // what the pod's spec says
  bool operator==(const ImageSpec&) const = default;
};

struct Image {
  std::string id;  // "sha256:…" of the config
  std::vector<std::string> repo_tags;
  std::vector<std::string> repo_digests;
  std::uint64_t size = 0;           // bytes
  std::optional<std::int64_t> uid;  // the image's default user, by number or by name
  std::string username;
  std::optional<ImageSpec> spec;
  bool pinned = false;  // never to be collected
  bool operator==(const Image&) const = default;
};

/// Credentials for one pull. Secret: never to be logged.
struct AuthConfig {
  std::string username;
  std::string password;
  std::string auth;  // base64 of user:password, instead of the two
  std::string server_address;
  std::string identity_token;
  std::string registry_token;
  bool operator==(const AuthConfig&) const = default;
};

/// The use of one file system, by images or by a container's writable layer.
struct FilesystemUsage {
  std::int64_t timestamp = 0;
  std::string mountpoint;  // CRI's fs_id
  std::optional<std::uint64_t> used_bytes;
  std::optional<std::uint64_t> inodes_used;
  bool operator==(const FilesystemUsage&) const = default;
};

// ---- Containers

struct ContainerMetadata {
  std::string name;
  std::uint32_t attempt = 0;  // the restart count
  bool operator==(const ContainerMetadata&) const = default;
};

struct KeyValue {
  std::string key;
  std::string value;
  bool operator==(const KeyValue&) const = default;
};

struct Mount {
  std::string container_path;
  std::string host_path;
  bool readonly = false;
  bool selinux_relabel = false;
  MountPropagation propagation = MountPropagation::kPrivate;
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  bool operator==(const Mount&) const = default;
};

struct Device {
  std::string container_path;
  std::string host_path;
  std::string permissions;  // letters of "rwm"
  bool operator==(const Device&) const = default;
};

struct Capability {
  std::vector<std::string> add_capabilities;  // "NET_ADMIN", without CAP_
  std::vector<std::string> drop_capabilities;
  std::vector<std::string> add_ambient_capabilities;
  bool operator==(const Capability&) const = default;
};

struct LinuxContainerSecurityContext {
  std::optional<Capability> capabilities;
  bool privileged = false;
  std::optional<NamespaceOption> namespace_options;
  std::optional<SelinuxOption> selinux_options;
  std::optional<std::int64_t> run_as_user;
  std::optional<std::int64_t> run_as_group;
  std::string run_as_username;
  bool readonly_rootfs = false;
  std::vector<std::int64_t> supplemental_groups;
  std::string apparmor_profile;  // deprecated in CRI, yet the one kubelet 1.28 fills
  bool no_new_privs = false;
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::optional<SecurityProfile> seccomp;
  std::optional<SecurityProfile> apparmor;
  bool operator==(const LinuxContainerSecurityContext&) const = default;
};

struct LinuxContainerConfig {
  LinuxContainerResources resources;
  LinuxContainerSecurityContext security_context;
  bool operator==(const LinuxContainerConfig&) const = default;
};

/// What a container is made from (protocol/05-edged.md §1.5).
struct ContainerConfig {
  ContainerMetadata metadata;
  ImageSpec image;
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::string working_dir;
  std::vector<KeyValue> envs;
  std::vector<Mount> mounts;
  std::vector<Device> devices;
  StringMap labels;
  StringMap annotations;
  std::string log_path;     // relative to the sandbox's log_directory
  bool stdin_open = false;  // `stdin` in CRI, a macro in C
  bool stdin_once = false;
  bool tty = false;
  LinuxContainerConfig linux;
  std::vector<std::string> cdi_devices;  // fully qualified names
  bool operator==(const ContainerConfig&) const = default;
};

/// A row of ListContainers.
struct Container {
  std::string id;
  std::string pod_sandbox_id;
  ContainerMetadata metadata;
  ImageSpec image;
  std::string image_ref;
  ContainerState state = ContainerState::kUnknown;
  std::int64_t created_at = 0;
  StringMap labels;
  StringMap annotations;
  bool operator==(const Container&) const = default;
};

/// Like PodSandboxFilter.
struct ContainerFilter {
  std::string id;
  std::optional<ContainerState> state;
  std::string pod_sandbox_id;
  StringMap label_selector;
  bool operator==(const ContainerFilter&) const = default;
};

struct ContainerStatus {
  std::string id;
  ContainerMetadata metadata;
  ContainerState state = ContainerState::kUnknown;
  std::int64_t created_at = 0;
  std::int64_t started_at = 0;
  std::int64_t finished_at = 0;
  std::int32_t exit_code = 0;
  ImageSpec image;
  std::string image_ref;
  std::string reason;  // "Completed", "Error", "OOMKilled", "StartError", …
  std::string message;
  StringMap labels;
  StringMap annotations;
  std::vector<Mount> mounts;
  std::string log_path;  // absolute
  std::optional<LinuxContainerResources> resources;
  bool operator==(const ContainerStatus&) const = default;
};

// ---- Exec, attach, port-forward

struct ExecResult {
  std::string out;  // bytes; `stdout` and `stderr` are macros in C
  std::string err;
  std::int32_t exit_code = 0;
  bool operator==(const ExecResult&) const = default;
};

struct ExecRequest {
  std::string container_id;
  std::vector<std::string> cmd;
  bool tty = false;
  bool stdin_open = false;
  bool stdout_open = true;
  bool stderr_open = true;  // has to be false with tty
  bool operator==(const ExecRequest&) const = default;
};

struct AttachRequest {
  std::string container_id;
  bool tty = false;
  bool stdin_open = false;
  bool stdout_open = true;
  bool stderr_open = true;  // has to be false with tty
  bool operator==(const AttachRequest&) const = default;
};

}  // namespace edgecore::cri
