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

/// What the node holds of a type ("pod", "configmap", …), in order of resource, for comparing it with what
/// the cloud has. Rows that are no objects are left out. Throws StoreError.
[[nodiscard]] std::vector<InventoryItem> inventory(const store::Source& from, std::string_view type);

}  // namespace edgecore::metamanager
