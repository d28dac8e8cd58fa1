// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/wakeup.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/cri/types.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/status.hpp"
#include "edged/meta/meta_client.hpp"
#include "edged/node/node_status.hpp"

namespace edgecore::edged {

/// Registers the node and keeps it alive in the cloud: status by patch, only when something changed or every
/// `nodeStatusReportFrequency`; the lease every quarter of its duration (protocol/05-edged.md §3). Works from
/// the Node it last got back and never polls the cloud for it. Part of edged; belongs to its thread.
///
/// How long an answer is waited for:
/// - The lease: one period (a quarter of its duration, 10 s at most). An answer that is later than that is
///   lost, and so is at worst one renewal: two more fit in before the cloud takes the node for dead. The
///   renewal itself may have reached the cloud; the lease is then read before it is written again, and
///   whichever copy is newer there wins.
/// - Registration, status patches and queries: 10 s. They may be repeated without harm (a Node that was made
///   after all answers AlreadyExists and is taken over), and until they come through the cloud knows an older
///   truth.
///
/// A full report is due at the start, every `nodeStatusReportFrequency`, after each new connection and after
/// a lease that had run out: in both cases the cloud may have marked the node as lost, and would go on
/// believing that until it is told.
class NodeHeartbeat {
 public:
  struct Deps {
    beehive::ModuleContext& context;
    const config::Edged& config;
    /// The facts as they are now. Must not block.
    std::function<NodeFacts()> facts;
    /// Called when the Node, and with it its UID, has become known (again); may be empty.
    std::function<void()> node_known = {};
    /// The runtime's images, asked for once per full report and only when `nodeStatusMaxImages` is not 0. May
    /// throw CallError: then that report tells nothing of images. May be empty.
    std::function<boost::asio::awaitable<std::vector<cri::Image>>()> images = nullptr;
  };
  explicit NodeHeartbeat(Deps deps);

  /// Runs until cancelled.
  boost::asio::awaitable<void> run();

  /// The tunnel came up or went down: renews and reports at once when it came up.
  void connection(bool up);
  /// Something the status tells has changed (runtime, pressure, addresses): looked at without delay.
  void facts_changed();

  /// The Node as last known; null before it was ever seen.
  [[nodiscard]] const Json& node() const { return node_; }

 private:
  /// An answer of metamanager: the object, or why not.
  struct Answer : MetaAnswer {
    bool tunnel_changed = false;  ///< the connection came or went meanwhile
  };
  /// What is known of the tunnel: nothing until the first notice, for a restarted module may find it up.
  enum class Link { kUnknown, kUp, kDown };

  boost::asio::awaitable<Answer> ask(std::string operation, std::string resource, Json content,
                                     SteadyTime::duration patience);
  boost::asio::awaitable<void> report_loop();
  boost::asio::awaitable<void> lease_loop();
  boost::asio::awaitable<bool> find_node();
  boost::asio::awaitable<bool> register_node();
  boost::asio::awaitable<bool> report();
  boost::asio::awaitable<bool> renew_lease();
  boost::asio::awaitable<std::optional<Json>> image_list();
  void take_node(Json node);
  void take_lease(Json lease);
  void full_report_due();
  void complain(log::Quiet& complaints, const char* what, const Answer& answer);
  [[nodiscard]] SteadyTime::duration lease_period() const;
  [[nodiscard]] SteadyTime::duration lease_patience() const;

  Deps deps_;
  std::string node_path_, patch_path_, lease_path_;
  beehive::Wakeup report_wakeup_, lease_wakeup_;
  Link link_ = Link::kUnknown;
  unsigned link_changes_ = 0;
  bool registered_ = false;
  Json node_;
  Json lease_;
  std::optional<SteadyTime> full_report_;  ///< when the last one was taken; nullopt = one is due
  std::optional<SteadyTime> renewed_;
  log::Quiet report_complaints_, lease_complaints_;
};

}  // namespace edgecore::edged
