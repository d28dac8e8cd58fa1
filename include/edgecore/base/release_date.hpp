// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "edgecore/base/clock.hpp"

namespace edgecore {

/// 2026-01-01T00:00:00Z: the earliest time at which this program can run. Replaces an earlier wall clock in
/// checks: a board without RTC boots in 1970 (pains row 14).
inline constexpr WallTime kReleaseDate{std::chrono::seconds(1767225600)};

}  // namespace edgecore
