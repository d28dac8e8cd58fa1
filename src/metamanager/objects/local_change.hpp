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

/// What this node changes in its own copy of an object while the cloud cannot be asked. The object keeps its
/// resourceVersion, so that the cloud's next version replaces all of it. The functions run in a store job.
namespace edgecore::metamanager {

struct LocalChange {
  beehive::ResourcePath path;  ///< of the object
  std::string uid;             ///< it is meant for no other
  Json patch;
  store::meta_v2::Row served;  ///< its row in `meta_v2`; version and value do not matter
};

struct LocalOutcome {
  enum class Kind { kDone, kNotFound, kOtherUid } kind = Kind::kNotFound;
  Json object;  ///< as in `meta`
  Json served;  ///< as in `meta_v2`, where the pods' statuses are this node's
};

/// A JSON merge patch (docs/messages.md "metaserver → metamanager") of both rows. Throws BadInput when the
/// patch is none, or makes another object or version of it.
[[nodiscard]] LocalOutcome merge_locally(store::Transaction& into, const LocalChange& change);

/// The status of a pod that the cloud has not got yet: a strategic merge patch of the cloud's status, shown
/// in the row of `meta_v2` alone. Throws BadInput for what is no such patch.
[[nodiscard]] LocalOutcome show_pod_status(store::Transaction& into, const LocalChange& change);

/// Deletions that were accepted for the cloud and that it may not know of yet: a pod stays one that is to
/// end, also when a newer copy of it came that does not say so.
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
