// SPDX-License-Identifier: Apache-2.0
#include "beehive/waiter.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace edgecore::beehive {

namespace asio = boost::asio;

void Waiter::wake(State how) {
  state = how;
  // The handler does not keep the waiter: that is the coroutine's, and goes with it.
  asio::post(timer.get_executor(), [weak = weak_from_this()] {
    if (const auto waiter = weak.lock()) waiter->timer.cancel();
  });
}

asio::awaitable<void> wait_for(std::shared_ptr<Waiter> waiter) {
  boost::system::error_code ignored;
  co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> throw_when_cancelled() {
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
}

}  // namespace edgecore::beehive
