// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/selector.hpp"

/// Readers that only the test cloud needs.
namespace edgecore::test {

/// Strict in type, but the value may be absent.
inline std::optional<std::int64_t> optional_int(const Json& value, std::string_view path) {
  if (kube::find_path(value, path) == nullptr) return std::nullopt;
  return kube::get_int(value, path);
}
inline std::optional<bool> optional_bool(const Json& value, std::string_view path) {
  if (kube::find_path(value, path) == nullptr) return std::nullopt;
  return kube::get_bool(value, path);
}

inline bool matches_object(const kube::LabelSelector& selector, const Json& object) {
  std::map<std::string, std::string> labels;
  for (const auto& [key, value] : kube::object_or_empty(object, "metadata.labels").items()) {
    if (value.is_string()) labels.emplace(key, value.get<std::string>());
  }
  return selector.matches(labels);
}

}  // namespace edgecore::test
