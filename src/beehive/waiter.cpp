// SPDX-License-Identifier: Apache-2.0
#include "beehive/waiter.hpp"

#include <boost/asio/post.hpp>

namespace edgecore::beehive {

namespace asio = boost::asio;

void Waiter::wake(State how) {
  state = how;
  // The handler does not own the waiter: the coroutine does.
  asio::post(executor, [weak = weak_from_this()] {
    if (const auto waiter = weak.lock()) waiter->woken.notify();
  });
}

asio::awaitable<void> wait_for(std::shared_ptr<Waiter> waiter) {
  co_await waiter->woken.wait_until(waiter->deadline);
}

}  // namespace edgecore::beehive
