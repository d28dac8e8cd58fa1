// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/store/source.hpp"

namespace edgecore::metamanager {

/// One object this node holds a copy of.
struct InventoryItem {
  std::string resource;  ///< `<namespace>/<type>/<name>`
  std::string uid;
  std::string resource_version;
  bool operator==(const InventoryItem&) const = default;
};

/// All objects of a type ("pod", "configmap", …) in the database, by resource, to compare with the cloud's.
/// Leaves out unreadable rows. Throws StoreError.
[[nodiscard]] std::vector<InventoryItem> inventory(const store::Source& from, std::string_view type);

}  // namespace edgecore::metamanager
