// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edged/spec/pod_dns.hpp"
#include "edged/spec/pod_resources.hpp"
#include "edged/spec/security.hpp"

/// PodSandboxConfig of a pod (protocol/05-edged.md §1.4). Pure functions.
namespace edgecore::edged {

/// Labels that mark this agent's sandboxes and containers.
inline constexpr const char* kPodNameLabel = "io.kubernetes.pod.name";
inline constexpr const char* kPodNamespaceLabel = "io.kubernetes.pod.namespace";
inline constexpr const char* kPodUidLabel = "io.kubernetes.pod.uid";
inline constexpr const char* kContainerNameLabel = "io.kubernetes.container.name";

/// spec.hostname or the pod's name, cut to the kernel's limit.
std::string short_hostname(const kube::Pod& pod);
/// The sandbox's host name: empty with the host's network, fully qualified with setHostnameAsFQDN. Throws
/// Error if it is longer than 64 bytes.
std::string pod_hostname(const kube::Pod& pod, std::string_view cluster_domain);

/// /var/log/pods/<ns>_<name>_<uid>
std::string pod_log_directory(const kube::Pod& pod);

struct SandboxInput {
  const kube::Pod& pod;
  std::uint32_t attempt = 0;
  std::string cgroup_parent;
  const DnsPolicy& dns;
  const ResourcePolicy& resources;
  const SecurityPolicy& security;
};

cri::PodSandboxConfig make_sandbox_config(const SandboxInput& input);

}  // namespace edgecore::edged
