// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <list>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::async {

/// A condition variable for coroutines: several wait until the state they share has changed, then each looks
/// at it again. As with its namesake a notice is not kept for those who come later: look first, then wait.
///
///     while (!done) co_await changed.sleep_until(deadline);
///
/// Owner: the object that holds the state; it outlives those who wait. Thread: one, that of all who wait.
class Condition {
 public:
  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  void notify_all();

  /// Returns at `until`, or when notified; true when notified. Throws
  /// boost::system::system_error(operation_aborted) when the sleeper is cancelled.
  boost::asio::awaitable<bool> sleep_until(SteadyTime until);

  /// The same for a sleeper that has something to do when it is cancelled (see `Event::wait_until`).
  boost::asio::awaitable<Woken> wait_until(SteadyTime until);

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Seat;
  std::list<Event*> waiting_;  ///< each lies in the frame of the coroutine that waits
};

}  // namespace edgecore::async
