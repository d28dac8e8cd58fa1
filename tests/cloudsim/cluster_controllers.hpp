// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cloudsim/authority.hpp"
#include "cloudsim/cluster.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::cloudsim {

/// What a cluster does by itself, made small: binding pods to nodes, declaring silent nodes unknown,
/// approving and signing serving certificates, clearing away what belonged to a deleted node. Each step looks
/// at the whole cluster; calling one too often does nothing.
class ClusterControllers {
 public:
  ClusterControllers(Cluster& cluster, const Authority& authority)
      : cluster_(cluster), authority_(authority) {}

  /// Binds pods without a node to the first Ready edge node that their nodeSelector admits.
  void schedule();
  /// Nodes that were not heard of for 40 s become Unknown (protocol/02-metamanager.md §8.3). Heard of, by the
  /// cloud's own clock, is a node whose lease moved forward or whose heartbeat changed: what the node's clock
  /// says does not matter. Nothing is evicted.
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
