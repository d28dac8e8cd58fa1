// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "support/eventually.hpp"

namespace edgecore::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

inline asio::awaitable<void> sleep(std::chrono::milliseconds time) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  SteadyTimer timer(executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

inline asio::awaitable<void> sleep_for_ever() {
  co_await sleep(1h);
}

/// The result of a coroutine that was started on a loop.
struct Outcome {
  bool ended = false;
  std::exception_ptr error;
  asio::cancellation_signal signal;

  struct Handler {
    using cancellation_slot_type = asio::cancellation_slot;
    cancellation_slot_type get_cancellation_slot() const noexcept { return outcome->signal.slot(); }
    void operator()(const std::exception_ptr& why) const {
      outcome->ended = true;
      outcome->error = why;
    }
    Outcome* outcome;
  };

  void start(asio::io_context& loop, asio::awaitable<void> body) {
    asio::co_spawn(loop, std::move(body), Handler{this});
  }
  void cancel() { signal.emit(asio::cancellation_type::terminal); }
  [[nodiscard]] bool aborted() const {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const boost::system::system_error& why) {
      return why.code() == asio::error::operation_aborted;
    } catch (...) {
    }
    return false;
  }
};

/// Runs the coroutine on a loop of its own on this thread; rethrows its exception.
inline void run(asio::awaitable<void> body) {
  asio::io_context loop;
  Outcome outcome;
  outcome.start(loop, std::move(body));
  loop.run();
  if (outcome.error) std::rethrow_exception(outcome.error);
  if (!outcome.ended) throw std::runtime_error("The coroutine has not ended.");
}

}  // namespace edgecore::test
