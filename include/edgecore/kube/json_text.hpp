// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

/// Looking into JSON text without making values of it: objects are kept and sent as text. For text that is
/// known to be JSON; with other text the answer may be wrong, but nothing is read outside of it.
namespace edgecore::kube {

/// Where something stands in a text.
struct TextRange {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
  [[nodiscard]] std::string_view of(std::string_view text) const { return text.substr(begin, size); }
};

/// The value of a member of the object that `text` is; a string with its quotes. nullopt when there is none.
[[nodiscard]] std::optional<TextRange> find_member(std::string_view text, std::string_view key);
/// Through nested objects.
[[nodiscard]] std::optional<TextRange> find_member(std::string_view text,
                                                   std::initializer_list<std::string_view> keys);
/// The characters of a string value, without quotes; nullopt when it is no string or holds an escape.
[[nodiscard]] std::optional<std::string_view> plain_string(std::string_view value);
/// `find_member` and `plain_string`, "" when there is none.
[[nodiscard]] std::string_view string_member(std::string_view text,
                                             std::initializer_list<std::string_view> keys);

/// Calls `each` for the values of an array in order; false when the text is no array.
bool each_element(std::string_view array, const std::function<void(std::string_view)>& each);

}  // namespace edgecore::kube
