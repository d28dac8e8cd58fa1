// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/event.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "edgecore/async/cancellation.hpp"

namespace edgecore::async {

namespace asio = boost::asio;

Event::Event(asio::any_io_executor executor) : timer_(std::move(executor)) {}

void Event::notify() {
  noticed_ = true;
  timer_.cancel();
}

asio::awaitable<Woken> Event::wait_until(SteadyTime until) {
  if (!noticed_) {
    timer_.expires_at(until);
    boost::system::error_code interrupted;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, interrupted));
    if (!noticed_) co_return interrupted ? Woken::kCancelled : Woken::kTimeUp;
  }
  noticed_ = false;
  co_return Woken::kNotified;
}

asio::awaitable<bool> Event::sleep_until(SteadyTime until) {
  const Woken woken = co_await wait_until(until);
  co_await throw_when_cancelled();
  co_return woken == Woken::kNotified;
}

asio::awaitable<void> Event::sleep() {
  co_await sleep_until(SteadyTime::max());
}

}  // namespace edgecore::async
