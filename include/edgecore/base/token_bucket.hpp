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

  /// Takes a token and returns nullopt, or returns the time until the next token.
  std::optional<std::chrono::nanoseconds> take(SteadyTime now) {
    if (rate_ <= 0) return std::nullopt;
    refill(now);
    if (tokens_ >= 1.0) {
      tokens_ -= 1.0;
      return std::nullopt;
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>((1.0 - tokens_) / rate_ * 1e9) + 1);
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
