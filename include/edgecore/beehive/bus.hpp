// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/beehive/message.hpp"

namespace edgecore::beehive {

/// Why a request got no answer. `text` is a sentence with the module and the message's resource.
class RequestFailed : public Error {
 public:
  enum class Kind { kTimeout, kUnknownModule, kMailboxFull, kStopping };
  RequestFailed(Kind kind, const std::string& text) : Error(text), kind_(kind) {}
  [[nodiscard]] Kind kind() const noexcept { return kind_; }

 private:
  Kind kind_;
};

/// What a mailbox takes. A full mailbox makes `send` wait and `try_send` refuse; nothing is ever dropped from
/// it. An empty mailbox takes a single message of any weight. Messages in hand no longer count.
struct MailboxLimits {
  std::size_t messages = 1024;
  std::size_t bytes = 64U << 20U;
};

class Mailbox;
struct MailboxDoor;
struct Waiter;

/// A received message in the hands of a module. While it lives the message counts as being worked on: when
/// the module fails (its run() throws or hangs) with deliveries in hand, each of them has failed once; it is
/// given to the restarted module once more, first in line, and set aside as poison when that fails too
/// (Supervisor). Let it go out of scope when the work, including what must be durable, is done. One that an
/// exception destroys is not done: it still counts as in hand until a message received after that is done.
/// While a message that has failed once is in hand no other is handed out, so that the guilty one is found:
/// do not keep a Delivery for the sake of a later message of the same mailbox. Movable; belongs to the
/// module's thread.
class Delivery {
 public:
  Delivery() = default;
  Delivery(Delivery&&) noexcept;
  Delivery& operator=(Delivery&&) noexcept;
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;
  ~Delivery();

  [[nodiscard]] const Message& operator*() const { return *message_; }
  [[nodiscard]] const Message* operator->() const { return message_.get(); }
  [[nodiscard]] const MessagePtr& message() const { return message_; }
  [[nodiscard]] explicit operator bool() const { return message_ != nullptr; }

 private:
  friend class Mailbox;
  Delivery(std::shared_ptr<Mailbox> from, MessagePtr message, std::uint64_t ticket);
  void release();

  std::shared_ptr<Mailbox> from_;
  MessagePtr message_;
  std::uint64_t ticket_ = 0;
  int exceptions_ = 0;  ///< in flight when it was received
};

/// Moves messages between modules' threads (protocol/01-tunnel.md §5). All mailboxes exist before the first
/// module starts and outlive restarts of their owners. Every function may be called from any thread;
/// awaitables resume on the caller's executor, which must be serial (a module's loop, a strand), and honour
/// its cancellation. FIFO per sender and receiver. A thread that the Supervisor has abandoned is refused: its
/// sends and requests fail with kStopping, its answers go nowhere.
class Bus {
 public:
  Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;
  ~Bus();

  /// Makes the mailbox of module `name`, member of Beehive group `group`. Before start only.
  std::shared_ptr<Mailbox> add_module(std::string_view name, std::string_view group,
                                      MailboxLimits limits = {});

  [[nodiscard]] bool has_module(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> members(std::string_view group) const;

  /// Puts the message into the module's mailbox, waiting while that is full. Throws RequestFailed for an
  /// unknown module (kUnknownModule), or when the bus is stopping or the module has failed for good
  /// (kStopping).
  boost::asio::awaitable<void> send(std::string_view module, Message message);
  boost::asio::awaitable<void> send(std::string_view module, MessagePtr message);

  /// The same without waiting: false when the mailbox is full, the module unknown or the bus stopping.
  bool try_send(std::string_view module, Message message);

  /// To every member of the group, in the order they were added; waits for room as `send` does. A group
  /// without members (all its modules disabled) is no error, nor is a member that has failed for good.
  boost::asio::awaitable<void> send_to_group(std::string_view group, Message message);

  /// Sends and waits for the answer whose parent id is this message's id. The waiter is registered before the
  /// message is sent. The answer may be an `error` message: that is an answer. Throws RequestFailed:
  /// kMailboxFull when the message did not even get into the mailbox within `timeout`, kTimeout without an
  /// answer. A message without an id is given one; an id that is already waited for is an Error.
  boost::asio::awaitable<MessagePtr> request(std::string_view module, Message message,
                                             std::chrono::milliseconds timeout);

  /// Hands an answer to whoever waits for `header.parent_id`; replies bypass mailboxes. False when nobody
  /// waits (any more).
  bool respond(Message answer);
  bool respond(MessagePtr answer);

  /// From now on sends and requests fail with kStopping; waiting ones are woken.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with the coroutines that wait
};

/// The receiving end, given to the module by its context. Any thread may put in (through Bus); one thread
/// takes out.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  Mailbox(std::string name, MailboxLimits limits);
  ~Mailbox();

  /// The next message; waits for one. Throws boost::system::system_error(operation_aborted) when cancelled.
  boost::asio::awaitable<Delivery> receive();

  /// The next message if there is one, without waiting; an empty Delivery otherwise.
  Delivery try_receive();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::size_t size() const;

  /// What is in hand of the present owner (Delivery objects alive), taken back by the Supervisor when it
  /// fails: those that failed for the first time go to the head of the queue again, the others are returned
  /// as poison. Delivery objects that a hung owner still holds become inert.
  /// Coroutines that wait in receive() belong to the failed owner and get nothing any more.
  std::vector<MessagePtr> take_back_failed();

  /// Takes nothing more: the owner has failed for good or the bus stops. `why` is a sentence for senders, who
  /// get kStopping, waiting ones at once. What is inside can still be received.
  void close(const std::string& why);

 private:
  friend struct MailboxDoor;
  friend class Delivery;
  struct Impl;
  struct ReceiverTurn;
  bool enlist_receiver(const std::shared_ptr<Waiter>& waiter);
  bool yield_due();
  static boost::asio::awaitable<Delivery> receive_from(std::shared_ptr<Mailbox> self);

  std::string name_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgecore::beehive
