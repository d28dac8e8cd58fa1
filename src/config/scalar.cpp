// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <cmath>

#include "config/yaml_tree.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::config {

Scalar resolve_scalar(const YamlValue& value) {
  if (value.kind == YamlValue::Kind::kNull) return std::monostate{};
  auto scalar = resolve_tagged_scalar(value.tag, value.text);
  if (scalar) return std::move(*scalar);
  throw BadInput("line " + std::to_string(value.line) +
                 " of the configuration has a tag that is unknown or does not fit its value");
}

std::string scalar_text(const Scalar& scalar) {
  if (const auto* flag = std::get_if<bool>(&scalar)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&scalar)) return std::to_string(*integer);
  if (const auto* decimal = std::get_if<double>(&scalar)) {
    if (std::isnan(*decimal)) return "NaN";
    if (std::isinf(*decimal)) return *decimal > 0 ? "+Inf" : "-Inf";
    // The Go agent writes such a number with the digits of a 32-bit float: 1.10 becomes "1.1".
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<float>(*decimal),
                                   std::chars_format::general)
                         .ptr;
    return {buffer.data(), end};
  }
  if (const auto* text = std::get_if<std::string>(&scalar)) return *text;
  return {};
}

}  // namespace edgecore::config
