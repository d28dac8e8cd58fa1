#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace edgecore {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

/// The seam through which the program asks for the time. Wall time may jump (no RTC, 1970, NTP): it is for stamps
/// and certificate validity; everything that waits or measures uses steady time. Any thread may call it.
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
  [[nodiscard]] SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
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
  /// Lets time pass on both clocks.
  void advance(std::chrono::nanoseconds by) {
    wall_ += std::chrono::duration_cast<WallTime::duration>(by).count();
    steady_ += std::chrono::duration_cast<SteadyTime::duration>(by).count();
  }
  /// Sets the wall clock alone, as an operator or NTP would.
  void set_wall(WallTime to) { wall_ = to.time_since_epoch().count(); }

 private:
  std::atomic<WallTime::rep> wall_;
  std::atomic<SteadyTime::rep> steady_{std::chrono::seconds(1000) / SteadyTime::duration(1)};
};

/// The time on the clock that Asio's timers run on, for code that sets a timer to it.
inline SteadyTime steady_now() {
  return std::chrono::steady_clock::now();
}

/// Milliseconds since the Unix epoch, the unit of message timestamps (protocol/01-tunnel.md §1.1).
std::int64_t unix_millis(WallTime time);

}  // namespace edgecore
