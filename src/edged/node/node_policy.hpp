// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/config/model.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/cgroups/cgroups.hpp"
#include "edged/host/machine_info.hpp"
#include "edged/spec/pod_dns.hpp"
#include "edged/spec/pod_resources.hpp"
#include "edged/spec/security.hpp"

/// What the configuration and the machine mean for pods. Read once at the start of the module.
namespace edgecore::edged {

/// Node-wide policy applied to every pod.
struct NodePolicy {
  DnsPolicy dns;
  ResourcePolicy resources;
  SecurityPolicy security;
  kube::StringMap allocatable;  ///< of the node: stands in for limits that are not set
};

/// Reads the resolver file and what the kernel offers; small files, does not block. `node` is the Node as it
/// registers: its allocatable amounts stand in for limits that are not set.
NodePolicy make_node_policy(const config::Edged& config, const MachineInfo& machine, const Json& node);

/// How cgroups above the containers are kept (protocol/05-edged.md §1.13).
CgroupOptions cgroup_options(const config::Edged& config, const MachineInfo& machine,
                             const ResourcePolicy& resources);

}  // namespace edgecore::edged
