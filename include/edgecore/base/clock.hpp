// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace edgecore {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

/// The steady clock of the program, for timers (steady_timer.hpp) and deadlines. It is the machine's clock
/// plus the time that a test skipped on this thread (tests/support/skipped_time.hpp), so that a module on the
/// test's thread does not wait in real time; other threads are not affected. Meets the standard's Clock
/// requirements.
struct SteadyClock {
  using duration = std::chrono::steady_clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = SteadyTime;
  static constexpr bool is_steady = true;
  static time_point now() noexcept { return std::chrono::steady_clock::now() + skipped; }
  static inline thread_local duration skipped{0};
};

inline SteadyTime steady_now() {
  return SteadyClock::now();
}

/// The program's source of time, which tests replace. Wall time may jump (no RTC, 1970, NTP), so use it only
/// for timestamps and certificate validity; use steady time to wait and to measure. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall() const = 0;
  [[nodiscard]] virtual SteadyTime steady() const = 0;
};

/// The machine's clocks. One object serves the process.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return std::chrono::system_clock::now(); }
  [[nodiscard]] SteadyTime steady() const override { return steady_now(); }
  static const SystemClock& instance();
};

/// A clock that stands still until it is moved: for tests and fault injection.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime start) : wall_(start.time_since_epoch().count()) {}
  [[nodiscard]] WallTime wall() const override { return WallTime(WallTime::duration(wall_.load())); }
  [[nodiscard]] SteadyTime steady() const override {
    return SteadyTime(SteadyTime::duration(steady_.load()));
  }
  /// Advances both clocks.
  void advance(std::chrono::nanoseconds by) {
    wall_ += std::chrono::duration_cast<WallTime::duration>(by).count();
    steady_ += std::chrono::duration_cast<SteadyTime::duration>(by).count();
  }
  /// Sets only the wall clock, as an operator or NTP would.
  void set_wall(WallTime to) { wall_ = to.time_since_epoch().count(); }

 private:
  std::atomic<WallTime::rep> wall_;
  std::atomic<SteadyTime::rep> steady_{std::chrono::seconds(1000) / SteadyTime::duration(1)};
};

/// Milliseconds since the Unix epoch, the unit of message timestamps (protocol/01-tunnel.md §1.1).
std::int64_t unix_millis(WallTime time);

}  // namespace edgecore
