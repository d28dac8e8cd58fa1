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

/// Plans the actions that bring the runtime to what the pod asks for (protocol/05-edged.md §1.6). Pure
/// functions.
namespace edgecore::edged {

struct PodActions {
  enum class KillReason { kUnknownState, kChanged, kLiveness, kStartup };
  struct Kill {
    std::string id, name, message;
    KillReason reason = KillReason::kChanged;
    bool operator==(const Kill&) const = default;
  };

  bool kill_pod = false;        ///< stop everything of the pod first; alone = the pod is over
  bool create_sandbox = false;  ///< with `attempt`
  std::string sandbox_id;       ///< the one in use; empty if there is none
  std::uint32_t attempt = 0;
  std::vector<Kill> kills;
  std::vector<std::string> ephemeral, init, containers;  ///< to start, by name, in this order

  bool operator==(const PodActions&) const = default;
};

/// A container that is settling counts as running: it is replaced when the runtime is done with it.
PodActions compute_pod_actions(const kube::Pod& pod, const PodRuntime& runtime, const ProbeVerdicts& probes);

/// The pod's containers with the exit codes that an operator's restart implies: a container in `restarted`
/// that answered SIGTERM with exit code 0 gets 143. It has not finished its work, which code 0 means to the
/// restart policy OnFailure. Returns the same object if nothing changes.
std::shared_ptr<const PodRuntime> with_restarts(const kube::Pod& pod,
                                                std::shared_ptr<const PodRuntime> runtime,
                                                const std::set<std::string>& restarted);

/// Whether to start a container that does not run (again).
bool should_restart(const kube::Pod& pod, const cri::ContainerStatus* newest);

}  // namespace edgecore::edged
