// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/runtime/pod_runtime.hpp"

namespace edgecore::edged {

/// Exits that the runtime's task events have reported and CRI does not show yet. They are laid over
/// what CRI shows, so that statuses need not wait for it. CRI stays right: nothing is laid over a container
/// that it does not show as running, and an end that it does not show within `kPatience` is forgotten. Part
/// of edged; belongs to its thread.
class ExitOverlay {
 public:
  /// As long as ExitWatch asks the runtime.
  static constexpr std::chrono::seconds kPatience{30};
  /// Events of containers that other programs start in the runtime may not fill the memory.
  static constexpr std::size_t kMostEnds = 1024;

  void add(const cri::TaskEvent& event);

  /// Shows running containers with a known end as CRI will show them, without a message, and names them in
  /// `settling`. True if there are such.
  bool lay_over(PodRuntime& runtime) const;

  /// Forgets ends that are older than `kPatience` and returns their ids; also out-of-memory kills of
  /// containers that are not in `present`, if they are as old.
  std::vector<std::string> forget_old(const std::set<std::string>& present);

 private:
  struct End {
    std::optional<cri::TaskEvent> exit;
    bool out_of_memory = false;
    SteadyTime told;
  };
  static void show(cri::ContainerStatus& container, const End& end);

  std::map<std::string, End> ends_;  ///< by container id
};

}  // namespace edgecore::edged
