// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cloudsim/authority.hpp"
#include "cloudsim/cluster.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::cloudsim {

/// A cluster's own controllers, simplified: bind pods to nodes, mark silent nodes as unknown, approve and
/// sign serving certificates, remove the objects of a deleted node. Each step examines the whole cluster; an
/// extra call does nothing.
class ClusterControllers {
 public:
  ClusterControllers(Cluster& cluster, const Authority& authority)
      : cluster_(cluster), authority_(authority) {}

  /// Binds pods without a node to the first Ready edge node that matches their nodeSelector.
  void schedule();
  /// Marks nodes as Unknown after 40 s of silence (protocol/02-metamanager.md §8.3). A renewed lease or a
  /// changed heartbeat counts as a sign of life, timed by the cloud's own clock: the node's clock does not
  /// matter. Nothing is evicted.
  void watch_leases();
  /// Approves and signs requests of the signer kubernetes.io/kubelet-serving.
  void sign_certificates();
  /// Removes the pods and the lease of a node that was deleted.
  void collect(const Change& change);

 private:
  void bind(const Json& pod, const std::string& node);
  void sign(const Json& request);

  struct Heard {
    std::optional<WallTime> renewed;
    std::string heartbeat;
    WallTime at;
  };

  Cluster& cluster_;
  const Authority& authority_;
  std::map<std::string, Heard> heard_;  ///< by node
};

}  // namespace edgecore::cloudsim
