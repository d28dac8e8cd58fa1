// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <utility>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::async {

/// An `Event` that other threads may set. The woken sleeper sees everything that the thread wrote before
/// `set`.
///
/// Owner and thread of the event: as for `Event`; it must be destroyed on its executor's thread, or after
/// that thread has ended. Other threads hold a `Setter`, which may outlive the event, its executor and its
/// io_context; then `set` does nothing. A Setter never owns the sleeping coroutine, which is destroyed with
/// its own loop.
class ThreadEvent {
  struct Link;

 public:
  /// Any thread, any number of copies, any lifetime.
  class Setter {
   public:
    /// Wakes the sleeper on its own thread. Several calls count as one until the sleeper's thread has seen
    /// the first.
    void set() const;

   private:
    friend class ThreadEvent;
    explicit Setter(std::shared_ptr<Link> link) : link_(std::move(link)) {}
    std::shared_ptr<Link> link_;
  };

  explicit ThreadEvent(const boost::asio::any_io_executor& executor);
  ThreadEvent(const ThreadEvent&) = delete;
  ThreadEvent& operator=(const ThreadEvent&) = delete;
  ~ThreadEvent();

  [[nodiscard]] Setter setter() const { return Setter(link_); }

  /// See `Event::sleep_until` and `Event::wait_until`.
  boost::asio::awaitable<bool> sleep_until(SteadyTime until) { return event_.sleep_until(until); }
  boost::asio::awaitable<void> sleep() { return event_.sleep(); }
  boost::asio::awaitable<Woken> wait_until(SteadyTime until) { return event_.wait_until(until); }

 private:
  Event event_;
  std::shared_ptr<Link> link_;
};

}  // namespace edgecore::async
