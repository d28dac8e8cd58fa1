// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"
#include "keadm/describe.hpp"

namespace edgecore::keadm {

/// Builds lines "Label:   value", indented by depth. A plain value.
class Description {
 public:
  /// Columns before the values, at depth 0.
  static constexpr int kLabelWidth = 18;

  void line(int depth, std::string_view label, std::string_view value);
  /// A label; its lines follow below.
  void heading(int depth, std::string_view label);
  void text(int depth, std::string_view line);
  /// The first value behind the label, the others below it in the same column; "<none>" if there are none.
  void list(int depth, std::string_view label, const std::vector<std::string>& values);
  /// An object's members as "key=value" or "key: value".
  void map(int depth, std::string_view label, const Json& members, std::string_view between);
  /// Rows in aligned columns.
  void table(int depth, const std::vector<std::vector<std::string>>& rows);
  void add_events(const Events& events, WallTime now);

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// "Mon, 10 Jun 2024 06:13:20 +0000"; a malformed time stays as it is.
std::string long_time(const std::string& time);

/// "desiredTemperature" → "Desired Temperature".
std::string spelled_out(std::string_view key);

/// Name and namespace.
void describe_metadata(Description& out, const Json& object);

}  // namespace edgecore::keadm
