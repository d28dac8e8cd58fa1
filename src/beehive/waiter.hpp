// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/message.hpp"

namespace edgecore::beehive {

/// A coroutine that waits for another thread. The coroutine's frame owns the Waiter, which waits on an event
/// of the coroutine's own loop: so the frame belongs to that loop (not to the bus) and is destroyed with it.
/// The waking side has the Waiter in a list under a mutex, which also guards `state` and `message`; the frame
/// removes it from that list when it ends (guards in mailbox.cpp and bus.cpp). Not an async::ThreadEvent,
/// because the list's mutex already orders everything, and this is the bus's busiest path.
struct Waiter : std::enable_shared_from_this<Waiter> {
  enum class State { kWaiting, kGranted, kStopped };
  using Deadline = std::chrono::steady_clock::time_point;
  static constexpr Deadline kNoDeadline = Deadline::max();

  Waiter(const boost::asio::any_io_executor& on, Deadline until) : executor(on), woken(on), deadline(until) {}

  /// Ends the wait. Called with the list's mutex held, from any thread, once.
  void wake(State how);

  boost::asio::any_io_executor executor;
  async::Event woken;
  Deadline deadline;
  State state = State::kWaiting;
  MessagePtr message;      ///< a sender's message, or the answer to a request
  std::size_t weight = 0;  ///< of a sender's message
};

/// Returns when the waiter is woken, at its deadline, or on cancellation; `state` tells whether it was woken.
/// Does not throw for these. Call it on the waiter's executor, which must be serial.
boost::asio::awaitable<void> wait_for(std::shared_ptr<Waiter> waiter);

}  // namespace edgecore::beehive
