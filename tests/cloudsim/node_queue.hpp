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

/// The messages that wait for one session of a node (protocol/01-tunnel.md §2.7): those without ack in a row,
/// and one message per object uid with ack, of which a newer one takes the place of an older one, replies
/// included. A new session begins with an empty queue. Passive: the session asks, sends and reports.
class NodeQueue {
 public:
  NodeQueue(std::string node, SyncRecords& records) : node_(std::move(node)), records_(records) {}

  enum class Verdict : std::uint8_t { kNoAck, kQueued, kDropped };
  /// Takes a message in, or drops it as not newer than what the node has or will get.
  Verdict offer(Downstream downstream);

  [[nodiscard]] std::optional<beehive::Message> take_no_ack();

  /// The uid whose turn it is, if one's back-off does not hold it back.
  [[nodiscard]] std::optional<std::string> take(SteadyTime now);
  /// When the next held-back uid is due.
  [[nodiscard]] std::optional<SteadyTime> due() const;
  /// The newest message of a uid that was taken.
  [[nodiscard]] std::shared_ptr<const beehive::Message> message(const std::string& uid) const;
  /// The node acknowledged `message`: the version is recorded.
  void acknowledged(const std::string& uid, const beehive::Message& message);
  /// Nobody answered: the uid comes again after its back-off.
  void gave_up(const std::string& uid, SteadyTime now);
  /// Every message stored for the session is queued once more.
  void resend_everything();

  /// Ack messages waiting, those held back included.
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
  std::set<std::string> queued_;  ///< in ready_, held_ or to be queued when their turn ends
  std::optional<std::string> in_hand_;
  std::map<std::string, SteadyTime> held_;
  std::map<std::string, int> failures_;
};

/// Whether CloudHub takes a message into the ack queue of a node that has `stored` (may be null) in its
/// session and acknowledged `acked`.
bool worth_sending(const beehive::Message& message, const beehive::Message* stored,
                   std::optional<std::uint64_t> acked);

}  // namespace edgecore::cloudsim
