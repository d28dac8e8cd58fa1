// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cloudsim/downstream.hpp"
#include "cloudsim/sync_records.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::cloudsim {

/// The queue of a node's session (protocol/01-tunnel.md §2.7): messages without ack in order, and one message
/// with ack per object uid; a newer one replaces an older one, replies included. A new session begins with an
/// empty queue. Passive: the session asks, sends and reports.
class NodeQueue {
 public:
  NodeQueue(std::string node, SyncRecords& records) : node_(std::move(node)), records_(records) {}

  enum class Verdict : std::uint8_t { kNoAck, kQueued, kDropped };
  /// Takes a message, or drops it if the node has, or will get, one at least as new.
  Verdict offer(Downstream downstream);

  [[nodiscard]] std::optional<beehive::Message> take_no_ack();

  /// The next uid to send; nullopt if there is none, or all are in back-off.
  [[nodiscard]] std::optional<std::string> take(SteadyTime now);
  /// When the first uid's back-off ends.
  [[nodiscard]] std::optional<SteadyTime> due() const;
  /// The newest message of a uid that was taken.
  [[nodiscard]] std::shared_ptr<const beehive::Message> message(const std::string& uid) const;
  /// The node acknowledged `message`: the version is recorded.
  void acknowledged(const std::string& uid, const beehive::Message& message);
  /// No ack came: the uid is due again after its back-off.
  void gave_up(const std::string& uid, SteadyTime now);
  /// Queues every stored message of the session again.
  void resend_everything();

  /// Waiting messages with ack, including those in back-off.
  [[nodiscard]] std::size_t waiting() const { return ready_.size() + held_.size(); }

 private:
  void enqueue(const std::string& uid);
  void finish(const std::string& uid);

  std::string node_;
  SyncRecords& records_;
  std::deque<beehive::Message> no_ack_;
  /// The newest message per uid. It stays after its ack, as the version to compare with.
  std::map<std::string, std::shared_ptr<const beehive::Message>> stored_;
  std::deque<std::string> ready_;
  std::set<std::string> queued_;  ///< in ready_, held_ or to be queued after their turn
  std::optional<std::string> in_hand_;
  std::map<std::string, SteadyTime> held_;
  std::map<std::string, int> failures_;
};

/// Whether CloudHub puts a message into the ack queue of a node whose session has `stored` (may be null) and
/// which has acknowledged `acked`.
bool worth_sending(const beehive::Message& message, const beehive::Message* stored,
                   std::optional<std::uint64_t> acked);

}  // namespace edgecore::cloudsim
