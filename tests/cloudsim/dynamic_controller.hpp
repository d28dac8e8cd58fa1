// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "cloudsim/authority.hpp"
#include "cloudsim/cluster.hpp"
#include "cloudsim/downstream.hpp"
#include "cloudsim/faults.hpp"
#include "cloudsim/pages.hpp"
#include "cloudsim/traffic.hpp"
#include "edgecore/kube/selector.hpp"

namespace edgecore::cloudsim {

/// CloudCore's DynamicController (protocol/03-metaserver.md §3): executes the Applications of nodes'
/// MetaServers one after the other and pushes the events of their watches. Listeners outlive the node's
/// connection, not the cloud. What CloudCore does not survive is counted (Traffic::harmful_watch): a watch of
/// what it may not list (fault `forbidden`) holds up every Application after it, of all nodes, until the
/// fault is gone; one of an unknown resource would end the process, and is refused here. References must
/// outlive it.
class DynamicController {
 public:
  DynamicController(Cluster& cluster, const Authority& authority, Downlink& downlink, const Faults& faults,
                    Traffic& traffic)
      : cluster_(cluster),
        authority_(authority),
        downlink_(downlink),
        faults_(faults),
        traffic_(traffic),
        pages_(cluster) {}

  /// A message of source `metaserver`. Throws BadInput for content that is no Application.
  void handle(const std::string& node, const beehive::Message& message);
  /// Pushes a change to the nodes that watch it.
  void changed(const Change& change);
  /// The faults are others now: what hung on one goes on.
  void faults_changed();

 private:
  struct Listener {
    const ResourceKind* kind;
    std::string ns;
    kube::LabelSelector labels;
    kube::FieldSelector fields;
  };
  struct Target;
  using Id = std::pair<std::string, std::string>;  // node, Application ID

  void work();
  /// False when a watch in it hangs: it is to be tried again.
  bool process(const std::string& node, const beehive::Message& message);
  void answer(const std::string& node, const beehive::Message& request, const char* resource, Json content);
  Json execute(const std::string& node, Json application);
  Json run(const std::string& node, const Json& application);
  Json list(const Target& at, const Json& options);
  Json write(const std::string& verb, const Target& at, const Json& options, const Json& application);
  Json patch(const Target& at, const Json& options);
  void watch(const std::string& node, const Json& application);
  bool sync_watches(const std::string& node, const beehive::Message& message);
  /// What a push of a change carries; of a deletion as the fault deletionVersion says.
  [[nodiscard]] Json content_of(const ResourceKind& kind, const Change& change) const;
  [[nodiscard]] bool hangs(const Json& application) const;
  [[nodiscard]] bool sync_hangs(const std::string& node, const beehive::Message& message) const;
  [[nodiscard]] Target target_of(const Json& application) const;
  void check_rights(const Target& at, const std::string& verb) const;
  [[nodiscard]] static bool matches(const Listener& listener, const Json& object);

  Cluster& cluster_;
  const Authority& authority_;
  Downlink& downlink_;
  const Faults& faults_;
  Traffic& traffic_;
  Pages pages_;
  std::map<Id, Listener> listeners_;
  std::deque<std::pair<std::string, beehive::Message>> waiting_;  ///< in order; the first one is in hand
  bool hanging_ = false;                                          ///< the first one's watch does not return
};

/// The type segment of a watch event: v1.17 guesses the kind from the plural and writes it in lower case
/// ("leas", "networkpolicy"; protocol/03-metaserver.md §2.6).
std::string guessed_type(std::string plural);

}  // namespace edgecore::cloudsim
