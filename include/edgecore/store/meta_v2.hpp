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

/// Table `meta_v2`: the objects as MetaServer serves them (protocol/02-metamanager.md §1.3). Columns that
/// EdgeCore v1.23 adds to it are kept equal when they are there (§11). All throw StoreError.
namespace edgecore::store::meta_v2 {

/// A row to be written; its texts are the caller's. The members are those of Row.
struct RowView {
  std::string_view key, gvr, name_space, name;
  std::uint64_t resource_version = 0;
  std::string_view value;
};

struct Row {
  std::string key;         ///< `make_key`, or the URL path of what is passed through
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

/// Inserts or replaces. An identical row is left alone and costs no write. Throws BadInput when the resource
/// version does not fit 63 bits.
void upsert(Transaction& into, const RowView& row);
/// The same unless a higher resource version is stored under the key: false then. Versions are the cluster's,
/// so that also a successor of the same name has a higher one.
bool upsert_newer(Transaction& into, const RowView& row);
/// False when there was none.
bool remove(Transaction& from, std::string_view key);
/// Unless what is stored has a higher resource version; false when nothing was removed.
bool remove_up_to(Transaction& from, std::string_view key, std::uint64_t resource_version);

[[nodiscard]] std::optional<Row> find(const Source& from, std::string_view key);

struct Query {
  std::string gvr;
  std::string name_space = {};  ///< "": all namespaces
  std::string after_key = {};   ///< continue behind this key; "": from the start
  std::size_t limit = 0;        ///< 0: no limit
};
/// Ordered by key. Throws BadInput when the gvr is none. Use a Snapshot when a list in pages or its revision
/// has to be of one moment.
[[nodiscard]] std::vector<Row> list(const Source& from, const Query& query);
/// Key and resource version of every row of a resource, without reading the objects; ordered by key. Throws
/// BadInput when the gvr is none.
[[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> versions(const Source& from,
                                                                          const std::string& gvr);
/// The largest resource version stored; 0 when there is none.
[[nodiscard]] std::uint64_t max_resource_version(const Source& from);

}  // namespace edgecore::store::meta_v2
