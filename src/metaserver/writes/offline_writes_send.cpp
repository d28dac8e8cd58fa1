// SPDX-License-Identifier: Apache-2.0
// How OfflineWrites sends accepted writes to the cloud.
#include <algorithm>
#include <set>
#include <utility>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/net/digest.hpp"
#include "metaserver/writes/offline_writes.hpp"

namespace edgecore::metaserver {
namespace {

namespace writes = store::offline_writes;

constexpr std::chrono::milliseconds kLongestRetry = std::chrono::minutes(10);
constexpr std::chrono::seconds kRepeatSoon{1};

/// The options of a patch as DynamicController reads them (protocol/03-metaserver.md §3.2).
std::string patch_option(const std::string& name, const std::string& content_type, const std::string& patch) {
  Json option;
  option["Name"] = name;
  option["PatchType"] = content_type;
  option["Data"] = net::base64(patch);
  option["Options"] = {{"kind", "PatchOptions"}, {"apiVersion", "meta.k8s.io/v1"}};
  option["Subresources"] = Json::array({""});
  return kube::dump_json(option);
}

/// The API server may accept the same call later.
bool is_passing(const kube::Status& why) {
  return why.code >= 500 || why.code == 408 || why.code == 429;
}

}  // namespace

void OfflineWrites::on_link(bool up) {
  down_ = !up;
  if (!up) return;
  retry_ = parts_.retry;
  retry_at_ = {};
  refusals_.reset();
  wakeup_.notify();
}

boost::asio::awaitable<void> OfflineWrites::run() {
  for (;;) {
    SteadyTime next = SteadyTime::max();
    if (!deletions_begun_) {
      deletions_begun_ = co_await repeat_deletions();
      if (!deletions_begun_) next = steady_now() + kRepeatSoon;
    }
    if (!down_ && pending_ > 0 && retry_at_ <= steady_now()) {
      const bool all = co_await send_all();
      if (all) {
        retry_ = parts_.retry;
      } else {
        retry_at_ = steady_now() + retry_;
        retry_ = std::min(retry_ * 2, kLongestRetry);
      }
    }
    if (!down_ && pending_ > 0) next = std::min(next, retry_at_);
    co_await wakeup_.sleep_until(next);
  }
}

boost::asio::awaitable<bool> OfflineWrites::send_all() {
  std::set<std::string> held;  // objects with an earlier write that is not sent yet
  std::int64_t after = 0;
  for (;;) {
    const auto rows = writes::list(parts_.reader, after, 1);
    if (rows.empty()) co_return held.empty();
    Row row = rows.front();
    after = row.id;
    if (held.contains(row.key)) continue;
    const std::string key = row.key;
    const Sent sent = co_await send(std::move(row));
    if (sent == Sent::kUnreachable) co_return false;
    if (sent == Sent::kKept) held.insert(key);
    if (sent == Sent::kSettled) co_await forget(after);
  }
}

boost::asio::awaitable<void> OfflineWrites::pace() {
  const SteadyTime due = last_call_ + parts_.spacing;
  if (due > steady_now()) {
    async::Event pause(parts_.context.executor);
    co_await pause.sleep_until(due);
  }
  last_call_ = steady_now();
}

boost::asio::awaitable<OfflineWrites::Sent> OfflineWrites::send(Row row) {
  const bool deletes = row.verb == writes::kDelete;
  if (deletes && stored_pod(row).is_null()) co_return Sent::kSettled;
  co_await pace();
  if (down_) co_return Sent::kUnreachable;
  beehive::Application call = call_of(row);
  const CloudOutcome outcome = co_await parts_.call(std::move(call));
  const Sent sent = judge(row, outcome);
  if (deletes && sent == Sent::kSettled && outcome.kind == CloudOutcome::Kind::kApproved) {
    // A copy from before the deletion may have come meanwhile. From now on the cloud's copy has the deletion.
    const Local result = co_await begin_deletion(row);
    if (result == Local::kFailed) co_return Sent::kKept;
  }
  co_return sent;
}

beehive::Application OfflineWrites::call_of(const Row& row) const {
  const auto key = kube::MetaKey::parse(row.key);
  beehive::Application call;
  call.node_name = parts_.node_name;
  call.key = row.key;
  call.verb = row.verb;
  call.option = row.verb == writes::kDelete
                    ? row.body
                    : patch_option(key ? key->name : std::string(), row.content_type, row.body);
  call.nonce = uuid_v4();
  return call;
}

OfflineWrites::Sent OfflineWrites::judge(const Row& row, const CloudOutcome& outcome) {
  const auto& log = parts_.context.log;
  switch (outcome.kind) {
    case CloudOutcome::Kind::kUnreachable:
      return Sent::kUnreachable;
    case CloudOutcome::Kind::kApproved:
      log->info("the cloud accepted the {} of {}, which this node had accepted offline", row.verb,
                log::quote(row.key));
      return Sent::kSettled;
    case CloudOutcome::Kind::kRefused:
      break;
  }
  const kube::Status& why = outcome.status;
  if (why.is(kube::reason::kNotFound) || why.is(kube::reason::kConflict)) {
    log->info("dropped the {} of {}, accepted offline: the cloud deleted or replaced the object: {}",
              row.verb, log::quote(row.key), log::quote(why.message));
    return Sent::kSettled;
  }
  if (is_passing(why)) {
    if (refusals_.now()) {
      log->warn("the cloud did not accept the {} of {}, sending it again later: {}", row.verb,
                log::quote(row.key), log::quote(why.message));
    }
    return Sent::kKept;
  }
  log->error("dropped the {} of {}, accepted offline: the cloud refused it: {}", row.verb,
             log::quote(row.key), log::quote(why.message));
  return Sent::kSettled;
}

}  // namespace edgecore::metaserver
