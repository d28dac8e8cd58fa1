// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/dead_containers.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "edgecore/async/on_pool.hpp"
#include "edgecore/async/sleep.hpp"
#include "edged/spec/container_config.hpp"
#include "edged/spec/log_paths.hpp"
#include "edged/spec/sandbox_config.hpp"
#include "edged/spec/string_map.hpp"

namespace edgecore::edged {
namespace {

using cri::ContainerState;

/// Longest grace period, in seconds, for a container whose state the runtime has lost: it may still run.
constexpr std::int64_t kMostGraceForUnknown = 30;

template <class Row>
bool newer(const Row& a, const Row& b) {
  return std::tuple(a.created_at, a.metadata.attempt, std::string_view(a.id)) >
         std::tuple(b.created_at, b.metadata.attempt, std::string_view(b.id));
}

/// The dead containers of one (pod uid, container name), newest first.
struct Unit {
  std::string uid;
  std::vector<cri::Container> dead;
  /// Id that has to stay: the newest container of the name in a live pod. May be a running one, so not in the
  /// list.
  std::string needed;

  [[nodiscard]] std::size_t count_needed() const {
    return !dead.empty() && dead.front().id == needed ? 1 : 0;
  }
};

bool too_young(const cri::Container& row, const ContainerGcPolicy& policy, WallTime now) {
  return policy.minimum_age.count() > 0 && now - cri::wall_time(row.created_at) < policy.minimum_age;
}

/// Includes containers younger than the minimum age; the caller filters.
std::vector<Unit> dead_units(const std::vector<cri::Container>& all, const PodFates& fate) {
  std::map<std::pair<std::string, std::string>, std::vector<cri::Container>> by_name;
  for (const auto& row : all) {
    std::pair key(value_or_empty(row.labels, kPodUidLabel), value_or_empty(row.labels, kContainerNameLabel));
    if (!key.first.empty() && !key.second.empty()) by_name[std::move(key)].push_back(row);
  }
  std::vector<Unit> units;
  for (auto& [key, rows] : by_name) {
    std::sort(rows.begin(), rows.end(), newer<cri::Container>);
    const std::string newest = rows.front().id;
    const PodFate its = fate(key.first);
    const bool gone = its == PodFate::kGone;
    std::erase_if(rows, [&](const cri::Container& row) {
      if (row.state == ContainerState::kRunning) return true;
      return row.state == ContainerState::kCreated && row.id == newest && !gone;  // it is being started
    });
    if (!rows.empty())
      units.push_back({key.first, std::move(rows), its == PodFate::kLive ? newest : std::string()});
  }
  return units;
}

void keep_newest(Unit& unit, std::size_t keep, std::vector<cri::Container>& remove) {
  while (unit.dead.size() > std::max(keep, unit.count_needed())) {
    remove.push_back(std::move(unit.dead.back()));
    unit.dead.pop_back();
  }
}

/// Applies the limit for the whole node: first an equal share for each name, then the oldest go.
void keep_in_total(std::vector<Unit>& units, std::size_t most, std::vector<cri::Container>& remove) {
  const auto count = [&] {
    std::size_t sum = 0;
    for (const auto& unit : units) sum += unit.dead.size();
    return sum;
  };
  if (count() <= most) return;
  const std::size_t share = std::max<std::size_t>(1, most / units.size());
  for (auto& unit : units) keep_newest(unit, share, remove);
  if (count() <= most) return;
  Unit flat;
  std::size_t needed = 0;
  for (auto& unit : units) {
    const auto staying = static_cast<std::ptrdiff_t>(unit.count_needed());
    needed += unit.count_needed();
    std::move(unit.dead.begin() + staying, unit.dead.end(), std::back_inserter(flat.dead));
  }
  std::sort(flat.dead.begin(), flat.dead.end(), newer<cri::Container>);
  keep_newest(flat, most > needed ? most - needed : 0, remove);
}

/// nullopt if the runtime has no such container (any more).
boost::asio::awaitable<std::optional<cri::ContainerStatus>> find_status(cri::Runtime& runtime,
                                                                        std::string id) {
  std::optional<cri::ContainerStatus> status;
  try {
    status = co_await runtime.container_status(id);
  } catch (const cri::CallError& error) {
    if (!error.not_found()) throw;
  }
  co_return status;
}

/// For a handler: a failure that does not keep the rest from being tried is noted if it is the first.
void note_failure(Outcome<void>& first, const cri::CallError& error) {
  if (error.unavailable()) throw;
  if (first) first = Failure::of(error);
}

/// Sets a flag for as long as it lives.
class Raised {
 public:
  explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;
  ~Raised() { flag_ = false; }

 private:
  bool& flag_;
};

}  // namespace

ContainerGcPolicy container_gc_policy(const config::Edged& config) {
  return {config.minimum_gc_age, config.max_per_pod_container_count, config.max_container_count};
}

std::vector<cri::Container> containers_to_remove(const std::vector<cri::Container>& all, const PodFates& fate,
                                                 const ContainerGcPolicy& policy, WallTime now,
                                                 bool terminated_too) {
  std::vector<cri::Container> remove;
  auto units = dead_units(all, fate);
  for (auto& unit : units) {
    std::erase_if(unit.dead, [&](const cri::Container& row) { return too_young(row, policy, now); });
    const PodFate its = fate(unit.uid);
    if (its == PodFate::kGone || (terminated_too && its == PodFate::kTerminated))
      keep_newest(unit, 0, remove);
    if (policy.per_container >= 0) keep_newest(unit, static_cast<std::size_t>(policy.per_container), remove);
  }
  std::erase_if(units, [](const Unit& unit) { return unit.dead.empty(); });
  if (policy.in_total >= 0) keep_in_total(units, static_cast<std::size_t>(policy.in_total), remove);
  return remove;
}

bool containers_wait_for_age(const std::vector<cri::Container>& all, const PodFates& fate,
                             const ContainerGcPolicy& policy, WallTime now) {
  if (policy.minimum_age.count() <= 0) return false;
  ContainerGcPolicy ageless = policy;
  ageless.minimum_age = {};
  const auto in_the_end = containers_to_remove(all, fate, ageless, now);
  return std::any_of(in_the_end.begin(), in_the_end.end(),
                     [&](const cri::Container& row) { return too_young(row, policy, now); });
}

std::vector<cri::PodSandbox> sandboxes_to_remove(const std::vector<cri::PodSandbox>& sandboxes,
                                                 const std::vector<cri::Container>& containers,
                                                 const PodFates& fate) {
  std::set<std::string> occupied;
  for (const auto& row : containers) occupied.insert(row.pod_sandbox_id);
  std::map<std::string, std::vector<cri::PodSandbox>> by_pod;
  for (const auto& row : sandboxes) {
    const std::string uid = value_or_empty(row.labels, kPodUidLabel);
    if (!uid.empty()) by_pod[uid].push_back(row);
  }
  std::vector<cri::PodSandbox> remove;
  for (auto& [uid, rows] : by_pod) {
    std::sort(rows.begin(), rows.end(), newer<cri::PodSandbox>);
    const std::size_t kept = fate(uid) == PodFate::kGone ? 0 : 1;
    for (std::size_t i = kept; i < rows.size(); ++i) {
      if (rows[i].state != cri::PodSandboxState::kReady && !occupied.contains(rows[i].id))
        remove.push_back(rows[i]);
    }
  }
  return remove;
}

// ---- Acting on it

ContainerGc::ContainerGc(Deps deps) : deps_(std::move(deps)), wakeup_(deps_.executor) {}

boost::asio::awaitable<void> ContainerGc::run() {
  for (;;) {
    bool clean = false;
    try {
      clean = co_await collect();
      complaints_.reset();
    } catch (const Error& error) {
      if (complaints_.now()) deps_.log->warn("dead containers could not be collected: {}", error.what());
    }
    const SteadyTime retry = steady_now() + deps_.period;
    co_await wakeup_.sleep_until(clean ? SteadyTime::max() : retry);
    co_await async::sleep_for(deps_.period / 30);  // containers of a pod end together: one pass for all
  }
}

boost::asio::awaitable<bool> ContainerGc::collect(bool terminated_too) {
  if (collecting_ || !deps_.sources_ready()) co_return false;
  const Raised collecting(collecting_);
  co_return co_await pass(terminated_too);
}

boost::asio::awaitable<bool> ContainerGc::pass(bool terminated_too) {
  const cri::ContainerFilter everything;
  auto rows = co_await deps_.runtime.list_containers(everything);
  const bool containers = co_await remove_dead(rows, terminated_too);
  const bool sandboxes = co_await remove_sandboxes(rows);
  const bool logs = co_await remove_logs(rows);
  const bool clean = containers && sandboxes && logs;
  if (clean) {
    stuck_.clear();
    disk_complaints_.clear();
  }
  co_return clean;
}

/// Erases what it removed from `rows`.
boost::asio::awaitable<bool> ContainerGc::remove_dead(std::vector<cri::Container>& rows,
                                                      bool terminated_too) {
  const auto now = deps_.clock.wall();
  const auto victims = containers_to_remove(rows, deps_.fate, deps_.policy, now, terminated_too);
  bool clean = !containers_wait_for_age(rows, deps_.fate, deps_.policy, now);
  for (const auto& victim : victims) {
    if (waits(victim.id)) {
      clean = false;
      continue;
    }
    try {
      co_await remove_if_dead(victim);
      stuck_.erase(victim.id);
      std::erase_if(rows, [&](const cri::Container& row) { return row.id == victim.id; });
    } catch (const Error& error) {
      clean = false;
      failed("container", victim.metadata.name, victim.id, error);
    }
  }
  co_return clean;
}

bool ContainerGc::waits(const std::string& id) const {
  const auto stuck = stuck_.find(id);
  return stuck != stuck_.end() && stuck->second.waits();
}

void ContainerGc::failed(const char* kind, const std::string& name, const std::string& id,
                         const Error& error) {
  Retry& retry = stuck_[id];
  if (!retry.failed()) return;
  deps_.log->warn("the dead {} {} ({}) cannot be removed (attempt {}, the next in {} s): {}", kind,
                  log::quote(name), log::quote(id), retry.failures(), retry.pause().count(), error.what());
}

void ContainerGc::complain(const std::vector<std::string>& failures) {
  for (const auto& failure : failures) {
    if (disk_complaints_[failure].now()) deps_.log->warn("{}", failure);
  }
}

/// Removal is forced, so check first: a container started after the list was made is not dead and stays.
boost::asio::awaitable<void> ContainerGc::remove_if_dead(cri::Container row) {
  if (row.state == ContainerState::kUnknown) {
    const auto grace =
        read_annotations(row.annotations).termination_grace_period.value_or(kMostGraceForUnknown);
    const std::chrono::seconds bounded(std::clamp<std::int64_t>(grace, 1, kMostGraceForUnknown));
    co_await deps_.runtime.stop_container(row.id, bounded);
  }
  const std::optional<cri::ContainerStatus> status = co_await find_status(deps_.runtime, row.id);
  if (status && status->state == ContainerState::kRunning) throw Error("it is running again");
  if (status) co_await remove_container(*status);
}

/// A container without status is removed as well: the runtime still lists it.
boost::asio::awaitable<void> ContainerGc::remove_row(cri::Container row) {
  const std::optional<cri::ContainerStatus> status = co_await find_status(deps_.runtime, row.id);
  if (status) {
    co_await remove_container(*status);
  } else {
    co_await deps_.runtime.remove_container(row.id);
  }
}

boost::asio::awaitable<bool> ContainerGc::remove_sandboxes(const std::vector<cri::Container>& rows) {
  const cri::PodSandboxFilter everything;
  const auto sandboxes = co_await deps_.runtime.list_pod_sandbox(everything);
  const auto victims = sandboxes_to_remove(sandboxes, rows, deps_.fate);
  bool clean = true;
  for (const auto& victim : victims) {
    if (waits(victim.id)) {
      clean = false;
      continue;
    }
    try {
      co_await remove_sandbox(victim.id);
      stuck_.erase(victim.id);
      tell(value_or_empty(victim.labels, kPodUidLabel));
    } catch (const Error& error) {
      clean = false;
      failed("sandbox of pod", victim.metadata.name, victim.id, error);
    }
  }
  co_return clean;
}

boost::asio::awaitable<bool> ContainerGc::remove_logs(const std::vector<cri::Container>& rows) {
  auto look = [pods = deps_.pod_logs, links = deps_.container_logs] { return find_dead_logs(pods, links); };
  DeadLogs found = co_await async::on_pool(deps_.pool, std::move(look));
  std::set<std::string> pods_there, starting;
  for (const auto& row : rows) {
    pods_there.insert(value_or_empty(row.labels, kPodUidLabel));
    // The log of a running container may be missing for a moment while it is rotated.
    if (row.state == ContainerState::kRunning || row.state == ContainerState::kCreated)
      starting.insert(row.id);
  }
  bool clean = true;
  std::erase_if(found.directories, [&](const std::string& name) {
    const auto uid = pod_uid_of_log_directory(name);
    if (!uid || deps_.fate(*uid) != PodFate::kGone) return true;
    if (!pods_there.contains(*uid)) return false;
    clean = false;
    return true;
  });
  std::erase_if(found.links, [&](const std::string& name) {
    const auto id = container_id_of_link(name);
    return id && starting.contains(*id);
  });
  const bool removed = co_await remove_found(std::move(found));
  co_return clean&& removed;
}

/// False if some files stay.
boost::asio::awaitable<bool> ContainerGc::remove_found(DeadLogs found) {
  if (found.directories.empty() && found.links.empty()) co_return true;
  auto work = [found = std::move(found), pods = deps_.pod_logs, links = deps_.container_logs] {
    return remove_dead_logs(found, pods, links);
  };
  const auto failures = co_await async::on_pool(deps_.pool, std::move(work));
  complain(failures);
  co_return failures.empty();
}

boost::asio::awaitable<void> ContainerGc::remove_pod(std::string uid) {
  cri::ContainerFilter containers_of;
  containers_of.label_selector[kPodUidLabel] = uid;
  auto containers = co_await deps_.runtime.list_containers(containers_of);
  Outcome<void> removed;
  co_await remove_rows(std::move(containers), removed);
  co_await remove_sandboxes_of(uid, removed);
  tell(uid);
  removed.value();
  co_await remove_logs_of(std::move(uid));
}

boost::asio::awaitable<void> ContainerGc::remove_rows(std::vector<cri::Container> rows,
                                                      Outcome<void>& removed) {
  for (const auto& row : rows) {
    try {
      co_await remove_row(row);
    } catch (const cri::CallError& error) {
      note_failure(removed, error);
    }
  }
}

boost::asio::awaitable<void> ContainerGc::remove_sandboxes_of(std::string uid, Outcome<void>& removed) {
  cri::PodSandboxFilter sandboxes_of;
  sandboxes_of.label_selector[kPodUidLabel] = uid;
  const auto sandboxes = co_await deps_.runtime.list_pod_sandbox(sandboxes_of);
  for (const auto& one : sandboxes) {
    try {
      co_await remove_sandbox(one.id);
    } catch (const cri::CallError& error) {
      note_failure(removed, error);
    }
  }
}

boost::asio::awaitable<void> ContainerGc::remove_logs_of(std::string uid) {
  auto look = [pods = deps_.pod_logs, links = deps_.container_logs] { return find_dead_logs(pods, links); };
  DeadLogs logs = co_await async::on_pool(deps_.pool, std::move(look));
  logs.links.clear();  // they went with their containers
  std::erase_if(logs.directories,
                [&](const std::string& name) { return pod_uid_of_log_directory(name) != uid; });
  co_await remove_found(std::move(logs));
}

boost::asio::awaitable<void> ContainerGc::remove_container(cri::ContainerStatus status) {
  co_await remove_files(status);
  co_await deps_.runtime.remove_container(status.id);
  tell(value_or_empty(status.labels, kPodUidLabel));
}

boost::asio::awaitable<void> ContainerGc::remove_files(cri::ContainerStatus status) {
  std::filesystem::path log;
  if (is_below(status.log_path, deps_.pod_logs)) {
    log = status.log_path;
  } else if (!status.log_path.empty()) {
    deps_.log->warn("the log of the dead container {} is not below {}, so edged does not remove it: {}",
                    log::quote(status.id), deps_.pod_logs.string(), log::quote(status.log_path));
  }
  const std::string link = container_log_link(value_or_empty(status.labels, kPodNameLabel),
                                              value_or_empty(status.labels, kPodNamespaceLabel),
                                              value_or_empty(status.labels, kContainerNameLabel), status.id);
  auto work = [log, link, links = deps_.container_logs] { return remove_container_logs(log, links, link); };
  const auto failures = co_await async::on_pool(deps_.pool, std::move(work));
  complain(failures);
}

boost::asio::awaitable<void> ContainerGc::remove_sandbox(std::string id) {
  co_await deps_.runtime.stop_pod_sandbox(id);
  co_await deps_.runtime.remove_pod_sandbox(id);
}

void ContainerGc::tell(const std::string& uid) const {
  if (deps_.removed) deps_.removed(uid);
}

}  // namespace edgecore::edged
