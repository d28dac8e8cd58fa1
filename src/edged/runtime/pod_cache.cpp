// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/pod_cache.hpp"

#include <algorithm>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/sleep.hpp"
#include "edgecore/async/task_group.hpp"
#include "edged/logs/termination_message.hpp"
#include "edged/spec/sandbox_config.hpp"
#include "edged/spec/string_map.hpp"

namespace edgecore::edged {
namespace {

/// Kind added to a state in the fingerprint: sandboxes and containers share one range of numbers.
constexpr int kSandbox = 100;

/// Period of lists while only lists show what ends.
constexpr std::chrono::milliseconds kListPeriod{1000};
/// Period otherwise, for changes without an event: something was made or removed by hand, a sandbox lost its
/// network.
constexpr std::chrono::milliseconds kSafetyPeriod{30000};
/// Time after an end in which the runtime may still report consequences of it.
constexpr std::chrono::milliseconds kSettlePeriod{5000};
constexpr std::chrono::seconds kEventsRetry{30};

bool something_died(const PodFingerprint& before, const PodFingerprint& now) {
  const auto dead = [](int state) {
    return state == static_cast<int>(cri::ContainerState::kExited) ||
           state == static_cast<int>(cri::ContainerState::kUnknown) ||
           state == kSandbox + static_cast<int>(cri::PodSandboxState::kNotReady);
  };
  return std::any_of(now.begin(), now.end(), [&](const auto& one) {
    return dead(one.second) && !std::binary_search(before.begin(), before.end(), one);
  });
}

std::vector<ExitWatch::Running> running_of(const PodFingerprint& print) {
  std::vector<ExitWatch::Running> running;
  for (const auto& [id, state] : print) {
    const bool sandbox = state == kSandbox + static_cast<int>(cri::PodSandboxState::kReady);
    if (sandbox || state == static_cast<int>(cri::ContainerState::kRunning)) running.push_back({id, sandbox});
  }
  return running;
}

/// Appends the container's own termination message to the runtime's. Read once: the files may be removed
/// before the runtime's record.
void add_message(cri::ContainerStatus& container, const PodRuntime& before) {
  if (container.state != cri::ContainerState::kExited) return;
  const auto known = std::find_if(before.containers.begin(), before.containers.end(), [&](const auto& one) {
    return one.id == container.id && one.state == cri::ContainerState::kExited;
  });
  container.message =
      known != before.containers.end() ? known->message : termination_message(termination_input(container));
}

std::pair<std::string, int> print_of(const cri::PodSandbox& row) {
  return {row.id, kSandbox + static_cast<int>(row.state)};
}
std::pair<std::string, int> print_of(const cri::Container& row) {
  return {row.id, static_cast<int>(row.state)};
}

/// The status of a container that ran when the runtime was last asked, and still does: nothing in it has
/// changed. An end is reported without asking for the status of everything else in the pod.
const cri::ContainerStatus* still_running(const PodRuntime& before, const cri::Container& row) {
  if (row.state != cri::ContainerState::kRunning) return nullptr;
  const auto known = std::find_if(before.containers.begin(), before.containers.end(), [&](const auto& one) {
    return one.id == row.id && one.state == cri::ContainerState::kRunning;
  });
  return known == before.containers.end() ? nullptr : &*known;
}

/// A pod as the runtime has it.
struct Answer {
  std::shared_ptr<PodRuntime> runtime;
  /// Includes listed objects without a status, so that the next list shows no change. Such an object is just
  /// being removed, or the runtime's records are inconsistent.
  PodFingerprint print;
};

boost::asio::awaitable<Answer> ask(cri::Runtime& runtime, std::string uid,
                                   std::shared_ptr<const PodRuntime> before) {
  auto now = std::make_shared<PodRuntime>();
  PodFingerprint without_status;
  cri::PodSandboxFilter sandboxes_of;
  sandboxes_of.label_selector[kPodUidLabel] = uid;
  cri::ContainerFilter containers_of;
  containers_of.label_selector[kPodUidLabel] = uid;
  const std::vector<cri::PodSandbox> sandboxes = co_await runtime.list_pod_sandbox(sandboxes_of);
  for (const auto& one : sandboxes) {
    try {
      cri::PodSandboxStatus status = co_await runtime.pod_sandbox_status(one.id);
      now->sandboxes.push_back(std::move(status));
    } catch (const cri::CallError& error) {
      if (!error.not_found()) throw;
      without_status.push_back(print_of(one));
    }
  }
  const std::vector<cri::Container> containers = co_await runtime.list_containers(containers_of);
  for (const auto& one : containers) {
    if (const cri::ContainerStatus* known = still_running(*before, one)) {
      now->containers.push_back(*known);
      continue;
    }
    try {
      cri::ContainerStatus status = co_await runtime.container_status(one.id);
      add_message(status, *before);
      now->containers.push_back(std::move(status));
    } catch (const cri::CallError& error) {
      if (!error.not_found()) throw;
      without_status.push_back(print_of(one));
    }
  }
  sort_newest_first(*now);
  Answer answer{now, fingerprint(*now)};
  answer.print.insert(answer.print.end(), without_status.begin(), without_status.end());
  std::sort(answer.print.begin(), answer.print.end());
  co_return answer;
}

}  // namespace

PodFingerprint fingerprint(const PodRuntime& runtime) {
  PodFingerprint out;
  out.reserve(runtime.sandboxes.size() + runtime.containers.size());
  for (const auto& one : runtime.sandboxes) out.emplace_back(one.id, kSandbox + static_cast<int>(one.state));
  for (const auto& one : runtime.containers) out.emplace_back(one.id, static_cast<int>(one.state));
  std::sort(out.begin(), out.end());
  return out;
}

PodCache::PodCache(cri::Runtime& runtime, cri::Processes* processes, boost::asio::any_io_executor executor,
                   log::Logger log, Changed changed, Died died)
    : runtime_(runtime),
      executor_(executor),
      log_(std::move(log)),
      changed_(std::move(changed)),
      died_(std::move(died)),
      wakeup_(executor),
      exits_({runtime, processes, executor, log_, [this](const std::string& uid) { ended(uid); },
              [this] { list_by(steady_now() + period()); }}),
      feed_(runtime, log_, [this](const cri::TaskEvent& event) { told(event); }) {}

boost::asio::awaitable<void> PodCache::run() {
  async::TaskGroup tasks(executor_);
  tasks.spawn("relist", list_loop());
  tasks.spawn("container events", event_loop());
  tasks.spawn("exit watch", exits_.run());
  tasks.spawn("task events", feed_.run());
  co_await tasks.join();
}

std::chrono::milliseconds PodCache::period() const {
  return listed_ && (events_ || exits_.covers_all()) ? kSafetyPeriod : kListPeriod;
}

void PodCache::list_by(SteadyTime due) {
  if (due >= due_) return;
  due_ = due;
  wakeup_.notify();
}

void PodCache::ended(const std::string& uid) {
  mark_stale(uid);
  changed_(uid);
  list_by(steady_now() + kSettlePeriod);
}

/// The pod whose container CRI last showed running; nullptr if there is none.
const std::string* PodCache::owner_of(const std::string& container_id) const {
  const auto running = std::make_pair(container_id, static_cast<int>(cri::ContainerState::kRunning));
  for (const auto& [uid, entry] : entries_) {
    if (std::binary_search(entry.print.begin(), entry.print.end(), running)) return &uid;
  }
  return nullptr;
}

/// An end that was told is shown at once: the runtime is not asked, which would wait for its disk. The end of
/// a container that is not known yet is remembered; those of sandboxes are left to ExitWatch, because the
/// cloud is not told of them.
void PodCache::told(const cri::TaskEvent& event) {
  overlay_.add(event);
  const std::string* const uid = owner_of(event.container_id);
  if (uid == nullptr || event.kind != cri::TaskEvent::Kind::kExit) return;
  Entry& entry = entries_[*uid];
  if (entry.runtime == nullptr) return;  // nobody has asked for the pod yet
  auto now = std::make_shared<PodRuntime>(*entry.runtime);
  if (!lay_over(*now, *entry.runtime)) return;
  log_->debug("container {} has ended with {}; CRI does not show it yet", event.container_id,
              event.exit_code);
  entry.runtime = std::move(now);
  changed_(std::string(*uid));
}

/// Shows ends that were told; their messages as add_message.
bool PodCache::lay_over(PodRuntime& now, const PodRuntime& before) const {
  const bool settling = overlay_.lay_over(now);
  for (auto& one : now.containers) {
    if (now.settling.contains(one.id)) add_message(one, before);
  }
  return settling;
}

/// Shows what CRI shows where it has not confirmed an end.
void PodCache::forget_ends(const std::map<std::string, PodFingerprint>& seen) {
  std::set<std::string> present;
  for (const auto& [uid, print] : seen) {
    for (const auto& [id, state] : print) present.insert(id);
  }
  for (const std::string& id : overlay_.forget_old(present)) {
    const std::string* const uid = owner_of(id);
    if (uid == nullptr) continue;
    log_->warn("container {} has ended, and the container runtime still shows it running after {} s", id,
               ExitOverlay::kPatience.count());
    mark_stale(*uid);
    changed_(std::string(*uid));
  }
}

boost::asio::awaitable<void> PodCache::list_loop() {
  for (;;) {
    due_ = SteadyTime::max();  // who wants a list from now on gets another one
    const Outcome<void> made = co_await async::attempt(relist());
    if (made) {
      list_complaints_.reset();
    } else if (list_complaints_.now()) {
      log_->warn("cannot list what the container runtime has (attempt {}): {}", list_complaints_.count(),
                 made.failure().message());
    }
    // Failures wait as long as successes: a runtime that is back is found within a second.
    list_by(steady_now() + (made ? period() : kListPeriod));
    while (steady_now() < due_) co_await wakeup_.sleep_until(due_);
  }
}

boost::asio::awaitable<void> PodCache::event_loop() {
  for (;;) {
    const Outcome<void> told = co_await async::attempt(follow_events());
    events_ = false;
    look_now();  // what happened while there was no stream
    const auto error = told ? std::nullopt : told.failure().as<cri::CallError>();
    if (error && error->unimplemented()) co_return;
    co_await async::sleep_for(kEventsRetry);
  }
}

/// Ends with the stream.
boost::asio::awaitable<void> PodCache::follow_events() {
  const std::unique_ptr<cri::EventStream> stream = runtime_.container_events();
  while (const std::optional<cri::ContainerEvent> event = co_await stream->next()) {
    if (!std::exchange(events_, true))
      log_->info("the container runtime reports events; listing only now and then");
    const std::string uid =
        event->pod_sandbox_status ? event->pod_sandbox_status->metadata.uid : std::string();
    if (uid.empty()) {
      look_now();
    } else {
      mark_stale(uid);
      changed_(uid);
    }
  }
}

boost::asio::awaitable<void> PodCache::relist() {
  const cri::PodSandboxFilter every_sandbox;
  const cri::ContainerFilter every_container;
  const std::vector<cri::PodSandbox> sandboxes = co_await runtime_.list_pod_sandbox(every_sandbox);
  const std::vector<cri::Container> containers = co_await runtime_.list_containers(every_container);
  std::map<std::string, PodFingerprint> seen;
  for (const auto& one : sandboxes) {
    if (const std::string uid = value_or_empty(one.labels, kPodUidLabel); !uid.empty())
      seen[uid].push_back(print_of(one));
  }
  for (const auto& one : containers) {
    if (const std::string uid = value_or_empty(one.labels, kPodUidLabel); !uid.empty())
      seen[uid].push_back(print_of(one));
  }
  for (auto& [uid, print] : seen) std::sort(print.begin(), print.end());
  compare(seen);
  forget_ends(seen);
  listed_ = true;
  last_list_ = steady_now();
}

void PodCache::compare(const std::map<std::string, PodFingerprint>& seen) {
  std::vector<std::string> changes;
  bool died = false;
  for (const auto& [uid, print] : seen) {
    Entry& entry = entries_[uid];
    if (entry.print == print) continue;
    changes.push_back(uid);
    died = died || something_died(entry.print, print);
    entry.print = print;
    entry.stale = true;
    exits_.update(uid, running_of(print));
  }
  for (auto one = entries_.begin(); one != entries_.end();) {
    if (seen.contains(one->first)) {
      ++one;
      continue;
    }
    if (!one->second.print.empty()) changes.push_back(one->first);
    exits_.update(one->first, {});
    one = entries_.erase(one);
  }
  for (const std::string& uid : changes) changed_(uid);
  if (died) died_();
}

boost::asio::awaitable<std::shared_ptr<const PodRuntime>> PodCache::get(std::string uid) {
  const auto found = entries_.find(uid);
  if (found != entries_.end() && !found->second.stale && found->second.runtime != nullptr)
    co_return found->second.runtime;
  co_return co_await refresh(std::move(uid));
}

boost::asio::awaitable<std::shared_ptr<const PodRuntime>> PodCache::refresh(std::string uid) {
  // An event that arrives while the runtime is asked may be newer than its answer: it marks the entry stale
  // again.
  entries_[uid].stale = false;
  Answer now;
  try {
    std::shared_ptr<const PodRuntime> before = peek(uid);
    now = co_await ask(runtime_, uid, std::move(before));
  } catch (...) {
    mark_stale(uid);
    throw;
  }
  lay_over(*now.runtime, *peek(uid));  // an event may have come while the runtime was asked
  Entry& entry = entries_[uid];
  const PodFingerprint last = std::exchange(entry.print, std::move(now.print));
  entry.runtime = now.runtime;
  const bool died = something_died(last, entry.print);
  exits_.update(uid, running_of(entry.print));
  if (died) died_();
  co_return now.runtime;
}

std::shared_ptr<const PodRuntime> PodCache::peek(const std::string& uid) const {
  static const auto kNothing = std::make_shared<const PodRuntime>();
  const auto found = entries_.find(uid);
  return found == entries_.end() || found->second.runtime == nullptr ? kNothing : found->second.runtime;
}

void PodCache::mark_stale(const std::string& uid) {
  entries_[uid].stale = true;
}

std::vector<std::string> PodCache::uids() const {
  std::vector<std::string> out;
  for (const auto& [uid, entry] : entries_) {
    if (!entry.print.empty()) out.push_back(uid);
  }
  return out;
}

}  // namespace edgecore::edged
