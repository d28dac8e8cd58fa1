#pragma once

#include <algorithm>
#include <string_view>

#include "edgecore/base/ascii.hpp"

namespace edgecore::devicetwin {

/// Whether two names of a JSON member are one: Go takes them in any case.
[[nodiscard]] inline bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace edgecore::devicetwin
