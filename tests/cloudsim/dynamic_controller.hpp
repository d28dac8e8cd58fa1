#pragma once

#include <map>
#include <string>
#include <utility>

#include "cloudsim/cluster.hpp"
#include "cloudsim/downstream.hpp"
#include "edgecore/kube/selector.hpp"

namespace edgecore::cloudsim {

/// CloudCore's DynamicController (protocol/03-metaserver.md §3): executes the Applications of nodes'
/// MetaServers and pushes the events of their watches. Listeners outlive the node's connection, not the
/// cloud. References must outlive it.
class DynamicController {
 public:
  DynamicController(Cluster& cluster, Downlink& downlink) : cluster_(cluster), downlink_(downlink) {}

  /// A message of source `metaserver`. Throws BadInput for content that is no Application.
  void handle(const std::string& node, const beehive::Message& message);
  /// Pushes a change to the nodes that watch it.
  void changed(const Change& change);

 private:
  struct Listener {
    const ResourceKind* kind;
    std::string ns;
    kube::LabelSelector labels;
    kube::FieldSelector fields;
  };
  using Id = std::pair<std::string, std::string>;  // node, Application ID

  Json execute(const std::string& node, Json application);
  Json run(const std::string& node, const Json& application);
  void watch(const std::string& node, const Json& application);
  void sync_watches(const std::string& node, const beehive::Message& message);
  [[nodiscard]] static bool matches(const Listener& listener, const Json& object);

  Cluster& cluster_;
  Downlink& downlink_;
  std::map<Id, Listener> listeners_;
};

}  // namespace edgecore::cloudsim
