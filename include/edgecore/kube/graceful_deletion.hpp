// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

/// Starts the deletion of a pod as the API server does, for a node that does it without the cloud. Pure
/// functions.
namespace edgecore::kube {

/// The grace period in seconds: of the DeleteOptions, else of the pod, else 30; 0 for a pod that has ended. A
/// negative one counts as 1, as in the API server.
[[nodiscard]] std::int64_t deletion_grace(const Json& pod, const Json& options);

/// The merge patch that marks a pod as being deleted since `asked`: its deletionTimestamp (the end of the
/// grace period) and deletionGracePeriodSeconds. {} if it is marked already with the same or a shorter grace
/// period; a new shorter one counts from the start of the deletion.
[[nodiscard]] Json deletion_mark(const Json& pod, WallTime asked, std::int64_t grace_seconds);

}  // namespace edgecore::kube
