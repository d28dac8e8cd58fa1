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

/// What CloudCore's controllers push to nodes of their own accord: EdgeController's pods, ConfigMaps and
/// Secrets, and SyncController's loop (protocol/02-metamanager.md §3.1, §3.10, §5.3). Only nodes labelled
/// node-role.kubernetes.io/edge get anything. References must outlive it.
class EdgeController {
 public:
  EdgeController(Cluster& cluster, SyncRecords& records, Downlink& downlink)
      : cluster_(cluster), records_(records), downlink_(downlink), devices_(cluster, downlink) {}

  /// Pushes what a change means for nodes.
  void changed(const Change& change);
  /// A CloudCore that starts sees all objects as added.
  void replay();
  /// One round of the sync loop: versions newer than acknowledged, objects that are gone.
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
  /// Nodes that have or once had a pod which refers to a ConfigMap or Secret.
  std::map<Reference, std::set<std::string>> locations_;
};

/// Whether a changed pod is pushed at once: anything but its status and bookkeeping differs.
bool differs_beyond_status(const Json& before, const Json& after);

}  // namespace edgecore::cloudsim
