// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

#include "edgecore/base/token_bucket.hpp"
#include "edgecore/beehive/message.hpp"

namespace edgecore::edgehub {

/// Priorities (pains row 5). Messages that keep the node alive and the cloud's queue moving come first.
enum class SendClass : std::size_t { kUrgent = 0, kStatus = 1, kBulk = 2 };
inline constexpr std::size_t kSendClasses = 3;
[[nodiscard]] const char* name_of(SendClass send_class);

/// Leases and acks are urgent; requests and reports about objects are status; uploads, device reports and all
/// other messages are bulk.
[[nodiscard]] SendClass class_of(const beehive::Message& message);

/// A newer message replaces an unsent older one with the same key; "": never. Only leases and status patches
/// have a key, because their newest value makes the older ones superfluous.
[[nodiscard]] std::string replace_key(const beehive::Message& message);

/// Messages that wait to be written to the tunnel: strict priority between classes, FIFO in each, newest
/// value per key, bounded by bytes and messages. `messageQPS` and `messageBurst` limit bulk only. Passive;
/// one thread.
class SendQueue {
 public:
  struct Limits {
    std::size_t messages = 4096;
    std::size_t bytes = 32U << 20U;
    double bulk_per_second = 30;
    double bulk_burst = 60;
  };
  explicit SendQueue(Limits limits);

  struct Pushed {
    bool accepted = true;
    beehive::MessagePtr
        replaced;                 ///< the unsent message that it replaces, or nullptr: its asker must be told
    beehive::MessagePtr refused;  ///< the message itself when the queue is full, else nullptr
  };
  Pushed push(beehive::MessagePtr message);

  /// The next message to write; or the pause until there is one (bulk waits for a token); or Empty.
  struct Empty {};
  using Next = std::variant<Empty, std::chrono::nanoseconds, beehive::MessagePtr>;
  Next pop(SteadyTime now);

  /// Takes everything out, in the order it would have been sent.
  std::list<beehive::MessagePtr> drain();

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Lane {
    std::list<beehive::MessagePtr> messages;
    std::unordered_map<std::string, std::list<beehive::MessagePtr>::iterator> by_key;
  };
  beehive::MessagePtr take_front(Lane& lane);

  Limits limits_;
  TokenBucket bulk_tokens_;
  std::array<Lane, kSendClasses> lanes_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace edgecore::edgehub
