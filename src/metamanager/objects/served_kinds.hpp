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

/// Finds the plural of a kind for keys of `meta_v2`: from the API server's built-in kinds, from CRDs, and by
/// English rules for kinds that neither knows. CRDs are read from `meta_v2`, where metaserver puts those it
/// fetches, and learned when they are pushed. Belongs to the module's thread.
class ServedKinds {
 public:
  /// Knows the built-in kinds and the CRDs given to `learn`.
  ServedKinds();
  /// Reads the stored CRDs. For an unknown kind it reads them again, at most once a second.
  ServedKinds(const store::Reader& reader, const Clock& clock, log::Logger log);

  /// A CRD was stored. Ignores objects that are not CRDs.
  void learn(const Json& crd);
  /// A CRD was removed.
  void forget(const std::string& crd_name);

  struct Names {
    std::string plural;
    bool namespaced = true;  ///< true when it is not known
  };
  [[nodiscard]] Names names_of(std::string_view group, std::string_view version, std::string_view kind);

  /// The resources that the cloud may mean by a type token: by the kind in lower case, the plural, or
  /// CloudCore's guess at the singular, "leas" for leases (protocol/03-metaserver.md §2.6).
  [[nodiscard]] std::vector<kube::ApiResourcePtr> of_type(std::string_view token);

  /// Fills in missing `kind` and `apiVersion`, if the type token of the resource can mean only one kind.
  void fill(Json& object, std::string_view token);

  /// The keys that a deleted object may have in `meta_v2`: one, if it has a kind. Without a kind, as the
  /// SyncController sends it: those of all kinds that its type token can mean, and of the kind in its row of
  /// `meta`.
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
