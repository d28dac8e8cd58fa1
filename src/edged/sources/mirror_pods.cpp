// SPDX-License-Identifier: Apache-2.0
#include "edged/sources/mirror_pods.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "edged/sources/static_pod.hpp"
#include "edged/spec/pod_resources.hpp"

namespace edgecore::edged {
namespace {

constexpr std::chrono::seconds kFirstPause{5};
constexpr std::chrono::seconds kLongestPause{300};
/// A mirror that goes sooner than this is made again after a pause: somebody may keep deleting it.
constexpr std::chrono::seconds kShortLife{30};

}  // namespace

kube::PodPtr standing_mirror(const kube::PodPtr& wanted, const std::map<std::string, kube::PodPtr>& known) {
  if (wanted == nullptr) return nullptr;
  for (const auto& [uid, mirror] : known) {
    if (mirrors(*mirror, *wanted)) return mirror;
  }
  return nullptr;
}

MirrorStep next_mirror_step(const kube::PodPtr& wanted, const std::map<std::string, kube::PodPtr>& known,
                            bool stopping) {
  using Kind = MirrorStep::Kind;
  if (stopping) return {};
  const kube::PodPtr standing = standing_mirror(wanted, known);
  for (const auto& [uid, mirror] : known) {
    if (mirror != standing) return {Kind::kDelete, mirror};
  }
  if (wanted != nullptr && standing == nullptr) return {Kind::kCreate, nullptr};
  return {};
}

MirrorPods::MirrorPods(Deps deps)
    : deps_(std::move(deps)), tasks_(deps_.context.executor), wakeup_(deps_.context.executor) {}

boost::asio::awaitable<void> MirrorPods::run() {
  tasks_.spawn("mirror pods", loop());
  co_await tasks_.join();
}

MirrorPods::Entry* MirrorPods::find(const std::string& full_name) {
  const auto found = entries_.find(full_name);
  return found == entries_.end() ? nullptr : &found->second;
}

// ---- Events

void MirrorPods::pair(const Entry& entry) {
  if (entry.wanted == nullptr) return;
  const kube::PodPtr mirror = standing_mirror(entry.wanted, entry.mirrors);
  if (mirror != nullptr) {
    deps_.status.pair(entry.wanted->uid, mirror);
  } else {
    deps_.status.unpair(entry.wanted->uid);
  }
}

void MirrorPods::set_static_pods(const std::map<std::string, kube::PodPtr>& pods) {
  std::map<std::string, kube::PodPtr> by_name;
  for (const auto& [uid, pod] : pods) by_name[pod->full_name()] = pod;
  for (auto& [full_name, entry] : entries_) {
    const auto now = by_name.find(full_name);
    const bool same = now != by_name.end() && entry.wanted && now->second->uid == entry.wanted->uid;
    if (same || entry.wanted == nullptr) continue;
    deps_.status.unpair(entry.wanted->uid);
    entry.wanted = nullptr;
  }
  for (const auto& [full_name, pod] : by_name) {
    Entry& entry = entries_[full_name];
    if (entry.wanted == nullptr) {  // another version: a refusal of the last one does not hold for it
      entry.retry_at = {};
      entry.pause = {};
      entry.complaints.reset();
    }
    entry.wanted = pod;
    pair(entry);
  }
  files_ready_ = true;
  wakeup_.notify();
}

void MirrorPods::take(const PodChange& change) {
  Entry& entry = entries_[change.pod->full_name()];
  if (change.kind == PodChange::Kind::kRemove) {
    entry.mirrors.erase(change.pod->uid);
  } else {
    entry.mirrors[change.pod->uid] = change.pod;
  }
  pair(entry);
  wakeup_.notify();
}

void MirrorPods::api_ready() {
  api_ready_ = true;
  wakeup_.notify();
}

void MirrorPods::connection(bool up) {
  connected_ = up;
  if (!up) return;
  ++connections_;
  for (auto& [full_name, entry] : entries_) {
    entry.retry_at = {};
    entry.complaints.reset();
  }
  wakeup_.notify();
}

// ---- Actions

/// The next step that can be taken now.
MirrorStep MirrorPods::step_of(const std::string& full_name, const Entry& entry) const {
  if (!api_ready_ || !files_ready_ || !connected_) return {};
  MirrorStep step = next_mirror_step(entry.wanted, entry.mirrors, deps_.stopping(full_name));
  if (step.kind == MirrorStep::Kind::kCreate && deps_.node_uid().empty()) return {};
  return step;
}

boost::asio::awaitable<void> MirrorPods::loop() {
  for (;;) {
    SteadyTime next = SteadyTime::max();
    std::erase_if(entries_, [](const auto& one) {
      return one.second.wanted == nullptr && one.second.mirrors.empty() && !one.second.busy;
    });
    for (auto& [full_name, entry] : entries_) {
      if (sending_ >= kAskedAtOnce) break;
      if (entry.busy || step_of(full_name, entry).kind == MirrorStep::Kind::kNothing) continue;
      if (entry.retry_at > steady_now()) {
        next = std::min(next, entry.retry_at);
        continue;
      }
      entry.busy = true;
      ++sending_;
      tasks_.spawn("mirror of pod " + full_name, carry_out(full_name));
    }
    co_await wakeup_.sleep_until(next);
  }
}

boost::asio::awaitable<void> MirrorPods::carry_out(std::string full_name) {
  bool going = true;
  while (going) {
    going = false;
    Entry* entry = find(full_name);  // look it up after each wait: it may have been erased
    if (entry == nullptr || entry->retry_at > steady_now()) break;
    entry->asked_in = connections_;
    const MirrorStep step = step_of(full_name, *entry);
    const kube::PodPtr wanted = entry->wanted;
    if (step.kind == MirrorStep::Kind::kDelete) going = co_await remove(full_name, step.mirror);
    if (step.kind == MirrorStep::Kind::kCreate) going = co_await create(full_name, wanted);
  }
  --sending_;
  if (Entry* entry = find(full_name)) entry->busy = false;
  wakeup_.notify();
}

boost::asio::awaitable<bool> MirrorPods::create(std::string full_name, kube::PodPtr pod) {
  std::string resource = beehive::resource_path(pod->ns, names::resource::kPod, pod->name);
  Json object = mirror_pod(*pod, deps_.node_name, deps_.node_uid());
  const MetaAnswer answer =
      co_await deps_.meta.ask(names::operation::kInsert, std::move(resource), std::move(object));
  Entry* entry = find(full_name);
  if (entry == nullptr) co_return false;
  if (answer.refused_as(kube::reason::kAlreadyExists)) {
    pause(*entry);  // before the deletion: a finalizer may keep the pod
    co_return co_await look_up(full_name, pod);
  }
  if (answer.refused) co_return refused(*entry, *pod, "show it in the cloud", *answer.refused);
  const bool again_so_soon = entry->made_at != SteadyTime{} && steady_now() - entry->made_at < kShortLife;
  entry->made_at = steady_now();
  if (again_so_soon) {
    pause(*entry);
  } else {
    entry->pause = {};
  }
  co_return learn(*entry, *pod, answer.object);
}

/// The API has a pod of that name already. Reads it with an empty patch, the only request about it that the
/// cloud always answers.
boost::asio::awaitable<bool> MirrorPods::look_up(std::string full_name, kube::PodPtr pod) {
  std::string resource = beehive::resource_path(pod->ns, names::resource::kPodPatch, pod->name);
  Json nothing = Json::object();
  const MetaAnswer answer =
      co_await deps_.meta.ask(names::operation::kPatch, std::move(resource), std::move(nothing));
  Entry* entry = find(full_name);
  if (entry == nullptr) co_return false;
  if (answer.refused) co_return refused(*entry, *pod, "look at its mirror", *answer.refused);
  co_return learn(*entry, *pod, answer.object);
}

/// False if the object is not a usable mirror.
bool MirrorPods::learn(Entry& entry, const kube::Pod& wanted, const Json& object) {
  kube::PodPtr mirror;
  try {
    mirror = kube::parse_pod(object);
  } catch (const BadInput& error) {
    return failed(entry, wanted, "read its mirror", error.what());
  }
  if (!is_mirror(*mirror) || mirror->spec.node_name != deps_.node_name)
    return failed(entry, wanted, "show it in the cloud",
                  "the cloud has another pod of that name, which is not its mirror");
  entry.complaints.reset();
  deps_.context.log->info("static pod {} is shown in the cloud as {}", wanted.full_name(), mirror->uid);
  deps_.learned(mirror);
  entry.mirrors[mirror->uid] = mirror;  // also if it was known already
  pair(entry);
  return true;
}

boost::asio::awaitable<bool> MirrorPods::remove(std::string full_name, kube::PodPtr mirror) {
  std::string resource = beehive::resource_path(mirror->ns, names::resource::kPod, mirror->name);
  Json options = Json::object();
  options["gracePeriodSeconds"] = 0;
  options["preconditions"]["uid"] = mirror->uid;
  const MetaAnswer answer =
      co_await deps_.meta.ask(names::operation::kDelete, std::move(resource), std::move(options));
  Entry* entry = find(full_name);
  if (entry == nullptr) co_return false;
  const bool gone =
      answer.ok() || answer.refused_as(kube::reason::kNotFound) || answer.refused_as(kube::reason::kConflict);
  if (!gone) co_return refused(*entry, *mirror, "delete its mirror in the cloud", *answer.refused);
  deps_.context.log->info("the mirror {} of static pod {} is deleted in the cloud", mirror->uid, full_name);
  entry->mirrors.erase(mirror->uid);
  pair(*entry);
  co_return true;
}

void MirrorPods::pause(Entry& entry) {
  entry.pause = std::clamp(entry.pause * 2, kFirstPause, kLongestPause);
  entry.retry_at = steady_now() + entry.pause;
}

bool MirrorPods::refused(Entry& entry, const kube::Pod& pod, const char* what, const kube::Status& why) {
  if (!why.is(kube::reason::kServiceUnavailable)) return failed(entry, pod, what, why.message);
  // The connection's notice may overtake the refusal of an earlier request.
  if (connected_ && entry.asked_in != connections_) return true;
  pause(entry);  // until the next notice of a connection
  return false;
}

bool MirrorPods::failed(Entry& entry, const kube::Pod& pod, const char* what, const std::string& why) {
  pause(entry);
  if (entry.complaints.now()) {
    deps_.context.log->warn("static pod {} runs, but edged cannot {} (attempt {}): {}", pod.full_name(), what,
                            entry.complaints.count(), log::quote(why, 500));
  }
  return false;
}

}  // namespace edgecore::edged
