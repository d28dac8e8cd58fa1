// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <utility>

#include "cloudsim/cluster.hpp"
#include "cloudsim/downstream.hpp"

namespace edgecore::cloudsim {

/// CloudCore's PolicyController (protocol/03-metaserver.md §4.3; feature gate requireAuthorization): keeps
/// one ServiceAccountAccess, with the account's rights, for each service account that a pod on an edge node
/// uses, and sends it to those nodes. References must outlive it.
///
/// As seen with v1.17.4, the nodes that use an account are determined only at the start and when a right, the
/// account or the ServiceAccountAccess changes, or one of its pods begins to be deleted. A node that gets its
/// first pod of the account later is told nothing until then.
class PolicyController {
 public:
  PolicyController(Cluster& cluster, Downlink& downlink) : cluster_(cluster), downlink_(downlink) {}

  /// Handles a change.
  void changed(const Change& change);
  /// CloudCore has started: examines all accounts that pods use or used.
  void replay();

 private:
  using Account = std::pair<std::string, std::string>;  // namespace, name
  using Nodes = std::set<std::string>;

  void pod_changed(const Json& pod);
  void reconcile_all(const std::string& ns);
  void reconcile(const Account& account);
  [[nodiscard]] Nodes nodes_of(const Account& account) const;
  [[nodiscard]] bool is_edge_node(const std::string& node) const;
  [[nodiscard]] Json access_of(const Json& account) const;
  [[nodiscard]] const Json* rules_of(const Json& reference, const std::string& ns, Object& holder) const;
  void send(const char* operation, const Json& access, const Nodes& nodes);

  Cluster& cluster_;
  Downlink& downlink_;
};

}  // namespace edgecore::cloudsim
