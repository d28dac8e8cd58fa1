// SPDX-License-Identifier: Apache-2.0
#include "edgecore/beehive/bus.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/this_coro.hpp>
#include <map>
#include <mutex>
#include <unordered_map>

#include "beehive/life_token.hpp"
#include "beehive/mailbox_state.hpp"
#include "edgecore/async/cancellation.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/uuid.hpp"

namespace edgecore::beehive {

namespace asio = boost::asio;
using Put = MailboxDoor::Put;

namespace {

// Limit of waits, so that adding one to the clock cannot overflow.
constexpr std::chrono::milliseconds kLongestWait = std::chrono::hours(24 * 365);
constexpr char kBusStops[] = "the node is stopping";
constexpr char kAbandoned[] = "the sending module did not respond and was replaced";

std::string about(std::string_view module, const Message& message) {
  return "A message about " + log::quote(message.route.resource) + " for module " + std::string(module);
}

}  // namespace

struct Bus::Impl {
  struct Member {
    std::string group;
    std::shared_ptr<Mailbox> mailbox;
  };

  std::shared_ptr<Mailbox> find(std::string_view name) const;
  asio::awaitable<void> deliver(std::shared_ptr<Mailbox> mailbox, std::string name, MessagePtr message,
                                Waiter::Deadline deadline) const;

  mutable std::mutex mutex;
  std::vector<Member> members;
  std::map<std::string, std::shared_ptr<Mailbox>, std::less<>> by_name;
  std::unordered_map<std::string, std::shared_ptr<Waiter>> requests;  ///< by message id
  bool stopping = false;

  static asio::awaitable<void> send(std::shared_ptr<Impl> self, std::string name, MessagePtr message);
  static asio::awaitable<void> send_to_group(std::shared_ptr<Impl> self, std::string group,
                                             MessagePtr message);
  static asio::awaitable<MessagePtr> request(std::shared_ptr<Impl> self, std::string name, MessagePtr message,
                                             std::chrono::milliseconds timeout);
  struct Request;
};

/// Registers a waiter for an answer; removes it when its coroutine continues or is destroyed.
struct Bus::Impl::Request {
  Request(std::shared_ptr<Impl> bus, std::string message_id, std::shared_ptr<Waiter> who)
      : impl(std::move(bus)), id(std::move(message_id)), waiter(std::move(who)) {
    const std::lock_guard lock(impl->mutex);
    if (impl->stopping) {
      waiter->state = Waiter::State::kStopped;
    } else if (!impl->requests.emplace(id, waiter).second) {
      throw Error("A request already waits for the answer to message " + log::quote(id) + ".");
    }
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  ~Request() {
    const std::lock_guard lock(impl->mutex);
    const auto found = impl->requests.find(id);
    if (found != impl->requests.end() && found->second == waiter) impl->requests.erase(found);
  }
  [[nodiscard]] Waiter::State state() const {
    const std::lock_guard lock(impl->mutex);
    return waiter->state;
  }

  std::shared_ptr<Impl> impl;
  std::string id;
  std::shared_ptr<Waiter> waiter;
};

std::shared_ptr<Mailbox> Bus::Impl::find(std::string_view name) const {
  const std::lock_guard lock(mutex);
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

/// Puts the message into the mailbox or throws the reason why not.
asio::awaitable<void> Bus::Impl::deliver(std::shared_ptr<Mailbox> mailbox, std::string name,
                                         MessagePtr message, Waiter::Deadline deadline) const {
  using Kind = RequestFailed::Kind;
  if (LifeToken::this_thread_abandoned()) {
    throw RequestFailed(Kind::kStopping, about(name, *message) + " was refused: " + kAbandoned + ".");
  }
  if (!mailbox) {
    throw RequestFailed(Kind::kUnknownModule,
                        about(name, *message) + " cannot be sent: there is no such module on this node.");
  }
  const Put put = co_await MailboxDoor::put(mailbox, message, weigh(*message), deadline);
  if (put == Put::kClosed) {
    throw RequestFailed(Kind::kStopping,
                        about(name, *message) + " was refused: " + MailboxDoor::why_closed(*mailbox) + ".");
  }
  if (put == Put::kFull) {
    throw RequestFailed(Kind::kMailboxFull,
                        about(name, *message) + " was not sent: its mailbox stayed full until the time-out.");
  }
}

asio::awaitable<void> Bus::Impl::send(std::shared_ptr<Impl> self, std::string name, MessagePtr message) {
  auto mailbox = self->find(name);
  co_await self->deliver(std::move(mailbox), std::move(name), std::move(message), Waiter::kNoDeadline);
}

asio::awaitable<void> Bus::Impl::send_to_group(std::shared_ptr<Impl> self, std::string group,
                                               MessagePtr message) {
  std::vector<std::shared_ptr<Mailbox>> receivers;
  {
    const std::lock_guard lock(self->mutex);
    if (self->stopping) {
      throw RequestFailed(RequestFailed::Kind::kStopping,
                          "A message for group " + group + " was refused: " + kBusStops + ".");
    }
    for (const Member& member : self->members) {
      if (member.group == group) receivers.push_back(member.mailbox);
    }
  }
  if (LifeToken::this_thread_abandoned()) {
    throw RequestFailed(RequestFailed::Kind::kStopping,
                        "A message for group " + group + " was refused: " + kAbandoned + ".");
  }
  for (const auto& mailbox : receivers) {
    // A closed mailbox belongs to a module that has failed for good: skip it like a disabled one.
    static_cast<void>(co_await MailboxDoor::put(mailbox, message, weigh(*message), Waiter::kNoDeadline));
  }
}

asio::awaitable<MessagePtr> Bus::Impl::request(std::shared_ptr<Impl> self, std::string name,
                                               MessagePtr message, std::chrono::milliseconds timeout) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto deadline = steady_now() + std::min(timeout, kLongestWait);
  const auto waiter = std::make_shared<Waiter>(executor, deadline);
  const Request request(self, message->header.id, waiter);
  auto mailbox = self->find(name);
  co_await self->deliver(std::move(mailbox), name, message, deadline);

  if (request.state() == Waiter::State::kWaiting) {
    co_await wait_for(waiter);
  }
  const Waiter::State state = request.state();
  if (state == Waiter::State::kGranted) co_return std::move(waiter->message);
  if (state == Waiter::State::kStopped) {
    throw RequestFailed(RequestFailed::Kind::kStopping,
                        about(name, *message) + " gets no answer: " + kBusStops + ".");
  }
  co_await async::throw_when_cancelled();
  throw RequestFailed(RequestFailed::Kind::kTimeout, about(name, *message) + " got no answer within " +
                                                         std::to_string(timeout.count()) + " ms.");
}

Bus::Bus() : impl_(std::make_shared<Impl>()) {}

Bus::~Bus() = default;

std::shared_ptr<Mailbox> Bus::add_module(std::string_view name, std::string_view group,
                                         MailboxLimits limits) {
  auto mailbox = std::make_shared<Mailbox>(std::string(name), limits);
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->by_name.emplace(name, mailbox).second) {
    throw Error("Module " + std::string(name) + " is registered twice.");
  }
  impl_->members.push_back({std::string(group), mailbox});
  return mailbox;
}

bool Bus::has_module(std::string_view name) const {
  return impl_->find(name) != nullptr;
}

std::vector<std::string> Bus::members(std::string_view group) const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::string> names;
  for (const auto& member : impl_->members) {
    if (member.group == group) names.push_back(member.mailbox->name());
  }
  return names;
}

// Not coroutines, so that the caller's string views need to live only until the call returns.
asio::awaitable<void> Bus::send(std::string_view module, Message message) {
  return Impl::send(impl_, std::string(module), share(std::move(message)));
}

asio::awaitable<void> Bus::send(std::string_view module, MessagePtr message) {
  return Impl::send(impl_, std::string(module), std::move(message));
}

asio::awaitable<void> Bus::send_to_group(std::string_view group, Message message) {
  return Impl::send_to_group(impl_, std::string(group), share(std::move(message)));
}

asio::awaitable<MessagePtr> Bus::request(std::string_view module, Message message,
                                         std::chrono::milliseconds timeout) {
  if (message.header.id.empty()) message.header.id = uuid_v4();
  return Impl::request(impl_, std::string(module), share(std::move(message)), timeout);
}

bool Bus::try_send(std::string_view module, Message message) {
  const auto mailbox = impl_->find(module);
  if (!mailbox || LifeToken::this_thread_abandoned()) return false;
  const MessagePtr shared = share(std::move(message));
  return MailboxDoor::try_put(*mailbox, shared, shared->weight) == Put::kDone;
}

bool Bus::respond(Message answer) {
  return respond(share(std::move(answer)));
}

bool Bus::respond(MessagePtr answer) {
  if (LifeToken::this_thread_abandoned()) return false;
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->requests.find(answer->header.parent_id);
  if (found == impl_->requests.end()) return false;
  const auto waiter = std::move(found->second);
  impl_->requests.erase(found);
  waiter->message = std::move(answer);
  waiter->wake(Waiter::State::kGranted);
  return true;
}

void Bus::stop() {
  std::vector<std::shared_ptr<Mailbox>> mailboxes;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    for (const auto& [id, waiter] : impl_->requests) waiter->wake(Waiter::State::kStopped);
    impl_->requests.clear();
    for (const auto& member : impl_->members) mailboxes.push_back(member.mailbox);
  }
  for (const auto& mailbox : mailboxes) mailbox->close(kBusStops);
}

}  // namespace edgecore::beehive
