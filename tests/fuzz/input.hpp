// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "edgecore/base/error.hpp"

/// What fuzz targets have in common. A target feeds bytes as a stranger would send them and holds that the
/// code answers with a value or with BadInput: any other exception, a crash, a sanitizer's finding, a hang or
/// a broken property ends it.
namespace edgecore::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

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
