// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace edgecore::beehive {

/// The back-off before a module restarts: doubles after each failure up to a limit; resets after a long
/// enough life.
class Backoff {
 public:
  using Millis = std::chrono::milliseconds;
  Backoff(Millis first, Millis max, Millis stable_after)
      : first_(first), max_(max), stable_after_(stable_after) {}

  /// The next pause after a life of length `lived` has failed.
  Millis next(std::chrono::nanoseconds lived) {
    if (lived >= stable_after_) next_ = first_;
    const Millis now = std::min(next_, max_);
    next_ = std::min(now * 2, max_);
    return now;
  }

 private:
  Millis first_;
  Millis max_;
  Millis stable_after_;
  Millis next_ = first_;
};

}  // namespace edgecore::beehive
