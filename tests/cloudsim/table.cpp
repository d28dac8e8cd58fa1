// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/table.hpp"

#include "edgecore/kube/table.hpp"

namespace edgecore::cloudsim {

Json table(const ResourceKind& kind, const std::vector<Object>& objects, WallTime now) {
  static const kube::ApiResources resources;
  std::vector<const Json*> shown;
  shown.reserve(objects.size());
  for (const Object& object : objects) shown.push_back(object.get());
  if (const auto known = resources.find(kind.group, kind.version, kind.plural))
    return kube::make_table(*known, shown, now);
  kube::ApiResource defined;  // of a CustomResourceDefinition: columns name and age
  defined.group = kind.group;
  defined.version = kind.version;
  defined.plural = kind.plural;
  defined.kind = kind.kind;
  return kube::make_table(defined, shown, now);
}

}  // namespace edgecore::cloudsim
