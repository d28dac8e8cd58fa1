// SPDX-License-Identifier: Apache-2.0
#include "edged/status/pod_phase.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>

#include "edgecore/kube/time.hpp"
#include "edged/spec/conditions.hpp"
#include "edged/spec/pod_resources.hpp"

namespace edgecore::edged {
namespace {

using kube::find_path;

bool exited_well(const Json& status) {
  return kube::int_or(status, "state.terminated.exitCode", 1) == 0;
}
bool is_terminated(const Json& status) {
  return find_path(status, "state.terminated") != nullptr;
}
bool is_running(const Json& status) {
  return find_path(status, "state.running") != nullptr;
}
bool ran_before(const Json& status) {
  return find_path(status, "lastState.terminated") != nullptr;
}

bool has_started(const Json& containers) {
  for (const auto& one : containers) {
    if (is_running(one) || is_terminated(one) || ran_before(one)) return true;
  }
  return false;
}

std::string names_of_unready(const Json& statuses) {
  std::vector<std::string> names;
  for (const auto& one : statuses) {
    if (!kube::bool_or(one, "ready", false)) names.push_back(kube::string_or(one, "name"));
  }
  return names.empty() ? std::string() : fmt::format("[{}]", fmt::join(names, " "));
}

Json condition(const char* type, bool status, std::string reason = {}, std::string message = {}) {
  Json out = {{"type", type}, {"status", status ? "True" : "False"}, {"lastProbeTime", nullptr}};
  if (!reason.empty()) out["reason"] = std::move(reason);
  if (!message.empty()) out["message"] = std::move(message);
  return out;
}

Json initialized(const Json& init, const Json& containers, const std::string& phase) {
  const std::string unready = names_of_unready(init);
  if (phase == "Succeeded") return condition("Initialized", true, "PodCompleted");
  if (unready.empty() || has_started(containers)) return condition("Initialized", true);
  return condition("Initialized", false, "ContainersNotInitialized",
                   "containers with incomplete status: " + unready);
}

Json containers_ready(const kube::Pod& pod, const Json& init, const Json& containers,
                      const std::string& phase) {
  constexpr const char* kType = "ContainersReady";
  if (phase == "Succeeded") return condition(kType, false, "PodCompleted");
  if (phase == "Failed") return condition(kType, false, "PodFailed");
  Json relevant = containers;
  for (std::size_t i = 0; i < pod.spec.init_containers.size() && i < init.size(); ++i) {
    if (is_restartable_init(pod.spec.init_containers[i])) relevant.push_back(init[i]);
  }
  const std::string unready = names_of_unready(relevant);
  if (unready.empty()) return condition(kType, true);
  return condition(kType, false, "ContainersNotReady", "containers with unready status: " + unready);
}

Json ready(const kube::Pod& pod, Json of_containers, const Json& old_status) {
  of_containers["type"] = "Ready";
  if (of_containers["status"] == "False") return of_containers;
  std::vector<std::string> problems;
  for (const auto& gate : pod.spec.readiness_gates) {
    const Json* found = find_condition(old_status, gate);
    if (found == nullptr) {
      problems.push_back(
          fmt::format("corresponding condition of pod readiness gate \"{}\" does not exist.", gate));
    } else if (kube::string_or(*found, "status") != "True") {
      problems.push_back(fmt::format("the status of pod readiness gate \"{}\" is not \"True\", but {}", gate,
                                     kube::string_or(*found, "status")));
    }
  }
  if (problems.empty()) return of_containers;
  return condition("Ready", false, "ReadinessGatesNotReady", fmt::format("{}", fmt::join(problems, ", ")));
}

}  // namespace

bool is_final_phase(std::string_view phase) {
  return phase == "Failed" || phase == "Succeeded";
}

bool has_final_phase(const Json& status) {
  return is_final_phase(kube::string_or(status, "phase"));
}

bool is_own_condition(std::string_view type) {
  constexpr std::array<std::string_view, 4> kOurs = {"Initialized", "Ready", "ContainersReady",
                                                     "PodScheduled"};
  return std::find(kOurs.begin(), kOurs.end(), type) != kOurs.end();
}

std::string pod_phase(const kube::Pod& pod, const Json& init, const Json& containers, bool is_terminal) {
  const auto& policy = pod.spec.restart_policy;
  bool init_pending = false;
  for (std::size_t i = 0; i < init.size(); ++i) {
    const bool sidecar =
        i < pod.spec.init_containers.size() && is_restartable_init(pod.spec.init_containers[i]);
    if (sidecar) {
      if (!kube::bool_or(init[i], "started", false)) init_pending = true;
      continue;
    }
    if (is_terminated(init[i])) {
      if (exited_well(init[i])) continue;
      if (policy == "Never") return "Failed";
    }
    init_pending = true;
  }
  std::size_t running = 0;
  std::size_t waiting = 0;
  std::size_t stopped = 0;
  std::size_t good = 0;
  for (const auto& one : containers) {
    if (is_running(one)) {
      ++running;
    } else if (is_terminated(one)) {
      ++stopped;
      if (exited_well(one)) ++good;
    } else if (ran_before(one)) {
      ++stopped;
    } else {
      ++waiting;
    }
  }
  if ((init_pending && !has_started(containers)) || waiting > 0) {
    // A container that will never be started does not keep a finished pod pending.
    if (!is_terminal || is_static(pod)) return "Pending";
    return "Failed";
  }
  if (running > 0) return "Running";
  if (stopped == 0) return is_terminal && !is_static(pod) ? "Failed" : "Pending";  // it has no containers
  if (is_terminal && !is_static(pod)) return good == stopped ? "Succeeded" : "Failed";
  if (policy == "Always") return "Running";
  if (good == stopped) return "Succeeded";
  return policy == "Never" ? "Failed" : "Running";
}

Json pod_conditions(const kube::Pod& pod, const Json& init, const Json& containers, const std::string& phase,
                    const Json& old_status, WallTime now) {
  Json out = Json::array();
  for (const auto& one : kube::array_or_empty(old_status, "conditions")) {
    if (!is_own_condition(kube::string_or(one, "type"))) out.push_back(one);
  }
  Json of_containers = containers_ready(pod, init, containers, phase);
  Json ours = Json::array({initialized(init, containers, phase), ready(pod, of_containers, old_status),
                           std::move(of_containers), condition("PodScheduled", true)});
  for (auto& one : ours) {
    const Json* old = find_condition(old_status, kube::string_or(one, "type"));
    const bool same = old != nullptr && kube::string_or(*old, "status") == kube::string_or(one, "status");
    const std::string since = same ? kube::string_or(*old, "lastTransitionTime") : std::string();
    one["lastTransitionTime"] = since.empty() ? kube::format_time(now) : since;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace edgecore::edged
