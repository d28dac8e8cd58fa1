// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edgecore/store/source.hpp"

/// Table `meta_v2`: the objects as MetaServer serves them (protocol/02-metamanager.md §1.3). Keeps the
/// columns that EdgeCore v1.23 adds equal to the old ones, if they exist (§11). All throw StoreError.
namespace edgecore::store::meta_v2 {

/// A row to be written; does not own its texts. The members are those of Row.
struct RowView {
  std::string_view key, gvr, name_space, name;
  std::uint64_t resource_version = 0;
  std::string_view value;
};

struct Row {
  std::string key;         ///< `make_key`, or the URL path of a pass-through request
  std::string gvr;         ///< `make_gvr`
  std::string name_space;  ///< "" for cluster scope
  std::string name;
  std::uint64_t resource_version = 0;  ///< metadata.resourceVersion as a number
  std::string value;                   ///< the whole object as JSON text
  bool operator==(const Row&) const = default;
  operator RowView() const { return {key, gvr, name_space, name, resource_version, value}; }
};

/// `/<group>/<version>/<plural>/<namespace>/<name>`; the core group ("") is written `core`, an absent
/// namespace or name `null`: "/core/v1/nodes/null/edge1".
[[nodiscard]] std::string make_key(std::string_view group, std::string_view version, std::string_view plural,
                                   std::string_view name_space, std::string_view name);
/// `<group>/<version>, Resource=<plural>`: "/v1, Resource=pods", "apps/v1, Resource=deployments".
[[nodiscard]] std::string make_gvr(std::string_view group, std::string_view version, std::string_view plural);

/// Inserts or replaces. Writing an identical row does not touch the disk. Throws BadInput if the resource
/// version does not fit 63 bits.
void upsert(Transaction& into, const RowView& row);
/// As upsert(), unless a higher resource version is stored under the key: then returns false. Versions are
/// global in the cluster, so a new object of the same name has a higher one.
bool upsert_newer(Transaction& into, const RowView& row);
/// False if there was none.
bool remove(Transaction& from, std::string_view key);
/// Removes the row unless it has a higher resource version; false if nothing was removed.
bool remove_up_to(Transaction& from, std::string_view key, std::uint64_t resource_version);

[[nodiscard]] std::optional<Row> find(const Source& from, std::string_view key);

struct Query {
  std::string gvr;
  std::string name_space = {};  ///< "": all namespaces
  std::string after_key = {};   ///< continue after this key; "": from the start
  std::size_t limit = 0;        ///< 0: no limit
};
/// Ordered by key. Throws BadInput for a malformed gvr. Use a Snapshot if several pages, or a list and its
/// revision, must be consistent.
[[nodiscard]] std::vector<Row> list(const Source& from, const Query& query);
/// Key and resource version of every row of a resource, without reading the objects; ordered by key. Throws
/// BadInput for a malformed gvr.
[[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> versions(const Source& from,
                                                                          const std::string& gvr);
/// The largest stored resource version; 0 if the table is empty.
[[nodiscard]] std::uint64_t max_resource_version(const Source& from);

}  // namespace edgecore::store::meta_v2
