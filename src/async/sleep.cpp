// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/sleep.hpp"

#include <boost/asio/this_coro.hpp>

#include "edgecore/async/event.hpp"

namespace edgecore::async {

boost::asio::awaitable<void> sleep_for(SteadyTime::duration time) {
  Event nobody_notifies(co_await boost::asio::this_coro::executor);
  co_await nobody_notifies.sleep_until(steady_now() + time);
}

}  // namespace edgecore::async
