// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cloudsim/authority.hpp"
#include "cloudsim/cluster.hpp"
#include "cloudsim/cluster_controllers.hpp"
#include "cloudsim/dynamic_controller.hpp"
#include "cloudsim/edge_controller.hpp"
#include "cloudsim/enrolment.hpp"
#include "cloudsim/faults.hpp"
#include "cloudsim/hub.hpp"
#include "cloudsim/policy_controller.hpp"
#include "cloudsim/rest_api.hpp"
#include "cloudsim/router.hpp"
#include "cloudsim/sync_records.hpp"
#include "cloudsim/traffic.hpp"
#include "cloudsim/upstream.hpp"
#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"

namespace edgecore::cloudsim {

/// The test cloud: a cluster, CloudCore's ports and controllers, and a REST API with the fault switches
/// (README.md). Everything runs on one executor of one thread. The owner makes, starts and stops it, keeps
/// the executor running until stop() has returned, and destroys the cloud only then; the executor may run on.
class Cloud {
 public:
  struct Options {
    /// Keys, certificates and, unless `state` names another file, the objects. Kept over restarts.
    std::filesystem::path folder;
    std::filesystem::path state;
    std::uint16_t http_port = 0;  ///< certificates; 0: the kernel chooses
    std::uint16_t hub_port = 0;
    std::uint16_t api_port = 0;
    std::uint16_t router_port = 0;  ///< REST side of rules
    /// CloudCore's feature gate: nodes get the rights of their pods' service accounts.
    bool require_authorization = false;
  };

  /// Binds the ports and loads the objects. Throws SystemError, BadInput.
  Cloud(boost::asio::any_io_executor executor, const Options& options);
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  void start();
  /// Closes all connections and saves the objects. Nothing of the cloud runs after it returns.
  boost::asio::awaitable<void> stop();

  [[nodiscard]] std::uint16_t http_port() const { return enrolment_.port(); }
  [[nodiscard]] std::uint16_t hub_port() const { return hub_.port(); }
  [[nodiscard]] std::uint16_t api_port() const { return api_.port(); }
  [[nodiscard]] std::uint16_t router_port() const { return router_.port(); }
  /// A fresh join token, valid for 24 h.
  [[nodiscard]] std::string token() const;

  /// For tests in the same process, on the executor's thread.
  [[nodiscard]] Cluster& cluster() { return cluster_; }
  [[nodiscard]] Hub& hub() { return hub_; }
  [[nodiscard]] Authority& authority() { return authority_; }
  [[nodiscard]] Traffic& traffic() { return traffic_; }
  /// Sets fault switches, like POST /sim/faults.
  void set_faults(const Json& change);
  /// Carries out an action, like POST /sim/actions.
  void act(const Json& action);

 private:
  boost::asio::awaitable<void> change_loop();
  boost::asio::awaitable<void> sync_loop();
  boost::asio::awaitable<void> cluster_loop();
  boost::asio::awaitable<void> save_loop();
  void handle_changes();
  void publish_token();
  void save();
  [[nodiscard]] std::optional<net::Response> sim_request(const net::Request& request);

  boost::asio::any_io_executor executor_;
  std::filesystem::path state_file_;
  const Clock& clock_ = SystemClock::instance();
  Faults faults_;
  Traffic traffic_;
  Authority authority_;
  Cluster cluster_;
  SyncRecords records_;
  Hub hub_;
  DynamicController dynamic_;
  Upstream upstream_;
  Router router_;
  EdgeController edge_;
  PolicyController policy_;
  bool require_authorization_;
  ClusterControllers controllers_;
  Enrolment enrolment_;
  RestApi api_;
  std::deque<Change> changes_;
  async::Event changed_;
  std::uint64_t saved_version_ = 0;
  async::TaskGroup tasks_;  ///< the loops; joined by stop()
};

}  // namespace edgecore::cloudsim
