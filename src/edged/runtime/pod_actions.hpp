// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edgecore/cri/types.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/runtime/pod_runtime.hpp"

/// What has to be done so that the runtime holds what the pod asks for (protocol/05-edged.md §1.6). Pure
/// functions.
namespace edgecore::edged {

struct PodActions {
  enum class KillReason { kUnknownState, kChanged, kLiveness, kStartup };
  struct Kill {
    std::string id, name, message;
    KillReason reason = KillReason::kChanged;
    bool operator==(const Kill&) const = default;
  };

  bool kill_pod = false;        ///< everything of the pod, before anything else; alone = the pod is over
  bool create_sandbox = false;  ///< with `attempt`
  std::string sandbox_id;       ///< the one in use; empty when there is none
  std::uint32_t attempt = 0;
  std::vector<Kill> kills;
  std::vector<std::string> ephemeral, init, containers;  ///< to start, by name, in this order

  bool operator==(const PodActions&) const = default;
};

PodActions compute_pod_actions(const kube::Pod& pod, const PodRuntime& runtime, const ProbeVerdicts& probes);

/// The pod's containers as they are to be judged when an operator had those of the ids `restarted` stopped:
/// one that answered its TERM with exit code 0 was ended by it (143) and has not done its work, which is what
/// the restart policy OnFailure takes that code for. The same object when that makes no difference.
std::shared_ptr<const PodRuntime> with_restarts(const kube::Pod& pod,
                                                std::shared_ptr<const PodRuntime> runtime,
                                                const std::set<std::string>& restarted);

/// Whether a container that does not run is to be started (again).
bool should_restart(const kube::Pod& pod, const cri::ContainerStatus* newest);

}  // namespace edgecore::edged
