// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace edgecore::eventbus {

/// A connection that lasted this long resets the back-off.
inline constexpr std::chrono::seconds kGoodLife{20};

/// Back-off: doubles from `first` to `longest`, with ±25 % of jitter, so that the nodes of a site do not
/// retry at the same moment. The broker is mostly on this machine or beside it, so `longest` is the Go
/// agent's fixed pause. Passive.
class RetryPause {
 public:
  struct Limits {
    std::chrono::milliseconds first{1000};
    std::chrono::milliseconds longest{5000};
  };
  explicit RetryPause(Limits limits) : limits_(limits), next_(limits.first) {}

  std::chrono::milliseconds next() {
    const auto base = next_;
    next_ = std::min(next_ * 2, limits_.longest);
    std::uniform_int_distribution<std::int64_t> spread(-base.count() / 4, base.count() / 4);
    return base + std::chrono::milliseconds(spread(random_));
  }
  void reset() { next_ = limits_.first; }

 private:
  Limits limits_;
  std::chrono::milliseconds next_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace edgecore::eventbus
