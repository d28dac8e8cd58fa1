// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/store/source.hpp"

/// Table `meta`: the cloud's objects under the resource strings of their messages (protocol/02-metamanager.md
/// §1.2, §1.4). Reads take a Reader or a Transaction; all throw StoreError.
namespace edgecore::store::meta {

/// A row to be written; does not own its texts.
struct RowView {
  std::string_view key, type, value;
};

struct Row {
  std::string key;    ///< `<namespace>/<type>/<name>`, e.g. "default/pod/nginx"; tokens: §3.9
  std::string type;   ///< "pod", "configmap", "podpatch", …
  std::string value;  ///< raw JSON text as received; NULL is read as ""
  bool operator==(const Row&) const = default;
  operator RowView() const { return {key, type, value}; }
};

/// Inserts or replaces. Writing an identical row does not touch the disk.
void upsert(Transaction& into, const RowView& row);
/// False if there was none.
bool remove(Transaction& from, std::string_view key);

[[nodiscard]] std::optional<Row> find(const Source& from, std::string_view key);
/// All rows of a type, ordered by key.
[[nodiscard]] std::vector<Row> list(const Source& from, std::string_view type);
/// The keys of a type: cheap, for garbage collection and inventories.
[[nodiscard]] std::vector<std::string> keys(const Source& from, std::string_view type);
/// Number of rows of all types.
[[nodiscard]] std::size_t count(const Source& from);

}  // namespace edgecore::store::meta
