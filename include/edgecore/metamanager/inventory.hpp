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

/// All objects of a type ("pod", "configmap", …) that the node holds, by resource, to be compared with those
/// of the cloud. Leaves out rows that cannot be read. Throws StoreError.
[[nodiscard]] std::vector<InventoryItem> inventory(const store::Source& from, std::string_view type);

}  // namespace edgecore::metamanager
