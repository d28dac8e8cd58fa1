// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "edgecore/base/ascii.hpp"

namespace edgecore {
namespace {

constexpr std::array<std::string_view, 11> kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                                  "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<double> special_float(std::string_view text) {
  std::string_view name = text;
  const bool negative = name.starts_with('-');
  if (negative || name.starts_with('+')) name.remove_prefix(1);
  if (name == ".inf" || name == ".Inf" || name == ".INF") {
    return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

/// An integer with sign and base prefix (0x, 0o, 0b, or 0 for octal).
std::optional<std::int64_t> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = text[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    text.remove_prefix(is_digit(mark) ? 1 : 2);
    if (base == 8 && !is_digit(mark) && mark != 'o' && mark != 'O') return std::nullopt;
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > limit + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

/// Digits with an optional point and exponent, without the other forms of from_chars (inf, hex).
std::optional<double> parse_decimal(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return std::nullopt;
  return to_number<double>(text);
}

}  // namespace

YamlScalar resolve_plain_scalar(std::string_view text) {
  if (is_one_of(text, kNull)) return std::monostate{};
  if (is_one_of(text, kTrue)) return true;
  if (is_one_of(text, kFalse)) return false;
  if (const auto special = special_float(text)) return *special;
  const char first = text.front();
  if (is_digit(first) || first == '+' || first == '-' || first == '.') {
    std::string digits(text);
    std::erase(digits, '_');
    if (const auto integer = parse_integer(digits)) return *integer;
    if (const auto decimal = parse_decimal(text)) return *decimal;
  }
  return std::string(text);
}

std::optional<YamlScalar> resolve_tagged_scalar(std::string_view tag, std::string_view text) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag == "?" || tag.empty()) return resolve_plain_scalar(text);
  if (tag == "!") return std::string(text);
  if (!tag.starts_with(kCore)) return std::nullopt;
  const std::string_view type = tag.substr(kCore.size());
  if (type == "str") return std::string(text);
  YamlScalar plain = resolve_plain_scalar(text);
  const bool whole = std::holds_alternative<std::int64_t>(plain);
  const bool fits = (type == "int" && whole) ||
                    (type == "float" && (whole || std::holds_alternative<double>(plain))) ||
                    (type == "bool" && std::holds_alternative<bool>(plain)) ||
                    (type == "null" && std::holds_alternative<std::monostate>(plain));
  if (!fits) return std::nullopt;
  return plain;
}

}  // namespace edgecore
