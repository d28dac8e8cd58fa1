// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/pod_actions.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edged/spec/container_config.hpp"
#include "edged/spec/container_hash.hpp"
#include "edged/spec/pod_resources.hpp"

namespace edgecore::edged {
namespace {

using cri::ContainerState;
using Kill = PodActions::Kill;
using KillReason = PodActions::KillReason;

bool running(const cri::ContainerStatus* status) {
  return status != nullptr && status->state == ContainerState::kRunning;
}
bool succeeded(const cri::ContainerStatus* status) {
  return status != nullptr && status->state == ContainerState::kExited && status->exit_code == 0;
}
bool restarts_on_failure(const kube::Pod& pod) {
  return pod.spec.restart_policy != "Never";
}

/// A container without a hash, or with one of another scheme, counts as unchanged: a needless restart costs
/// more.
bool changed(const kube::Container& container, const cri::ContainerStatus& status) {
  const std::string stored = read_annotations(status.annotations).hash;
  return !stored.empty() && stored != container_hash_text(container);
}

struct SandboxVerdict {
  bool recreate = true;
  std::uint32_t attempt = 0;
  std::string id;
};

SandboxVerdict judge_sandbox(const kube::Pod& pod, const PodRuntime& runtime) {
  if (runtime.sandboxes.empty()) return {};
  const auto ready = std::count_if(runtime.sandboxes.begin(), runtime.sandboxes.end(),
                                   [](const auto& one) { return one.state == cri::PodSandboxState::kReady; });
  const auto& newest = runtime.sandboxes.front();
  const std::uint32_t next = newest.metadata.attempt + 1;
  if (ready > 1 || newest.state != cri::PodSandboxState::kReady) return {true, next, newest.id};
  const bool host =
      newest.namespace_options && newest.namespace_options->network == cri::NamespaceMode::kNode;
  if (host != pod.spec.host_network) return {true, next, {}};
  if (!host && newest.ip.empty()) return {true, next, newest.id};
  return {false, newest.metadata.attempt, newest.id};
}

/// Walks the init containers and fills in their actions; true if the app containers may run.
class InitWalk {
 public:
  InitWalk(const kube::Pod& pod, const PodRuntime& runtime, const ProbeVerdicts& probes, PodActions& actions)
      : pod_(pod), runtime_(runtime), probes_(probes), actions_(actions) {}

  bool run() {
    const auto& all = pod_.spec.init_containers;
    const bool over = std::any_of(pod_.spec.containers.begin(), pod_.spec.containers.end(),
                                  [&](const auto& one) { return running(runtime_.find(one.name)); });
    // Records of earlier init containers may have been removed: those before the last known one count as
    // done.
    std::size_t reached = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!is_restartable_init(all[i]) && runtime_.find(all[i].name) != nullptr) reached = i;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (is_restartable_init(all[i])) {
        if (!keep_sidecar(all[i]) && !over && i >= reached) return false;
      } else if (!over && i >= reached) {
        if (!finished(all[i])) return false;
      }
    }
    return true;
  }

 private:
  /// True if it runs and its startup probe, if any, has succeeded; otherwise plans its start or restart.
  bool keep_sidecar(const kube::Container& container) {
    const auto* status = runtime_.find(container.name);
    if (!running(status)) {
      if (status != nullptr && status->state == ContainerState::kUnknown) kill_unknown(*status, container);
      start(container);
      return false;
    }
    if (changed(container, *status)) {
      restart(*status, container, KillReason::kChanged, "definition changed");
    } else if (probes_.startup_failed.contains(status->id)) {
      restart(*status, container, KillReason::kStartup, "failed startup probe");
    } else if (probes_.liveness_failed.contains(status->id)) {
      restart(*status, container, KillReason::kLiveness, "failed liveness probe");
    } else {
      return !container.startup || probes_.started.contains(status->id);
    }
    return false;
  }

  bool finished(const kube::Container& container) {
    const auto* status = runtime_.find(container.name);
    if (succeeded(status)) return true;
    if (running(status)) return false;
    const bool never_ran = status == nullptr || status->state == ContainerState::kCreated;
    if (!never_ran && !restarts_on_failure(pod_)) {
      actions_.kill_pod = true;
      actions_.init.clear();
      actions_.kills.clear();
      return false;
    }
    if (!never_ran && status->state == ContainerState::kUnknown) kill_unknown(*status, container);
    start(container);
    return false;
  }

  void start(const kube::Container& container) {
    if (!pod_.deleting()) actions_.init.push_back(container.name);
  }
  void kill_unknown(const cri::ContainerStatus& status, const kube::Container& container) {
    actions_.kills.push_back(
        {status.id, container.name,
         fmt::format("Init container {} is in an unknown state, will be restarted", container.name),
         KillReason::kUnknownState});
  }
  void restart(const cri::ContainerStatus& status, const kube::Container& container, KillReason reason,
               const char* why) {
    actions_.kills.push_back({status.id, container.name,
                              fmt::format("Init container {} {}, will be restarted", container.name, why),
                              reason});
    start(container);
  }

  const kube::Pod& pod_;
  const PodRuntime& runtime_;
  const ProbeVerdicts& probes_;
  PodActions& actions_;
};

/// Whether all init containers are done; plans nothing.
bool init_done(const kube::Pod& pod, const PodRuntime& runtime) {
  PodActions ignored;
  return InitWalk(pod, runtime, {}, ignored).run();
}

void plan_new_sandbox(const kube::Pod& pod, const PodRuntime& runtime, PodActions& actions) {
  actions.kill_pod = true;
  if (!restarts_on_failure(pod) && actions.attempt != 0 && !runtime.containers.empty()) return;
  std::vector<std::string> wanted;
  for (const auto& container : pod.spec.containers) {
    if (pod.spec.restart_policy == "OnFailure" && succeeded(runtime.find(container.name))) continue;
    wanted.push_back(container.name);
  }
  if (wanted.empty() && init_done(pod, runtime)) return;
  actions.create_sandbox = true;
  if (pod.spec.init_containers.empty()) {
    actions.containers = std::move(wanted);
  } else {
    actions.init = {pod.spec.init_containers.front().name};
  }
}

/// True if the running container may go on.
bool keep_running(const kube::Pod& pod, const kube::Container& container, const cri::ContainerStatus& status,
                  const ProbeVerdicts& probes, PodActions& actions) {
  Kill kill{status.id, container.name, {}, KillReason::kChanged};
  bool restart = restarts_on_failure(pod);
  if (changed(container, status)) {
    kill.message = fmt::format("Container {} definition changed", container.name);
    restart = true;  // whatever the policy: the definition has changed
  } else if (probes.liveness_failed.contains(status.id)) {
    kill.message = fmt::format("Container {} failed liveness probe", container.name);
    kill.reason = KillReason::kLiveness;
  } else if (probes.startup_failed.contains(status.id)) {
    kill.message = fmt::format("Container {} failed startup probe", container.name);
    kill.reason = KillReason::kStartup;
  } else {
    return true;
  }
  if (restart) {
    kill.message += ", will be restarted";
    actions.containers.push_back(container.name);
  }
  actions.kills.push_back(std::move(kill));
  return false;
}

}  // namespace

std::shared_ptr<const PodRuntime> with_restarts(const kube::Pod& pod,
                                                std::shared_ptr<const PodRuntime> runtime,
                                                const std::set<std::string>& restarted) {
  constexpr std::int32_t kEndedByTerm = 128 + 15;
  if (pod.spec.restart_policy != "OnFailure" || restarted.empty()) return runtime;
  const auto differs = [&](const cri::ContainerStatus& one) {
    return restarted.contains(one.id) && succeeded(&one);
  };
  if (std::none_of(runtime->containers.begin(), runtime->containers.end(), differs)) return runtime;
  auto out = std::make_shared<PodRuntime>(*runtime);
  for (auto& one : out->containers) {
    if (!differs(one)) continue;
    one.exit_code = kEndedByTerm;
    one.reason = "Error";
    one.message = "It was stopped to be restarted, and ended with exit code 0";
  }
  return out;
}

bool should_restart(const kube::Pod& pod, const cri::ContainerStatus* newest) {
  if (pod.deleting()) return false;
  if (newest == nullptr) return true;
  if (newest->state == ContainerState::kRunning) return false;
  if (newest->state != ContainerState::kExited) return true;
  if (pod.spec.restart_policy == "OnFailure") return newest->exit_code != 0;
  return pod.spec.restart_policy == "Always";
}

PodActions compute_pod_actions(const kube::Pod& pod, const PodRuntime& runtime, const ProbeVerdicts& probes) {
  if (!runtime.settling.empty()) return compute_pod_actions(pod, shown_by_cri(runtime), probes);
  PodActions actions;
  const SandboxVerdict sandbox = judge_sandbox(pod, runtime);
  actions.sandbox_id = sandbox.id;
  actions.attempt = sandbox.attempt;
  if (sandbox.recreate) {
    plan_new_sandbox(pod, runtime, actions);
    return actions;
  }
  for (const auto& container : pod.spec.ephemeral_containers) {
    if (runtime.find(container.name) == nullptr) actions.ephemeral.push_back(container.name);
  }
  if (!InitWalk(pod, runtime, probes, actions).run()) return actions;

  bool kept = false;
  for (const auto& container : pod.spec.containers) {
    const auto* status = runtime.find(container.name);
    if (running(status)) {
      kept = keep_running(pod, container, *status, probes, actions) || kept;
      continue;
    }
    if (!should_restart(pod, status)) continue;
    if (status != nullptr && status->state == ContainerState::kUnknown) {
      actions.kills.push_back(
          {status->id, container.name,
           fmt::format("Container {} is in an unknown state, will be restarted", container.name),
           KillReason::kUnknownState});
    }
    actions.containers.push_back(container.name);
  }
  if (!kept && actions.containers.empty()) {
    actions.kill_pod = true;
    actions.init.clear();  // sidecars end with the pod
  }
  return actions;
}

}  // namespace edgecore::edged
