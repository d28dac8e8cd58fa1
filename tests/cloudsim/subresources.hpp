// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cloudsim/authority.hpp"
#include "cloudsim/cluster.hpp"

namespace edgecore::cloudsim {

/// The operation `create` on a subresource: `token` of a service account, `binding` and `eviction` of a pod.
/// Throws ApiError: 405 for any other.
Json create_subresource(Cluster& cluster, const Authority& authority, const ResourceKind& kind,
                        const std::string& ns, const std::string& name, const std::string& subresource,
                        const Json& body);

/// The subresource `scale` of a workload, as autoscaling/v1. Throws ApiError: 404 for a kind without
/// replicas.
Json scale_of(const ResourceKind& kind, const Json& object);
/// Sets the replicas of a Scale, or of a patch of one.
Json rescale(Cluster& cluster, const ResourceKind& kind, const std::string& ns, const std::string& name,
             const Json& scale);
Json patch_scale(Cluster& cluster, const ResourceKind& kind, const std::string& ns, const std::string& name,
                 PatchType type, const Json& patch);

}  // namespace edgecore::cloudsim
