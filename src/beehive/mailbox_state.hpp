// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "beehive/waiter.hpp"
#include "edgecore/beehive/bus.hpp"

namespace edgecore::beehive {

/// State of a mailbox. `mutex` guards everything; call the functions with it held.
struct Mailbox::Impl {
  struct Entry {
    MessagePtr message;
    std::size_t weight = 0;
    unsigned failures = 0;  ///< lives that failed while processing it
  };
  struct InHand {
    Entry entry;
    /// 0 while the Delivery is alive. Else an exception destroyed it, and this was the next ticket at that
    /// time.
    std::uint64_t unwound_at = 0;
  };
  using Waiters = std::deque<std::shared_ptr<Waiter>>;

  explicit Impl(MailboxLimits given) : limits(given) {}

  /// An empty mailbox accepts any message, otherwise one above the byte limit would wait for ever.
  [[nodiscard]] bool has_room(std::size_t weight) const;
  [[nodiscard]] bool takeable() const;
  void push(Entry entry);
  void admit_senders();
  void wake_receiver();
  std::pair<std::uint64_t, MessagePtr> take();
  void finish(std::uint64_t ticket, bool unwound);
  std::vector<MessagePtr> take_back(Blame blame);
  void close(const std::string& why);
  static void remove(Waiters& from, const Waiter* waiter);

  const MailboxLimits limits;
  mutable std::mutex mutex;
  std::deque<Entry> queue;
  std::size_t bytes = 0;  ///< of `queue`
  std::map<std::uint64_t, InHand> in_hand;
  std::uint64_t next_ticket = 1;
  Waiters senders;
  Waiters receivers;
  std::string closed;  ///< reason of the close; empty while open
  unsigned taken_in_a_row = 0;
};

/// The sending side of a mailbox for the Bus.
struct MailboxDoor {
  enum class Put { kDone, kFull, kClosed };
  /// Puts the message in unless the mailbox is full, closed, or others wait for room.
  static Put try_put(Mailbox& mailbox, const MessagePtr& message, std::size_t weight);
  /// Waits for room until the deadline. kFull: the deadline passed.
  static boost::asio::awaitable<Put> put(std::shared_ptr<Mailbox> mailbox, MessagePtr message,
                                         std::size_t weight, Waiter::Deadline deadline);
  static std::string why_closed(const Mailbox& mailbox);
};

}  // namespace edgecore::beehive
