// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::async {

/// The work was still running at the caller's time-out.
class PoolTimeout : public Error {
 public:
  using Error::Error;
};

/// The pool refused the work: its queue is full, for this owner or for all, or it was stopped. The work was
/// not started.
class PoolFull : public Error {
 public:
  using Error::Error;
};

/// How long to wait for the work.
struct PoolWait {
  /// Time-out of the wait, which then throws PoolTimeout.
  std::optional<std::chrono::milliseconds> patience = std::nullopt;
  /// A cancelled caller still waits this long for the work to end. For work that must not overlap with the
  /// next one: mounts of a pod, cgroups.
  std::chrono::milliseconds linger{0};
  /// The UID of the pod that the work is for: one call of an owner runs at a time. "": no quota. The text
  /// must live until the call has started.
  std::string_view owner = {};
};

/// For work that must not overlap with the next one on the same object. Longer than such work takes without a
/// hang, and shorter than the time that a module has to stop.
inline constexpr PoolWait kInTurn{std::nullopt, std::chrono::seconds(3)};

/// `on_pool` for work without a result.
boost::asio::awaitable<void> run_on_pool(BlockingPool& pool, BlockingPool::Work work, PoolWait wait);

/// `on_pool` for work with a Result.
template <class Result>
boost::asio::awaitable<Result> ask_on_pool(BlockingPool& pool, std::function<Result()> work, PoolWait wait) {
  const auto result = std::make_shared<std::optional<Result>>();
  BlockingPool::Work job = [result, work = std::move(work)] { result->emplace(work()); };
  co_await run_on_pool(pool, std::move(job), wait);
  co_return std::move(**result);
}

/// Runs `work` on a thread of the pool and resumes on the caller's executor with its result; throws the
/// work's exception, PoolFull or PoolTimeout.
///
/// Cancellation (boost::system::system_error with operation_aborted) stops only the wait, not the work: so
/// `work` must own everything that it uses (values, shared pointers) and hold no references into the caller.
/// Its result is then dropped, and the caller's executor may be gone. The pool must live until the call has
/// started. Name the work before the co_await (g++ 12 mishandles temporaries there).
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
