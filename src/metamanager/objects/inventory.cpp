// SPDX-License-Identifier: Apache-2.0
#include "edgecore/metamanager/inventory.hpp"

#include "edgecore/store/meta.hpp"
#include "metamanager/objects/object.hpp"

namespace edgecore::metamanager {

std::vector<InventoryItem> inventory(const store::Source& from, std::string_view type) {
  std::vector<InventoryItem> items;
  for (const auto& row : store::meta::list(from, type)) {
    const auto object = read_row(row.value, type);
    if (!object) continue;
    items.push_back({row.key, kube::string_or(*object, "metadata.uid"),
                     kube::string_or(*object, "metadata.resourceVersion")});
  }
  return items;
}

}  // namespace edgecore::metamanager
