// SPDX-License-Identifier: Apache-2.0
#include "edgehub/routing.hpp"

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::edgehub {

Destination destination_of(const beehive::Message& message) {
  const auto& group = message.route.group;
  const auto& operation = message.route.operation;
  if (operation == "config" || operation == "ping" || operation == "pong") return route::Control{};
  if (group == names::group::kTaskManager) return route::NodeTask{};
  if (group == names::group::kTwin) return route::ToModule{names::module::kTwin};
  const bool user = group == names::group::kUser;
  if (!user && group != names::group::kResource && group != names::group::kFunc) {
    return route::Unknown{"its group " + log::quote(group, 64) + " is not known to this node"};
  }
  if (!message.header.parent_id.empty()) return route::Reply{};
  if (!user) return route::ToModule{names::module::kMetaManager};
  if (message.route.source == names::source::kRouterEventBus)
    return route::ToModule{names::module::kEventBus};
  if (message.route.source == names::source::kRouterServiceBus)
    return route::ToModule{names::module::kServiceBus};
  return route::ToGroup{names::group::kBus};
}

}  // namespace edgecore::edgehub
