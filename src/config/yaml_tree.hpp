// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/yaml_scalar.hpp"

namespace edgecore::config {

struct YamlEntry;

/// A parsed YAML (or JSON) document as a plain tree: aliases are written out, merge keys (`<<`) are merged
/// in, lines and columns are kept. Built by parse_yaml only, within its limits.
struct YamlValue {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;  ///< of a scalar
  std::string tag;   ///< as the parser gives it: "?" plain, "!" quoted, else an explicit tag
  int line = 0;      ///< from 1
  int column = 0;    ///< from 0, in bytes
  std::vector<YamlValue> items;
  std::vector<YamlEntry> entries;  ///< in the file's order, duplicates included
};

struct YamlEntry {
  YamlValue key;
  YamlValue value;
};

/// The first document of `text`; a null value when there is none. Throws BadInput (a sentence with the line,
/// without any of the text) when it is not YAML, not UTF-8, nested or repeated beyond
/// max_config_depth/max_config_values, or has keys that are not scalars.
YamlValue parse_yaml(std::string_view text);

using Scalar = YamlScalar;

/// Throws BadInput for a tag that a configuration cannot have. `value` has to be a scalar or null.
Scalar resolve_scalar(const YamlValue& value);

/// A scalar as the text it becomes in a field that holds text; "" for null.
std::string scalar_text(const Scalar& scalar);

}  // namespace edgecore::config
