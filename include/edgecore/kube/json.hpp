// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace edgecore {

/// A JSON value. Objects keep their keys sorted, as the Go edge wrote them.
using Json = nlohmann::json;

namespace kube {

/// Limits for JSON text from outside. A text is measured before memory is allocated for it. The depth also
/// bounds every recursion over the parsed value (copy, compare, dump, patch).
struct JsonLimits {
  std::size_t max_bytes = std::size_t{16} << 20;
  std::size_t max_depth = 128;
  std::size_t max_values = 1'000'000;
};

/// Parses a JSON text. Throws BadInput, with the byte offset, for malformed text (invalid UTF-8 included) and
/// for text above the limits. `what` names the text in the error: "The request body is not valid JSON at byte
/// 7: …".
Json parse_json(std::string_view text, std::string_view what = "The text", const JsonLimits& limits = {});

/// Parses a text without limits, for trusted or already measured text: a row of the database, a part of a
/// larger text, an answer of the runtime. Null if it is not JSON.
Json stored_json(std::string_view text);

/// The compact text of `value`. Replaces bytes that are not UTF-8 by U+FFFD instead of throwing.
std::string dump_json(const Json& value);

/// Levels of nesting: 0 for a scalar, 1 for `{}`; stops counting above `stop_at`.
std::size_t json_depth(const Json& value, std::size_t stop_at = 1000);

/// Paths are dotted keys ("metadata.name") through objects; an empty path is the value itself. For keys that
/// hold dots (labels, annotations) use `find_keys`. JSON null counts as absent, as it does in Kubernetes.
const Json* find_path(const Json& value, std::string_view path);
const Json* find_keys(const Json& value, std::initializer_list<std::string_view> keys);

/// Lenient readers, for data whose shape was checked elsewhere or does not matter: they return the fallback
/// if the value is absent or of another type.
std::string string_or(const Json& value, std::string_view path, std::string_view fallback = {});
std::int64_t int_or(const Json& value, std::string_view path, std::int64_t fallback);
bool bool_or(const Json& value, std::string_view path, bool fallback);
/// For iteration: an empty array or object if absent or of another type. The result is valid as long as
/// `value`.
const Json& array_or_empty(const Json& value, std::string_view path);
const Json& object_or_empty(const Json& value, std::string_view path);

/// Strict readers: BadInput, naming the path, when the value is absent or of another type. Integers must be
/// whole and fit 64 bits; 3.0 counts as 3, because rows of v1.17 went through floating point.
std::string get_string(const Json& value, std::string_view path);
std::int64_t get_int(const Json& value, std::string_view path);
bool get_bool(const Json& value, std::string_view path);
const Json& get_array(const Json& value, std::string_view path);
const Json& get_object(const Json& value, std::string_view path);

/// Strict in type, but the value may be absent.
std::optional<std::string> optional_string(const Json& value, std::string_view path);

/// The value as a 64-bit integer; nullopt if it is not one.
std::optional<std::int64_t> to_int(const Json& value);

}  // namespace kube
}  // namespace edgecore
