// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/release_date.hpp"

namespace edgecore {

/// The time for verifying certificates and tokens: the wall clock of `inner`, but never before what is known
/// to have passed. A board without RTC boots in 1970 and, without a network, stays there (pains row 14). One
/// thread; `inner` must outlive it.
class TrustedClock final : public Clock {
 public:
  explicit TrustedClock(const Clock& inner, WallTime floor = kReleaseDate) : inner_(inner), floor_(floor) {}
  TrustedClock(const TrustedClock&) = delete;
  TrustedClock& operator=(const TrustedClock&) = delete;

  [[nodiscard]] WallTime wall() const override { return std::max(inner_.wall(), floor_); }
  [[nodiscard]] SteadyTime steady() const override { return inner_.steady(); }
  /// Says that it is not before `passed`, from a source that can be trusted.
  void raise(WallTime passed) { floor_ = std::max(floor_, passed); }

 private:
  const Clock& inner_;
  WallTime floor_;
};

}  // namespace edgecore
