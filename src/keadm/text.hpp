// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

/// Formatting for an operator's terminal. Pure functions.
namespace edgecore::keadm {

/// Makes text of a server safe for a terminal: one line, no control characters.
std::string one_line(std::string_view text);

/// "45s", "3m10s", "5h", "12d", "2y30d": like kubectl's ages.
std::string age(std::chrono::seconds passed);
std::string age_since(std::string_view time, WallTime now);

/// Aligns rows below a header in columns, three spaces apart, without trailing spaces. A row may have fewer
/// cells. "" without rows and header.
std::string columns(const std::vector<std::vector<std::string>>& rows);

/// How to print a Table (meta.k8s.io).
struct TableStyle {
  bool wide = false;            ///< include columns of lower priority
  bool with_namespace = false;  ///< as the first column
};
/// Merges Tables of one resource into one table; "" if they have no rows.
std::string print_tables(const std::vector<Json>& tables, const TableStyle& style, WallTime now);
/// The same for objects, if the server makes no Tables: name and age.
std::string print_objects(const std::vector<Json>& objects, const TableStyle& style, WallTime now);

/// Indented like kubectl's, with a newline.
std::string print_json(const Json& value);
/// YAML with sorted keys. Quotes strings that would read as another type; writes multi-line strings as
/// blocks.
std::string print_yaml(const Json& value);

}  // namespace edgecore::keadm
