// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace edgecore::edged {

/// A mebibyte, "1Mi".
inline constexpr std::int64_t kMi = 1 << 20;

}  // namespace edgecore::edged
