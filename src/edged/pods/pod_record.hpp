// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/pods/taken_number.hpp"
#include "edged/spec/refusal.hpp"

namespace edgecore::edged {

/// What edged remembers of a pod between its syncs, beyond what the runtime and the API know. Owned by its
/// PodWorker; lost when the module ends.
struct PodRecord {
  kube::PodPtr pod;
  std::map<std::string, Refusal> failures;            ///< why the last start failed, by the container's name
  std::map<std::string, TakenNumber> taken_attempts;  ///< by the container's name
  TakenNumber taken_sandbox_attempt;
  /// Ids of containers that an operator's restart stopped: they are started again whatever their exit code.
  std::set<std::string> restarted;
  /// Grace period in seconds while the pod is stopping; only ever shrinks.
  std::optional<std::int64_t> grace;
  /// When this life of the module first synced the pod. Later times are counted from it by the steady clock,
  /// which never jumps.
  struct FirstLook {
    WallTime wall;
    SteadyTime steady;
  };
  std::optional<FirstLook> first_look;
  /// Why the pod has failed as a whole: evicted, past its deadline.
  std::optional<Refusal> failed;
  /// No status is reported: only the runtime knows the pod, or the API has dropped it.
  bool unreported = false;
  /// Why its volumes were not ready at the last sync; empty if they were.
  std::string volume_problem;
};

}  // namespace edgecore::edged
