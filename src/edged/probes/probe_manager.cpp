// SPDX-License-Identifier: Apache-2.0
#include "edged/probes/probe_manager.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/async/event.hpp"
#include "edgecore/kube/json.hpp"
#include "edged/probes/probe_state.hpp"
#include "edged/spec/pod_resources.hpp"

namespace edgecore::edged {

namespace asio = boost::asio;

/// One probe of one container. Owned by the manager and by the coroutine that runs it.
struct ProbeWorker {
  ProbeWorker(asio::any_io_executor executor, kube::PodPtr of, const kube::Container& container_of,
              ProbeKind which, const kube::Probe& what)
      : pod(std::move(of)),
        container(container_of),
        kind(which),
        probe(what),
        state(which, what),
        wakeup(std::move(executor)) {}

  kube::PodPtr pod;  ///< keeps container and probe alive
  const kube::Container& container;
  const ProbeKind kind;
  const kube::Probe& probe;
  ProbeState state;
  async::Event wakeup;

  std::string container_id;  ///< newest container seen running; empty = none so far
  std::string pod_ip;
  bool running = false;
  bool started = false;  ///< the startup probe has succeeded, or there is none
  bool gone = false;     ///< tells the coroutine to end
  SteadyTime due = SteadyTime::max();
};

namespace {

constexpr int kTries = 3;

SteadyTime::duration period_of(const kube::Probe& probe) {
  return std::chrono::seconds(std::max(1, probe.period_seconds));
}

/// The container's entry in the pod's previous status; null if that entry has another id.
const Json& status_of(const kube::Pod& pod, const std::string& name, const std::string& id) {
  static const Json kNone;
  for (const char* list : {"containerStatuses", "initContainerStatuses"}) {
    for (const auto& status : kube::array_or_empty(pod.status, list)) {
      if (kube::string_or(status, "name") == name &&
          kube::string_or(status, "containerID").ends_with("/" + id))
        return status;
    }
  }
  return kNone;
}

bool is_true(const Json& object, const char* member) {
  return object.is_object() && object.contains(member) && object.at(member) == true;
}

}  // namespace

ProbeManager::ProbeManager(Deps deps)
    : deps_(std::move(deps)), born_(deps_.clock.wall()), started_(steady_now()), tasks_(deps_.executor) {}

ProbeManager::~ProbeManager() = default;

asio::awaitable<void> ProbeManager::run() {
  async::Event never(deps_.executor);
  tasks_.spawn("probes", never.sleep());  // keeps the group busy while there are no probes
  co_await tasks_.join();
}

void ProbeManager::add_workers(const kube::PodPtr& pod, Workers& workers) {
  const auto add = [&](const kube::Container& container) {
    const std::pair<ProbeKind, const std::optional<kube::Probe>*> kinds[] = {
        {ProbeKind::kStartup, &container.startup},
        {ProbeKind::kReadiness, &container.readiness},
        {ProbeKind::kLiveness, &container.liveness}};
    for (const auto& [kind, probe] : kinds) {
      if (!*probe || (pod->deleting() && kind != ProbeKind::kReadiness)) continue;
      auto worker = std::make_shared<ProbeWorker>(deps_.executor, pod, container, kind, **probe);
      worker->started = !container.startup;
      workers.push_back(worker);
      tasks_.spawn("probe", work(std::move(worker)));
    }
  };
  for (const auto& container : pod->spec.init_containers) {
    if (is_restartable_init(container)) add(container);
  }
  for (const auto& container : pod->spec.containers) add(container);
}

void ProbeManager::update(const kube::PodPtr& pod, const PodRuntime& runtime, const std::string& pod_ip) {
  const auto [entry, is_new] = pods_.try_emplace(pod->uid);
  if (is_new) add_workers(pod, entry->second);
  if (pod->deleting()) stop_disruptive(pod->uid);
  for (const auto& worker : entry->second) {
    const cri::ContainerStatus* status = runtime.find(worker->container.name);
    const bool runs = status != nullptr && status->state == cri::ContainerState::kRunning;
    worker->pod_ip = pod_ip;
    if (!runs || worker->gone) {
      worker->running = false;
      continue;
    }
    if (worker->running && worker->container_id == status->id) continue;
    worker->running = true;
    if (worker->container_id != status->id) {
      worker->container_id = status->id;
      begin(*worker, *pod, *status);
    } else {
      worker->due = steady_now();
    }
    worker->wakeup.notify();
  }
}

void ProbeManager::begin(ProbeWorker& worker, const kube::Pod& pod, const cri::ContainerStatus& container) {
  const Json& known = status_of(pod, worker.container.name, container.id);
  const bool was_started = is_true(known, "started");
  worker.started = !worker.container.startup || was_started || pod.deleting();
  std::optional<bool> verdict;
  if (worker.kind == ProbeKind::kReadiness && is_true(known, "ready")) verdict = true;
  if (worker.kind == ProbeKind::kStartup && was_started) verdict = true;
  worker.state.restart(verdict);

  // Age of the container; clamped, because the wall clock may have been set since it started.
  const auto age = deps_.clock.wall().time_since_epoch() - std::chrono::nanoseconds(container.started_at);
  const SteadyTime::duration delay = std::chrono::seconds(std::max(0, worker.probe.initial_delay_seconds));
  const auto now = steady_now();
  worker.due = now + std::clamp<SteadyTime::duration>(delay - age, SteadyTime::duration(0), delay);
  // After a restart of the module all probes would be due at once: spread them. Exceptions: containers that
  // were just started, and containers without a known verdict.
  const auto period = period_of(worker.probe);
  const bool adopted = WallTime(std::chrono::nanoseconds(container.started_at)) < born_;
  if (adopted && verdict.value_or(worker.kind == ProbeKind::kLiveness) && now - started_ < period) {
    const auto share = std::hash<std::string>{}(container.id + std::string(probe_name(worker.kind))) % 1000;
    worker.due += period * static_cast<int>(share) / 1000;
  }
}

void ProbeManager::stop_disruptive(const std::string& uid) {
  const auto pod = pods_.find(uid);
  if (pod == pods_.end()) return;
  for (const auto& worker : pod->second) {
    if (worker->gone || worker->kind == ProbeKind::kReadiness) continue;
    worker->state.give_in();
    worker->gone = true;
    worker->wakeup.notify();
    if (worker->kind == ProbeKind::kStartup) let_go(pod->second, worker->container.name);
  }
}

void ProbeManager::remove_pod(const std::string& uid) {
  const auto pod = pods_.find(uid);
  if (pod == pods_.end()) return;
  for (const auto& worker : pod->second) {
    worker->gone = true;
    worker->wakeup.notify();
  }
  pods_.erase(pod);
}

void ProbeManager::let_go(const Workers& workers, const std::string& container) {
  for (const auto& worker : workers) {
    if (worker->started || worker->container.name != container) continue;
    worker->started = true;
    worker->wakeup.notify();
  }
}

ProbeVerdicts ProbeManager::verdicts(const std::string& uid) const {
  ProbeVerdicts out;
  const auto pod = pods_.find(uid);
  if (pod == pods_.end()) return out;
  for (const auto& worker : pod->second) {
    if (worker->container_id.empty()) continue;
    if (worker->kind == ProbeKind::kLiveness && worker->state.failed())
      out.liveness_failed.insert(worker->container_id);
    if (worker->kind == ProbeKind::kStartup && worker->state.failed())
      out.startup_failed.insert(worker->container_id);
    if (worker->kind == ProbeKind::kStartup && worker->state.succeeded())
      out.started.insert(worker->container_id);
  }
  return out;
}

std::map<std::string, Readiness> ProbeManager::readiness(const std::string& uid) const {
  std::map<std::string, Readiness> out;
  const auto pod = pods_.find(uid);
  if (pod == pods_.end()) return out;
  for (const auto& worker : pod->second) {
    if (worker->container_id.empty() || worker->kind == ProbeKind::kLiveness) continue;
    Readiness& readiness = out[worker->container_id];
    if (worker->kind == ProbeKind::kStartup) readiness.started = worker->state.succeeded();
    if (worker->kind == ProbeKind::kReadiness) readiness.ready = worker->state.succeeded();
  }
  return out;
}

std::size_t ProbeManager::size() const {
  std::size_t count = 0;
  for (const auto& [uid, workers] : pods_) count += workers.size();
  return count;
}

asio::awaitable<void> ProbeManager::work(std::shared_ptr<ProbeWorker> worker) {
  while (!worker->gone) {
    const bool may = worker->running && !worker->state.settled() &&
                     (worker->started || worker->kind == ProbeKind::kStartup);
    if (!may || worker->due > steady_now()) {
      co_await worker->wakeup.sleep_until(may ? worker->due : SteadyTime::max());
      continue;
    }
    const SteadyTime began = steady_now();
    const std::string id = worker->container_id;
    co_await probe_once(worker);
    // Otherwise another container has come meanwhile, with its own schedule.
    if (worker->container_id != id) continue;
    const auto period = period_of(worker->probe);
    worker->due = std::max(began + period, steady_now());
  }
}

asio::awaitable<void> ProbeManager::probe_once(std::shared_ptr<ProbeWorker> worker) {
  const std::string id = worker->container_id;
  const std::chrono::seconds timeout(std::max(1, worker->probe.timeout_seconds));
  ProbeReply reply;
  for (int attempt = 0; attempt < kTries && reply.kind == ProbeReply::Kind::kError; ++attempt) {
    ProbeTarget target;
    target.container_id = id;
    target.pod_ip = worker->pod_ip;
    target.container = &worker->container;
    target.pod_uid = worker->pod->uid;
    reply = co_await deps_.runner.run(worker->probe.handler, timeout, std::move(target));
    if (worker->gone || worker->container_id != id) co_return;
  }
  take(*worker, reply);
}

void ProbeManager::take(ProbeWorker& worker, const ProbeReply& reply) {
  const kube::Pod& pod = *worker.pod;
  const auto name = probe_name(worker.kind);
  if (reply.kind == ProbeReply::Kind::kError) {
    deps_.log->debug("the {} probe of container {} of pod {}/{} could not be run: {}", name,
                     worker.container.name, pod.ns, pod.name, reply.text);
    return;
  }
  if (!worker.state.take(reply.kind)) return;
  deps_.log->info("the {} probe of container {} of pod {}/{} now {}{}{}", name, worker.container.name, pod.ns,
                  pod.name, worker.state.succeeded() ? "succeeds" : "fails", reply.text.empty() ? "" : ": ",
                  reply.text);
  if (worker.kind == ProbeKind::kStartup && worker.state.succeeded()) {
    if (const auto found = pods_.find(pod.uid); found != pods_.end())
      let_go(found->second, worker.container.name);
  }
  if (deps_.changed) deps_.changed(pod.uid);
}

}  // namespace edgecore::edged
