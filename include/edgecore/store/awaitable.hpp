// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "edgecore/base/steady_timer.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::store {

/// What a coroutine sleeps on until its write is on disk. It belongs to the coroutine, and is gone when that
/// is.
struct WriteWait {
  explicit WriteWait(const boost::asio::any_io_executor& executor) : alarm(executor, SteadyTime::max()) {}
  SteadyTimer alarm;
  bool ended = false;
  std::exception_ptr failure;
};

/// Writes and resumes on the caller's executor when the job is on disk; throws what made it fail (see
/// `Done`). While the store is busy the caller waits its turn. A write that has been taken is finished even
/// if the coroutine is cancelled (which still waits for it) or destroyed (then nobody hears of it). A
/// module's executor may be gone by then; any other io_context must live: `Store::flush` before destroying
/// it. Name the job before the co_await (g++ 12 mishandles temporaries there).
inline boost::asio::awaitable<void> async_write(Store& store, Job job, std::size_t bytes = 0) {
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  const auto wait = std::make_shared<WriteWait>(executor);
  Done done = [executor, weak = std::weak_ptr<WriteWait>(wait)](std::exception_ptr failure) {
    boost::asio::post(executor, [weak, failure = std::move(failure)]() mutable {
      const auto sleeper = weak.lock();
      if (!sleeper) return;
      sleeper->ended = true;
      sleeper->failure = std::move(failure);
      sleeper->alarm.cancel();
    });
  };
  store.submit_and_wait_turn(std::move(job), std::move(done), bytes);

  const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  while (!wait->ended) {
    boost::system::error_code woken;
    co_await wait->alarm.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
  }
  co_await boost::asio::this_coro::throw_if_cancelled(throws);
  if (wait->failure) std::rethrow_exception(std::exchange(wait->failure, nullptr));
}

}  // namespace edgecore::store
