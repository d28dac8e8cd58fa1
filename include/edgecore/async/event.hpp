// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"

namespace edgecore::async {

/// What ended a wait.
enum class Woken { kNotified, kTimeUp, kCancelled };

/// An auto-reset event: what a loop sleeps on until a time, or until somebody says that there is something to
/// do. A notice given while nobody sleeps is kept for the next sleep; several count as one.
///
/// Owner: whoever sleeps, or the object whose loop it is; it outlives the sleep. One sleeper at a time.
/// Thread: its executor's alone (`ThreadEvent` may be set by others). For several sleepers: `Condition`.
class Event {
 public:
  explicit Event(boost::asio::any_io_executor executor);
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void notify();

  /// Returns at `until`, at once when there is an unread notice, or when notified; true when there was a
  /// notice, which is read by that. Throws boost::system::system_error(operation_aborted) when the sleeper is
  /// cancelled.
  boost::asio::awaitable<bool> sleep_until(SteadyTime until);
  boost::asio::awaitable<void> sleep();

  /// The same for a sleeper that has something to do when it is cancelled: the cancellation ends the wait
  /// once, and nothing is thrown for it. A notice wins over the other two.
  boost::asio::awaitable<Woken> wait_until(SteadyTime until);

 private:
  SteadyTimer timer_;
  bool noticed_ = false;
};

}  // namespace edgecore::async
