// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/cri/types.hpp"
#include "edgecore/kube/json.hpp"
#include "edged/host/machine_info.hpp"

namespace edgecore::edged {

/// The facts behind a node's status (protocol/05-edged.md §3.2, §3.3). A value: gathered by the heartbeat,
/// turned into JSON by the pure functions below.
struct NodeFacts {
  std::string node_name;
  std::vector<std::string> addresses;  ///< InternalIPs, primary first; empty while there is no network
  std::string agent_version;           ///< "v1.17.4"
  std::string runtime_name, runtime_version;
  std::int64_t ephemeral_storage_bytes = 0;
  MachineInfo machine;
  /// Reasons for the Ready condition; empty if the node is ready.
  std::vector<std::string> not_ready;
  bool memory_pressure = false, disk_pressure = false, pid_pressure = false;
  bool app_armor = false;
};

/// The Node object for registration: labels, annotations, taints, status.
Json initial_node(const NodeFacts& facts, const config::Edged& config, WallTime now);

/// The parts of `status` that this agent owns. `previous` is the last known status (may be null): conditions
/// keep their transition times from it, and extended resources their amounts. Never holds `daemonEndpoints`
/// (CloudStream writes its own), and images only if `image_list` is given.
Json node_status(const NodeFacts& facts, const config::Edged& config, const Json& previous, WallTime now,
                 const std::optional<Json>& image_list = std::nullopt);

/// `status.images`: the `most` biggest (all when negative), biggest first, with up to five names each.
Json node_images(std::vector<cri::Image> images, std::int32_t most);

/// Whether `wanted` differs from `known` in more than heartbeat times.
bool differs_beyond_heartbeat(const Json& known, const Json& wanted);

/// The strategic merge patch that brings the Node `known` to `wanted_status`, and its labels and annotations
/// to those this agent keeps (protocol/05-edged.md §3.2 "Existing node"). Always contains all four
/// conditions. Addresses are replaced as a list.
Json node_patch(const Json& known, const Json& wanted_status, const NodeFacts& facts,
                const config::Edged& config);

/// The Lease to create or renew. `known` is the last known one (null for a new one); its owner is the Node
/// with that UID, once known (protocol/05-edged.md §3.5).
Json node_lease(const std::string& node_name, int duration_seconds, const Json& known,
                const std::string& node_uid, WallTime now);

}  // namespace edgecore::edged
