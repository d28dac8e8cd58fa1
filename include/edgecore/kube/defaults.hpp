// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// Adds the defaults that an API server adds to a new Pod: those of the v1 types (protocol/05-edged.md §1.19,
/// §1.9), `status.qosClass` and phase Pending, kind and apiVersion. For pods that never pass an API server
/// (static pods) and for a test cloud. Keeps present values; idempotent. Does not validate: leaves values of
/// a wrong type for parse_pod to reject. Does not add what depends on the cluster: service account and its
/// token volume, tolerations for not-ready nodes, priority, generated names and uid.
void apply_pod_defaults(Json& pod);

/// "Guaranteed", "Burstable" or "BestEffort" by the cpu and memory requests and limits of the pod's
/// containers and init containers; a missing request counts as equal to the limit, a malformed quantity as
/// missing.
std::string qos_class(const Json& pod);

}  // namespace edgecore::kube
