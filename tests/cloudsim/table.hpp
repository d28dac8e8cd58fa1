// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "cloudsim/cluster.hpp"

namespace edgecore::cloudsim {

/// A meta.k8s.io/v1 Table of objects of one kind, with an API server's columns; name and age for a defined
/// kind. `now` is for ages.
Json table(const ResourceKind& kind, const std::vector<Object>& objects, WallTime now);

}  // namespace edgecore::cloudsim
