// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edged/spec/pod_resources.hpp"
#include "edged/spec/sandbox_config.hpp"
#include "edged/spec/security.hpp"

/// Makes the ContainerConfig of a container (protocol/05-edged.md §1.5), and reads its annotations back. Pure
/// functions.
namespace edgecore::edged {

/// A volumeMount whose volume is set up: where the volume (or its subPath) is on the host.
struct ResolvedMount {
  std::string host_path;
  bool volume_read_only = false;
  bool selinux_relabel = false;
};

struct ContainerInput {
  const kube::Pod& pod;
  const kube::Container& container;
  std::uint32_t restart_count = 0;
  std::string image_ref;  ///< what ImageStatus or PullImage returned
  ImageUser image_user;
  std::vector<cri::KeyValue> environment;
  std::vector<ResolvedMount> mounts;  ///< one for each of container.volume_mounts
  std::string hosts_path;             ///< mounted as /etc/hosts; empty = none
  std::string termination_log_path;   ///< mounted at terminationMessagePath; empty = none
  const ResourcePolicy& resources;
  const SecurityPolicy& security;
};

/// Throws ContainerConfigError (runAsNonRoot), and Error if `mounts` does not match the container.
cri::ContainerConfig make_container_config(const ContainerInput& input);

/// Whether to mount the pod's /etc/hosts: not if the container mounts something there itself.
bool wants_hosts_file(const kube::Container& container);

/// The annotations of a container: facts about the spec it was made from.
struct ContainerAnnotations {
  std::string hash;  ///< empty if another agent made the container
  std::int32_t restart_count = 0;
  std::string termination_message_path, termination_message_policy;
  std::optional<std::int64_t> deletion_grace_period, termination_grace_period;
  std::string pre_stop;  ///< JSON of the handler; empty = none
};
ContainerAnnotations read_annotations(const cri::StringMap& annotations);

}  // namespace edgecore::edged
