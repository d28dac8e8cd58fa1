#pragma once

#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"

namespace edgecore::edged {

/// The phase that container statuses amount to (protocol/05-edged.md §1.11.1). `init` and `containers` are in
/// the order of the spec.
std::string pod_phase(const kube::Pod& pod, const Json& init, const Json& containers, bool is_terminal);

/// Foreign conditions of `old_status` first, then ours; a condition that keeps its status keeps its time
/// (§1.11.2).
Json pod_conditions(const kube::Pod& pod, const Json& init, const Json& containers, const std::string& phase,
                    const Json& old_status, WallTime now);

}  // namespace edgecore::edged
