// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// What an API server writes into a Pod that was created without it: defaults of the v1 types
/// (protocol/05-edged.md §1.19, §1.9), `status.qosClass` and phase Pending, kind and apiVersion. For pods
/// that never pass an API server (static pods) and for a test cloud. Present values are kept, the call is
/// idempotent. It does not validate: what has a wrong type is left alone for the one who reads it. Not done,
/// because it depends on the cluster: service account and its token volume, tolerations for not-ready nodes,
/// priority, generated names and uid.
void apply_pod_defaults(Json& pod);

/// "Guaranteed", "Burstable" or "BestEffort" by the cpu and memory requests and limits of the pod's
/// containers and init containers; limits count as requests where those are absent. Malformed quantities
/// count as absent.
std::string qos_class(const Json& pod);

}  // namespace edgecore::kube
