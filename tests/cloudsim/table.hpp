#pragma once

#include <vector>

#include "cloudsim/cluster.hpp"

namespace edgecore::cloudsim {

/// A meta.k8s.io/v1 Table of objects of one kind, with the columns kubectl shows for pods, nodes, config
/// maps, secrets, namespaces and leases, and name and age for all others. `now` is for ages.
Json table(const ResourceKind& kind, const std::vector<Object>& objects, WallTime now);

}  // namespace edgecore::cloudsim
