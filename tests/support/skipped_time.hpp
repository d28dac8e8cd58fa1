// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <functional>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"

namespace edgecore::test {

/// The machine's clocks, both advanced by the time that was skipped on this thread.
class SkippedClock : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override {
    return std::chrono::system_clock::now() +
           std::chrono::duration_cast<WallTime::duration>(SteadyClock::skipped);
  }
  [[nodiscard]] SteadyTime steady() const override { return steady_now(); }
};

/// Turns a loop on the test's thread so that waiting costs no real time: while nothing is ready, SteadyClock
/// jumps ahead. One object per test; its destructor returns the thread to the machine's time.
class SkippedTime {
 public:
  /// `busy_elsewhere` tells whether another thread works for the loop. Meanwhile real time passes, because in
  /// skipped time the end of that work would come too late.
  explicit SkippedTime(boost::asio::io_context& loop, std::function<bool()> busy_elsewhere = nullptr)
      : loop_(loop), busy_elsewhere_(std::move(busy_elsewhere)), nudge_(loop) {}
  /// For tests with real sockets: the real time that the kernel gets before each skip.
  void give_the_kernel(std::chrono::microseconds time) { kernel_time_ = time; }
  SkippedTime(const SkippedTime&) = delete;
  SkippedTime& operator=(const SkippedTime&) = delete;
  ~SkippedTime() { SteadyClock::skipped = before_; }

  /// Runs the loop until `what` holds; false if it does not within `within`.
  bool until(const std::function<bool()>& what, SteadyTime::duration within = std::chrono::seconds(10)) {
    const SteadyTime deadline = steady_now() + within;
    while (!what()) {
      if (steady_now() > deadline) return false;
      turn();
    }
    return true;
  }
  /// Runs the loop for this time.
  void pass(SteadyTime::duration time) {
    const SteadyTime end = steady_now() + time;
    while (steady_now() < end) turn();
    if (loop_.stopped()) loop_.restart();
    loop_.poll();
  }

 private:
  /// The largest delay of a timer, as on a busy machine. Each skip costs some 15 us of system calls.
  static constexpr std::chrono::milliseconds kMoment{5};

  void turn() {
    if (loop_.stopped()) loop_.restart();
    const bool busy =
        busy_elsewhere_ && busy_elsewhere_();  // check it first: work that has ended is then in the loop
    if (loop_.poll_one() > 0) return;
    if (kernel_time_.count() > 0 && loop_.run_one_for(kernel_time_) > 0) return;
    if (busy) {
      loop_.run_one_for(std::chrono::milliseconds(1));
    } else {
      SteadyClock::skipped += kMoment;
      // Asio waits on the kernel's clock for its first timer. A timer that was due long ago makes it check
      // all of them.
      nudge_.expires_at(SteadyTime());
      nudge_.async_wait([](const boost::system::error_code&) {});
    }
  }

  const SteadyTime::duration before_ = SteadyClock::skipped;
  boost::asio::io_context& loop_;
  std::function<bool()> busy_elsewhere_;
  SteadyTimer nudge_;
  std::chrono::microseconds kernel_time_{0};
};

}  // namespace edgecore::test
