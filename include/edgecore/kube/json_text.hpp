// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

/// Reads parts of a JSON text without parsing it, because objects are stored and sent as text. For text that
/// is known to be JSON; for other text the result may be wrong, but no byte outside of it is read.
namespace edgecore::kube {

/// A range of bytes in a text.
struct TextRange {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
  [[nodiscard]] std::string_view of(std::string_view text) const { return text.substr(begin, size); }
};

/// The value of a member of the object in `text`; a string with its quotes. nullopt if it is missing.
[[nodiscard]] std::optional<TextRange> find_member(std::string_view text, std::string_view key);
/// As above, through nested objects.
[[nodiscard]] std::optional<TextRange> find_member(std::string_view text,
                                                   std::initializer_list<std::string_view> keys);
/// The characters of a string value, without quotes; nullopt if it is not a string or holds an escape.
[[nodiscard]] std::optional<std::string_view> plain_string(std::string_view value);
/// `find_member` and `plain_string`; "" if either fails.
[[nodiscard]] std::string_view string_member(std::string_view text,
                                             std::initializer_list<std::string_view> keys);

/// Calls `each` for the values of an array in order; false if the text is not an array.
bool each_element(std::string_view array, const std::function<void(std::string_view)>& each);

}  // namespace edgecore::kube
