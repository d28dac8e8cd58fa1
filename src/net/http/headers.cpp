// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/headers.hpp"

#include <algorithm>

#include "edgecore/base/ascii.hpp"

namespace edgecore::net {

void Headers::set(std::string name, std::string value) {
  remove(name);
  add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(lines_, [name](const Line& line) { return iequals(line.first, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [key, value] : lines_)
    if (iequals(key, name)) return value;
  return std::nullopt;
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (const auto& [key, value] : lines_) {
    if (!iequals(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      if (iequals(trimmed(rest.substr(0, comma), " \t"), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

}  // namespace edgecore::net
