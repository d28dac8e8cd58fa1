// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>

#include "cloudsim/cluster.hpp"
#include "cloudsim/downstream.hpp"

namespace edgecore::cloudsim {

/// Keeps the controllers' messages for nodes.
class KeptDownlink final : public Downlink {
 public:
  void send(const std::string& node, Downstream downstream) override {
    sent.push_back({node, std::move(downstream.message)});
  }
  void node_deleted(const std::string&) override {}

  struct Sent {
    std::string node;
    beehive::Message message;
  };
  std::deque<Sent> sent;
};

/// A cluster and its unhandled changes.
struct ObservedCluster {
  ObservedCluster() {
    cluster.bootstrap("the CA");
    cluster.observe([this](const Change& change) { changes.push_back(change); });
  }
  void add_edge_node(const char* name) {
    Json node = {{"metadata", {{"name", name}, {"labels", {{"node-role.kubernetes.io/edge", ""}}}}}};
    cluster.create(kind_named("Node"), "", std::move(node));
  }
  void add_pod(const char* name, const char* node, const char* account = "default") {
    Json container = {{"name", "c"}, {"image", "i"}};
    cluster.create(
        kind_named("Pod"), "default",
        {{"metadata", {{"name", name}}},
         {"spec",
          {{"nodeName", node}, {"serviceAccountName", account}, {"containers", Json::array({container})}}}});
  }

  FakeClock clock{WallTime(std::chrono::hours(24 * 365 * 50))};
  Cluster cluster{clock};
  std::deque<Change> changes;
};

}  // namespace edgecore::cloudsim
