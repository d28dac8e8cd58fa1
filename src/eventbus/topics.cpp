// SPDX-License-Identifier: Apache-2.0
#include "eventbus/topics.hpp"

#include <cstddef>
#include <optional>

namespace edgecore::eventbus {
namespace {

constexpr std::size_t kLongest = 65'535;

/// Iterates over the levels of a topic.
class Levels {
 public:
  explicit Levels(std::string_view text) : rest_(text) {}
  std::optional<std::string_view> next() {
    if (!more_) return std::nullopt;
    const auto slash = rest_.find('/');
    const auto level = rest_.substr(0, slash);
    more_ = slash != std::string_view::npos;
    if (more_) rest_.remove_prefix(slash + 1);
    return level;
  }
  [[nodiscard]] bool more() const { return more_; }

 private:
  std::string_view rest_;
  bool more_ = true;
};

bool is_below(std::string_view topic, std::string_view prefix) {
  return topic.starts_with(prefix) && (topic.size() == prefix.size() || topic[prefix.size()] == '/');
}

bool has_legal_size(std::string_view text) {
  return !text.empty() && text.size() <= kLongest && text.find('\0') == std::string_view::npos;
}

}  // namespace

bool is_for_twin(std::string_view topic) {
  return is_below(topic, "$hw/events/device") || is_below(topic, "$hw/events/node");
}

bool is_topic(std::string_view text) {
  return has_legal_size(text) && text.find_first_of("+#") == std::string_view::npos;
}

bool is_filter(std::string_view text) {
  if (!has_legal_size(text)) return false;
  Levels levels(text);
  while (const auto level = levels.next()) {
    if (level->find_first_of("+#") == std::string_view::npos) continue;
    if (level->size() != 1 || (*level == "#" && levels.more())) return false;
  }
  return true;
}

bool matches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') != filter.starts_with('$')) return false;
  Levels wanted(filter);
  Levels given(topic);
  for (;;) {
    const auto want = wanted.next();
    if (want == "#") return true;
    const auto have = given.next();
    if (!want || !have) return !want && !have;
    if (*want != "+" && *want != *have) return false;
    // "a/#" matches "a" as well.
    if (!given.more() && wanted.more()) return wanted.next() == "#";
  }
}

}  // namespace edgecore::eventbus
