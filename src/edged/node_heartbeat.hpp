#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>

#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/wakeup.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/status.hpp"
#include "edged/node_status.hpp"

namespace edgecore::edged {

/// Registers the node and keeps it alive in the cloud: status by patch, only when something changed or every
/// `nodeStatusReportFrequency`; the lease every quarter of its duration (protocol/05-edged.md §3). Works from
/// the Node it last got back and never polls the cloud for it. Part of edged; belongs to its thread.
class NodeHeartbeat {
 public:
  struct Deps {
    beehive::ModuleContext& context;
    const config::Edged& config;
    /// The facts as they are now. Must not block.
    std::function<NodeFacts()> facts;
    /// Called when the Node, and with it its UID, has become known (again); may be empty.
    std::function<void()> node_known = {};
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
  struct Answer {
    Json object;
    std::optional<kube::Status> refused;
  };
  boost::asio::awaitable<Answer> ask(std::string operation, std::string resource, Json content);
  boost::asio::awaitable<void> report_loop();
  boost::asio::awaitable<void> lease_loop();
  boost::asio::awaitable<bool> register_node();
  boost::asio::awaitable<bool> report();
  boost::asio::awaitable<bool> renew_lease();
  void take_node(Json node);

  Deps deps_;
  std::string node_path_, patch_path_, lease_path_;
  beehive::Wakeup report_wakeup_, lease_wakeup_;
  bool connected_ = true;  ///< until a notice or an answer says otherwise: a restarted module does not know
  bool registered_ = false;
  bool first_report_ = true;
  Json node_;
  Json lease_;
  SteadyTime last_report_{};
  log::Quiet report_complaints_, lease_complaints_;
};

}  // namespace edgecore::edged
