// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"
#include "keadm/describe.hpp"

namespace edgecore::keadm {

/// Lines "Label:   value" below one another, indented by depth. A plain value.
class Description {
 public:
  /// Columns before the values, at depth 0.
  static constexpr int kLabelWidth = 18;

  void line(int depth, std::string_view label, std::string_view value);
  /// A label with lines below it.
  void heading(int depth, std::string_view label);
  void text(int depth, std::string_view line);
  /// The first below the label, the others in its column; "<none>" when there are none.
  void list(int depth, std::string_view label, const std::vector<std::string>& values);
  /// "key=value" or "key: value" of an object's members.
  void map(int depth, std::string_view label, const Json& members, std::string_view between);
  /// Rows in columns.
  void table(int depth, const std::vector<std::vector<std::string>>& rows);
  void add_events(const Events& events, WallTime now);

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// "Mon, 10 Jun 2024 06:13:20 +0000"; what is no time stays as it is.
std::string long_time(const std::string& time);

/// "desiredTemperature" → "Desired Temperature".
std::string spelled_out(std::string_view key);

/// Name and namespace.
void describe_metadata(Description& out, const Json& object);

}  // namespace edgecore::keadm
