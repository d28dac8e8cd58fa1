// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/beehive/message.hpp"

namespace edgecore::cloudsim {

/// A message on its way to an edge node. Its resource is as the node sees it (without `node/<node>/`).
struct Downstream {
  beehive::Message message;
  /// The content is a Go error, which CloudHub never waits an ack for (protocol/01-tunnel.md §2.7).
  bool error_content = false;
};

/// Where controllers leave what is for a node. Whether and when it arrives is the hub's matter.
class Downlink {
 public:
  virtual ~Downlink() = default;
  virtual void send(const std::string& node, Downstream downstream) = 0;
  /// The Node object is gone: ends the node's session.
  virtual void node_deleted(const std::string& node) = 0;
};

/// The class of a message by the rules of protocol/01-tunnel.md §2.7.
bool needs_ack(const Downstream& downstream);

/// The text of a frame as Go's encoder makes it: HTML characters escaped, ended by a newline
/// (protocol/01-tunnel.md §1.1).
std::string wire_text(const beehive::Message& message);

}  // namespace edgecore::cloudsim
