// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "edgecore/store/source.hpp"

/// Changes of the node's own copy of an object, made while the cloud is not reachable. The object keeps its
/// resourceVersion, so the cloud's next version replaces the whole of it. The functions run in a store job.
namespace edgecore::metamanager {

struct LocalChange {
  beehive::ResourcePath path;  ///< of the object
  std::string uid;             ///< only an object with this uid is changed
  Json patch;
  store::meta_v2::Row served;  ///< its row in `meta_v2`; version and value are not used
};

struct LocalOutcome {
  enum class Kind { kDone, kNotFound, kOtherUid } kind = Kind::kNotFound;
  Json object;  ///< as in `meta`
  Json served;  ///< as in `meta_v2`, where the pods' statuses are this node's
};

/// Applies a JSON merge patch (docs/messages.md "metaserver → metamanager") to both rows. Throws BadInput for
/// a patch that is malformed, or that changes the object's identity or version.
[[nodiscard]] LocalOutcome merge_locally(store::Transaction& into, const LocalChange& change);

/// Shows a pod's status that could not be reported yet: applies a strategic merge patch to the cloud's
/// status, in the row of `meta_v2` only. Throws BadInput for a malformed patch.
[[nodiscard]] LocalOutcome show_pod_status(store::Transaction& into, const LocalChange& change);

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
