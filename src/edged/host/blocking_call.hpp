// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/steady_timer.hpp"

namespace edgecore::edged {

/// The work of a blocking_call was still going on when the caller's patience ended.
class BlockingCallTimeout : public Error {
 public:
  using Error::Error;
};

/// How long a blocking_call is waited for.
struct CallWait {
  /// After this the wait ends with BlockingCallTimeout.
  std::optional<std::chrono::milliseconds> patience = std::nullopt;
  /// A caller that is cancelled still waits this long for the call to end. For calls that change what the
  /// next one works on: mounts of a pod, cgroups.
  std::chrono::milliseconds linger{0};
};

/// For calls that follow one another on the same thing. The longest they take where nothing hangs, and less
/// than a module is given to stop.
inline constexpr CallWait kInTurn{std::nullopt, std::chrono::seconds(3)};

/// Runs `work` on the pool's thread and resumes on the caller's executor with its result; throws what it
/// threw, and Error when the pool is full or was stopped. Cancelling the caller (boost::system::system_error
/// with operation_aborted) does not stop the work, it only stops waiting for it: so `work` owns everything it
/// touches (values, shared pointers), never references into the caller. What the pool reports after that is
/// dropped. An executor of a module may be gone by then; any other io_context must outlive the pool's
/// threads. Name the work before the co_await (g++ 12 mishandles temporaries there).
template <class Result>
boost::asio::awaitable<Result> blocking_call(BlockingPool& pool, std::function<Result()> work,
                                             CallWait wait = {}) {
  using Value = std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;
  struct Sleeper {
    SteadyTimer alarm;
    std::exception_ptr failure;
    bool ended = false;
  };
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  const auto value = std::make_shared<std::optional<Value>>();
  auto until = SteadyTime::max();
  if (wait.patience) until = steady_now() + *wait.patience;
  const auto sleeper = std::make_shared<Sleeper>(Sleeper{SteadyTimer(executor, until), nullptr, false});
  BlockingPool::Work job = [value, work = std::move(work)] {
    if constexpr (std::is_void_v<Result>) {
      work();
      value->emplace();
    } else {
      value->emplace(work());
    }
  };
  BlockingPool::Completion done = [executor,
                                   weak = std::weak_ptr<Sleeper>(sleeper)](std::exception_ptr failure) {
    boost::asio::post(executor, [weak, failure = std::move(failure)]() mutable {
      const auto waiting = weak.lock();
      if (!waiting) return;
      waiting->ended = true;
      waiting->failure = std::move(failure);
      waiting->alarm.cancel();
    });
  };
  if (!pool.submit(std::move(job), std::move(done)))
    throw Error("Too many calls that block are waiting for a thread; this one was not begun");
  boost::system::error_code woken;
  co_await sleeper->alarm.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
  if (!sleeper->ended) {
    if (!woken) throw BlockingCallTimeout("A call that blocks has not come back in time");
    const boost::system::error_code cancelled = woken;
    const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const auto leave = steady_now() + wait.linger;
    while (!sleeper->ended && steady_now() < leave) {
      sleeper->alarm.expires_at(leave);
      co_await sleeper->alarm.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    }
    co_await boost::asio::this_coro::throw_if_cancelled(throws);
    throw boost::system::system_error(cancelled);
  }
  if (sleeper->failure) std::rethrow_exception(std::exchange(sleeper->failure, nullptr));
  if constexpr (!std::is_void_v<Result>) co_return std::move(**value);
}

}  // namespace edgecore::edged
