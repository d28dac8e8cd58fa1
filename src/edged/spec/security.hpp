// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/cri/types.hpp"
#include "edgecore/kube/pod.hpp"

/// Security contexts for the runtime (protocol/05-edged.md §1.4, §1.5.3): the pod's, overridden field by
/// field by the container's. Pure functions.
namespace edgecore::edged {

/// The user of the image, if the pod does not name one. Neither = root.
struct ImageUser {
  std::optional<std::int64_t> uid;
  std::string name;
};
ImageUser image_user(const cri::Image& image);

struct SecurityPolicy {
  std::string root_directory = "/var/lib/edged";
  bool seccomp_default = false;
  std::vector<std::int64_t> volume_groups = {};  ///< supplemental groups of the pod's volumes
};

cri::NamespaceOption namespace_options(const kube::Pod& pod);

cri::LinuxSandboxSecurityContext sandbox_security(const kube::Pod& pod, const SecurityPolicy& policy);
cri::LinuxContainerSecurityContext container_security(const kube::Pod& pod, const kube::Container& container,
                                                      const ImageUser& image, const SecurityPolicy& policy);

/// A sysctl's name with dots as separators, as runtimes expect it. If '/' comes first, it is the separator
/// and a dot is part of a name: "net/ipv4/conf/eno2.100/forwarding" becomes
/// "net.ipv4.conf.eno2/100.forwarding".
std::string sysctl_name(std::string name);

/// Why runAsNonRoot forbids creating the container; the message of CreateContainerConfigError. nullopt = it
/// may be created.
std::optional<std::string> non_root_violation(const kube::Pod& pod, const kube::Container& container,
                                              const ImageUser& image);

}  // namespace edgecore::edged
