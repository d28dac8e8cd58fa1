#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "config/yaml_tree.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::config {
namespace {

constexpr std::array<std::string_view, 11> true_words{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                      "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> false_words{"n",     "N",     "no",  "No",  "NO", "false",
                                                       "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> null_words{"", "~", "null", "Null", "NULL"};

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
    text.remove_prefix(mark >= '0' && mark <= '9' ? 1 : 2);
    if (base == 8 && !(mark >= '0' && mark <= '9') && mark != 'o' && mark != 'O') return std::nullopt;
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > limit + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

/// Digits with an optional point and exponent; nothing else that from_chars would take (inf, hex).
std::optional<double> parse_decimal(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Scalar resolve_plain(std::string_view text) {
  if (is_one_of(text, null_words)) return std::monostate{};
  if (is_one_of(text, true_words)) return true;
  if (is_one_of(text, false_words)) return false;
  if (const auto special = special_float(text)) return *special;
  const char first = text.front();
  if ((first >= '0' && first <= '9') || first == '+' || first == '-' || first == '.') {
    std::string digits(text);
    std::erase(digits, '_');
    if (const auto integer = parse_integer(digits)) return *integer;
    if (const auto decimal = parse_decimal(text)) return *decimal;
  }
  return std::string(text);
}

Scalar resolve_scalar(const YamlValue& value) {
  if (value.kind == YamlValue::Kind::null) return std::monostate{};
  if (value.tag == "?" || value.tag.empty()) return resolve_plain(value.text);
  if (value.tag == "!" || value.tag == "tag:yaml.org,2002:str") return value.text;
  Scalar plain = resolve_plain(value.text);
  const bool number = std::holds_alternative<std::int64_t>(plain) || std::holds_alternative<double>(plain);
  if ((value.tag == "tag:yaml.org,2002:int" && std::holds_alternative<std::int64_t>(plain)) ||
      (value.tag == "tag:yaml.org,2002:float" && number) ||
      (value.tag == "tag:yaml.org,2002:bool" && std::holds_alternative<bool>(plain)) ||
      (value.tag == "tag:yaml.org,2002:null" && std::holds_alternative<std::monostate>(plain))) {
    return plain;
  }
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
