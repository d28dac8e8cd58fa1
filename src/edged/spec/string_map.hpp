// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/kube/pod.hpp"

namespace edgecore::edged {

/// The value of a label or annotation, of a pod or of a runtime object; "" if the key is absent.
inline std::string value_or_empty(const kube::StringMap& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

}  // namespace edgecore::edged
