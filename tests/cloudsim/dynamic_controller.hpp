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
/// connection, not the cloud. Counts requests that CloudCore does not survive (Traffic::harmful_watch). A
/// watch of a forbidden kind (fault `forbidden`) blocks all later Applications, of all nodes, until the fault
/// is switched off. A watch of an unknown resource would end CloudCore's process; here it is refused.
/// References must outlive it.
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

  /// A message of source `metaserver`. Throws BadInput if the content is not an Application.
  void handle(const std::string& node, const beehive::Message& message);
  /// Pushes a change to the nodes that watch it.
  void changed(const Change& change);
  /// The faults have changed: a blocked Application may go on.
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
  /// False if a watch in it hangs: try again later.
  bool process(const std::string& node, const beehive::Message& message);
  void answer(const std::string& node, const beehive::Message& request, const char* resource, Json content);
  Json execute(const std::string& node, Json application);
  Json run(const std::string& node, const Json& application);
  Json list(const Target& at, const Json& options);
  static void check_fields(const Target& at, const Json& options, const Json& body);
  Json write(const std::string& verb, const Target& at, const Json& options, const Json& application);
  Json patch(const Target& at, const Json& options);
  void watch(const std::string& node, const Json& application);
  bool sync_watches(const std::string& node, const beehive::Message& message);
  /// The content of a pushed change; of a deletion by the fault deletionVersion.
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
  std::deque<std::pair<std::string, beehive::Message>>
      waiting_;           ///< in order; the first one is being processed
  bool hanging_ = false;  ///< the first one's watch hangs
};

/// The type segment of a watch event: v1.17 guesses the kind from the plural, in lower case ("leas",
/// "networkpolicy"; protocol/03-metaserver.md §2.6).
std::string guessed_type(std::string plural);

}  // namespace edgecore::cloudsim
