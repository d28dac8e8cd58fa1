// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/yaml_scalar.hpp"

namespace edgecore::config {

struct YamlEntry;

/// A parsed YAML (or JSON) document as a plain tree with aliases and merge keys (`<<`) expanded and lines and
/// columns kept. Only parse_yaml builds it, within its limits.
struct YamlValue {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;  ///< of a scalar
  std::string tag;   ///< from the parser: "?" plain, "!" quoted, else an explicit tag
  int line = 0;      ///< from 1
  int column = 0;    ///< from 0, in bytes
  std::vector<YamlValue> items;
  std::vector<YamlEntry> entries;  ///< in the file's order, duplicates included
};

struct YamlEntry {
  YamlValue key;
  YamlValue value;
};

/// Parses the first document of `text`; a null value if there is none. Throws BadInput (with the line,
/// without any of the text) if it is not YAML, not UTF-8, above kMaxConfigDepth or kMaxConfigValues with
/// aliases expanded, or has keys that are not scalars.
YamlValue parse_yaml(std::string_view text);

using Scalar = YamlScalar;

/// `value` must be a scalar or null. Throws BadInput for an unknown tag, or one that does not fit the value.
Scalar resolve_scalar(const YamlValue& value);

/// A scalar as the value of a text field; "" for null.
std::string scalar_text(const Scalar& scalar);

}  // namespace edgecore::config
