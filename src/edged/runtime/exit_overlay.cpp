// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/exit_overlay.hpp"

#include "edged/logs/termination_message.hpp"

namespace edgecore::edged {
namespace {

constexpr const char* kOutOfMemory = "OOMKilled";

/// The runtime writes the rest of the log between the end of the process and the moment it shows the end.
bool needs_the_whole_log(const cri::ContainerStatus& container, const cri::TaskEvent& exit) {
  return exit.exit_code != 0 && termination_input(container).fall_back_to_log;
}

}  // namespace

void ExitOverlay::add(const cri::TaskEvent& event) {
  if (ends_.size() >= kMostEnds && !ends_.contains(event.container_id)) return;  // CRI will show the end
  End& end = ends_[event.container_id];
  end.told = steady_now();
  if (event.kind == cri::TaskEvent::Kind::kOom) {
    end.out_of_memory = true;
  } else {
    end.exit = event;
  }
}

bool ExitOverlay::lay_over(PodRuntime& runtime) const {
  for (cri::ContainerStatus& container : runtime.containers) {
    const auto end = ends_.find(container.id);
    if (end == ends_.end()) continue;
    const bool runs = container.state == cri::ContainerState::kRunning;
    if (runs && end->second.exit && !needs_the_whole_log(container, *end->second.exit)) {
      show(container, end->second);
      runtime.settling.insert(container.id);
    } else if (container.state == cri::ContainerState::kExited && end->second.out_of_memory) {
      container.reason = kOutOfMemory;  // containerd may record it after the exit
    }
  }
  return !runtime.settling.empty();
}

/// containerd's reasons: OOMKilled after any out-of-memory kill in the container, whatever the exit code.
void ExitOverlay::show(cri::ContainerStatus& container, const End& end) {
  container.state = cri::ContainerState::kExited;
  container.exit_code = end.exit->exit_code;
  container.finished_at = end.exit->exited_at;
  if (end.out_of_memory) {
    container.reason = kOutOfMemory;
  } else if (container.reason.empty()) {  // else an earlier kill for lack of memory, which CRI remembers
    container.reason = end.exit->exit_code == 0 ? "Completed" : "Error";
  }
}

std::vector<std::string> ExitOverlay::forget_old(const std::set<std::string>& present) {
  std::vector<std::string> forgotten;
  std::erase_if(ends_, [&](const auto& one) {
    const auto& [id, end] = one;
    if (steady_now() - end.told < kPatience || (!end.exit && present.contains(id))) return false;
    if (end.exit) forgotten.push_back(id);
    return true;
  });
  return forgotten;
}

}  // namespace edgecore::edged
