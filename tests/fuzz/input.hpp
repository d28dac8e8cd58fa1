// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string_view>

#include "edgecore/base/error.hpp"

/// What fuzz targets have in common. A target defines take() and kMemory; target.cpp feeds bytes as a
/// stranger would send them. The code answers with a value or with BadInput: any other exception, a crash, a
/// sanitizer's finding, a hang, a broken property, or memory above the budget ends the run.
namespace edgecore::fuzz {

/// Bytes that a call may hold at any moment, beyond what was there before: `per_byte` for each byte of the
/// input, and `fixed`. Behind the call it may hold nothing.
struct MemoryBudget {
  std::size_t per_byte = 0;
  std::size_t fixed = 0;
};

/// Defined by each target, with the reason for its figures.
extern const MemoryBudget kMemory;
void take(std::string_view input);

/// A parsed JSON text takes at most this for each of its bytes: `{},` is a slot of 16 bytes in a vector that
/// may be half empty or moving (up to 48 in all), and a map of 48.
inline constexpr std::size_t kJsonTree = 32;
inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

/// A property that has to hold for every input.
inline void hold(bool property) {
  if (!property) std::abort();
}

/// Runs `body`, for which BadInput is an answer like any other. True when it had none.
template <class Body>
bool accepted(Body&& body) {
  try {
    body();
    return true;
  } catch (const BadInput&) {
    return false;
  }
}

}  // namespace edgecore::fuzz
