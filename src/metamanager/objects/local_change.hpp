// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/store/meta.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "edgecore/store/source.hpp"

/// Changes of the node's own copy of an object, made while the cloud is not reachable. The object keeps its
/// resourceVersion, so the cloud's next version replaces the whole of it. A change is planned on the module's
/// thread, which reads the rows, and written by a store job where they are still the same.
namespace edgecore::metamanager {

struct LocalChange {
  beehive::ResourcePath path;  ///< of the object
  std::string uid;             ///< only an object with this uid is changed
  Json patch;
  store::meta_v2::Row served;  ///< its row in `meta_v2`, should there be none; without version and value
};

struct LocalOutcome {
  enum class Kind { kDone, kNotFound, kOtherUid } kind = Kind::kNotFound;
  Json object;  ///< as in `meta`
  Json served;  ///< as in `meta_v2`, where the pods' statuses are this node's
};

/// The rows of an object in `meta` and `meta_v2`.
struct LocalRows {
  std::optional<store::meta::Row> stored;
  std::optional<store::meta_v2::Row> served;
  bool operator==(const LocalRows&) const = default;
};

/// What a change comes to.
struct LocalPlan {
  LocalOutcome outcome;
  LocalRows before;  ///< as they were read
  LocalRows after;   ///< to be written; nullopt: it stays as it is
};

/// Applies a JSON merge patch (docs/messages.md "metaserver → metamanager") to both rows. Throws BadInput for
/// a patch that is malformed, or that changes the object's identity or version.
[[nodiscard]] LocalPlan plan_merge(const store::Source& from, const LocalChange& change);

/// Shows a pod's status that could not be reported yet: applies a strategic merge patch to the cloud's
/// status, in the row of `meta_v2` only. Throws BadInput for a malformed patch.
[[nodiscard]] LocalPlan plan_shown_status(const store::Source& from, const LocalChange& change);

/// Writes what was planned. False when a row is not as it was read: then nothing is written, and the change
/// has to be planned anew. For a store job.
[[nodiscard]] bool apply(store::Transaction& into, const LocalChange& change, const LocalPlan& plan);

/// Deletions that the node has accepted and the cloud may not know yet. Such a pod keeps its deletion mark
/// when the cloud sends a newer copy without one.
class PendingDeletions {
 public:
  explicit PendingDeletions(const store::Source& from);
  void mark(Json& pod) const;

 private:
  struct Deletion {
    std::string uid;
    WallTime asked;
    Json options;
  };
  std::vector<Deletion> deletions_;
};

}  // namespace edgecore::metamanager
