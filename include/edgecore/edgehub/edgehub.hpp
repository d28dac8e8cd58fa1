// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "edgecore/beehive/module.hpp"
#include "edgecore/net/interfaces_watch.hpp"

namespace edgecore::edgehub {

/// The keys of `modules.edgeHub` that the tunnel works with (protocol/01-tunnel.md §2.1).
struct EdgeHubOptions {
  std::string node_name;
  std::string project_id;
  std::string websocket_server;  ///< "host:port"
  std::string http_server;       ///< "https://host:port"
  std::filesystem::path ca_file, certificate_file, key_file;
  bool rotate_certificates = true;
  std::chrono::milliseconds heartbeat{15000};
  std::chrono::milliseconds handshake_timeout{30000};
  std::chrono::milliseconds write_timeout{15000};
  std::chrono::milliseconds renewal_retry{32000};  ///< after a renewal of the certificate that failed
  double bulk_per_second = 30;                     ///< `messageQPS`; 0 = no limit
  double bulk_burst = 60;                          ///< `messageBurst`
  std::filesystem::path kubernetes_ca_file;        ///< where `k8s/ca.crt` is kept; empty: not asked for
};

/// What the module needs from outside besides the bus.
struct EdgeHubDeps {
  /// The present join token (bootstrap file, else configuration), or "". Called at each enrolment, so that an
  /// operator can set a new one while the node runs, on the module's thread.
  std::function<std::string()> token;
  /// The token was used and may be removed from its file.
  std::function<void()> enrolled;
  /// Makes a watch of the network, on the module's thread. Empty: the network is not watched.
  std::function<std::unique_ptr<net::InterfacesWatch>(boost::asio::any_io_executor)> watch;
};

/// The factory of module `websocket` (group `hub`): enrols the node, keeps the tunnel to CloudHub and routes
/// messages both ways (docs/messages.md).
beehive::ModuleFactory make_edgehub(EdgeHubOptions options, EdgeHubDeps deps);

}  // namespace edgecore::edgehub
