// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/cri/types.hpp"
#include "edgecore/kube/pod.hpp"

/// The content of a pod's /etc/resolv.conf (protocol/05-edged.md §1.4.1). Pure functions.
namespace edgecore::edged {

/// Parses the node's resolver file: first word of each `nameserver`, the last `search`, all `options`.
cri::DnsConfig parse_resolv_conf(std::string_view content);

struct DnsPolicy {
  std::vector<std::string> cluster_dns;
  std::string cluster_domain;
  cri::DnsConfig host;          ///< parse_resolv_conf of the configured file
  bool has_resolv_conf = true;  ///< false if the configuration names no file
  bool node_is_ipv6 = false;
};

cri::DnsConfig pod_dns(const kube::Pod& pod, const DnsPolicy& policy);

}  // namespace edgecore::edged
