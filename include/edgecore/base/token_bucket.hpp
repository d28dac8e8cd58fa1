// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "edgecore/base/clock.hpp"

namespace edgecore {

/// A rate limit of `rate` tokens a second with bursts of at most `burst`; starts full. A rate of 0 means no
/// limit (protocol/01-tunnel.md §2.9: the Go agent's treatment of 0 is a defect). The caller passes the time.
/// One thread.
class TokenBucket {
 public:
  TokenBucket(double rate, double burst) : rate_(rate), burst_(std::max(burst, 1.0)), tokens_(burst_) {}

  /// Takes `count` tokens (at most the burst) and returns nullopt, or takes none and returns the time until
  /// there are enough.
  std::optional<std::chrono::nanoseconds> take(SteadyTime now, double count = 1.0) {
    if (rate_ <= 0) return std::nullopt;
    refill(now);
    count = std::min(count, burst_);
    if (tokens_ >= count) {
      tokens_ -= count;
      return std::nullopt;
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>((count - tokens_) / rate_ * 1e9) + 1);
  }

  /// Takes tokens that are not there yet, for work that cannot be refused half-way: the next take() waits.
  void owe(SteadyTime now, double count) {
    if (rate_ <= 0) return;
    refill(now);
    tokens_ -= count;
  }

 private:
  void refill(SteadyTime now) {
    if (last_) {
      const double seconds = std::chrono::duration<double>(now - *last_).count();
      tokens_ = std::min(burst_, tokens_ + std::max(0.0, seconds) * rate_);
    }
    last_ = now;
  }

  double rate_, burst_, tokens_;
  std::optional<SteadyTime> last_;
};

}  // namespace edgecore
