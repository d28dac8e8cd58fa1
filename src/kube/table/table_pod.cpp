// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <optional>

#include "edgecore/kube/table.hpp"
#include "edgecore/kube/time.hpp"
#include "kube/table/table_columns.hpp"

namespace edgecore::kube {
namespace {

/// Summary of a pod's containers in kubectl's words.
struct PodSummary {
  std::string reason;
  std::int64_t ready = 0, total = 0, restarts = 0;
  std::optional<WallTime> last_restart;

  void restarted(const Json& status) {
    restarts += int_or(status, "restartCount", 0);
    const auto finished = time_at(status, "lastState.terminated.finishedAt");
    if (finished && (!last_restart || *finished > *last_restart)) last_restart = finished;
  }
};

bool condition_is(const Json& pod, std::string_view type, std::string_view status) {
  for (const Json& condition : array_or_empty(pod, "status.conditions"))
    if (string_or(condition, "type") == type) return string_or(condition, "status") == status;
  return false;
}

/// An init container that keeps running beside the others (restartPolicy Always).
bool is_sidecar(const Json& pod, const std::string& name) {
  for (const Json& container : array_or_empty(pod, "spec.initContainers")) {
    if (string_or(container, "name") == name) return string_or(container, "restartPolicy") == "Always";
  }
  return false;
}

/// "Error", "Signal:9", "ExitCode:3".
std::string ended_reason(const Json& terminated) {
  std::string reason = string_or(terminated, "reason");
  if (!reason.empty()) return reason;
  const std::int64_t signal = int_or(terminated, "signal", 0);
  if (signal != 0) return fmt::format("Signal:{}", signal);
  return fmt::format("ExitCode:{}", int_or(terminated, "exitCode", 0));
}

/// True if an init container has not ended yet.
bool read_init_containers(const Json& pod, PodSummary& summary) {
  PodSummary sidecars;
  bool initializing = false;
  const auto& statuses = array_or_empty(pod, "status.initContainerStatuses");
  for (std::size_t i = 0; i < statuses.size() && !initializing; ++i) {
    const Json& status = statuses[i];
    summary.restarted(status);
    const bool sidecar = is_sidecar(pod, string_or(status, "name"));
    if (sidecar) sidecars.restarted(status);
    const Json* terminated = find_path(status, "state.terminated");
    if (terminated != nullptr && int_or(*terminated, "exitCode", 0) == 0) continue;
    if (sidecar && bool_or(status, "started", false)) {
      summary.ready += bool_or(status, "ready", false) ? 1 : 0;
      continue;
    }
    const std::string waiting = string_or(status, "state.waiting.reason");
    if (terminated != nullptr) {
      summary.reason = "Init:" + ended_reason(*terminated);
    } else if (!waiting.empty() && waiting != "PodInitializing") {
      summary.reason = "Init:" + waiting;
    } else {
      summary.reason = fmt::format("Init:{}/{}", i, array_or_empty(pod, "spec.initContainers").size());
    }
    initializing = true;
  }
  if (initializing && !condition_is(pod, "Initialized", "True")) return true;
  summary.restarts = sidecars.restarts;
  summary.last_restart = sidecars.last_restart;
  return false;
}

void read_containers(const Json& pod, PodSummary& summary) {
  bool running = false;
  const auto& statuses = array_or_empty(pod, "status.containerStatuses");
  for (auto it = statuses.rbegin(); it != statuses.rend(); ++it) {  // the first one that fails decides
    const Json& status = *it;
    summary.restarted(status);
    const std::string waiting = string_or(status, "state.waiting.reason");
    if (!waiting.empty()) {
      summary.reason = waiting;
    } else if (const Json* terminated = find_path(status, "state.terminated")) {
      summary.reason = ended_reason(*terminated);
    } else if (bool_or(status, "ready", false) && find_path(status, "state.running") != nullptr) {
      running = true;
      ++summary.ready;
    }
  }
  if (summary.reason == "Completed" && running)
    summary.reason = condition_is(pod, "Ready", "True") ? "Running" : "NotReady";
}

PodSummary summarize(const Json& pod) {
  PodSummary summary;
  summary.reason = string_or(pod, "status.phase", "Unknown");
  const std::string why = string_or(pod, "status.reason");
  if (!why.empty()) summary.reason = why;
  for (const Json& condition : array_or_empty(pod, "status.conditions")) {
    if (string_or(condition, "type") == "PodScheduled" && string_or(condition, "reason") == "SchedulingGated")
      summary.reason = "SchedulingGated";
  }
  summary.total = static_cast<std::int64_t>(array_or_empty(pod, "spec.containers").size());
  for (const Json& container : array_or_empty(pod, "spec.initContainers"))
    summary.total += string_or(container, "restartPolicy") == "Always" ? 1 : 0;
  if (!read_init_containers(pod, summary)) read_containers(pod, summary);
  if (find_path(pod, "metadata.deletionTimestamp") != nullptr)
    summary.reason = why == "NodeLost" ? "Unknown" : "Terminating";
  return summary;
}

/// "2 (5m ago)".
std::string restarts(const Json& pod, WallTime now) {
  const PodSummary summary = summarize(pod);
  if (summary.restarts == 0 || !summary.last_restart) return std::to_string(summary.restarts);
  return fmt::format("{} ({} ago)", summary.restarts, human_age(*summary.last_restart, now));
}

std::string pod_ip(const Json& pod) {
  const Json& ips = array_or_empty(pod, "status.podIPs");
  if (!ips.empty()) return or_none(string_or(ips.front(), "ip"));
  return or_none(string_or(pod, "status.podIP"));
}

std::string readiness_gates(const Json& pod) {
  const Json& gates = array_or_empty(pod, "spec.readinessGates");
  if (gates.empty()) return "<none>";
  const auto met = std::count_if(gates.begin(), gates.end(), [&](const Json& gate) {
    return condition_is(pod, string_or(gate, "conditionType"), "True");
  });
  return fmt::format("{}/{}", met, gates.size());
}

}  // namespace

Columns pod_columns() {
  return {name_column(),
          {"Ready", "string", 0,
           [](const Json& pod, WallTime) {
             const PodSummary summary = summarize(pod);
             return fmt::format("{}/{}", summary.ready, summary.total);
           },
           "", "Ready containers and all containers"},
          {"Status", "string", 0, [](const Json& pod, WallTime) { return summarize(pod).reason; }, "",
           "Phase of the pod, or the reason why it is not running"},
          {"Restarts", "string", 0, restarts, "", "How often its containers were restarted, and when last"},
          age_column(),
          {"IP", "string", 1, [](const Json& pod, WallTime) { return pod_ip(pod); }, "", ""},
          text_column("Node", "spec.nodeName", 1),
          text_column("Nominated Node", "status.nominatedNodeName", 1),
          {"Readiness Gates", "string", 1, [](const Json& pod, WallTime) { return readiness_gates(pod); }, "",
           ""}};
}

}  // namespace edgecore::kube
