// SPDX-License-Identifier: Apache-2.0
#include "edged/status/pod_status.hpp"

#include <arpa/inet.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/kube/time.hpp"
#include "edged/runtime/pod_actions.hpp"
#include "edged/spec/container_config.hpp"
#include "edged/spec/pod_resources.hpp"
#include "edged/status/pod_phase.hpp"

namespace edgecore::edged {
namespace {

using cri::ContainerState;
using kube::find_path;

constexpr const char* kLost = "ContainerStatusUnknown";

const Json* find_named(const Json& list, std::string_view name) {
  for (const auto& one : list) {
    if (kube::string_or(one, "name") == name) return &one;
  }
  return nullptr;
}

Json waiting(const std::string& reason, const std::string& message = {}) {
  Json out = Json::object();
  if (!reason.empty()) out["reason"] = reason;
  if (!message.empty()) out["message"] = message;
  return {{"waiting", std::move(out)}};
}

std::string time_text(std::int64_t nanos) {
  return kube::format_time(cri::wall_time(nanos));
}

class StatusBuilder {
 public:
  explicit StatusBuilder(const PodStatusInput& input) : in_(input) {}

  Json statuses(const std::vector<kube::Container>& containers, const char* old_key, bool init) const {
    const Json& old = kube::array_or_empty(in_.old_status, old_key);
    Json out = Json::array();
    for (const auto& container : containers) {
      const Json* before = find_named(old, container.name);
      Json status = from_runtime(container, before);
      if (init && !is_restartable_init(container)) {
        status["ready"] = kube::int_or(status, "state.terminated.exitCode", 1) == 0;
        status["started"] = find_path(status, "state.running") != nullptr;
      }
      show_failure(container, init, status);
      out.push_back(std::move(status));
    }
    return out;
  }

 private:
  Json from_runtime(const kube::Container& container, const Json* before) const {
    const cri::ContainerStatus* newest = nullptr;
    const cri::ContainerStatus* previous = nullptr;
    for (const auto& one : in_.runtime.containers) {
      if (one.metadata.name != container.name) continue;
      if (newest != nullptr) {
        previous = &one;
        break;
      }
      newest = &one;
    }
    if (newest == nullptr) return without_record(container, before);

    Json status = base(container);
    status["image"] = newest->image.image.empty() ? container.image : newest->image.image;
    status["imageID"] = newest->image_ref;
    status["containerID"] = id_text(*newest);
    const std::int32_t restarts = read_annotations(newest->annotations).restart_count;
    status["restartCount"] = restarts;
    status["state"] = state(*newest, before);
    if (previous != nullptr && previous->state == ContainerState::kExited) {
      status["lastState"] = terminated(*previous);
    } else if (before != nullptr && kube::int_or(*before, "restartCount", -1) == restarts) {
      // The record of the earlier run may have been removed; keep its last known state.
      status["lastState"] = kube::object_or_empty(*before, "lastState");
    }
    if (newest->state == ContainerState::kRunning) {
      const Readiness readiness = readiness_of(container, newest->id);
      status["started"] = readiness.started;
      status["ready"] = readiness.started && readiness.ready;
    }
    return status;
  }

  Json without_record(const kube::Container& container, const Json* before) const {
    Json status = base(container);
    if (before == nullptr) return status;
    if (find_path(*before, "state.terminated") != nullptr) return *before;
    status["restartCount"] = kube::int_or(*before, "restartCount", 0);
    status["lastState"] = kube::object_or_empty(*before, "lastState");
    if (find_path(*before, "state.running") == nullptr) return status;
    status["lastState"] =
        lost("The container could not be located when the pod was synced. It used to be Running");
    if (!in_.pod.deleting()) status["restartCount"] = kube::int_or(*before, "restartCount", 0) + 1;
    return status;
  }

  Json base(const kube::Container& container) const {
    return {{"name", container.name},
            {"image", container.image},
            {"imageID", ""},
            {"restartCount", 0},
            {"ready", false},
            {"started", false},
            {"lastState", Json::object()},
            {"state", default_waiting()}};
  }

  Json default_waiting() const {
    return waiting(in_.pod.spec.init_containers.empty() ? "ContainerCreating" : "PodInitializing");
  }

  static Json lost(const char* message) {
    return {{"terminated",
             {{"exitCode", 137},
              {"reason", kLost},
              {"message", message},
              {"startedAt", nullptr},
              {"finishedAt", nullptr}}}};
  }

  Json state(const cri::ContainerStatus& status, const Json* before) const {
    switch (status.state) {
      case ContainerState::kRunning:
        return {{"running", {{"startedAt", time_text(status.started_at)}}}};
      case ContainerState::kExited:
        return terminated(status);
      case ContainerState::kCreated:
        return waiting({});
      case ContainerState::kUnknown:
        break;
    }
    if (before != nullptr && find_path(*before, "state.running") != nullptr) {
      return lost("The runtime does not know the state of the container. It used to be Running");
    }
    return default_waiting();
  }

  Json terminated(const cri::ContainerStatus& status) const {
    Json out = {{"exitCode", status.exit_code},
                {"startedAt", time_text(status.started_at)},
                {"finishedAt", time_text(status.finished_at)},
                {"containerID", id_text(status)}};
    if (!status.reason.empty()) out["reason"] = status.reason;
    if (!status.message.empty()) out["message"] = status.message;
    return {{"terminated", std::move(out)}};
  }

  std::string id_text(const cri::ContainerStatus& status) const {
    return in_.runtime_name + "://" + status.id;
  }

  Readiness readiness_of(const kube::Container& container, const std::string& id) const {
    const auto found = in_.readiness.find(id);
    if (found != in_.readiness.end()) return found->second;
    return {!container.startup, !container.readiness};
  }

  /// Shows why a container that is about to be started again is not running; its end moves to lastState.
  void show_failure(const kube::Container& container, bool init, Json& status) const {
    const auto failure = in_.failures.find(container.name);
    if (failure == in_.failures.end() || in_.is_terminal) return;
    const cri::ContainerStatus* newest = in_.runtime.find(container.name);
    const bool done =
        init && newest != nullptr && newest->state == ContainerState::kExited && newest->exit_code == 0;
    if ((done && !is_restartable_init(container)) || !should_restart(in_.pod, newest)) return;
    if (find_path(status, "state.terminated") != nullptr) status["lastState"] = status["state"];
    status["state"] = waiting(failure->second.reason, failure->second.message);
    status["ready"] = false;
    status["started"] = false;
  }

  const PodStatusInput& in_;
};

void set_addresses(const PodStatusInput& input, bool keeps_old, Json& status) {
  if (!input.host_ip.empty()) status["hostIP"] = input.host_ip;
  const auto ips = pod_ips(input.pod, input.runtime, input.host_ip, input.prefer_ipv6);
  if (!ips.empty()) {
    status["podIP"] = ips.front();
    status["podIPs"] = Json::array();
    for (const auto& ip : ips) status["podIPs"].push_back({{"ip", ip}});
  } else if (keeps_old) {
    // The sandbox is gone for good. Removing the addresses would only cost another patch.
    for (const char* key : {"podIP", "podIPs"}) {
      if (const Json* old = kube::find_keys(input.old_status, {key})) status[key] = *old;
    }
  }
}

/// Sets the phase, which never leaves Failed or Succeeded, with the reason of the whole pod.
void set_phase(const PodStatusInput& input, std::string computed, Json& status) {
  const std::string old = kube::string_or(input.old_status, "phase");
  const auto keep = [&](const std::string& phase) {
    status["phase"] = phase;
    for (const char* key : {"reason", "message"}) {
      if (auto text = kube::string_or(input.old_status, key); !text.empty()) status[key] = text;
    }
  };
  if (is_final_phase(old)) return keep(old);
  if (input.failed) computed = "Failed";
  if (is_final_phase(computed) && may_run(input.runtime)) {
    status["phase"] = old.empty() ? "Running" : old;
  } else {
    status["phase"] = computed;
  }
  if (input.failed) {
    status["reason"] = input.failed->reason;
    status["message"] = input.failed->message;
  }
}

bool ran(const Json& status) {
  return find_path(status, "state.terminated") != nullptr || find_path(status, "state.running") != nullptr ||
         find_path(status, "lastState.terminated") != nullptr;
}

/// Refused at admission, or failed before anything of it ran. The status of such a pod lists no containers,
/// as they would seem to be about to start.
bool failed_before_its_start(const PodStatusInput& input, const Json& init, const Json& containers) {
  return input.failed && input.runtime.containers.empty() && std::none_of(init.begin(), init.end(), ran) &&
         std::none_of(containers.begin(), containers.end(), ran);
}

/// Nothing of the pod will run again, so a container without a known end has ended too, and counts as failed.
/// Init containers behind the last one that began stay as they are, and so do the containers that they kept
/// from beginning.
void end_what_is_unknown(Json& init, Json& containers) {
  const auto end = [](Json& status) {
    if (find_path(status, "state.terminated") != nullptr || find_path(status, "state.running") != nullptr)
      return;
    status["state"] = {{"terminated",
                        {{"exitCode", 137},
                         {"reason", kLost},
                         {"message", "The container could not be located when the pod was terminated"},
                         {"startedAt", nullptr},
                         {"finishedAt", nullptr}}}};
    status["ready"] = false;
    status["started"] = false;
  };
  const auto last = std::find_if(init.rbegin(), init.rend(), ran);
  std::for_each(init.begin(), last.base(), end);
  const bool initialized = init.empty() || std::any_of(containers.begin(), containers.end(), ran) ||
                           kube::int_or(init.back(), "state.terminated.exitCode", 1) == 0;
  if (initialized) std::for_each(containers.begin(), containers.end(), end);
}

/// Lets controllers distinguish an evicted pod from one that failed by itself.
void add_disruption(const PodStatusInput& input, Json& conditions) {
  constexpr const char* kType = "DisruptionTarget";
  const bool pushed_out =
      input.failed && (input.failed->reason == "Evicted" || input.failed->reason == "Preempting");
  if (!input.is_terminal || !pushed_out) return;
  for (const auto& one : conditions) {
    if (kube::string_or(one, "type") == kType) return;
  }
  conditions.push_back({{"type", kType},
                        {"status", "True"},
                        {"reason", "TerminationByKubelet"},
                        {"message", input.failed->message},
                        {"lastProbeTime", nullptr},
                        {"lastTransitionTime", kube::format_time(input.now)}});
}

bool is_ipv6(const std::string& ip) {
  return ip.find(':') != std::string::npos;
}

}  // namespace

std::vector<std::string> pod_ips(const kube::Pod& pod, const PodRuntime& runtime, const std::string& host_ip,
                                 bool prefer_ipv6) {
  std::vector<std::string> all;
  if (pod.spec.host_network) {
    if (!host_ip.empty()) all.push_back(host_ip);
  } else if (!runtime.sandboxes.empty() && runtime.sandboxes[0].state == cri::PodSandboxState::kReady) {
    all = runtime.sandboxes[0].additional_ips;
    all.insert(all.begin(), runtime.sandboxes[0].ip);
  }
  std::vector<std::string> out;
  for (const bool v6 : {prefer_ipv6, !prefer_ipv6}) {
    for (const auto& ip : all) {
      unsigned char address[sizeof(in6_addr)];
      if (is_ipv6(ip) != v6 || inet_pton(v6 ? AF_INET6 : AF_INET, ip.c_str(), address) != 1) continue;
      out.push_back(ip);
      break;
    }
  }
  return out;
}

Json make_pod_status(const PodStatusInput& input) {
  const StatusBuilder builder(input);
  const auto& spec = input.pod.spec;
  Json init = builder.statuses(spec.init_containers, "initContainerStatuses", true);
  Json containers = builder.statuses(spec.containers, "containerStatuses", false);
  Json ephemeral = builder.statuses(spec.ephemeral_containers, "ephemeralContainerStatuses", false);
  const bool lists = !failed_before_its_start(input, init, containers);
  if (input.is_terminal) end_what_is_unknown(init, containers);

  Json status = Json::object();
  set_phase(input, pod_phase(input.pod, init, containers, input.is_terminal), status);
  const std::string phase = status["phase"];
  status["conditions"] = pod_conditions(input.pod, init, containers, phase, input.old_status, input.now);
  add_disruption(input, status["conditions"]);
  set_addresses(input, is_final_phase(phase) || input.is_terminal || input.pod.deleting(), status);
  status["qosClass"] = qos_name(qos_class(input.pod));
  const std::string since = kube::string_or(input.old_status, "startTime");
  status["startTime"] = since.empty() ? kube::format_time(input.now) : since;
  std::sort(containers.begin(), containers.end(), [](const Json& a, const Json& b) {
    return kube::string_or(a, "name") < kube::string_or(b, "name");
  });
  if (lists && !containers.empty()) status["containerStatuses"] = std::move(containers);
  if (lists && !init.empty()) status["initContainerStatuses"] = std::move(init);
  if (lists && !ephemeral.empty()) status["ephemeralContainerStatuses"] = std::move(ephemeral);
  truncate_messages(status);
  return status;
}

bool is_allowed_transition(const kube::Pod& pod, const Json& old_status, const Json& new_status) {
  const auto& policy = pod.spec.restart_policy;
  const auto allowed = [&](const char* key) {
    const Json& now = kube::array_or_empty(new_status, key);
    for (const auto& old : kube::array_or_empty(old_status, key)) {
      const Json* end = find_path(old, "state.terminated");
      if (end == nullptr) continue;
      if (policy == "OnFailure" && kube::int_or(*end, "exitCode", 0) != 0) continue;
      const std::string name = kube::string_or(old, "name");
      const auto sidecar = std::find_if(pod.spec.init_containers.begin(), pod.spec.init_containers.end(),
                                        [&](const auto& one) { return one.name == name; });
      if (sidecar != pod.spec.init_containers.end() && is_restartable_init(*sidecar)) continue;
      const Json* found = find_named(now, name);
      if (found != nullptr && find_path(*found, "state.terminated") == nullptr) return false;
    }
    return true;
  };
  return policy == "Always" || (allowed("containerStatuses") && allowed("initContainerStatuses"));
}

std::optional<Refusal> past_deadline(const kube::Pod& pod, const Json& status, WallTime now) {
  const auto start = kube::time_at(status, "startTime");
  if (!pod.spec.active_deadline_seconds || !start) return std::nullopt;
  if (now - *start < std::chrono::seconds(*pod.spec.active_deadline_seconds)) return std::nullopt;
  return Refusal{"DeadlineExceeded", "Pod was active on the node longer than the specified deadline"};
}

void truncate_messages(Json& status) {
  constexpr std::size_t kPod = 12 * 1024;
  constexpr const char* kLists[] = {"containerStatuses", "initContainerStatuses"};
  std::size_t count = 0;
  for (const char* list : kLists) count += kube::array_or_empty(status, list).size();
  if (count == 0) return;
  const std::size_t most = kPod / count;
  for (const char* list : kLists) {
    const auto found = status.find(list);
    if (found == status.end()) continue;
    for (auto& one : *found) {
      for (const char* state : {"/state/terminated/message", "/lastState/terminated/message"}) {
        const Json::json_pointer at(state);
        if (!one.contains(at) || !one[at].is_string()) continue;
        auto& text = one[at].get_ref<std::string&>();
        if (text.size() <= most) continue;
        std::size_t end = most;  // do not cut within a UTF-8 sequence
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
        text.resize(end);
      }
    }
  }
}

}  // namespace edgecore::edged
