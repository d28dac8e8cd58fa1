// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <set>
#include <string>

#include "edgecore/kube/json.hpp"

namespace edgecore::cloudsim {

/// The fault switches; each stays as set. README.md documents them by the keys of POST /sim/faults. Belongs
/// to the cloud, one thread.
struct Faults {
  bool refuse_connections = false;              ///< closes upgrade requests without an answer
  int upgrade_status = 0;                       ///< answers upgrade requests with this status instead of 101
  std::chrono::milliseconds answer_delay{0};    ///< delay of each answer to the edge
  double drop_answers = 0;                      ///< fraction of answers that are not sent
  double drop_acks = 0;                         ///< fraction of the edge's acks that are ignored
  bool half_open = false;                       ///< neither reads nor writes on the tunnel; TCP stays up
  std::string server_identity = "right";        ///< right, wrong-name, wrong-ca: for new connections
  bool expired_tokens = false;                  ///< every join token counts as expired
  int node_limit = 500;                         ///< connections above it get no session
  bool pause_pushes = false;                    ///< the ack queue stops
  bool pause_sync = false;                      ///< the 5 s sync loop stops
  std::chrono::milliseconds session_delay{7};   ///< time from the upgrade until answers have a session
  bool close_successor = false;                 ///< the end of a replaced connection also ends its successor
  bool fragment = true;                         ///< sends long messages in two frames, like Go's server
  std::chrono::milliseconds keepalive{30'000};  ///< a session ends after this time without a keepalive
  std::string deletion_version = "own";         ///< own, last, none: version of DynamicController's deletions
  std::set<std::string> forbidden;              ///< plurals that CloudCore itself may neither read nor write
  bool dynamic_controller = true;               ///< false: ignores Applications, as a default CloudCore does
  std::chrono::milliseconds router_timeout{
      60'000};  ///< time limit of a node's answer to a call through the router
  std::uint64_t seed = 1;

  /// Sets the faults in `change`. Throws BadInput for an unknown name or a wrong type, and then sets none.
  void apply(const Json& change);
  [[nodiscard]] Json to_json() const;

  /// True for about `fraction` of the calls, reproducibly for the same seed.
  bool strikes(double fraction);

 private:
  std::mt19937_64 random_{1};
};

}  // namespace edgecore::cloudsim
