// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "edgecore/base/clock.hpp"

namespace edgecore::edged {

/// Chooses the attempt number of a sandbox or container when the runtime reports one as taken.
///
/// The runtime reserves the number for a call that was abandoned: by this program before it was killed, or
/// when an answer was lost. Within a second it frees the number or shows what it made, which is then used. So
/// ask for the same number again: the next number could make a second copy of what is about to show. But
/// containerd has also been seen to keep a number for ever: after `kPatience` choose the next one.
class TakenNumber {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  /// The number to ask for instead of `wanted`.
  [[nodiscard]] std::uint32_t choose(std::uint32_t wanted, SteadyTime now) const {
    if (!since_ || wanted > number_) return wanted;
    return now - *since_ >= kPatience ? number_ + 1 : number_;
  }
  /// The runtime reports `number` as taken.
  void refused(std::uint32_t number, SteadyTime now) {
    if (since_ && number_ == number) return;
    number_ = number;
    since_ = now;
  }

 private:
  std::uint32_t number_ = 0;
  std::optional<SteadyTime> since_;
};

}  // namespace edgecore::edged
