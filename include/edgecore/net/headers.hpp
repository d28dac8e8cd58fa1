// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgecore::net {

/// HTTP header lines in their order. Names are compared case-insensitively and sent as given.
class Headers {
 public:
  using Line = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Line> lines) : lines_(lines) {}

  /// Adds a line; others of that name stay.
  void add(std::string name, std::string value) {
    if (lines_.empty()) lines_.reserve(kUsualLines);
    lines_.emplace_back(std::move(name), std::move(value));
  }
  /// Replaces all lines of that name.
  void set(std::string name, std::string value);
  void remove(std::string_view name);
  /// The first line's value.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  /// As find(), but "" if the header is missing.
  [[nodiscard]] std::string_view get(std::string_view name) const { return find(name).value_or(""); }
  [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
  /// True when a comma-separated list header holds `token` (`Connection: keep-alive, Upgrade`).
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  [[nodiscard]] auto begin() const { return lines_.begin(); }
  [[nodiscard]] auto end() const { return lines_.end(); }

 private:
  static constexpr std::size_t kUsualLines = 6;
  std::vector<Line> lines_;
};

}  // namespace edgecore::net
