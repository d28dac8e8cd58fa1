// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

/// How things look on an operator's terminal. Pure functions.
namespace edgecore::keadm {

/// Text from a server made fit for a terminal: one line, no control characters.
std::string one_line(std::string_view text);

/// "45s", "3m10s", "5h", "12d", "2y30d": as kubectl shows ages.
std::string age(std::chrono::seconds passed);
std::string age_since(std::string_view time, WallTime now);

/// Rows below a header, in columns that are aligned, three spaces apart; no spaces at the ends of lines. A
/// row may have fewer cells. "" without rows and header.
std::string columns(const std::vector<std::vector<std::string>>& rows);

/// What a Table (meta.k8s.io) shows.
struct TableStyle {
  bool wide = false;            ///< columns of a lower priority too
  bool with_namespace = false;  ///< as the first column
};
/// One table of one or several Tables of the same resource: "" when they have no rows.
std::string print_tables(const std::vector<Json>& tables, const TableStyle& style, WallTime now);
/// The same of objects, for a server that makes no Tables of them: name and age.
std::string print_objects(const std::vector<Json>& objects, const TableStyle& style, WallTime now);

/// Indented as kubectl prints it, with a newline.
std::string print_json(const Json& value);
/// YAML with sorted keys; what reads as another type is quoted, texts of several lines stand as such.
std::string print_yaml(const Json& value);

}  // namespace edgecore::keadm
