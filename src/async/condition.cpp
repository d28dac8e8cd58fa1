// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/condition.hpp"

#include <boost/asio/this_coro.hpp>

#include "edgecore/async/cancellation.hpp"

namespace edgecore::async {

namespace asio = boost::asio;

/// In the list while its coroutine waits, or until that is destroyed.
struct Condition::Seat {
  Seat(Condition& in, const asio::any_io_executor& executor)
      : of(in), event(executor), place(of.waiting_.insert(of.waiting_.end(), &event)) {}
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() { of.waiting_.erase(place); }

  Condition& of;
  Event event;
  std::list<Event*>::iterator place;
};

void Condition::notify_all() {
  for (Event* event : waiting_) event->notify();  // only posts, so the list does not change meanwhile
}

asio::awaitable<Woken> Condition::wait_until(SteadyTime until) {
  Seat seat(*this, co_await asio::this_coro::executor);
  co_return co_await seat.event.wait_until(until);
}

asio::awaitable<bool> Condition::sleep_until(SteadyTime until) {
  const Woken woken = co_await wait_until(until);
  co_await throw_when_cancelled();
  co_return woken == Woken::kNotified;
}

}  // namespace edgecore::async
