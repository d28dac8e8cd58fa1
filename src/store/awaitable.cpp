// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/awaitable.hpp"

#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

#include "edgecore/async/oneshot.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::store {

boost::asio::awaitable<void> async_write(Store& store, Job job, std::size_t bytes) {
  async::Oneshot<std::exception_ptr> end(co_await boost::asio::this_coro::executor);
  store.submit_and_wait_turn(std::move(job), end.sender(), bytes);
  co_await end.wait_through(SteadyTime::max());
  if (const std::exception_ptr failure = end.take()) std::rethrow_exception(failure);
}

}  // namespace edgecore::store
