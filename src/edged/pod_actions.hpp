#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edgecore/cri/types.hpp"
#include "edgecore/kube/pod.hpp"

/// What has to be done so that the runtime holds what the pod asks for (protocol/05-edged.md §1.6). Pure
/// functions.
namespace edgecore::edged {

/// What the runtime has of one pod.
struct PodRuntime {
  std::vector<cri::PodSandboxStatus> sandboxes;  ///< newest first
  std::vector<cri::ContainerStatus> containers;  ///< newest first

  /// The newest container of that name, or nullptr.
  [[nodiscard]] const cri::ContainerStatus* find(std::string_view container) const;
};

/// Whether it runs, or may: the runtime has lost the state of some.
bool may_run(const cri::ContainerStatus& container);
/// Whether a container of it may still run.
bool may_run(const PodRuntime& runtime);

/// Puts both lists in the order the functions here rely on.
void sort_newest_first(PodRuntime& runtime);

/// Verdicts of probes, by container id.
struct ProbeVerdicts {
  std::set<std::string> liveness_failed, startup_failed;
  std::set<std::string> started;  ///< startup probes that succeeded
};

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
