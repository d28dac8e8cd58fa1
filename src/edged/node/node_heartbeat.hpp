// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/cri/types.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/status.hpp"
#include "edged/meta/meta_client.hpp"
#include "edged/node/node_status.hpp"

namespace edgecore::edged {

/// Registers the node and keeps it alive in the cloud: patches the status when something changed or every
/// `nodeStatusReportFrequency`; renews the lease every quarter of its duration (protocol/05-edged.md §3).
/// Works from the Node it last got back and never polls the cloud for it. Part of edged; belongs to its
/// thread.
///
/// Time limits of answers:
/// - The lease: one period (a quarter of its duration, 10 s at most). A later answer is lost, which costs one
///   renewal: two more fit in before the cloud marks the node as lost. The renewal may have reached the
///   cloud, so the lease is read before it is written again; the newer copy wins.
/// - Registration, status patches and queries: 10 s. Repeating them is harmless: if the Node was made after
///   all, AlreadyExists is the answer and the Node is adopted. Until they succeed the cloud has an older
///   status.
///
/// A full report is due at the start, every `nodeStatusReportFrequency`, after each new connection and after
/// a lease that had run out: in the last two cases the cloud may have marked the node as lost, and does not
/// change that without a report.
class NodeHeartbeat {
 public:
  struct Deps {
    beehive::ModuleContext& context;
    const config::Edged& config;
    /// The facts as they are now. Must not block.
    std::function<NodeFacts()> facts;
    /// Called when the Node, and with it its UID, has become known (again); may be empty.
    std::function<void()> node_known = {};
    /// The runtime's images, asked for once per full report and only if `nodeStatusMaxImages` is not 0. May
    /// throw CallError: that report then leaves images out. May be empty.
    std::function<boost::asio::awaitable<std::vector<cri::Image>>()> images = nullptr;
  };
  explicit NodeHeartbeat(Deps deps);

  /// Runs until cancelled.
  boost::asio::awaitable<void> run();

  /// The tunnel came up or went down. When it came up: renews and reports at once.
  void connection(bool up);
  /// Something in the status has changed (runtime, pressure, addresses): compares it without delay.
  void facts_changed();

  /// The Node as last known; null before the first time.
  [[nodiscard]] const Json& node() const { return node_; }

 private:
  /// An answer of metamanager: the object, or why it was refused.
  struct Answer : MetaAnswer {
    bool tunnel_changed = false;  ///< the connection came or went meanwhile
  };
  /// State of the tunnel. Unknown until the first notice: a restarted module may find it up.
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
  async::Event report_wakeup_, lease_wakeup_;
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
