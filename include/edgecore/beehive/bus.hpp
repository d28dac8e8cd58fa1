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

/// A message was not delivered or a request not answered. The text names the module and the message's
/// resource.
class RequestFailed : public Error {
 public:
  enum class Kind { kTimeout, kUnknownModule, kMailboxFull, kStopping };
  RequestFailed(Kind kind, const std::string& text) : Error(text), kind_(kind) {}
  [[nodiscard]] Kind kind() const noexcept { return kind_; }

 private:
  Kind kind_;
};

/// Limits of a mailbox. If it is full, `send` waits and `try_send` refuses; messages are never dropped. An
/// empty mailbox accepts one message of any weight. Messages that the module has received no longer count.
struct MailboxLimits {
  std::size_t messages = 1024;
  std::size_t bytes = 64U << 20U;
};

class Mailbox;
struct MailboxDoor;
struct Waiter;

/// A received message that a module is working on (unacknowledged). If the module fails (its run() throws or
/// hangs), each live Delivery has failed once: the restarted module gets its message again, before others,
/// and if that fails too, the message is set aside as poison (Supervisor). A failure of the machine does not
/// count. Destroy the Delivery when the work
/// is done and durable. If an exception destroys it, the message still counts as unacknowledged until a later
/// message is done. While a message that has failed once is being processed, the mailbox delivers no other
/// one, to find the one at fault: do not keep a Delivery while you wait for another message of the same
/// mailbox. Movable; belongs to the module's thread.
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
  int exceptions_ = 0;  ///< exceptions in flight when it was received
};

/// Moves messages between modules' threads (protocol/01-tunnel.md §5). All mailboxes exist before the first
/// module starts and outlive restarts of their owners. Every function may be called from any thread;
/// awaitables resume on the caller's executor, which must be serial (a module's loop, a strand), and honour
/// its cancellation. FIFO per sender and receiver. If the Supervisor has abandoned the calling thread, its
/// sends and requests fail with kStopping, and its answers are dropped.
class Bus {
 public:
  Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;
  ~Bus();

  /// Creates the mailbox of module `name`, a member of Beehive group `group`. Only before the start.
  std::shared_ptr<Mailbox> add_module(std::string_view name, std::string_view group,
                                      MailboxLimits limits = {});

  [[nodiscard]] bool has_module(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> members(std::string_view group) const;

  /// Puts the message into the module's mailbox; waits while it is full. Throws RequestFailed:
  /// kUnknownModule, or kStopping if the bus stops or the module has failed for good.
  boost::asio::awaitable<void> send(std::string_view module, Message message);
  boost::asio::awaitable<void> send(std::string_view module, MessagePtr message);

  /// As send(), without waiting: false if the mailbox is full, the module unknown or the bus stopping.
  bool try_send(std::string_view module, Message message);

  /// Sends to every member of the group, in the order they were added; waits as send() does. Skips members
  /// that have failed for good; the group may be empty (all its modules disabled).
  boost::asio::awaitable<void> send_to_group(std::string_view group, Message message);

  /// Sends and waits for the answer whose parent id is this message's id. Registers the waiter before it
  /// sends. An `error` message is an answer, too. Throws RequestFailed: kMailboxFull if the mailbox had no
  /// room within `timeout`, kTimeout without an answer. Gives the message an id if it has none; throws Error
  /// if a request with this id is already waiting.
  boost::asio::awaitable<MessagePtr> request(std::string_view module, Message message,
                                             std::chrono::milliseconds timeout);

  /// Passes an answer to the request that waits for `header.parent_id`, bypassing mailboxes. False if no
  /// request waits (any more).
  bool respond(Message answer);
  bool respond(MessagePtr answer);

  /// Makes sends and requests fail with kStopping, including waiting ones.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with the waiting coroutines
};

/// The receiving end, which the module gets in its context. Any thread may send to it (through Bus); one
/// thread receives.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  Mailbox(std::string name, MailboxLimits limits);
  ~Mailbox();

  /// Waits for the next message. Throws boost::system::system_error(operation_aborted) if cancelled.
  boost::asio::awaitable<Delivery> receive();

  /// The next message without waiting; an empty Delivery if there is none.
  Delivery try_receive();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::size_t size() const;

  /// For the Supervisor: takes back the messages whose Delivery is alive when the module fails. Those that
  /// failed for the first time return to the head of the queue; the others are returned as poison. With
  /// kNobody the failure does not count, and all of them return. Delivery objects of a hung module become
  /// inert, and its coroutines in receive() get no more messages.
  enum class Blame { kMessages, kNobody };
  std::vector<MessagePtr> take_back_failed(Blame blame = Blame::kMessages);

  /// Refuses further messages, because the module has failed for good or the bus stops. Senders, including
  /// waiting ones, get kStopping with `why`. Messages inside can still be received.
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
