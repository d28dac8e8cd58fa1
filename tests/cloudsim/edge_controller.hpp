// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "cloudsim/cluster.hpp"
#include "cloudsim/device_controller.hpp"
#include "cloudsim/downstream.hpp"
#include "cloudsim/sync_records.hpp"

namespace edgecore::cloudsim {

/// CloudCore's pushes to nodes: EdgeController's pods, ConfigMaps and Secrets, and SyncController's loop
/// (protocol/02-metamanager.md §3.1, §3.10, §5.3). Only to nodes with the label node-role.kubernetes.io/edge.
/// References must outlive it.
class EdgeController {
 public:
  EdgeController(Cluster& cluster, SyncRecords& records, Downlink& downlink)
      : cluster_(cluster), records_(records), downlink_(downlink), devices_(cluster, downlink) {}

  /// Pushes a change to the nodes that it concerns.
  void changed(const Change& change);
  /// CloudCore has started: handles all objects as added.
  void replay();
  /// One round of the sync loop: sends versions newer than the acknowledged ones, and deletions.
  void synchronize();

 private:
  void pod_changed(const Change& change);
  void learn_references(const Json& pod);
  void config_changed(const Change& change);
  [[nodiscard]] bool is_edge_node(const std::string& node) const;
  void synchronize(const SyncRecords::Record& record);

  using Reference = std::tuple<std::string, std::string, std::string>;  // kind, namespace, name
  Cluster& cluster_;
  SyncRecords& records_;
  Downlink& downlink_;
  DeviceController devices_;
  /// Nodes that have, or once had, a pod that refers to the ConfigMap or Secret.
  std::map<Reference, std::set<std::string>> locations_;
};

/// Whether a changed pod is pushed at once: more differs than its status and bookkeeping.
bool differs_beyond_status(const Json& before, const Json& after);

}  // namespace edgecore::cloudsim
