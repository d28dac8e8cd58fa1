// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "edgecore/beehive/message.hpp"

namespace edgecore::edgehub {

/// Where a message from the cloud goes (protocol/01-tunnel.md §4.1). First match wins.
namespace route {
struct Control {};   ///< operations `config`, `ping`, `pong`: answered with "ack" by edgehub (§2.4)
struct NodeTask {};  ///< group `taskmanager`
struct Reply {};     ///< to the request with its parent id
struct ToModule {
  std::string module;
};
struct ToGroup {
  std::string group;
};
struct Unknown {
  std::string why;  ///< for the log
};
}  // namespace route
using Destination = std::variant<route::Control, route::NodeTask, route::Reply, route::ToModule,
                                 route::ToGroup, route::Unknown>;

[[nodiscard]] Destination destination_of(const beehive::Message& message);

}  // namespace edgecore::edgehub
