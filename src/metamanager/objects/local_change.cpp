// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/local_change.hpp"

#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/graceful_deletion.hpp"
#include "edgecore/kube/patch.hpp"
#include "edgecore/kube/strategic_merge.hpp"
#include "edgecore/store/meta.hpp"
#include "edgecore/store/offline_writes.hpp"
#include "metamanager/objects/object.hpp"
#include "metamanager/objects/object_rows.hpp"

namespace edgecore::metamanager {
namespace {

namespace meta = store::meta;
namespace meta_v2 = store::meta_v2;

std::string uid_of(const Json& object) {
  return kube::string_or(object, "metadata.uid");
}

/// Whether both are the same object in the same version.
bool same_state(const Json& a, const Json& b) {
  for (const char* path : {"kind", "apiVersion", "metadata.uid", "metadata.name", "metadata.namespace",
                           "metadata.resourceVersion"}) {
    if (kube::string_or(a, path) != kube::string_or(b, path)) return false;
  }
  return true;
}

Json merged(const Json& object, const Json& patch) {
  Json after = kube::apply_merge_patch(object, patch);
  if (!same_state(object, after))
    throw BadInput("a local patch must not change kind, apiVersion, name, namespace, uid or resourceVersion");
  return after;
}

/// The object in `meta_v2`, if it is this one.
std::optional<Json> served_object(const store::Source& from, const LocalChange& change, meta_v2::Row& row) {
  auto found = meta_v2::find(from, change.served.key);
  if (!found) return std::nullopt;
  row = std::move(*found);
  return read_row(row.value, change.path.type);
}

void write_served(store::Transaction& into, meta_v2::Row row, const Json& object) {
  row.value = kube::dump_json(object);
  meta_v2::upsert(into, row);
}

/// The pod's last status from the cloud: in the row of `meta`. The row of `meta_v2` may hold a status that
/// this node put there, unless its version is newer than the row's in `meta`.
Json cloud_status(const Json& stored, const Json& served) {
  const bool known = uid_of(stored) == uid_of(served) && !is_older(identity_of(stored), identity_of(served));
  return kube::object_or_empty(known ? stored : served, "status");
}

}  // namespace

LocalOutcome merge_locally(store::Transaction& into, const LocalChange& change) {
  LocalOutcome outcome;
  const std::string key = row_key(change.path);
  const auto row = meta::find(into, key);
  const auto stored = row ? read_row(row->value, change.path.type) : std::nullopt;
  if (!stored) return outcome;
  if (uid_of(*stored) != change.uid) {
    outcome.kind = LocalOutcome::Kind::kOtherUid;
    return outcome;
  }
  outcome.object = merged(*stored, change.patch);
  if (outcome.object != *stored) meta::upsert(into, {key, change.path.type, kube::dump_json(outcome.object)});

  meta_v2::Row served_row = change.served;
  served_row.resource_version = identity_of(*stored).resource_version.value_or(0);
  const auto served = served_object(into, change, served_row);
  outcome.served = outcome.object;
  if (!served || uid_of(*served) == change.uid) {
    if (served) outcome.served = merged(*served, change.patch);
    if (!served || outcome.served != *served) write_served(into, std::move(served_row), outcome.served);
  }
  outcome.kind = LocalOutcome::Kind::kDone;
  return outcome;
}

LocalOutcome show_pod_status(store::Transaction& into, const LocalChange& change) {
  LocalOutcome outcome;
  meta_v2::Row served_row = change.served;
  auto served = served_object(into, change, served_row);
  const auto row = meta::find(into, row_key(change.path));
  const auto stored = row ? read_row(row->value, change.path.type) : std::nullopt;
  const bool anew = !served;
  if (!served) served = stored;
  if (!served) return outcome;
  if (uid_of(*served) != change.uid) {
    outcome.kind = LocalOutcome::Kind::kOtherUid;
    return outcome;
  }
  if (anew) served_row.resource_version = identity_of(*served).resource_version.value_or(0);
  outcome.served = *served;
  outcome.served["status"] =
      stored ? cloud_status(*stored, *served) : kube::object_or_empty(*served, "status");
  Json patch = Json::object();
  patch["status"] = kube::object_or_empty(change.patch, "status");
  outcome.served = kube::apply_strategic_merge(std::move(outcome.served), patch, "Pod");
  if (anew || outcome.served != *served) write_served(into, std::move(served_row), outcome.served);
  outcome.kind = LocalOutcome::Kind::kDone;
  return outcome;
}

PendingDeletions::PendingDeletions(const store::Source& from) {
  for (auto& row : store::offline_writes::deletions(from)) {
    const Json options = Json::parse(row.body, nullptr, false);
    deletions_.push_back({std::move(row.uid), row.time, options.is_object() ? options : Json::object()});
  }
}

void PendingDeletions::mark(Json& pod) const {
  for (const Deletion& one : deletions_) {
    if (one.uid != uid_of(pod)) continue;
    pod.merge_patch(kube::deletion_mark(pod, one.asked, kube::deletion_grace(pod, one.options)));
  }
}

}  // namespace edgecore::metamanager
