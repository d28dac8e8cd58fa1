// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/pod_runtime.hpp"

#include <algorithm>

namespace edgecore::edged {

const cri::ContainerStatus* PodRuntime::find(std::string_view container) const {
  for (const auto& one : containers) {
    if (one.metadata.name == container) return &one;
  }
  return nullptr;
}

bool may_run(const cri::ContainerStatus& container) {
  return container.state == cri::ContainerState::kRunning || container.state == cri::ContainerState::kUnknown;
}

bool may_run(const PodRuntime& runtime) {
  return std::any_of(runtime.containers.begin(), runtime.containers.end(),
                     [](const auto& one) { return may_run(one); });
}

PodRuntime shown_by_cri(PodRuntime runtime) {
  for (auto& one : runtime.containers) {
    if (runtime.settling.contains(one.id)) one.state = cri::ContainerState::kRunning;
  }
  runtime.settling.clear();
  return runtime;
}

void sort_newest_first(PodRuntime& runtime) {
  const auto newer = [](const auto& a, const auto& b) { return a.created_at > b.created_at; };
  std::stable_sort(runtime.sandboxes.begin(), runtime.sandboxes.end(), newer);
  std::stable_sort(runtime.containers.begin(), runtime.containers.end(), newer);
}

}  // namespace edgecore::edged
