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

/// Whether the sender of a message is told when the cloud has received it: true for uploads of eventbus
/// (docs/messages.md), which CloudHub does not answer. Other uploads are answered by the cloud's router.
[[nodiscard]] bool wants_receipt(const beehive::Message& message);

/// Which messages the cloud has read from the connection. A ping is sent behind them, so its pong says that
/// the cloud's reader has come that far. Every ping of a session has a number from here, whatever its
/// purpose; a peer may leave out the pongs of earlier pings. Passive; one thread.
class Receipts {
 public:
  /// The message has been written; its content is not kept.
  void written(const beehive::Message& message);

  /// The number, which is the payload, of a ping that is about to be sent.
  std::uint64_t ping();
  /// The messages that the cloud has received, by the payload of a pong. Empty for an unknown payload.
  std::vector<beehive::Message> pong(std::string_view payload);
  /// The number in a pong's payload; 0 if it is not one of ours.
  [[nodiscard]] static std::uint64_t number_of(std::string_view payload);

  /// A message was written and no ping has been sent behind it yet.
  [[nodiscard]] bool wants_ping() const { return !waiting_.empty() && waiting_.back().ping == 0; }
  /// A ping is under way behind a message.
  [[nodiscard]] bool ping_under_way() const { return !waiting_.empty() && waiting_.front().ping != 0; }

  /// No ping was answered: the next one is sent behind all messages.
  void ping_lost();
  /// Takes all messages that have no receipt.
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
