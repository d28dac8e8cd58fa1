// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/own_objects.hpp"

#include "metamanager/objects/object.hpp"

namespace edgecore::metamanager {

Json node_essence(Json node) {
  if (!node.is_object()) return node;
  if (const auto metadata = node.find("metadata"); metadata != node.end() && metadata->is_object()) {
    metadata->erase("resourceVersion");
    metadata->erase("managedFields");
  }
  const auto status = node.find("status");
  if (status == node.end() || !status->is_object()) return node;
  const auto conditions = status->find("conditions");
  if (conditions == status->end() || !conditions->is_array()) return node;
  for (Json& condition : *conditions) {
    if (condition.is_object()) condition.erase("lastHeartbeatTime");
  }
  return node;
}

bool OwnNode::take(const Json& node) {
  if (latest_ && is_older(identity_of(node), identity_of(*latest_))) return false;
  latest_ = node;
  doubted_ = false;
  return node_essence(node) != written_essence_;
}

void OwnNode::written(const Json& node) {
  written_essence_ = node_essence(node);
  if (!latest_) latest_ = node;
}

void OwnNode::forget() {
  latest_.reset();
  written_essence_ = Json();
  doubted_ = false;
}

}  // namespace edgecore::metamanager
