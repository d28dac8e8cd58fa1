// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "edgecore/kube/json.hpp"

namespace edgecore::metamanager {

/// The Node without what a heartbeat changes: resourceVersion, managedFields and the conditions'
/// lastHeartbeatTime. Two nodes with the same essence need no write.
[[nodiscard]] Json node_essence(Json node);

/// This node's own Node as the cloud last returned it. Heartbeats stay in memory, so that an idle node does
/// not touch its flash; anything else is written. Belongs to the module's thread.
class OwnNode {
 public:
  /// Takes a newer copy. True if it must be written: it differs by more than a heartbeat from the copy given
  /// to `written`. An older copy of the same node is ignored.
  bool take(const Json& node);
  /// The copy that is on disk (at start, and after a write).
  void written(const Json& node);
  /// The cloud says that the node does not exist, or is another one: the next reader asks the cloud.
  void doubt() { doubted_ = true; }
  void forget();

  /// nullptr if none is known.
  [[nodiscard]] const Json* latest() const { return latest_ ? &*latest_ : nullptr; }
  [[nodiscard]] bool doubted() const { return doubted_; }

 private:
  std::optional<Json> latest_;
  Json written_essence_;
  bool doubted_ = false;
};

/// The node's Lease in memory, never on disk: it is renewed every 10 s. Belongs to the module's thread.
class OwnLease {
 public:
  void take(Json lease) { latest_ = std::move(lease); }
  /// A renewal was refused, so the cloud has another copy.
  void forget() { latest_.reset(); }
  [[nodiscard]] const Json* latest() const { return latest_ ? &*latest_ : nullptr; }

 private:
  std::optional<Json> latest_;
};

}  // namespace edgecore::metamanager
