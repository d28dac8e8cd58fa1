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

/// Settings for pods that follow from the configuration and the machine. Read once, at the start of the
/// module.
namespace edgecore::edged {

/// Node-wide policy applied to every pod.
struct NodePolicy {
  DnsPolicy dns;
  ResourcePolicy resources;
  SecurityPolicy security;
  kube::StringMap allocatable;  ///< the node's; used for limits that are not set
};

/// Reads the resolver file and what the kernel offers; small files, does not block. `node` is the Node as it
/// registers; its allocatable amounts are used for limits that are not set.
NodePolicy make_node_policy(const config::Edged& config, const MachineInfo& machine, const Json& node);

/// Options of the cgroups above the containers (protocol/05-edged.md §1.13).
CgroupOptions cgroup_options(const config::Edged& config, const MachineInfo& machine,
                             const ResourcePolicy& resources);

}  // namespace edgecore::edged
