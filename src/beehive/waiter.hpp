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

/// A coroutine that waits for another thread. It is owned by the coroutine's frame, and what it waits on is
/// an event of the coroutine's own loop: so the frame always belongs to its loop (not to the bus) and dies
/// with it. No async::ThreadEvent: the list's mutex orders everything already, and this is the bus's busiest
/// path. The one who wakes it holds it in a list under a mutex; the frame takes it off that list when it goes
/// (see the guards in mailbox.cpp and bus.cpp). `state` and `message` are guarded by that mutex.
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
  MessagePtr message;      ///< what a sender wants put in, or the answer a requester got
  std::size_t weight = 0;  ///< of a sender's message
};

/// Returns when the waiter was woken, its deadline has passed or the calling coroutine was cancelled; `state`
/// tells the first from the others. Never throws for these. To be called on the waiter's executor, which must
/// be serial.
boost::asio::awaitable<void> wait_for(std::shared_ptr<Waiter> waiter);

}  // namespace edgecore::beehive
