// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "edgecore/base/clock.hpp"

namespace edgecore::test {

/// Waits for a change by another thread or process; false if it has not come within `patience`.
inline bool eventually(const std::function<bool()>& what,
                       std::chrono::milliseconds patience = std::chrono::seconds(10)) {
  const auto deadline = steady_now() + patience;
  while (!what()) {
    if (steady_now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace edgecore::test
