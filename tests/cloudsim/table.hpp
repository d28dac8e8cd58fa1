// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "cloudsim/cluster.hpp"

namespace edgecore::cloudsim {

/// A meta.k8s.io/v1 Table of objects of one kind, with the columns of an API server; of a defined kind name
/// and age. `now` is for ages.
Json table(const ResourceKind& kind, const std::vector<Object>& objects, WallTime now);

}  // namespace edgecore::cloudsim
