#pragma once

#include "edgecore/config/model.hpp"
#include "edged/cgroups.hpp"
#include "edged/machine_info.hpp"
#include "edged/pod_services.hpp"

/// What the configuration and the machine mean for pods. Read once at the start of the module.
namespace edgecore::edged {

/// Reads the resolver file and what the kernel offers; small files, does not block. `node` is the Node as it
/// registers: its allocatable amounts stand in for limits that are not set.
NodePolicy make_node_policy(const config::Edged& config, const MachineInfo& machine, const Json& node);

/// How cgroups above the containers are kept (protocol/05-edged.md §1.13).
CgroupOptions cgroup_options(const config::Edged& config, const MachineInfo& machine,
                             const ResourcePolicy& resources);

}  // namespace edgecore::edged
