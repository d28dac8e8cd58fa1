#include "cloudsim/table.hpp"

#include "edgecore/kube/table.hpp"

namespace edgecore::cloudsim {

Json table(const ResourceKind& kind, const std::vector<Object>& objects, WallTime now) {
  static const kube::ApiResources resources;
  std::vector<const Json*> shown;
  shown.reserve(objects.size());
  for (const Object& object : objects) shown.push_back(object.get());
  return kube::make_table(*resources.find(kind.group, kind.version, kind.plural), shown, now);
}

}  // namespace edgecore::cloudsim
