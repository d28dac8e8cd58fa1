// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

/// All about one object, as text for a person, laid out as kubectl does it. Pure functions. Values of secrets
/// never show, only their sizes.
namespace edgecore::keadm {

/// Events about the object; nullopt: they are not to be had.
using Events = std::optional<std::vector<Json>>;

std::string describe_pod(const Json& pod, const Events& events, WallTime now);
/// `pods`: those that run on it.
std::string describe_node(const Json& node, const std::vector<Json>& pods, const Events& events,
                          WallTime now);
/// Any other object: its members one below the other.
std::string describe_object(const Json& object, const Events& events, WallTime now);

}  // namespace edgecore::keadm
