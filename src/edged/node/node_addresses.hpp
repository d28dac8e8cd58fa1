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

#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/wakeup.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/edged/edged.hpp"
#include "edgecore/net/interfaces_watch.hpp"

namespace edgecore::edged {

/// The kernel's view of the network. Does not block. Throws SystemError.
LocalNetwork read_local_network();

/// The node's addresses, primary first (protocol/05-edged.md §3.3, protocol/06 §1): the first of interface
/// `customInterfaceName`, IPv4 before IPv6, and none of another; else `nodeIP` as it stands, one or one of
/// each family; else the node's name when that is an address; else what the kernel sends from by its default
/// route, IPv4 before IPv6 unless `nodeIP` is "::"; else, on a network without a way out, `present` while the
/// machine has it, then the first that is not of a bridge for containers. Empty while there is no network.
///
/// The node's name is not looked up in DNS as the Go agent does: a node that starts offline has the address
/// it has online.
std::vector<std::string> choose_node_addresses(const config::Edged& config, const LocalNetwork& network,
                                               const std::vector<std::string>& present);

/// Follows the node's addresses through what happens to its network: told by the kernel, never polled. When
/// the last address goes, the last known stay: nobody could be told, and the pods need not hear of each
/// outage twice. Part of edged; belongs to its thread.
class NodeAddresses {
 public:
  struct Deps {
    const config::Edged& config;
    boost::asio::any_io_executor executor;
    log::Logger log;
    std::function<LocalNetwork()> read;
    /// As EdgedDeps::watch; empty: nothing is followed.
    std::function<std::unique_ptr<net::InterfacesWatch>(boost::asio::any_io_executor)> watch;
    /// The addresses are others now.
    std::function<void()> changed;
    /// Changes come in bursts (a pod's interface alone is five events): how long after the first of one the
    /// network is looked at.
    std::chrono::milliseconds burst = std::chrono::milliseconds(100);
  };
  explicit NodeAddresses(Deps deps);

  /// Looks at the network now.
  void look();
  /// Follows it until cancelled. Throws what the watch throws.
  boost::asio::awaitable<void> run();

  /// Primary first; empty until there was a network.
  [[nodiscard]] const std::vector<std::string>& current() const { return current_; }

 private:
  boost::asio::awaitable<void> take_events();
  boost::asio::awaitable<void> look_after_bursts();

  Deps deps_;
  beehive::Wakeup wakeup_;
  std::optional<SteadyTime> look_at_;
  std::vector<std::string> current_;
  bool lost_ = false;
  log::Quiet complaints_;
};

}  // namespace edgecore::edged
