// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cloudsim/authority.hpp"
#include "cloudsim/cluster.hpp"

namespace edgecore::cloudsim {

/// The subresource `token` of a ServiceAccount: returns the TokenRequest with its status. Throws ApiError:
/// NotFound for the account or the bound pod, Conflict for another uid.
Json request_token(const Cluster& cluster, const Authority& authority, const std::string& ns,
                   const std::string& account, const Json& request);

}  // namespace edgecore::cloudsim
