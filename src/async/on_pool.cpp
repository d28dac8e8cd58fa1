// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/on_pool.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <string>

#include "edgecore/async/oneshot.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::async {

namespace asio = boost::asio;
namespace {

/// Waits as `wait` says; returns kCancelled even if the work has ended while the cancelled caller waited.
asio::awaitable<Woken> wait_for(OneshotWait& end, PoolWait wait) {
  const SteadyTime until = wait.patience ? steady_now() + *wait.patience : SteadyTime::max();
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  const Woken woken = co_await end.wait_until(until);
  if (woken == Woken::kCancelled && wait.linger.count() > 0)
    co_await end.wait_through(steady_now() + wait.linger);
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return woken;
}

}  // namespace

asio::awaitable<void> run_on_pool(BlockingPool& pool, BlockingPool::Work work, PoolWait wait) {
  Oneshot<std::exception_ptr> end(co_await asio::this_coro::executor);
  if (!pool.submit(std::move(work), end.sender(), std::string(wait.owner)))
    throw PoolFull("too many blocking calls wait for a thread; this one was not started");
  const Woken woken = co_await wait_for(end, wait);
  if (woken == Woken::kTimeUp) throw PoolTimeout("a blocking call did not return in time");
  if (woken == Woken::kCancelled) throw boost::system::system_error(asio::error::operation_aborted);
  if (const std::exception_ptr failure = end.take()) std::rethrow_exception(failure);
}

}  // namespace edgecore::async
