// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/container_config.hpp"

#include <spdlog/fmt/fmt.h>

#include "edgecore/base/ascii.hpp"
#include "edgecore/cri/container_logs.hpp"
#include "edged/spec/container_hash.hpp"
#include "edged/spec/environment.hpp"
#include "edged/spec/string_map.hpp"

namespace edgecore::edged {
namespace {

constexpr const char* kHash = "io.kubernetes.container.hash";
constexpr const char* kRestartCount = "io.kubernetes.container.restartCount";
constexpr const char* kMessagePath = "io.kubernetes.container.terminationMessagePath";
constexpr const char* kMessagePolicy = "io.kubernetes.container.terminationMessagePolicy";
constexpr const char* kDeletionGrace = "io.kubernetes.pod.deletionGracePeriod";
constexpr const char* kTerminationGrace = "io.kubernetes.pod.terminationGracePeriod";
constexpr const char* kPreStop = "io.kubernetes.container.preStopHandler";
constexpr const char* kPorts = "io.kubernetes.container.ports";

cri::StringMap annotations(const ContainerInput& input) {
  const auto& pod = input.pod;
  const auto& container = input.container;
  cri::StringMap out;
  out[kHash] = container_hash_text(container);
  out[kRestartCount] = std::to_string(input.restart_count);
  out[kMessagePath] = container.termination_message_path;
  out[kMessagePolicy] = container.termination_message_policy;
  if (pod.deletion_grace_period_seconds)
    out[kDeletionGrace] = std::to_string(*pod.deletion_grace_period_seconds);
  if (pod.spec.termination_grace_period_seconds) {
    out[kTerminationGrace] = std::to_string(*pod.spec.termination_grace_period_seconds);
  }
  if (auto handler = pre_stop_json(container); !handler.empty()) out[kPreStop] = std::move(handler);
  if (auto ports = ports_json(container); !ports.empty()) out[kPorts] = std::move(ports);
  return out;
}

cri::MountPropagation propagation(std::string_view name) {
  if (name == "HostToContainer") return cri::MountPropagation::kHostToContainer;
  if (name == "Bidirectional") return cri::MountPropagation::kBidirectional;
  return cri::MountPropagation::kPrivate;
}

std::vector<cri::Mount> mounts(const ContainerInput& input) {
  const auto& wanted = input.container.volume_mounts;
  if (wanted.size() != input.mounts.size()) {
    throw Error(fmt::format("The container {} of pod {} has {} volume mounts, but {} were prepared",
                            input.container.name, input.pod.full_name(), wanted.size(), input.mounts.size()));
  }
  std::vector<cri::Mount> out;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    cri::Mount mount;
    mount.container_path = wanted[i].mount_path;
    if (!mount.container_path.starts_with('/')) mount.container_path.insert(0, "/");
    mount.host_path = input.mounts[i].host_path;
    mount.readonly = wanted[i].read_only || input.mounts[i].volume_read_only;
    mount.selinux_relabel = input.mounts[i].selinux_relabel;
    mount.propagation = propagation(wanted[i].mount_propagation);
    out.push_back(std::move(mount));
  }
  const auto file = [&](const std::string& container_path, const std::string& host_path) {
    if (container_path.empty() || host_path.empty()) return;
    cri::Mount mount;
    mount.container_path = container_path;
    mount.host_path = host_path;
    out.push_back(std::move(mount));
  };
  if (wants_hosts_file(input.container)) file("/etc/hosts", input.hosts_path);
  file(input.container.termination_message_path, input.termination_log_path);
  return out;
}

std::optional<std::int64_t> number(const cri::StringMap& from, const char* key) {
  return to_number<std::int64_t>(value_or_empty(from, key));
}

}  // namespace

bool wants_hosts_file(const kube::Container& container) {
  for (const auto& mount : container.volume_mounts) {
    if (mount.mount_path == "/etc/hosts") return false;
  }
  return true;
}

cri::ContainerConfig make_container_config(const ContainerInput& input) {
  const auto& pod = input.pod;
  const auto& container = input.container;
  if (auto violation = non_root_violation(pod, container, input.image_user)) {
    throw ContainerConfigError(*violation);
  }
  cri::ContainerConfig out;
  out.metadata = {container.name, input.restart_count};
  out.image.image = input.image_ref;
  out.image.user_specified_image = container.image;
  out.command = expand_all(container.command, input.environment);
  out.args = expand_all(container.args, input.environment);
  out.working_dir = container.working_dir;
  out.envs = input.environment;
  out.mounts = mounts(input);
  out.labels = {{kPodNameLabel, pod.name},
                {kPodNamespaceLabel, pod.ns},
                {kPodUidLabel, pod.uid},
                {kContainerNameLabel, container.name}};
  out.annotations = annotations(input);
  out.log_path = fmt::format("{}/{}", container.name, cri::container_log_name(input.restart_count));
  out.stdin_open = container.stdin_open;
  out.stdin_once = container.stdin_once;
  out.tty = container.tty;
  out.linux.resources = container_resources(pod, container, input.resources);
  out.linux.security_context = container_security(pod, container, input.image_user, input.security);
  return out;
}

ContainerAnnotations read_annotations(const cri::StringMap& from) {
  ContainerAnnotations out;
  out.hash = value_or_empty(from, kHash);
  const auto restarts = number(from, kRestartCount).value_or(0);
  out.restart_count = static_cast<std::int32_t>(std::clamp<std::int64_t>(restarts, 0, INT32_MAX));
  out.termination_message_path = value_or_empty(from, kMessagePath);
  out.termination_message_policy = value_or_empty(from, kMessagePolicy);
  out.deletion_grace_period = number(from, kDeletionGrace);
  out.termination_grace_period = number(from, kTerminationGrace);
  out.pre_stop = value_or_empty(from, kPreStop);
  return out;
}

}  // namespace edgecore::edged
