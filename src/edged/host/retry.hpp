// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore::edged {

/// The schedule of one repeated attempt: when the next one is due, and which failures to log. Back-off from
/// 10 s to 5 min. One thread.
class Retry {
 public:
  static constexpr std::chrono::seconds kFirst{10};
  static constexpr std::chrono::seconds kLongest{300};

  [[nodiscard]] SteadyTime due() const { return due_; }
  [[nodiscard]] bool waits() const { return steady_now() < due_; }
  [[nodiscard]] std::chrono::seconds pause() const { return pause_; }
  [[nodiscard]] unsigned long failures() const { return complaints_.count(); }

  /// Records a failure; true if it should be logged.
  bool failed() {
    pause_ = std::clamp(pause_ * 2, kFirst, kLongest);
    due_ = steady_now() + pause_;
    return complaints_.now();
  }

 private:
  std::chrono::seconds pause_{0};
  SteadyTime due_{};
  log::Quiet complaints_;
};

}  // namespace edgecore::edged
