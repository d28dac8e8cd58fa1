// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/crash_loop.hpp"

#include <spdlog/fmt/fmt.h>

#include "edgecore/base/go_duration.hpp"
#include "edged/spec/container_hash.hpp"

namespace edgecore::edged {

std::string container_backoff_key(const kube::Pod& pod, const kube::Container& container) {
  return fmt::format("{}_{}_{}_{}_{}", pod.name, pod.ns, pod.uid, container.name,
                     container_hash_text(container));
}

std::string crash_loop_message(std::chrono::nanoseconds pause, const kube::Pod& pod,
                               const kube::Container& container) {
  return fmt::format("back-off {} restarting failed container={} pod={}({})", format_go_duration(pause),
                     container.name, pod.full_name(), pod.uid);
}

}  // namespace edgecore::edged
