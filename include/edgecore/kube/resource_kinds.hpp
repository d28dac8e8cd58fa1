// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace edgecore::kube {

/// The names of one kind of object: `kind` in JSON, `plural` in API paths and meta_v2 keys, `singular` (the
/// kind in lower case) as the type token of message resources. Rows are constants of the program.
struct ResourceKind {
  std::string_view kind;
  std::string_view plural;
  std::string_view singular;
  std::string_view group;    ///< "" for the core group
  std::string_view version;  ///< if a kind has several versions, the preferred one is first in the table
  bool namespaced = true;
  std::string_view short_names;  ///< comma-separated, "" for none

  /// "v1", "apps/v1".
  [[nodiscard]] std::string api_version() const;
};

/// The kinds of an API server 1.28 and of KubeEdge 1.17.
std::span<const ResourceKind> builtin_kinds();

/// Lookups in the table; nullptr when unknown. Without a group the first match wins (core comes first:
/// `event`).
const ResourceKind* find_kind(std::string_view kind, std::optional<std::string_view> group = std::nullopt);
/// By type token of a message resource ("configmap"). Pseudo types such as `podpatch` are not kinds.
const ResourceKind* find_type(std::string_view type);

/// The plural of any kind: from the table, whatever the group; else by English rules on the lower-case kind.
/// "PodStatus" and "NodeStatus", which are not kinds of the API, give "podstatus" and "nodestatus"
/// (protocol/02-metamanager.md §1.3). Prefer the plural of a CRD or of discovery if there is one.
std::string plural_of(std::string_view kind);

/// Group and version of an apiVersion: "v1" is {"", "v1"}, "apps/v1" is {"apps", "v1"}. nullopt for anything
/// else.
struct GroupVersion {
  std::string group;
  std::string version;
  bool operator==(const GroupVersion&) const = default;
};
std::optional<GroupVersion> parse_api_version(std::string_view text);
std::string format_api_version(std::string_view group, std::string_view version);

/// The identity of a row of meta_v2, written `/<group>/<version>/<plural>/<namespace>/<name>` with `core` for
/// the core group and `null` for a namespace or name that is empty (protocol/02-metamanager.md §1.3).
struct MetaKey {
  std::string group;
  std::string version;
  std::string plural;
  std::string name_space;
  std::string name;

  [[nodiscard]] std::string text() const;
  /// nullopt for any other text: paths of pass-through rows ("/version"), other numbers of segments, empty
  /// segments.
  static std::optional<MetaKey> parse(std::string_view key);

  bool operator==(const MetaKey&) const = default;
};

}  // namespace edgecore::kube
