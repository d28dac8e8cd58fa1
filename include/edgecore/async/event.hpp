// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"

namespace edgecore::async {

/// The reason why a wait ended.
enum class Woken { kNotified, kTimeUp, kCancelled };

/// An auto-reset event: a loop sleeps on it until a time or a notification. A notification without a sleeper
/// is stored for the next sleep; several count as one.
///
/// Owner: the sleeper, or the object whose loop it is; it must outlive the sleep. One sleeper at a time.
/// Thread: only its executor's (other threads may set a `ThreadEvent`). For several sleepers: `Condition`.
class Event {
 public:
  explicit Event(boost::asio::any_io_executor executor);
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void notify();

  /// Returns at `until`, or when notified, at once if a notification is stored. True if notified; this
  /// consumes the notification. Throws boost::system::system_error(operation_aborted) if the caller is
  /// cancelled.
  boost::asio::awaitable<bool> sleep_until(SteadyTime until);
  boost::asio::awaitable<void> sleep();

  /// As sleep_until(), but returns kCancelled on cancellation instead of throwing, for a caller that must
  /// clean up. A notification wins over the other two.
  boost::asio::awaitable<Woken> wait_until(SteadyTime until);

 private:
  SteadyTimer timer_;
  bool noticed_ = false;
};

}  // namespace edgecore::async
