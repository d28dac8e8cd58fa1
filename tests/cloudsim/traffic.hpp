// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::cloudsim {

/// Counts the tunnel's messages and bytes by class, and records an edge's violations of the protocol
/// (protocol/01-tunnel.md §6 item 9). For GET /sim/state.
class Traffic {
 public:
  void upstream(const std::string& node, const beehive::Message& message, std::size_t bytes);
  void downstream(const std::string& node, const beehive::Message& message, std::size_t bytes);
  /// Checks the raw form of an upstream message for members that an edge must not send.
  void inspect(const std::string& node, const Json& raw);
  void violation(const std::string& node, const std::string& sentence);
  /// A watch that CloudCore v1.17 does not survive (protocol/03-metaserver.md §3.5): `fatal` ends its
  /// process, any other stops it for all nodes. Also counts as a violation.
  void harmful_watch(const std::string& node, bool fatal, const std::string& sentence);
  /// A message with ack had to be sent again.
  void resent(const std::string& node, const beehive::Message& message);

  /// Keeps a message that the test cloud does not handle (reports of node tasks, uploads, answers of volume
  /// drivers, errors), for tests to read; the last two thousand.
  void keep(const std::string& node, const beehive::Message& message);

  void connected(const std::string& node, SteadyTime now);
  void disconnected(const std::string& node, SteadyTime now);

  [[nodiscard]] Json to_json() const;
  void reset();

 private:
  struct Count {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };
  struct Node {
    std::map<std::string, Count> up;
    std::map<std::string, Count> down;
    std::uint64_t connects = 0;
    std::uint64_t resends = 0;
    std::uint64_t fatal_watches = 0;
    std::uint64_t hanging_watches = 0;
    std::optional<SteadyTime> left;
    std::optional<std::int64_t> shortest_absence_ms;
    std::deque<std::string> violations;
    std::deque<Json> kept;
  };
  std::map<std::string, Node> nodes_;
};

/// Operation and type: "query configmap", "response podpatch", "keepalive node" …
std::string traffic_class(const beehive::Message& message);

}  // namespace edgecore::cloudsim
