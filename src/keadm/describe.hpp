// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

/// Describes one object in detail, laid out as by kubectl. Pure functions. Prints the size of a secret's
/// values, never the values.
namespace edgecore::keadm {

/// The events of the object; nullopt: the server does not serve events.
using Events = std::optional<std::vector<Json>>;

std::string describe_pod(const Json& pod, const Events& events, WallTime now);
/// `pods`: those on this node.
std::string describe_node(const Json& node, const std::vector<Json>& pods, const Events& events,
                          WallTime now);
/// Any other object: lists its members.
std::string describe_object(const Json& object, const Events& events, WallTime now);

}  // namespace edgecore::keadm
