// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/beehive/message.hpp"

namespace edgecore::edgehub {

/// Whether a message is one whose asker is told when the cloud has it: what eventbus uploads
/// (docs/messages.md). CloudHub answers none of them. Other uploads are answered by the cloud's router.
[[nodiscard]] bool wants_receipt(const beehive::Message& message);

/// Which messages the cloud has taken off the connection. A ping leaves behind what was written before it, so
/// its pong says that the cloud's reader has got as far. Every ping of a session carries a number from here,
/// whatever it is for; a peer may leave out pongs of earlier pings. Passive; one thread.
class Receipts {
 public:
  /// The message has been written; its content is not kept.
  void written(const beehive::Message& message);

  /// Makes the number of a ping that is about to be sent: its payload.
  std::uint64_t ping();
  /// The messages that the cloud has, as a pong with this payload says; empty for one of somebody else.
  std::vector<beehive::Message> pong(std::string_view payload);
  /// The number a pong's payload stands for; 0 when it is none of ours.
  [[nodiscard]] static std::uint64_t number_of(std::string_view payload);

  /// Something was written that no ping has been sent behind.
  [[nodiscard]] bool wants_ping() const { return !waiting_.empty() && waiting_.back().ping == 0; }
  /// A ping is under way whose pong somebody waits for.
  [[nodiscard]] bool ping_under_way() const { return !waiting_.empty() && waiting_.front().ping != 0; }

  /// Forgets which pings were sent: none was answered, the next one stands for all.
  void ping_lost();
  /// Takes all that wait.
  std::vector<beehive::Message> drain();

 private:
  struct Entry {
    beehive::Message envelope;
    std::uint64_t ping = 0;  ///< the first one sent behind it; 0: none yet
  };
  std::deque<Entry> waiting_;
  std::uint64_t last_ping_ = 0;
};

}  // namespace edgecore::edgehub
