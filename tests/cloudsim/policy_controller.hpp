#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "cloudsim/cluster.hpp"
#include "cloudsim/downstream.hpp"

namespace edgecore::cloudsim {

/// CloudCore's PolicyController (protocol/03-metaserver.md §4.3; feature gate requireAuthorization): one
/// ServiceAccountAccess for each service account that a pod on an edge node uses, with what the account may
/// do, kept in the cluster and sent to those nodes. References must outlive it.
class PolicyController {
 public:
  PolicyController(Cluster& cluster, Downlink& downlink) : cluster_(cluster), downlink_(downlink) {}

  /// Whether a change can mean anything here.
  [[nodiscard]] static bool concerns(const Change& change);
  /// Brings every ServiceAccountAccess up to date and tells the nodes; does nothing when nothing is new.
  void reconcile();

 private:
  using Account = std::pair<std::string, std::string>;  // namespace, name
  using Nodes = std::set<std::string>;

  [[nodiscard]] std::map<Account, Nodes> accounts_in_use() const;
  void reconcile(const Account& account, const Nodes& nodes);
  [[nodiscard]] Json access_of(const Json& account) const;
  [[nodiscard]] const Json* rules_of(const Json& reference, const std::string& ns, Object& holder) const;
  void send(const char* operation, const Json& access, const Nodes& nodes);

  Cluster& cluster_;
  Downlink& downlink_;
};

}  // namespace edgecore::cloudsim
