// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/pod.hpp"

/// The content of a pod's /etc/hosts (protocol/05-edged.md §1.5.2), rewritten before each start of a
/// container.
namespace edgecore::edged {

/// `pod_ips` must not be empty unless the pod uses the host's network. `host_file` is the content of the
/// node's /etc/hosts.
std::string hosts_file(const kube::Pod& pod, const std::vector<std::string>& pod_ips,
                       std::string_view cluster_domain, std::string_view host_file);

}  // namespace edgecore::edged
