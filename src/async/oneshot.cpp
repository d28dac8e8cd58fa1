// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/oneshot.hpp"

#include <boost/asio/this_coro.hpp>

namespace edgecore::async {

namespace asio = boost::asio;

asio::awaitable<Woken> OneshotWait::wait_until(SteadyTime until) {
  if (arrived_) co_return Woken::kNotified;
  const Woken woken = co_await event_.wait_until(until);
  arrived_ = woken == Woken::kNotified;
  co_return woken;
}

asio::awaitable<bool> OneshotWait::wait_through(SteadyTime until) {
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  Woken woken = Woken::kCancelled;
  while (woken == Woken::kCancelled) woken = co_await wait_until(until);
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return woken == Woken::kNotified;
}

}  // namespace edgecore::async
