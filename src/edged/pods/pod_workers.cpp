// SPDX-License-Identifier: Apache-2.0
#include "edged/pods/pod_workers.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/cri/call_error.hpp"
#include "edged/cgroups/pod_cgroups.hpp"
#include "edged/meta/meta_client.hpp"
#include "edged/probes/hooks.hpp"
#include "edged/probes/probe_manager.hpp"
#include "edged/runtime/pod_cache.hpp"
#include "edged/spec/container_config.hpp"
#include "edged/spec/pod_resources.hpp"
#include "edged/spec/sandbox_config.hpp"
#include "edged/status/pod_status.hpp"
#include "edged/status/status_writer.hpp"
#include "edged/volumes/volume_host.hpp"

namespace edgecore::edged {
namespace {

/// Housekeeping is woken when there is work; this covers changes without an event.
constexpr std::chrono::seconds kHousekeeping{60};
constexpr std::chrono::minutes kDirectories{5};
/// Grace period of unwanted containers, in seconds.
constexpr std::int64_t kOrphanGrace = 1;

constexpr const char* kApiSource = "api";

/// The source of a pod in the runtime, by the annotations of its sandboxes.
std::optional<std::string> source_of(const PodRuntime& runtime) {
  for (const auto& sandbox : runtime.sandboxes) {
    const auto source = sandbox.annotations.find(kConfigSourceAnnotation);
    if (source != sandbox.annotations.end()) return source->second;
  }
  return std::nullopt;
}

}  // namespace

kube::PodPtr orphan_pod(const std::string& uid, const PodRuntime& runtime) {
  auto pod = std::make_shared<kube::Pod>();
  pod->uid = uid;
  const auto take = [&](const cri::StringMap& labels) {
    if (const auto found = labels.find(kPodNameLabel); found != labels.end()) pod->name = found->second;
    if (const auto found = labels.find(kPodNamespaceLabel); found != labels.end()) pod->ns = found->second;
  };
  for (const auto& one : runtime.sandboxes) take(one.labels);
  for (const auto& one : runtime.containers) {
    take(one.labels);
    kube::Container container;
    container.name = one.metadata.name;
    container.pre_stop = parse_hook(read_annotations(one.annotations).pre_stop);
    pod->spec.containers.push_back(std::move(container));
  }
  return pod;
}

PodWorkers::PodWorkers(const PodServices& services, NodeView node, Listener& listener)
    : services_(services),
      node_(std::move(node)),
      listener_(listener),
      tasks_(services.context.executor),
      housekeeping_(services.context.executor),
      active_changed_(services.context.executor) {}

boost::asio::awaitable<void> PodWorkers::run() {
  tasks_.spawn("housekeeping", housekeeping_loop());
  tasks_.spawn("cpu shares of the burstable class", shares_loop());
  co_await tasks_.join();
}

/// The class's share follows each pod that comes, changes or goes: it is what the pods get against those of
/// the other classes when the cpu is short.
boost::asio::awaitable<void> PodWorkers::shares_loop() {
  for (;;) {
    co_await active_changed_.sleep();
    co_await services_.runtime.cgroups.update_qos(active());
  }
}

void PodWorkers::api_ready() {
  api_ready_ = true;
  housekeeping_.notify();
}

void PodWorkers::files_ready() {
  files_ready_ = true;
  housekeeping_.notify();
}

void PodWorkers::apply(const std::vector<PodChange>& changes) {
  std::vector<kube::PodPtr> added;
  for (const PodChange& change : changes) {
    const auto found = entries_.find(change.pod->uid);
    switch (change.kind) {
      case PodChange::Kind::kAdd:
        added.push_back(change.pod);
        break;
      case PodChange::Kind::kUpdate:
      case PodChange::Kind::kDelete:
        services_.status.writer.observe(change.pod);
        if (found != entries_.end()) {
          found->second.worker->update(change.pod);
        } else if (!refused_.contains(change.pod->uid) || change.pod->deleting()) {
          start(change.pod);
        }
        break;
      case PodChange::Kind::kReconcile:
        services_.status.writer.observe(change.pod);
        // Readiness gates are conditions that other agents set.
        if (found != entries_.end() && !change.pod->spec.readiness_gates.empty())
          found->second.worker->update(change.pod);
        break;
      case PodChange::Kind::kRemove:
        services_.status.writer.forget(change.pod->uid);
        refused_.erase(change.pod->uid);
        if (found == entries_.end()) break;
        found->second.removed = true;
        found->second.again = nullptr;
        found->second.worker->kill({{}, {}, true});
        break;
    }
  }
  std::stable_sort(added.begin(), added.end(), [](const kube::PodPtr& a, const kube::PodPtr& b) {
    return a->creation_timestamp < b->creation_timestamp;
  });
  for (const auto& pod : added) add(pod);
  housekeeping_.notify();
  active_changed_.notify();
}

void PodWorkers::add(const kube::PodPtr& pod) {
  const auto found = entries_.find(pod->uid);
  if (found != entries_.end()) {
    found->second.again = pod;  // it is still being removed
    return;
  }
  services_.status.writer.observe(pod);
  if (!rejected(pod)) start(pod);
}

bool PodWorkers::rejected(const kube::PodPtr& pod) {
  // A pod that was admitted once stays: a restart of this program must not end it.
  const std::string phase = kube::string_or(pod->status, "phase");
  if (pod->deleting() || (!phase.empty() && phase != "Pending")) return false;
  if (!services_.runtime.cache.peek(pod->uid)->containers.empty()) return false;
  std::optional<Refusal> refusal = admit(*pod, active(), node_());
  if (!refusal) return false;
  services_.context.log->warn("pod {} is not admitted: {}: {}", pod->full_name(), refusal->reason,
                              log::quote(refusal->message, 500));
  refusal->message = "Pod was rejected: " + refusal->message;
  const PodRuntime nothing;
  PodStatusInput input{.pod = *pod,
                       .runtime = nothing,
                       .old_status = pod->status,
                       .host_ip = {},
                       .failed = refusal,
                       .now = services_.context.clock.wall()};
  services_.status.writer.set(pod, make_pod_status(input));
  refused_.insert(pod->uid);
  return true;
}

void PodWorkers::start(const kube::PodPtr& pod) {
  PodWorker& worker = make_worker(pod, false);
  tasks_.spawn("pod " + pod->full_name(), serve(worker, pod->uid));
}

/// The worker is told before it begins that the pod is not reported, because its first step reports.
void PodWorkers::start_removal(const kube::PodPtr& orphan) {
  PodWorker& worker = make_worker(orphan, true);
  worker.kill({kOrphanGrace, {}, true});
  tasks_.spawn("orphan " + orphan->full_name(), serve(worker, orphan->uid));
}

PodWorker& PodWorkers::make_worker(const kube::PodPtr& pod, bool removed) {
  PodWorker::Hooks hooks;
  hooks.may_start = [this](const PodWorker& worker) { return may_start(worker); };
  hooks.state_changed = [this](const PodWorker& worker) {
    active_changed_.notify();
    if (worker.state() != PodWorker::State::kFinished) return;
    housekeeping_.notify();
    listener_.pod_ended(*worker.pod());
  };
  Entry& entry = entries_[pod->uid];
  entry = {};
  entry.worker = std::make_unique<PodWorker>(services_, pod, std::move(hooks));
  entry.removed = removed;
  entry.serving = true;
  refused_.erase(pod->uid);
  return *entry.worker;
}

boost::asio::awaitable<void> PodWorkers::serve(PodWorker& worker, std::string uid) {
  co_await worker.run();
  const auto found = entries_.find(uid);
  if (found != entries_.end()) found->second.serving = false;
  // A static pod of the same name may wait for the end of this one.
  for (auto& [other, entry] : entries_) {
    if (other != uid && entry.worker->pod()->name == worker.pod()->name) entry.worker->look();
  }
  housekeeping_.notify();
}

bool PodWorkers::may_start(const PodWorker& worker) const {
  return !is_static(*worker.pod()) || !static_pod_stops(worker.pod()->full_name());
}

bool PodWorkers::static_pod_stops(const std::string& full_name) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& one) {
    const PodWorker& worker = *one.second.worker;
    return worker.stopping() && worker.state() != PodWorker::State::kFinished && is_static(*worker.pod()) &&
           worker.pod()->full_name() == full_name;
  });
}

/// Whether the source that would name such a pod has delivered.
bool PodWorkers::is_judged(const std::optional<std::string>& source) const {
  if (!source) return ready();
  return source == kApiSource ? api_ready_ : files_ready_;
}

boost::asio::awaitable<void> PodWorkers::housekeeping_loop() {
  for (;;) {
    forget_gone();
    SteadyTime next = steady_now() + kHousekeeping;
    if (api_ready_ || files_ready_) {
      // Until the runtime was listed, a directory may be in use by unknown containers.
      if (services_.runtime.cache.listed()) {
        co_await adopt_orphans();
        if (ready() && steady_now() - directories_looked_at_ > kDirectories)
          co_await remove_orphan_directories();
      }
      for (auto& [uid, entry] : entries_) {
        if (entry.removal.waits()) next = std::min(next, entry.removal.due());
      }
    }
    co_await housekeeping_.sleep_until(next);
  }
}

void PodWorkers::forget_gone() {
  for (auto one = entries_.begin(); one != entries_.end();) {
    auto& [uid, entry] = *one;
    const bool over = entry.worker->state() == PodWorker::State::kFinished && !entry.serving;
    const bool due = entry.again != nullptr || (entry.removed && !entry.removal.waits());
    if (!over || !due || entry.reaping) {
      ++one;
      continue;
    }
    if (entry.again != nullptr) {
      const kube::PodPtr again = entry.again;
      const std::string key = uid;
      one = entries_.erase(one);
      add(again);
      one = entries_.upper_bound(key);
      continue;
    }
    entry.reaping = true;
    tasks_.spawn("leftovers of pod " + uid, reap(uid));
    ++one;
  }
}

/// Throws Error when something is left.
boost::asio::awaitable<void> PodWorkers::remove_remains(std::string uid) {
  co_await services_.runtime.container_gc.remove_pod(uid);
  const std::shared_ptr<const PodRuntime> left = co_await services_.runtime.cache.refresh(uid);
  co_await services_.content.volumes.remove_pod(uid);
  // Taken for removed it would be found again at once, as an orphan.
  if (!left->sandboxes.empty() || !left->containers.empty())
    throw Error("the container runtime has removed it and still has it");
}

boost::asio::awaitable<void> PodWorkers::reap(std::string uid) {
  const kube::PodPtr pod = entries_.at(uid).worker->pod();
  const Outcome<void> removed = co_await async::attempt(remove_remains(uid));
  const auto found = entries_.find(uid);
  if (found == entries_.end()) co_return;
  found->second.reaping = false;
  if (removed) {
    const kube::PodPtr again = found->second.again;
    entries_.erase(found);
    services_.status.probes.remove_pod(uid);
    services_.status.writer.forget(uid);
    services_.runtime.cache.look_now();
    if (again != nullptr) add(again);
  } else {
    Retry& removal = found->second.removal;
    if (removal.failed()) {
      services_.context.log->warn(
          "what is left of pod {} ({}) cannot be removed (attempt {}, the next in {} s): {}",
          pod->full_name(), uid, removal.failures(), removal.pause().count(), removed.failure().message());
    }
  }
  housekeeping_.notify();
}

boost::asio::awaitable<void> PodWorkers::adopt_orphans() {
  for (const std::string& uid : services_.runtime.cache.uids()) {
    if (entries_.contains(uid) || refused_.contains(uid) || untouchable_.contains(uid)) continue;
    std::shared_ptr<const PodRuntime> runtime;
    try {
      runtime = co_await services_.runtime.cache.get(uid);
    } catch (const cri::CallError& error) {
      services_.context.log->debug("cannot look at unknown pod {}: {}", uid, error.what());
    }
    if (runtime == nullptr || entries_.contains(uid)) continue;
    if (runtime->sandboxes.empty() && runtime->containers.empty()) continue;
    const std::optional<std::string> source = source_of(*runtime);
    if (!is_judged(source)) continue;
    const kube::PodPtr pod = orphan_pod(uid, *runtime);
    const bool from_file = source && source != kApiSource;
    bool orphan = from_file;  // the cloud does not know static pods
    if (!from_file) orphan = co_await is_orphan(pod);
    if (!orphan || entries_.contains(uid)) continue;
    services_.context.log->info("pod {} ({}) does not belong to this node (any more): removing it",
                                pod->full_name(), uid);
    start_removal(pod);
  }
}

/// Whether to remove a pod of the runtime that no source has named. After a lost database the list is
/// incomplete until the cloud has filled it again: then ask the cloud, and keep the pod until it has
/// answered.
boost::asio::awaitable<bool> PodWorkers::is_orphan(kube::PodPtr pod) {
  if (pod->name.empty() || pod->ns.empty()) co_return true;
  const MetaAnswer answer = co_await services_.content.meta.get(pod->ns, names::resource::kPod, pod->name);
  if (answer.ok() && kube::string_or(answer.object, "metadata.uid") == pod->uid) {
    unexplained_.erase(pod->uid);
    listener_.pod_found(answer.object);
    co_return false;
  }
  if (answer.ok() || answer.refused_as(kube::reason::kNotFound)) {
    unexplained_.erase(pod->uid);
    co_return true;
  }
  if (unexplained_.insert(pod->uid).second) {
    services_.context.log->warn(
        "pod {} ({}) runs here and is not in the database; edged keeps it until the cloud "
        "has said whether it is wanted: {}",
        pod->full_name(), pod->uid, log::quote(answer.refused->message, 300));
  }
  co_return false;
}

boost::asio::awaitable<void> PodWorkers::remove_orphan_directories() {
  directories_looked_at_ = steady_now();
  std::set<std::string> in_use = known();
  for (const std::string& uid : services_.runtime.cache.uids()) in_use.insert(uid);
  const std::vector<std::string> orphans = co_await services_.content.volumes.orphans(in_use);
  std::set<std::string> held;
  for (const std::string& uid : orphans) {
    if (entries_.contains(uid)) continue;
    try {
      co_await services_.content.volumes.remove_pod(uid);
    } catch (const Error& error) {
      held.insert(uid);
      services_.context.log->warn("cannot remove the directory of vanished pod {}: {}", uid, error.what());
    }
  }
  co_await remove_orphan_cgroups(std::move(held));
}

boost::asio::awaitable<void> PodWorkers::remove_orphan_cgroups(std::set<std::string> held) {
  std::function<std::set<std::string>()> in_use = [this] {
    std::set<std::string> uids = known();
    for (const std::string& uid : services_.runtime.cache.uids()) uids.insert(uid);
    return uids;
  };
  try {
    co_await services_.runtime.cgroups.remove_orphans(std::move(in_use), std::move(held));
  } catch (const Error& error) {
    services_.context.log->warn("cgroups of vanished pods cannot be removed: {}", error.what());
  }
}

void PodWorkers::look(const std::string& uid) {
  const auto found = entries_.find(uid);
  if (found != entries_.end()) {
    found->second.worker->look();
  } else if (api_ready_ || files_ready_) {
    housekeeping_.notify();
  }
}

void PodWorkers::look_all() {
  for (auto& [uid, entry] : entries_) entry.worker->look();
  if (!unexplained_.empty()) housekeeping_.notify();
}

bool PodWorkers::evict(const std::string& uid, const Refusal& why,
                       std::optional<std::int64_t> grace_seconds) {
  const auto found = entries_.find(uid);
  if (found == entries_.end() || found->second.worker->stopping()) return false;
  found->second.worker->kill({grace_seconds, why, false});
  return true;
}

void PodWorkers::restarting(const std::string& uid, const std::set<std::string>& containers) {
  const auto found = entries_.find(uid);
  if (found != entries_.end()) found->second.worker->restarting(containers);
}

const PodWorker* PodWorkers::find(const std::string& ns, const std::string& name) const {
  const PodWorker* ended = nullptr;
  for (const auto& [uid, entry] : entries_) {
    const kube::Pod& pod = *entry.worker->pod();
    if (entry.removed || pod.ns != ns || pod.name != name) continue;
    if (!entry.worker->stopping()) return entry.worker.get();
    ended = entry.worker.get();
  }
  return ended;
}

std::vector<kube::PodPtr> PodWorkers::active() const {
  std::vector<kube::PodPtr> out;
  for (const auto& [uid, entry] : entries_) {
    if (!entry.worker->stopping()) out.push_back(entry.worker->pod());
  }
  return out;
}

std::set<std::string> PodWorkers::known() const {
  std::set<std::string> out = refused_;
  out.insert(untouchable_.begin(), untouchable_.end());
  for (const auto& [uid, entry] : entries_) out.insert(uid);
  return out;
}

PodFate PodWorkers::fate(const std::string& uid) const {
  if (untouchable_.contains(uid)) return PodFate::kLive;
  if (refused_.contains(uid)) return PodFate::kTerminated;
  const auto found = entries_.find(uid);
  if (found == entries_.end()) {
    // Leftovers are removed as orphans, which may first require asking the cloud.
    const std::vector<std::string> there = services_.runtime.cache.uids();
    const bool remains =
        !services_.runtime.cache.listed() || std::find(there.begin(), there.end(), uid) != there.end();
    return remains ? PodFate::kLive : PodFate::kGone;
  }
  const Entry& entry = found->second;
  const bool over = entry.worker->state() == PodWorker::State::kFinished && !entry.removed;
  return over ? PodFate::kTerminated : PodFate::kLive;
}

bool PodWorkers::is_running(const std::string& uid) const {
  const auto found = entries_.find(uid);
  return found != entries_.end() && found->second.worker->state() != PodWorker::State::kFinished &&
         found->second.worker->state() != PodWorker::State::kTerminated;
}

}  // namespace edgecore::edged
