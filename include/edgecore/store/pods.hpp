// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edgecore/store/meta_v2.hpp"
#include "edgecore/store/source.hpp"

/// A pod has up to three rows: `<ns>/pod/<name>` and `<ns>/podpatch/<name>` in `meta`, and one in `meta_v2`
/// (protocol/02-metamanager.md §1.4, §1.5). These functions change all three in the caller's transaction.
namespace edgecore::store::pods {

struct Write {
  std::string name_space;
  std::string name;
  std::string value;                        ///< the Pod as JSON text
  std::optional<std::string> patch = {};    ///< the last patch sent; nullopt leaves the stored one
  std::optional<meta_v2::Row> object = {};  ///< the row for MetaServer; nullopt leaves the stored one
};
void upsert(Transaction& into, const Write& pod);

enum class Removal { kRemoved, kAbsent, kOtherUid };
/// Removes the rows of the pod whose metadata.uid is `uid`, compared as parsed JSON (§10 item 7); "" takes
/// any uid. A stored row that is not valid JSON has no uid and is removed. kOtherUid: a newer pod of the same
/// name is stored; all its rows stay.
Removal remove(Transaction& from, std::string_view name_space, std::string_view name, std::string_view uid);

/// metadata.uid of an object's JSON text; nullopt if the text is not an object or has no uid.
[[nodiscard]] std::optional<std::string> uid_of(std::string_view object_json);

}  // namespace edgecore::store::pods
