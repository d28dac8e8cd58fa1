// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/cri/types.hpp"

namespace edgecore::edged {

/// The sandboxes and containers of one pod.
struct PodRuntime {
  std::vector<cri::PodSandboxStatus> sandboxes;  ///< newest first
  std::vector<cri::ContainerStatus> containers;  ///< newest first
  /// Ids of containers that have ended, as the runtime's task events told, while CRI still shows them
  /// running: the runtime is not done with them (ExitOverlay).
  std::set<std::string> settling;

  /// The newest container of that name, or nullptr.
  [[nodiscard]] const cri::ContainerStatus* find(std::string_view container) const;
};

/// Whether it runs or may run: the runtime has lost the state of some.
bool may_run(const cri::ContainerStatus& container);
/// Whether one of its containers may still run.
bool may_run(const PodRuntime& runtime);

/// The pod as CRI shows it: containers that are settling still run.
PodRuntime shown_by_cri(PodRuntime runtime);

/// Sorts both lists into the order that the functions here rely on.
void sort_newest_first(PodRuntime& runtime);

/// Verdicts of probes, by container id.
struct ProbeVerdicts {
  std::set<std::string> liveness_failed, startup_failed;
  std::set<std::string> started;  ///< startup probes that succeeded
};

}  // namespace edgecore::edged
