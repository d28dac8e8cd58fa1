// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/json.hpp"

#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "edgecore/base/error.hpp"

namespace edgecore::kube {
namespace {

/// Measures a text without allocating. Does not validate it, which the parser does later; for every text that
/// the parser accepts, depth and values are at least counted in full.
void check_limits(std::string_view text, std::string_view what, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    throw BadInput(
        fmt::format("{} is {} bytes long; at most {} are accepted", what, text.size(), limits.max_bytes));
  }
  std::size_t depth = 0;
  std::size_t values = 1;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') {
      ++values;
      if (++depth > limits.max_depth) {
        throw BadInput(fmt::format("{} nests deeper than {} levels at byte {}", what, limits.max_depth, at));
      }
    }
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (c == ',') ++values;
    if (values > limits.max_values) {
      throw BadInput(fmt::format("{} holds more than {} values at byte {}", what, limits.max_values, at));
    }
  }
}

/// nlohmann's text without its "[json.exception.…] parse error at line 1, column 2: " prefix.
std::string reason(const Json::exception& error) {
  std::string_view text = error.what();
  if (const auto end = text.find("] "); end != text.npos) text.remove_prefix(end + 2);
  if (text.starts_with("parse error")) {
    if (const auto colon = text.find(": "); colon != text.npos) text.remove_prefix(colon + 2);
  }
  return std::string(text.substr(0, 200));
}

[[noreturn]] void wrong_type(std::string_view path, const char* wanted, const Json* found) {
  const std::string name = path.empty() ? std::string("The value") : fmt::format("\"{}\"", path);
  if (found == nullptr) throw BadInput(fmt::format("{} is missing; it must be {}", name, wanted));
  throw BadInput(fmt::format("{} must be {}, not {}", name, wanted, found->type_name()));
}

template <typename Test>
const Json& require(const Json& value, std::string_view path, const char* wanted, Test is_wanted) {
  const Json* found = find_path(value, path);
  if (found == nullptr || !is_wanted(*found)) wrong_type(path, wanted, found);
  return *found;
}

const Json* member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what, const JsonLimits& limits) {
  check_limits(text, what, limits);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw BadInput(fmt::format("{} is not valid JSON at byte {}: {}", what, error.byte, reason(error)));
  } catch (const Json::exception& error) {
    throw BadInput(fmt::format("{} is not valid JSON: {}", what, reason(error)));
  }
}

Json stored_json(std::string_view text) {
  Json value = Json::parse(text, nullptr, false);
  return value.is_discarded() ? Json() : value;
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::size_t json_depth(const Json& value, std::size_t stop_at) {
  if (!value.is_structured()) return 0;
  if (stop_at == 0) return 1;
  std::size_t deepest = 0;
  for (const Json& child : value) deepest = std::max(deepest, json_depth(child, stop_at - 1));
  return deepest + 1;
}

const Json* find_path(const Json& value, std::string_view path) {
  const Json* at = value.is_null() ? nullptr : &value;
  if (path.empty()) return at;
  for (;;) {
    const auto dot = path.find('.');
    if (at != nullptr) at = member(*at, path.substr(0, dot));
    if (at == nullptr || dot == path.npos) return at;
    path.remove_prefix(dot + 1);
  }
}

const Json* find_keys(const Json& value, std::initializer_list<std::string_view> keys) {
  const Json* at = value.is_null() ? nullptr : &value;
  for (const std::string_view key : keys) {
    if (at == nullptr) break;
    at = member(*at, key);
  }
  return at;
}

std::optional<std::int64_t> to_int(const Json& value) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    return number > kLargest ? std::nullopt : std::optional(static_cast<std::int64_t>(number));
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    constexpr double kExact = 9007199254740992.0;  // 2^53: above it a double does not hold every integer
    if (std::abs(number) <= kExact && std::trunc(number) == number) return static_cast<std::int64_t>(number);
  }
  return std::nullopt;
}

std::string string_or(const Json& value, std::string_view path, std::string_view fallback) {
  const Json* found = find_path(value, path);
  if (found == nullptr || !found->is_string()) return std::string(fallback);
  return found->get_ref<const std::string&>();
}

std::int64_t int_or(const Json& value, std::string_view path, std::int64_t fallback) {
  const Json* found = find_path(value, path);
  return found == nullptr ? fallback : to_int(*found).value_or(fallback);
}

bool bool_or(const Json& value, std::string_view path, bool fallback) {
  const Json* found = find_path(value, path);
  return found == nullptr || !found->is_boolean() ? fallback : found->get<bool>();
}

const Json& array_or_empty(const Json& value, std::string_view path) {
  static const Json empty = Json::array();
  const Json* found = find_path(value, path);
  return found == nullptr || !found->is_array() ? empty : *found;
}

const Json& object_or_empty(const Json& value, std::string_view path) {
  static const Json empty = Json::object();
  const Json* found = find_path(value, path);
  return found == nullptr || !found->is_object() ? empty : *found;
}

std::string get_string(const Json& value, std::string_view path) {
  return require(value, path, "a string", [](const Json& v) { return v.is_string(); }).get<std::string>();
}

std::int64_t get_int(const Json& value, std::string_view path) {
  return *to_int(require(value, path, "a whole number", [](const Json& v) { return to_int(v).has_value(); }));
}

bool get_bool(const Json& value, std::string_view path) {
  return require(value, path, "true or false", [](const Json& v) { return v.is_boolean(); }).get<bool>();
}

const Json& get_array(const Json& value, std::string_view path) {
  return require(value, path, "an array", [](const Json& v) { return v.is_array(); });
}

const Json& get_object(const Json& value, std::string_view path) {
  return require(value, path, "an object", [](const Json& v) { return v.is_object(); });
}

std::optional<std::string> optional_string(const Json& value, std::string_view path) {
  if (find_path(value, path) == nullptr) return std::nullopt;
  return get_string(value, path);
}

}  // namespace edgecore::kube
