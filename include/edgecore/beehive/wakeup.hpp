// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"

namespace edgecore::beehive {

/// What a loop sleeps on: until a time, or until somebody says that there is something to do. A notice given
/// while nobody sleeps is kept for the next sleep. One sleeper; everything on one executor's thread.
class Wakeup {
 public:
  explicit Wakeup(boost::asio::any_io_executor executor) : timer_(std::move(executor)) {}

  void notify() {
    noticed_ = true;
    timer_.cancel();
  }

  /// Returns at `until`, at once when there is an unread notice, or when notified. Throws
  /// boost::system::system_error(operation_aborted) when the sleeper is cancelled.
  boost::asio::awaitable<void> sleep_until(SteadyTime until) {
    if (!std::exchange(noticed_, false)) {
      timer_.expires_at(until);
      boost::system::error_code woken;
      co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
      noticed_ = false;
    }
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
      throw boost::system::system_error(boost::asio::error::operation_aborted);
    }
  }
  boost::asio::awaitable<void> sleep() { return sleep_until(SteadyTime::max()); }

 private:
  SteadyTimer timer_;
  bool noticed_ = false;
};

}  // namespace edgecore::beehive
