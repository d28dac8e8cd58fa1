// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"

namespace edgecore::edged {

/// "Failed" and "Succeeded": a pod never leaves these.
bool is_final_phase(std::string_view phase);
/// The same for the phase in a pod's status.
bool has_final_phase(const Json& status);

/// The pod's phase by its container statuses (protocol/05-edged.md §1.11.1). `init` and `containers` are in
/// the order of the spec.
std::string pod_phase(const kube::Pod& pod, const Json& init, const Json& containers, bool is_terminal);

/// Whether this agent owns conditions of that type.
bool is_own_condition(std::string_view type);

/// Foreign conditions of `old_status` first, then ours; a condition that keeps its status keeps its time
/// (§1.11.2).
Json pod_conditions(const kube::Pod& pod, const Json& init, const Json& containers, const std::string& phase,
                    const Json& old_status, WallTime now);

}  // namespace edgecore::edged
