// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <set>
#include <string>

#include "edgecore/kube/json.hpp"

namespace edgecore::cloudsim {

/// Switches that stay until they are set otherwise. README.md is their reference; the names there are the
/// keys of POST /sim/faults. Belongs to the cloud, one thread.
struct Faults {
  bool refuse_connections = false;             ///< upgrades are cut without an answer
  int upgrade_status = 0;                      ///< upgrades are answered with this status instead of 101
  std::chrono::milliseconds answer_delay{0};   ///< before each answer to the edge
  double drop_answers = 0;                     ///< fraction of answers never sent
  double drop_acks = 0;                        ///< fraction of acks from the edge that count as not received
  bool half_open = false;                      ///< neither reads nor writes on the tunnel; TCP stays
  std::string server_identity = "right";       ///< right, wrong-name, wrong-ca: of new connections
  bool expired_tokens = false;                 ///< every join token is judged expired
  int node_limit = 500;                        ///< above it connections get no session
  bool pause_pushes = false;                   ///< the ack queue stands still
  bool pause_sync = false;                     ///< the 5 s loop stands still
  std::chrono::milliseconds session_delay{7};  ///< from the upgrade until there is a session for answers
  bool close_successor = false;                ///< the end of a replaced connection takes its successor along
  bool fragment = true;                        ///< long messages in the two frames of Go's server
  std::chrono::milliseconds keepalive{30'000};  ///< without one for so long a session ends
  std::string deletion_version = "own";         ///< own, last, none: what DynamicController's deletions carry
  std::set<std::string> forbidden;  ///< plurals of which CloudCore itself may read and write nothing
  bool dynamic_controller =
      true;  ///< false: Applications are dropped in silence, as a default CloudCore does
  std::chrono::milliseconds router_timeout{60'000};  ///< for a node's answer to a call through the router
  std::uint64_t seed = 1;

  /// Sets what `change` names. Throws BadInput for an unknown name or a wrong type, and then sets nothing.
  void apply(const Json& change);
  [[nodiscard]] Json to_json() const;

  /// True for about `fraction` of the calls, the same ones for the same seed.
  bool strikes(double fraction);

 private:
  std::mt19937_64 random_{1};
};

}  // namespace edgecore::cloudsim
