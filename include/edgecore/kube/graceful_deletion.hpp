// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

/// How the API server begins the deletion of a pod, for when the node does it in its place. Pure functions.
namespace edgecore::kube {

/// The grace period in seconds of a deletion with these DeleteOptions: theirs, else the pod's own, else 30;
/// 0 for a pod that has ended. A negative one is 1, as the API server has it.
[[nodiscard]] std::int64_t deletion_grace(const Json& pod, const Json& options);

/// The merge patch that marks a pod as being deleted since `asked`: its deletionTimestamp (the end of the
/// grace period) and deletionGracePeriodSeconds. {} when it is marked already with a grace period that is not
/// longer; a shorter one is counted from when the deletion began.
[[nodiscard]] Json deletion_mark(const Json& pod, WallTime asked, std::int64_t grace_seconds);

}  // namespace edgecore::kube
