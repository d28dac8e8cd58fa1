// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::async {

/// The work was still going on when the caller's patience ended.
class PoolTimeout : public Error {
 public:
  using Error::Error;
};

/// The pool takes no more work: too much waits for a thread, or it was stopped. The work was not begun.
class PoolFull : public Error {
 public:
  using Error::Error;
};

/// How long the work is waited for.
struct PoolWait {
  /// After this the wait ends with PoolTimeout.
  std::optional<std::chrono::milliseconds> patience = std::nullopt;
  /// A caller that is cancelled still waits this long for the work to end. For work that changes what the
  /// next one works on: mounts of a pod, cgroups.
  std::chrono::milliseconds linger{0};
};

/// For work of which one follows the other on the same thing. The longest it takes where nothing hangs, and
/// less than a module is given to stop.
inline constexpr PoolWait kInTurn{std::nullopt, std::chrono::seconds(3)};

/// `on_pool` for work that gives nothing.
boost::asio::awaitable<void> run_on_pool(BlockingPool& pool, BlockingPool::Work work, PoolWait wait);

/// `on_pool` for work that gives a Result.
template <class Result>
boost::asio::awaitable<Result> ask_on_pool(BlockingPool& pool, std::function<Result()> work, PoolWait wait) {
  const auto result = std::make_shared<std::optional<Result>>();
  BlockingPool::Work job = [result, work = std::move(work)] { result->emplace(work()); };
  co_await run_on_pool(pool, std::move(job), wait);
  co_return std::move(**result);
}

/// Runs `work` on a thread of the pool and resumes on the caller's executor with its result; throws what it
/// threw, PoolFull, or PoolTimeout.
///
/// Cancellation (boost::system::system_error with operation_aborted) does not stop the work, it only stops
/// the wait for it: so `work` owns everything it touches (values, shared pointers), never references into the
/// caller. What it gives after that is dropped. The caller's executor may be gone by then; the pool has to
/// live until the call has begun. Name the work before the co_await (g++ 12 mishandles temporaries there).
template <class Work>
auto on_pool(BlockingPool& pool, Work work, PoolWait wait = {}) {
  using Result = std::invoke_result_t<Work&>;
  if constexpr (std::is_void_v<Result>) {
    return run_on_pool(pool, BlockingPool::Work(std::move(work)), wait);
  } else {
    return ask_on_pool<Result>(pool, std::function<Result()>(std::move(work)), wait);
  }
}

}  // namespace edgecore::async
