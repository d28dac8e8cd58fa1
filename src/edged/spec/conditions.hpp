// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "edgecore/kube/json.hpp"

namespace edgecore::edged {

/// The condition of that type in the status of a pod or node; nullptr if absent.
inline const Json* find_condition(const Json& status, std::string_view type) {
  for (const auto& one : kube::array_or_empty(status, "conditions")) {
    if (kube::string_or(one, "type") == type) return &one;
  }
  return nullptr;
}

}  // namespace edgecore::edged
