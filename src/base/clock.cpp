// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/clock.hpp"

namespace edgecore {

const SystemClock& SystemClock::instance() {
  static const SystemClock clock;
  return clock;
}

std::int64_t unix_millis(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace edgecore
