// SPDX-License-Identifier: Apache-2.0
#include "edged/status/status_writer.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/base/ascii.hpp"
#include "edgecore/beehive/names.hpp"
#include "edged/spec/pod_resources.hpp"
#include "edged/status/pod_phase.hpp"
#include "edged/status/pod_status.hpp"
#include "edged/status/status_patch.hpp"

namespace edgecore::edged {
namespace {

constexpr std::chrono::seconds kStatusRetry{10};
constexpr std::chrono::seconds kNoRoom{1};
/// CloudCore answers a patch within milliseconds or never. Sending it twice does no harm, but waiting for a
/// lost answer delays all later changes of the pod.
constexpr std::chrono::seconds kStatusAnswerWithin{15};

/// Versions are opaque to clients, but all known stores count upwards; 0 for a version that is not a number.
std::uint64_t version_of(const std::string& text) {
  return to_number<std::uint64_t>(text).value_or(0);
}

bool says_unreachable(const kube::Status& why) {
  return why.is(kube::reason::kServiceUnavailable) || why.is(kube::reason::kTimeout);
}

}  // namespace

StatusWriter::StatusWriter(beehive::ModuleContext& context, MetaClient& meta)
    : context_(context), meta_(meta), tasks_(context.executor), wakeup_(context.executor) {}

boost::asio::awaitable<void> StatusWriter::run() {
  tasks_.spawn("pod statuses", loop());
  co_await tasks_.join();
}

StatusWriter::Entry* StatusWriter::find(const std::string& uid) {
  const auto found = entries_.find(uid);
  return found == entries_.end() ? nullptr : &found->second;
}

StatusWriter::Entry& StatusWriter::entry_of(const kube::PodPtr& pod) {
  Entry& entry = entries_[pod->uid];
  if (entry.pod == nullptr) {
    const auto mirror = mirrors_.find(pod->uid);
    take_from_api(entry, mirror == mirrors_.end() ? *pod : *mirror->second);
  }
  entry.pod = pod;
  entry.api_deleting = entry.api_deleting || pod->deleting();
  return entry;
}

void StatusWriter::take_from_api(Entry& entry, const kube::Pod& pod) {
  entry.api = pod.status;
  entry.shown_here = nullptr;
  entry.version = version_of(pod.resource_version);
}

std::string StatusWriter::api_uid(const Entry& entry) const {
  if (!is_static(*entry.pod)) {
    const auto owner = owners_.find(entry.pod->full_name());
    const bool its_own = owner != owners_.end() && owner->second.uid == entry.pod->uid;
    return its_own ? entry.pod->uid : std::string();
  }
  const auto mirror = mirrors_.find(entry.pod->uid);
  return mirror == mirrors_.end() ? std::string() : mirror->second->uid;
}

void StatusWriter::note_owner(const kube::Pod& pod) {
  Owner& owner = owners_[pod.full_name()];
  const std::uint64_t version = version_of(pod.resource_version);
  if (owner.uid != pod.uid && version != 0 && version < owner.version) return;
  owner = {pod.uid, version};
}

void StatusWriter::observe(const kube::PodPtr& pod) {
  if (is_static(*pod)) {  // a static pod's file does not show the API's status
    entry_of(pod);
    return;
  }
  note_owner(*pod);
  const std::uint64_t version = version_of(pod->resource_version);
  const Entry* known = find(pod->uid);
  const bool older = known != nullptr && version != 0 && version < known->version;
  Entry& entry = entry_of(pod);
  if (!older) {
    if (version > entry.version) entry.refused_for_good = false;  // the API has it after all
    entry.api = pod->status;
    entry.shown_here = nullptr;
    entry.version = std::max(entry.version, version);
  }
  wakeup_.notify();
}

void StatusWriter::pair(const std::string& static_uid, const kube::PodPtr& mirror) {
  kube::PodPtr& known = mirrors_[static_uid];
  const bool same = known != nullptr && known->uid == mirror->uid;
  const std::uint64_t version = version_of(mirror->resource_version);
  Entry* entry = find(static_uid);
  std::uint64_t newest = same ? version_of(known->resource_version) : 0;
  if (same && entry != nullptr) newest = std::max(newest, entry->version);
  if (version != 0 && version < newest) return;
  known = mirror;
  if (entry == nullptr) return;
  if (!same || version > newest) entry->refused_for_good = false;
  if (!same) {
    entry->taken = entry->shown = nullptr;
    entry->retry_at = {};
  }
  take_from_api(*entry, *mirror);
  wakeup_.notify();
}

void StatusWriter::unpair(const std::string& static_uid) {
  mirrors_.erase(static_uid);
}

void StatusWriter::forget(const std::string& uid) {
  entries_.erase(uid);
  std::erase_if(owners_, [&](const auto& one) { return one.second.uid == uid; });
}

void StatusWriter::set(const kube::PodPtr& pod, Json status) {
  Entry& entry = entry_of(pod);
  if (!entry.wanted.is_null() && !is_allowed_transition(*pod, entry.wanted, status)) {
    context_.log->debug("pod {}: a status in which an ended container comes back is discarded",
                        pod->full_name());
    return;
  }
  if (entry.wanted == status) return;
  entry.wanted = std::move(status);
  wakeup_.notify();
}

void StatusWriter::finished(const kube::PodPtr& pod) {
  entry_of(pod).finished = true;
  wakeup_.notify();
}

Json StatusWriter::known(const std::string& uid) const {
  const auto found = entries_.find(uid);
  if (found == entries_.end()) return nullptr;
  const Entry& entry = found->second;
  if (entry.wanted.is_null()) return entry.api;
  Json out = entry.wanted;
  Json conditions = Json::array();
  for (const Json& one : kube::array_or_empty(entry.api, "conditions")) {
    if (!is_own_condition(kube::string_or(one, "type"))) conditions.push_back(one);
  }
  for (const Json& one : kube::array_or_empty(entry.wanted, "conditions")) {
    if (is_own_condition(kube::string_or(one, "type"))) conditions.push_back(one);
  }
  out["conditions"] = std::move(conditions);
  return out;
}

void StatusWriter::connection(bool up) {
  connected_ = up;
  wakeup_.notify();
  if (!up) return;
  ++connections_;
  for (auto& [uid, entry] : entries_) {
    entry.retry_at = {};
    entry.complaints.reset();
  }
}

bool StatusWriter::may_delete(const Entry& entry) const {
  return entry.finished && entry.api_deleting && !entry.deleted && !is_static(*entry.pod) &&
         !is_mirror(*entry.pod) && has_final_phase(entry.api);
}

std::optional<Json> StatusWriter::patch_for(const Entry& entry, const std::string& api_uid) {
  if (entry.wanted.is_null()) return std::nullopt;
  if (entry.wanted == entry.taken && entry.api == entry.shown) return std::nullopt;
  return make_status_patch(api_uid, entry.api, entry.wanted);
}

bool StatusWriter::is_behind(const Entry& entry) const {
  if (entry.refused_for_good) return false;
  const std::string uid = api_uid(entry);
  return !uid.empty() && (may_delete(entry) || patch_for(entry, uid).has_value());
}

bool StatusWriter::is_due(const Entry& entry) const {
  return !entry.busy && entry.retry_at <= steady_now() && is_behind(entry);
}

std::size_t StatusWriter::behind() const {
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(),
                                                [&](const auto& one) { return is_behind(one.second); }));
}

bool StatusWriter::show_here(Entry& entry) {
  const std::string uid = api_uid(entry);
  if (uid.empty() || entry.refused_for_good || entry.wanted.is_null()) return true;
  if (entry.wanted == entry.shown_here) return true;
  auto patch = patch_for(entry, uid);
  if (!patch && entry.shown_here.is_null()) return true;
  const bool differs = patch.has_value();
  if (!differs) patch = Json{{"metadata", {{"uid", uid}}}};
  beehive::Message news = beehive::make_message(
      names::module::kEdged, names::group::kMeta, names::operation::kUpdate,
      beehive::resource_path(entry.pod->ns, names::resource::kPodStatus, entry.pod->name), std::move(*patch));
  if (!context_.bus.try_send(names::module::kMetaManager, std::move(news))) return false;
  entry.shown_here = differs ? entry.wanted : Json();
  return true;
}

boost::asio::awaitable<void> StatusWriter::loop() {
  for (;;) {
    SteadyTime next = SteadyTime::max();
    for (auto& [uid, entry] : entries_) {
      if (!connected_) {
        if (!show_here(entry)) next = std::min(next, steady_now() + kNoRoom);
        continue;
      }
      if (sending_ >= kAskedAtOnce) break;
      if (is_due(entry)) {
        entry.busy = true;
        ++sending_;
        tasks_.spawn("status of pod " + uid, bring_up_to_date(uid));
      } else if (!entry.busy && entry.retry_at > steady_now()) {
        next = std::min(next, entry.retry_at);
      }
    }
    co_await wakeup_.sleep_until(next);
  }
}

boost::asio::awaitable<void> StatusWriter::bring_up_to_date(std::string uid) {
  bool going = true;
  while (going) {
    going = false;
    Entry* entry = find(uid);  // look it up after each wait: forget() may have erased it
    if (entry == nullptr || entry->refused_for_good || entry->retry_at > steady_now()) break;
    const std::string uid_there = api_uid(*entry);
    if (uid_there.empty()) break;  // without a mirror there is no object to report to
    if (auto patch = patch_for(*entry, uid_there)) {
      going = co_await send_patch(uid, std::move(*patch));
    } else if (may_delete(*entry)) {
      going = co_await send_delete(uid);
    }
  }
  --sending_;
  if (Entry* entry = find(uid)) entry->busy = false;
  wakeup_.notify();
}

boost::asio::awaitable<bool> StatusWriter::send_patch(std::string uid, Json patch) {
  const kube::PodPtr pod = find(uid)->pod;
  const Json sent = find(uid)->wanted;
  const Asked asked{connections_, steady_now()};
  std::string resource = beehive::resource_path(pod->ns, names::resource::kPodPatch, pod->name);
  const std::string uid_there = kube::string_or(patch, "metadata.uid");
  const MetaAnswer answer = co_await meta_.ask(names::operation::kPatch, std::move(resource),
                                               std::move(patch), kStatusAnswerWithin);
  Entry* entry = find(uid);
  if (entry == nullptr) co_return false;
  if (api_uid(*entry) != uid_there) co_return true;  // it has another mirror by now, or none
  if (answer.refused) {
    if (says_unreachable(*answer.refused)) show_here(*entry);
    co_return refused(*entry, *answer.refused, asked, "report its status");
  }
  if (kube::string_or(answer.object, "metadata.uid") != uid_there) {
    entry->refused_for_good = true;  // another pod has the name by now
    co_return false;
  }
  entry->complaints.reset();
  entry->shown_here = nullptr;
  const std::uint64_t version = version_of(kube::string_or(answer.object, "metadata.resourceVersion"));
  if (version == 0 || version >= entry->version) {
    entry->api = kube::object_or_empty(answer.object, "status");
    entry->version = std::max(version, entry->version);
  }
  if (!kube::string_or(answer.object, "metadata.deletionTimestamp").empty()) entry->api_deleting = true;
  // If the API takes the patch and still shows something else, do not repeat the patch in a loop, and do not
  // hold back later statuses or the deletion.
  const bool differs = make_status_patch(uid_there, entry->api, sent).has_value();
  entry->taken = differs ? sent : Json();
  entry->shown = differs ? entry->api : Json();
  co_return true;
}

boost::asio::awaitable<bool> StatusWriter::send_delete(std::string uid) {
  const kube::PodPtr pod = find(uid)->pod;
  std::string resource = beehive::resource_path(pod->ns, names::resource::kPod, pod->name);
  Json options = Json::object();
  options["gracePeriodSeconds"] = 0;
  options["preconditions"]["uid"] = uid;
  const Asked asked{connections_, steady_now()};
  const MetaAnswer answer = co_await meta_.ask(names::operation::kDelete, std::move(resource),
                                               std::move(options), kStatusAnswerWithin);
  Entry* entry = find(uid);
  if (entry == nullptr) co_return false;
  if (answer.refused) co_return refused(*entry, *answer.refused, asked, "delete it in the cloud");
  entry->deleted = true;
  context_.log->info("pod {} ({}) has ended and is deleted in the cloud", pod->full_name(), uid);
  co_return false;
}

bool StatusWriter::refused(Entry& entry, const kube::Status& why, const Asked& asked, const char* what) {
  // Another pod has the name, or none: the status of this one is dropped.
  if (why.is(kube::reason::kNotFound) || why.is(kube::reason::kConflict)) {
    context_.log->debug("pod {} ({}): the API has it no more: {}", entry.pod->full_name(), entry.pod->uid,
                        why.message);
    entry.refused_for_good = true;
    return false;
  }
  // The connection's notice may overtake the refusal of an earlier request: try again at once. Also after a
  // time-out, which was wait enough.
  if (connected_ && (asked.connection != connections_ || steady_now() - asked.at >= kStatusAnswerWithin))
    return true;
  entry.retry_at = steady_now() + kStatusRetry;
  // Without a connection, as in the first moments of every start, the tunnel's own log is enough.
  const bool no_tunnel = why.is(kube::reason::kServiceUnavailable) && (!connected_ || connections_ == 0);
  if (no_tunnel) {
    context_.log->debug("pod {}: cannot {}: {}", entry.pod->full_name(), what, why.message);
  } else if (entry.complaints.now()) {
    context_.log->warn("pod {}: cannot {} (attempt {}): {}", entry.pod->full_name(), what,
                       entry.complaints.count(), why.message);
  }
  return false;
}

}  // namespace edgecore::edged
