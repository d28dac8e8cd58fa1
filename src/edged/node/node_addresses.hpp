// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/edged/edged.hpp"
#include "edgecore/net/interfaces_watch.hpp"

namespace edgecore::edged {

/// The network as the kernel reports it. Does not block. Throws SystemError.
LocalNetwork read_local_network();

/// The node's addresses, primary first (protocol/05-edged.md §3.3, protocol/06 §1). The first rule that gives
/// an address wins:
/// - the first of interface `customInterfaceName`, IPv4 before IPv6; with this setting no other rule applies,
/// - `nodeIP` as it stands: one address, or one of each family,
/// - the node's name, if that is an address,
/// - the source address of the default route, IPv4 before IPv6 unless `nodeIP` is "::",
/// - without a default route: `present` while the machine has it, then the first address that is not on a
///   bridge for containers.
/// Empty while there is no network. The node's name is not looked up in DNS as the Go agent does, so that a
/// node that starts offline has the same address as online.
std::vector<std::string> choose_node_addresses(const config::Edged& config, const LocalNetwork& network,
                                               const std::vector<std::string>& present);

/// Tracks the node's addresses through network changes: notified by the kernel, never polled. When the last
/// address goes, the last known ones stay: without a network nobody could be told, and the pods need not be
/// synced twice for an outage. Part of edged; belongs to its thread.
class NodeAddresses {
 public:
  struct Deps {
    const config::Edged& config;
    boost::asio::any_io_executor executor;
    log::Logger log;
    std::function<LocalNetwork()> read;
    /// As EdgedDeps::watch; empty: the network is not watched.
    std::function<std::unique_ptr<net::InterfacesWatch>(boost::asio::any_io_executor)> watch;
    /// Called when the addresses have changed.
    std::function<void()> changed;
    /// Debounce: changes come in bursts (one pod's interface causes five events), so the network is read this
    /// long after the first one.
    std::chrono::milliseconds burst = std::chrono::milliseconds(100);
  };
  explicit NodeAddresses(Deps deps);

  /// Reads the network now.
  void look();
  /// Tracks it until cancelled. Throws what the watch throws.
  boost::asio::awaitable<void> run();

  /// Primary first; empty until there is a network for the first time.
  [[nodiscard]] const std::vector<std::string>& current() const { return current_; }

 private:
  boost::asio::awaitable<void> take_events();
  boost::asio::awaitable<void> look_after_bursts();

  Deps deps_;
  async::Event wakeup_;
  std::optional<SteadyTime> look_at_;
  std::vector<std::string> current_;
  bool lost_ = false;
  log::Quiet complaints_;
};

}  // namespace edgecore::edged
