// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/yaml_json.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "edgecore/base/error.hpp"
#include "edgecore/base/utf8.hpp"
#include "edgecore/base/yaml_builder.hpp"
#include "edgecore/base/yaml_scalar.hpp"

namespace edgecore::kube {
namespace {

/// Only "1e9" and the like are shorter than the JSON they make; numbers without exponent are not.
bool may_be_number(std::string_view text) {
  return text.find_first_of("eE") != std::string_view::npos &&
         text.find_first_not_of("0123456789.eE+-_") == std::string_view::npos;
}

/// JSON values, each key once (YamlBuilder's `Tree`).
struct JsonTree {
  using Value = Json;
  using Key = std::string;

  /// JSON has neither infinities nor NaN: without a tag they are text.
  static Json scalar(YamlPlace at, std::string_view tag, std::string_view text) {
    const auto value = resolve_tagged_scalar(tag, text);
    if (!value) refuse(at, " has a tag that is unknown or does not fit its value");
    if (std::holds_alternative<std::monostate>(*value)) return nullptr;
    if (const auto* flag = std::get_if<bool>(&*value)) return *flag;
    if (const auto* whole = std::get_if<std::int64_t>(&*value)) return *whole;
    const auto* number = std::get_if<double>(&*value);
    if (number == nullptr) return std::string(text);
    if (std::isfinite(*number)) return *number;
    if (tag != "?" && !tag.empty()) refuse(at, " has a number that JSON cannot hold");
    return std::string(text);
  }
  /// The JSON text of a scalar with the comma or colon behind it: the tree written out is never larger.
  static std::size_t bytes(std::string_view, std::string_view text) {
    constexpr std::size_t kLongestNumber = 25, kQuotes = 3, kEscape = 6;
    constexpr std::size_t kLongestWord = 8;  // "n" as a key is "false":
    std::size_t out = kQuotes;
    for (const char c : text) {
      const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
      out += control ? kEscape : c == '"' || c == '\\' ? 2 : 1;
    }
    return std::max(out, may_be_number(text) ? kLongestNumber : kLongestWord);
  }
  static constexpr std::size_t kFrameBytes = 3;
  static Json list(YamlPlace) { return Json::array(); }
  static Json map(YamlPlace) { return Json::object(); }
  static Json copy(const Json& value, YamlPlace) { return value; }
  static std::string key(YamlPlace at, const Json& map, std::string_view tag, std::string_view text) {
    const Json value = scalar(at, tag, text);
    if (value.is_null()) refuse(at, " has a map key that is empty");
    std::string key = value.is_boolean() || value.is_number_integer() ? value.dump() : std::string(text);
    if (map.contains(key)) refuse(at, fmt::format(" gives the key \"{}\" again", key.substr(0, 100)));
    return key;
  }
  static void add(Json& list, Json item) { list.push_back(std::move(item)); }
  static void put(Json& map, std::string key, Json value) { map[std::move(key)] = std::move(value); }
  static bool is_map(const Json& value) { return value.is_object(); }
  static Json* items(Json& value) { return value.is_array() ? &value : nullptr; }
  static void merge(Json& map, Json from) {
    for (auto& [key, value] : from.items()) {
      if (!map.contains(key)) map[key] = std::move(value);
    }
  }
  [[noreturn]] static void refuse(YamlPlace at, std::string_view what) {
    throw BadInput(fmt::format("Line {}{}", at.line, what));
  }
};

}  // namespace

Json yaml_to_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes)
    throw BadInput(fmt::format("The text is larger than {} bytes", limits.max_bytes));
  if (!is_utf8(text)) throw BadInput("The text is not in UTF-8");
  YamlBuilder builder(JsonTree(), YamlLimits{limits.max_depth, limits.max_values, yaml_budget(text)});
  read_yaml(text, builder);
  return builder.take();
}

}  // namespace edgecore::kube
