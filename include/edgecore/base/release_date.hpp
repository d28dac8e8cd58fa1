// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "edgecore/base/clock.hpp"

namespace edgecore {

/// 2026-01-01T00:00:00Z: no check of this program ever happens before it, whatever the machine's clock says.
/// A board without RTC boots in 1970 (pains row 14).
inline constexpr WallTime kReleaseDate{std::chrono::seconds(1767225600)};

}  // namespace edgecore
