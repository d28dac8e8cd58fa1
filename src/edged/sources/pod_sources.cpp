// SPDX-License-Identifier: Apache-2.0
#include "edged/sources/pod_sources.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::edged {
namespace {

kube::StringMap foreign_annotations(const kube::Pod& pod) {
  kube::StringMap out = pod.annotations;
  for (const char* own : {kConfigSourceAnnotation, kConfigSeenAnnotation, kConfigMirrorAnnotation})
    out.erase(own);
  return out;
}

}  // namespace

bool same_request(const kube::Pod& a, const kube::Pod& b) {
  return kube::object_or_empty(a.raw, "spec") == kube::object_or_empty(b.raw, "spec") &&
         a.labels == b.labels && a.deletion_timestamp == b.deletion_timestamp &&
         a.deletion_grace_period_seconds == b.deletion_grace_period_seconds &&
         foreign_annotations(a) == foreign_annotations(b);
}

kube::PodPtr readable_version(const kube::PodPtr& known, kube::PodPtr fresh) {
  if (fresh->spec.problem.empty() || known == nullptr || !known->spec.problem.empty()) return fresh;
  auto kept = std::make_shared<kube::Pod>(*known);
  kept->resource_version = fresh->resource_version;
  kept->deletion_timestamp = fresh->deletion_timestamp;
  kept->deletion_grace_period_seconds = fresh->deletion_grace_period_seconds;
  kept->status = fresh->status;
  return kept;
}

kube::PodPtr PodSource::find(const std::string& uid) const {
  const auto found = pods_.find(uid);
  return found == pods_.end() ? nullptr : found->second;
}

kube::PodPtr PodSource::annotated(const kube::PodPtr& pod, const kube::PodPtr& known) const {
  auto copy = std::make_shared<kube::Pod>(*pod);
  std::string seen = kube::format_nano_time(clock_.wall());
  if (known != nullptr) {
    if (const auto old = known->annotations.find(kConfigSeenAnnotation); old != known->annotations.end())
      seen = old->second;
  }
  copy->annotations[kConfigSourceAnnotation] = name_;
  copy->annotations[kConfigSeenAnnotation] = seen;
  copy->raw["metadata"]["annotations"] = copy->annotations;
  return copy;
}

void PodSource::take(const kube::PodPtr& pod, std::vector<PodChange>& changes) {
  auto& entry = pods_[pod->uid];
  const kube::PodPtr known = entry;
  entry = annotated(pod, known);
  if (known == nullptr) {
    changes.push_back({PodChange::Kind::kAdd, entry});
  } else if (!same_request(*known, *pod)) {
    changes.push_back({pod->deleting() ? PodChange::Kind::kDelete : PodChange::Kind::kUpdate, entry});
  } else if (known->status != pod->status) {
    changes.push_back({PodChange::Kind::kReconcile, entry});
  }
}

std::vector<PodChange> PodSource::set(const std::vector<kube::PodPtr>& pods,
                                      const std::set<std::string>& unreadable) {
  std::vector<PodChange> changes;
  std::set<std::string> listed;
  for (const auto& pod : pods) {
    if (!listed.insert(pod->uid).second || touched_.contains(pod->uid)) continue;
    take(pod, changes);
  }
  for (auto one = pods_.begin(); one != pods_.end();) {
    if (listed.contains(one->first) || touched_.contains(one->first) || unreadable.contains(one->first)) {
      ++one;
      continue;
    }
    changes.push_back({PodChange::Kind::kRemove, one->second});
    one = pods_.erase(one);
  }
  touched_.clear();
  listing_ = false;
  std::stable_sort(changes.begin(), changes.end(),
                   [](const PodChange& a, const PodChange& b) { return a.kind < b.kind; });
  return changes;
}

std::vector<PodChange> PodSource::update(const kube::PodPtr& pod) {
  std::vector<PodChange> changes;
  if (listing_) touched_.insert(pod->uid);
  take(pod, changes);
  return changes;
}

std::vector<PodChange> PodSource::remove(const std::string& uid) {
  if (listing_) touched_.insert(uid);
  const auto found = pods_.find(uid);
  if (found == pods_.end()) return {};
  std::vector<PodChange> changes{{PodChange::Kind::kRemove, found->second}};
  pods_.erase(found);
  return changes;
}

}  // namespace edgecore::edged
