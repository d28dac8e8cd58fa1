// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/message.hpp"

namespace edgecore::edgehub {

/// Requests that were written to the tunnel and are not answered yet. When the connection ends, their senders
/// are told at once. When none is answered for long, the cloud has no session for this node although the
/// socket is open (protocol/01-tunnel.md §2.11 item 8). Keeps envelopes, not contents. Passive; one thread.
class Outstanding {
 public:
  /// Remembers `sent` if the cloud answers such messages.
  void sent(const beehive::Message& sent, SteadyTime now);
  /// True when `parent_id` is the id of a request that is not answered yet.
  bool answered(const std::string& parent_id);
  /// When the oldest unanswered request that was sent after `heard` was sent.
  [[nodiscard]] std::optional<SteadyTime> oldest_after(SteadyTime heard) const;
  /// Forgets requests that were sent before `before`: their senders have timed out.
  void forget_before(SteadyTime before);
  /// Takes all, as messages without content.
  std::vector<beehive::Message> drain();
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  struct Entry {
    beehive::Message envelope;
    SteadyTime at;
  };
  std::unordered_map<std::string, Entry> waiting_;
};

}  // namespace edgecore::edgehub
