// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/row_key.hpp"

#include "edgecore/beehive/names.hpp"

namespace edgecore::metamanager {

std::string served_namespace(const Json& object, const beehive::ResourcePath& path, bool namespaced) {
  std::string own = kube::string_or(object, "metadata.namespace");
  if (!own.empty()) return own;
  if (!namespaced || path.ns == "null") return {};
  return path.ns;
}

std::string row_key(const beehive::ResourcePath& path) {
  if (path.type == names::resource::kNode) return beehive::resource_path("default", path.type, path.name);
  return beehive::resource_path(path.ns, path.type, path.name);
}

}  // namespace edgecore::metamanager
