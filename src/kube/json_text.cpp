// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/json_text.hpp"

namespace edgecore::kube {
namespace {

/// A position in a text that moves forward over JSON. If the text is not what a function expects, the
/// position stays or moves to the end.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  bool take(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  /// A string's characters without its quotes; escapes stay escaped.
  std::optional<std::string_view> take_string() {
    if (!take('"')) return std::nullopt;
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return std::nullopt;
    return text_.substr(begin, at_++ - begin);
  }
  /// A whole value of any type.
  std::optional<TextRange> take_value() {
    skip_space();
    const std::size_t begin = at_;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!take_string()) return std::nullopt;
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
        continue;
      } else if (c == '}' || c == ']') {
        if (depth == 0) break;
        --depth;
        ++at_;
      } else if (depth == 0 && (c == ',' || c == ':')) {
        break;
      } else {
        ++at_;
        if (depth > 0 || (at_ < text_.size() && !ends_scalar(text_[at_]))) continue;
      }
      if (depth == 0) break;
    }
    if (at_ > text_.size()) at_ = text_.size();
    if (at_ == begin || depth > 0) return std::nullopt;
    return TextRange{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_ - begin)};
  }

 private:
  static bool ends_scalar(char c) {
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\t' || c == '\r';
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<TextRange> find_member(std::string_view text, std::string_view key) {
  Cursor cursor(text);
  if (!cursor.take('{')) return std::nullopt;
  for (;;) {
    const auto name = cursor.take_string();
    if (!name || !cursor.take(':')) return std::nullopt;
    const auto value = cursor.take_value();
    if (!value) return std::nullopt;
    if (*name == key) return value;
    if (!cursor.take(',')) return std::nullopt;
  }
}

std::optional<TextRange> find_member(std::string_view text, std::initializer_list<std::string_view> keys) {
  TextRange range{0, static_cast<std::uint32_t>(text.size())};
  for (const std::string_view key : keys) {
    const auto inner = find_member(range.of(text), key);
    if (!inner) return std::nullopt;
    range = {range.begin + inner->begin, inner->size};
  }
  return range;
}

std::optional<std::string_view> plain_string(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  value = value.substr(1, value.size() - 2);
  if (value.find('\\') != std::string_view::npos) return std::nullopt;
  return value;
}

std::string_view string_member(std::string_view text, std::initializer_list<std::string_view> keys) {
  const auto range = find_member(text, keys);
  return range ? plain_string(range->of(text)).value_or(std::string_view()) : std::string_view();
}

bool each_element(std::string_view array, const std::function<void(std::string_view)>& each) {
  Cursor cursor(array);
  if (!cursor.take('[')) return false;
  if (cursor.take(']')) return true;
  do {
    const auto value = cursor.take_value();
    if (!value) return false;
    each(value->of(array));
  } while (cursor.take(','));
  return cursor.take(']');
}

}  // namespace edgecore::kube
