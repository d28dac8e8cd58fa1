// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "beehive/life_token.hpp"
#include "beehive/mailbox_state.hpp"
#include "edgecore/async/cancellation.hpp"

namespace edgecore::beehive {

namespace asio = boost::asio;

namespace {

// Messages received before receive() yields, so that the loop turns even if the mailbox never empties.
constexpr unsigned kTakenBeforeYield = 16;
// Limit of remembered deliveries that an exception ended and from which the module may still fail.
constexpr std::size_t kMaxUnwound = 64;

[[noreturn]] void throw_aborted() {
  throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace

bool Mailbox::Impl::has_room(std::size_t weight) const {
  if (queue.empty()) return true;
  return queue.size() < limits.messages && weight <= limits.bytes && bytes <= limits.bytes - weight;
}

/// A message that was being processed when the module failed is delivered alone: if the module fails again,
/// this message is the cause.
bool Mailbox::Impl::takeable() const {
  if (queue.empty()) return false;
  return std::none_of(in_hand.begin(), in_hand.end(), [](const auto& item) {
    return item.second.unwound_at == 0 && item.second.entry.failures > 0;
  });
}

void Mailbox::Impl::push(Entry entry) {
  bytes += entry.weight;
  queue.push_back(std::move(entry));
  wake_receiver();
}

void Mailbox::Impl::admit_senders() {
  while (!senders.empty() && has_room(senders.front()->weight)) {
    const auto waiter = std::move(senders.front());
    senders.pop_front();
    push({std::move(waiter->message), waiter->weight, 0});
    waiter->wake(Waiter::State::kGranted);
  }
}

void Mailbox::Impl::wake_receiver() {
  if (receivers.empty() || !takeable()) return;
  const auto waiter = std::move(receivers.front());
  receivers.pop_front();
  waiter->wake(Waiter::State::kGranted);
}

std::pair<std::uint64_t, MessagePtr> Mailbox::Impl::take() {
  Entry entry = std::move(queue.front());
  queue.pop_front();
  bytes -= entry.weight;
  MessagePtr message = entry.message;
  const std::uint64_t ticket = next_ticket++;
  in_hand.emplace(ticket, InHand{std::move(entry), 0});
  admit_senders();
  wake_receiver();
  return {ticket, std::move(message)};
}

void Mailbox::Impl::finish(std::uint64_t ticket, bool unwound) {
  const auto found = in_hand.find(ticket);
  if (found == in_hand.end()) return;
  if (unwound) {
    found->second.unwound_at = next_ticket;
    const auto is_unwound = [](const auto& item) { return item.second.unwound_at != 0; };
    if (std::cmp_greater(std::count_if(in_hand.begin(), in_hand.end(), is_unwound), kMaxUnwound)) {
      in_hand.erase(std::find_if(in_hand.begin(), in_hand.end(), is_unwound));
    }
  } else {
    in_hand.erase(found);
    // The module has processed a later message, so it has recovered from those exceptions.
    std::erase_if(in_hand, [&](const auto& item) {
      return item.second.unwound_at != 0 && item.second.unwound_at <= ticket;
    });
  }
  wake_receiver();
}

std::vector<MessagePtr> Mailbox::Impl::take_back(Blame blame) {
  receivers.clear();  // they belong to the failed life
  std::vector<MessagePtr> poison;
  std::deque<Entry> again;
  for (auto& [ticket, item] : in_hand) {
    if (blame == Blame::kMessages) ++item.entry.failures;
    if (item.entry.failures > 1) {
      poison.push_back(std::move(item.entry.message));
    } else {
      bytes += item.entry.weight;
      again.push_back(std::move(item.entry));
    }
  }
  in_hand.clear();
  queue.insert(queue.begin(), std::move_iterator(again.begin()), std::move_iterator(again.end()));
  return poison;
}

void Mailbox::Impl::close(const std::string& why) {
  closed = why;
  for (const auto& waiter : senders) waiter->wake(Waiter::State::kStopped);
  senders.clear();
}

void Mailbox::Impl::remove(Waiters& from, const Waiter* waiter) {
  std::erase_if(from, [&](const auto& item) { return item.get() == waiter; });
}

Mailbox::Mailbox(std::string name, MailboxLimits limits)
    : name_(std::move(name)), impl_(std::make_unique<Impl>(limits)) {}

Mailbox::~Mailbox() = default;

std::size_t Mailbox::size() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->queue.size();
}

std::vector<MessagePtr> Mailbox::take_back_failed(Blame blame) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->take_back(blame);
}

void Mailbox::close(const std::string& why) {
  const std::lock_guard lock(impl_->mutex);
  impl_->close(why);
}

Delivery Mailbox::try_receive() {
  const std::lock_guard lock(impl_->mutex);
  if (LifeToken::this_thread_abandoned() || !impl_->takeable()) return {};
  auto [ticket, message] = impl_->take();
  return {shared_from_this(), std::move(message), ticket};
}

/// Removes a receiver from the list when its coroutine continues or is destroyed. If it was woken but does
/// not receive, wakes the next one.
struct Mailbox::ReceiverTurn {
  std::shared_ptr<Mailbox> mailbox;
  std::shared_ptr<Waiter> waiter;

  ReceiverTurn(std::shared_ptr<Mailbox> box, std::shared_ptr<Waiter> who)
      : mailbox(std::move(box)), waiter(std::move(who)) {}
  ReceiverTurn(const ReceiverTurn&) = delete;
  ReceiverTurn& operator=(const ReceiverTurn&) = delete;
  ~ReceiverTurn() {
    const std::lock_guard lock(mailbox->impl_->mutex);
    if (waiter->state == Waiter::State::kWaiting) {
      Impl::remove(mailbox->impl_->receivers, waiter.get());
    } else {
      mailbox->impl_->wake_receiver();
    }
  }
};

bool Mailbox::enlist_receiver(const std::shared_ptr<Waiter>& waiter) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->takeable()) return false;
  impl_->receivers.push_back(waiter);
  return true;
}

bool Mailbox::yield_due() {
  const std::lock_guard lock(impl_->mutex);
  if (++impl_->taken_in_a_row < kTakenBeforeYield) return false;
  impl_->taken_in_a_row = 0;
  return true;
}

asio::awaitable<Delivery> Mailbox::receive() {
  return receive_from(shared_from_this());
}

asio::awaitable<Delivery> Mailbox::receive_from(std::shared_ptr<Mailbox> self) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  if (self->yield_due()) {
    co_await asio::post(executor, asio::use_awaitable);
  }
  for (;;) {
    co_await async::throw_when_cancelled();
    if (LifeToken::this_thread_abandoned()) throw_aborted();
    Delivery delivery = self->try_receive();
    if (delivery) co_return delivery;

    const auto waiter = std::make_shared<Waiter>(executor, Waiter::kNoDeadline);
    if (!self->enlist_receiver(waiter)) continue;
    const ReceiverTurn turn(self, waiter);
    co_await wait_for(waiter);
    co_await async::throw_when_cancelled();
  }
}

Delivery::Delivery(std::shared_ptr<Mailbox> from, MessagePtr message, std::uint64_t ticket)
    : from_(std::move(from)),
      message_(std::move(message)),
      ticket_(ticket),
      exceptions_(std::uncaught_exceptions()) {}

Delivery::Delivery(Delivery&& other) noexcept
    : from_(std::move(other.from_)),
      message_(std::move(other.message_)),
      ticket_(std::exchange(other.ticket_, 0)),
      exceptions_(other.exceptions_) {}

Delivery& Delivery::operator=(Delivery&& other) noexcept {
  if (this == &other) return *this;
  release();
  from_ = std::move(other.from_);
  message_ = std::move(other.message_);
  ticket_ = std::exchange(other.ticket_, 0);
  exceptions_ = other.exceptions_;
  return *this;
}

Delivery::~Delivery() {
  release();
}

void Delivery::release() {
  if (!from_) return;
  const bool unwound = std::uncaught_exceptions() > exceptions_;
  {
    const std::lock_guard lock(from_->impl_->mutex);
    from_->impl_->finish(ticket_, unwound);
  }
  from_.reset();
  message_.reset();
}

MailboxDoor::Put MailboxDoor::try_put(Mailbox& mailbox, const MessagePtr& message, std::size_t weight) {
  Mailbox::Impl& impl = *mailbox.impl_;
  const std::lock_guard lock(impl.mutex);
  if (!impl.closed.empty()) return Put::kClosed;
  if (!impl.senders.empty() || !impl.has_room(weight)) return Put::kFull;
  impl.push({message, weight, 0});
  return Put::kDone;
}

namespace {

/// Removes a sender from the list when its coroutine continues or is destroyed.
template <typename Impl>
struct SenderTurn {
  SenderTurn(std::shared_ptr<Mailbox> box, Impl& state, std::shared_ptr<Waiter> who)
      : mailbox(std::move(box)), impl(state), waiter(std::move(who)) {}
  SenderTurn(const SenderTurn&) = delete;
  SenderTurn& operator=(const SenderTurn&) = delete;
  ~SenderTurn() {
    const std::lock_guard lock(impl.mutex);
    if (waiter->state != Waiter::State::kWaiting) return;
    Impl::remove(impl.senders, waiter.get());
    impl.admit_senders();  // the next one may be lighter
  }
  /// The state of the wait.
  Waiter::State state() const {
    const std::lock_guard lock(impl.mutex);
    return waiter->state;
  }

  std::shared_ptr<Mailbox> mailbox;
  Impl& impl;
  std::shared_ptr<Waiter> waiter;
};

}  // namespace

asio::awaitable<MailboxDoor::Put> MailboxDoor::put(std::shared_ptr<Mailbox> mailbox, MessagePtr message,
                                                   std::size_t weight, Waiter::Deadline deadline) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Mailbox::Impl& impl = *mailbox->impl_;
  // Usually there is room; then no waiter is needed.
  const Put at_once = try_put(*mailbox, message, weight);
  if (at_once != Put::kFull) co_return at_once;
  const auto waiter = std::make_shared<Waiter>(executor, deadline);
  {
    const std::lock_guard lock(impl.mutex);
    if (!impl.closed.empty()) co_return Put::kClosed;
    if (impl.senders.empty() && impl.has_room(weight)) {
      impl.push({std::move(message), weight, 0});
      co_return Put::kDone;
    }
    waiter->message = std::move(message);
    waiter->weight = weight;
    impl.senders.push_back(waiter);
  }
  const SenderTurn<Mailbox::Impl> turn(mailbox, impl, waiter);
  co_await wait_for(waiter);
  const Waiter::State state = turn.state();
  if (state == Waiter::State::kGranted) co_return Put::kDone;
  if (state == Waiter::State::kStopped) co_return Put::kClosed;
  co_await async::throw_when_cancelled();
  co_return Put::kFull;
}

std::string MailboxDoor::why_closed(const Mailbox& mailbox) {
  const std::lock_guard lock(mailbox.impl_->mutex);
  return mailbox.impl_->closed;
}

}  // namespace edgecore::beehive
