// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// The part of JSONPath that printer columns of CRDs use: `.spec.replicas`, `.metadata.labels['a/b']`,
/// `.metadata.labels.a\.b`, `.items[0]`, `[-1]`, `[*]`, `.status.conditions[?(@.type=="Ready")].status`; with
/// or without `{}` and `$`. A plain value.
class JsonPath {
 public:
  /// nullopt for any other text.
  static std::optional<JsonPath> parse(std::string_view text);

  /// The first value that the path selects; nullptr if there is none. Valid as long as `root`.
  [[nodiscard]] const Json* first(const Json& root) const;

 private:
  struct Step {
    enum class Kind { kMember, kIndex, kEach, kFilter } kind;
    std::string member;              ///< kMember
    long index = 0;                  ///< kIndex; from the end when negative
    std::vector<std::string> field;  ///< kFilter: members below each entry
    bool equal = true, exists = false;
    Json operand;
  };
  class Parser;

  static bool passes(const Step& filter, const Json& entry);
  [[nodiscard]] const Json* follow(const Json& value, std::size_t step) const;

  std::vector<Step> steps_;
};

}  // namespace edgecore::kube
