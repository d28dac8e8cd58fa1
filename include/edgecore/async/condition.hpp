// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <list>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::async {

/// A condition variable for coroutines: several wait for a change of shared state, then each checks it again.
/// As with std::condition_variable a notification is not stored: check first, then wait.
///
///     while (!done) co_await changed.sleep_until(deadline);
///
/// Owner: the object that holds the state; it must outlive the waits. Thread: one, that of all waiters.
class Condition {
 public:
  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  void notify_all();

  /// Returns at `until`, or when notified; true when notified. Throws
  /// boost::system::system_error(operation_aborted) if the caller is cancelled.
  boost::asio::awaitable<bool> sleep_until(SteadyTime until);

  /// As sleep_until(), but returns on cancellation instead of throwing (see `Event::wait_until`).
  boost::asio::awaitable<Woken> wait_until(SteadyTime until);

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Seat;
  std::list<Event*> waiting_;  ///< each is in the frame of the waiting coroutine
};

}  // namespace edgecore::async
