// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/kube/api_resources.hpp"
#include "edgecore/store/source.hpp"

namespace edgecore::metamanager {

/// Under which plural a kind is served in `meta_v2`: as the API server's own kinds and the CRDs say, and by
/// English rules only for what neither knows. CRDs are read from `meta_v2`, where metaserver puts those it
/// fetches, and learned when they are pushed. Belongs to the module's thread.
class ServedKinds {
 public:
  /// Knows the built-in kinds and what it is told.
  ServedKinds();
  /// Reads what is stored; when a kind is not known it looks again, once a second at most.
  ServedKinds(const store::Reader& reader, const Clock& clock, log::Logger log);

  /// A CRD was stored. What is none is left out.
  void learn(const Json& crd);
  /// A CRD is gone.
  void forget(const std::string& crd_name);

  struct Names {
    std::string plural;
    bool namespaced = true;  ///< also when it is not known
  };
  [[nodiscard]] Names names_of(std::string_view group, std::string_view version, std::string_view kind);

  /// What the cloud may mean by the type token of a message resource: the kind in lower case, the plural, or
  /// what CloudCore takes for the singular of the plural, "leas" for leases (protocol/03-metaserver.md §2.6).
  [[nodiscard]] std::vector<kube::ApiResourcePtr> of_type(std::string_view token);

  /// Fills in `kind` and `apiVersion` of an object that lacks them, if the type token of its resource can
  /// mean one kind only.
  void fill(Json& object, std::string_view token);

  /// The keys in `meta_v2` under which an object may stand that was deleted: the one its kind says; without a
  /// kind, as the SyncController sends it, all that its type token can mean and what its row in `meta` says.
  [[nodiscard]] std::vector<std::string> keys_of(const beehive::ResourcePath& path, const Json& object);

 private:
  void look_again();
  void take(const std::string& key);

  const store::Reader* reader_ = nullptr;
  const Clock* clock_ = nullptr;
  log::Logger log_;
  kube::ApiResources resources_;
  std::map<std::string, std::uint64_t> read_;  ///< versions of the CRDs taken from the database, by key
  SteadyTime looked_at_ = SteadyTime::min();
};

}  // namespace edgecore::metamanager
