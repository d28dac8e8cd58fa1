// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace edgecore::metaserver {

/// The tables (Kubernetes 1.28 to 1.36, KubeEdge 1.17 to 1.23), as text. Unindented lines are packages. One
/// space before it has a type: `type NAME: DESCRIPTION`, or `kind` if its objects have apiVersion, kind and
/// metadata, too. Two have its fields: `NAME! TYPE: DESCRIPTION`; `!` if it is required. A TYPE is a word
/// for plain values, a type of the package, or of another (`core.v1.Pod`), after
///   {}      a map of them,
///   []      a list,
///   [KEY]   a list that strategic merge patches join by KEY, or by the values if it is `*`,
///   &       (also before the `]`) of which they drop the fields that the patch does not name.
/// scripts/schema-table.py adds to them what a cluster has. Nobody reads them until a document is asked for,
/// so that they are on the disk, not in memory.
extern const std::string_view kCoreFields, kGroupFields, kKubeEdgeFields;

/// A row of a table.
struct FieldRow {
  std::string_view name, type, description;
  bool required = false;
};

/// A type of a table.
struct TypeRow {
  std::string_view package, description;
  bool is_kind = false;
  std::string_view lines;  ///< those of its fields

  [[nodiscard]] std::vector<FieldRow> fields() const;
};

/// Finds types in the tables. It is made for a document and dropped with it.
class SchemaTable {
 public:
  SchemaTable();
  /// By full name, such as "io.k8s.api.core.v1.PodSpec"; nullptr if the tables do not have it.
  [[nodiscard]] const TypeRow* find(std::string_view definition) const;

 private:
  void read(std::string_view text);

  std::map<std::string, TypeRow, std::less<>> types_;
};

/// The full name of a type that a field of `package` has: "PodSpec", "meta.v1.LabelSelector".
[[nodiscard]] std::string full_name(std::string_view package, std::string_view type);

}  // namespace edgecore::metaserver
