// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <utility>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::async {

/// An `Event` that other threads may set. What a thread wrote before it called `set` is seen by the sleeper
/// that this wakes.
///
/// Owner and thread of the event itself: as `Event`; it is destroyed on its executor's thread, or when that
/// has ended. Other threads hold a `Setter`, which may outlive the event, its executor and its io_context:
/// `set` does nothing then. It never holds the coroutine that sleeps: that is destroyed with its own loop.
class ThreadEvent {
  struct Link;

 public:
  /// Any thread, any number of copies, for as long as it likes.
  class Setter {
   public:
    /// Wakes the sleeper on its own thread. Calls that come before the sleeper's thread has seen the first
    /// count as one.
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

  /// As those of `Event`.
  boost::asio::awaitable<bool> sleep_until(SteadyTime until) { return event_.sleep_until(until); }
  boost::asio::awaitable<void> sleep() { return event_.sleep(); }
  boost::asio::awaitable<Woken> wait_until(SteadyTime until) { return event_.wait_until(until); }

 private:
  Event event_;
  std::shared_ptr<Link> link_;
};

}  // namespace edgecore::async
