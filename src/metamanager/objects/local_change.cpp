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

LocalRows read_rows(const store::Source& from, const LocalChange& change) {
  return {meta::find(from, row_key(change.path)), meta_v2::find(from, change.served.key)};
}

template <class Row>
std::optional<Json> object_in(const std::optional<Row>& row, const LocalChange& change) {
  return row ? read_row(row->value, change.path.type) : std::nullopt;
}

/// The row of `meta_v2`, or a new one, with this object.
meta_v2::Row served_row(const LocalChange& change, const LocalRows& rows, const Json& object) {
  meta_v2::Row row = rows.served.value_or(change.served);
  row.resource_version = identity_of(object).resource_version.value_or(0);
  row.value = kube::dump_json(object);
  return row;
}

/// The pod's last status from the cloud: in the row of `meta`. The row of `meta_v2` may hold a status that
/// this node put there, unless its version is newer than the row's in `meta`.
Json cloud_status(const Json& stored, const Json& served) {
  const bool known = uid_of(stored) == uid_of(served) && !is_older(identity_of(stored), identity_of(served));
  return kube::object_or_empty(known ? stored : served, "status");
}

}  // namespace

LocalPlan plan_merge(const store::Source& from, const LocalChange& change) {
  LocalPlan plan;
  plan.before = read_rows(from, change);
  const auto stored = object_in(plan.before.stored, change);
  if (!stored) return plan;
  if (uid_of(*stored) != change.uid) {
    plan.outcome.kind = LocalOutcome::Kind::kOtherUid;
    return plan;
  }
  const Json object = merged(*stored, change.patch);
  if (object != *stored)
    plan.after.stored = meta::Row{row_key(change.path), change.path.type, kube::dump_json(object)};
  const auto served = object_in(plan.before.served, change);
  Json shown = object;
  if (!served || uid_of(*served) == change.uid) {
    if (served) shown = merged(*served, change.patch);
    if (!served || shown != *served) plan.after.served = served_row(change, plan.before, shown);
  }
  plan.outcome = {LocalOutcome::Kind::kDone, object, std::move(shown)};
  return plan;
}

LocalPlan plan_shown_status(const store::Source& from, const LocalChange& change) {
  LocalPlan plan;
  plan.before = read_rows(from, change);
  const auto stored = object_in(plan.before.stored, change);
  const auto served = object_in(plan.before.served, change);
  if (!served && !stored) return plan;
  const Json& known = served ? *served : *stored;
  if (uid_of(known) != change.uid) {
    plan.outcome.kind = LocalOutcome::Kind::kOtherUid;
    return plan;
  }
  Json shown = known;
  shown["status"] = stored ? cloud_status(*stored, known) : kube::object_or_empty(known, "status");
  Json patch = Json::object();
  patch["status"] = kube::object_or_empty(change.patch, "status");
  shown = kube::apply_strategic_merge(std::move(shown), patch, "Pod");
  if (!served || shown != *served) plan.after.served = served_row(change, plan.before, shown);
  plan.outcome = {LocalOutcome::Kind::kDone, Json(), std::move(shown)};
  return plan;
}

bool apply(store::Transaction& into, const LocalChange& change, const LocalPlan& plan) {
  if (read_rows(into, change) != plan.before) return false;
  if (plan.after.stored) meta::upsert(into, *plan.after.stored);
  if (plan.after.served) meta_v2::upsert(into, *plan.after.served);
  return true;
}

PendingDeletions::PendingDeletions(const store::Source& from) {
  for (auto& row : store::offline_writes::deletions(from)) {
    const Json options = kube::stored_json(row.body);
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
