// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/beehive/message.hpp"

namespace edgecore::cloudsim {

/// A message to an edge node. Its resource is as the node sees it (without `node/<node>/`).
struct Downstream {
  beehive::Message message;
  /// The content is a Go error, for which CloudHub does not wait for an ack (protocol/01-tunnel.md §2.7).
  bool error_content = false;
};

/// Takes the controllers' messages for nodes. The hub decides whether and when they arrive.
class Downlink {
 public:
  virtual ~Downlink() = default;
  virtual void send(const std::string& node, Downstream downstream) = 0;
  /// The Node object was deleted: ends the node's session.
  virtual void node_deleted(const std::string& node) = 0;
};

/// Whether CloudHub waits for an ack of the message, by the rules of protocol/01-tunnel.md §2.7.
bool needs_ack(const Downstream& downstream);

/// The frame's text as Go's encoder writes it: HTML characters escaped, with a newline at the end
/// (protocol/01-tunnel.md §1.1).
std::string wire_text(const beehive::Message& message);

}  // namespace edgecore::cloudsim
