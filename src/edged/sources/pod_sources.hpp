// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/pod.hpp"

namespace edgecore::edged {

/// Annotations that edged sets or reads.
inline constexpr const char* kConfigSourceAnnotation = "kubernetes.io/config.source";
inline constexpr const char* kConfigSeenAnnotation = "kubernetes.io/config.seen";
inline constexpr const char* kConfigHashAnnotation = "kubernetes.io/config.hash";
inline constexpr const char* kConfigMirrorAnnotation = "kubernetes.io/config.mirror";

/// A change of a pod in its source (protocol/05-edged.md §1.1).
struct PodChange {
  enum class Kind {
    kRemove,     ///< not wanted any more; `pod` is the last known version
    kAdd,        ///< first seen
    kUpdate,     ///< spec, labels or annotations differ
    kDelete,     ///< its deletion has begun (deletionTimestamp)
    kReconcile,  ///< only its status differs
  };
  Kind kind = Kind::kAdd;
  kube::PodPtr pod;
};

/// The pods of one source ("api" or "file") by UID: a pod of the same name with another UID is another pod.
/// Reports changes in the order in which to apply them: removals, additions, updates, deletions,
/// reconciliations. Pure bookkeeping; one thread.
class PodSource {
 public:
  PodSource(std::string name, const Clock& clock) : name_(std::move(name)), clock_(clock) {}

  /// Takes the whole list. Pods that are not in it are removed, except those in `unreadable`: the list has
  /// them, but they cannot be parsed. UIDs passed to `update` or `remove` since `begin_list` are newer than
  /// the list and stay as they are.
  std::vector<PodChange> set(const std::vector<kube::PodPtr>& pods,
                             const std::set<std::string>& unreadable = {});
  /// The list is being requested.
  void begin_list() {
    touched_.clear();
    listing_ = true;
  }

  std::vector<PodChange> update(const kube::PodPtr& pod);
  /// Does nothing for an unknown UID.
  std::vector<PodChange> remove(const std::string& uid);

  [[nodiscard]] const std::map<std::string, kube::PodPtr>& pods() const { return pods_; }
  [[nodiscard]] kube::PodPtr find(const std::string& uid) const;

 private:
  void take(const kube::PodPtr& pod, std::vector<PodChange>& changes);
  [[nodiscard]] kube::PodPtr annotated(const kube::PodPtr& pod, const kube::PodPtr& known) const;

  std::string name_;
  const Clock& clock_;
  std::map<std::string, kube::PodPtr> pods_;
  std::set<std::string> touched_;
  bool listing_ = false;
};

/// The version of a pod to act on: `fresh`, or if that cannot be read and `known` can, the known one with
/// what `fresh` says of its deletion and status.
kube::PodPtr readable_version(const kube::PodPtr& known, kube::PodPtr fresh);

/// Whether two versions of a pod ask for the same: spec, labels, deletion, and annotations other than edged's
/// own.
bool same_request(const kube::Pod& a, const kube::Pod& b);

}  // namespace edgecore::edged
