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

/// Requests that were written to the tunnel and are not answered yet: when the connection ends their askers
/// are told at once, and when none is answered for long the cloud has no session for us although the socket
/// is open (protocol/01-tunnel.md §2.11 item 8). Keeps envelopes, not contents. Passive; one thread.
class Outstanding {
 public:
  /// Remembers `sent` if it is something the cloud answers.
  void sent(const beehive::Message& sent, SteadyTime now);
  /// True when `parent_id` was waited for.
  bool answered(const std::string& parent_id);
  /// When the oldest that still waits was sent, of those that were sent after `heard`.
  [[nodiscard]] std::optional<SteadyTime> oldest_after(SteadyTime heard) const;
  /// Forgets what was sent before `before`: their askers have long timed out.
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
