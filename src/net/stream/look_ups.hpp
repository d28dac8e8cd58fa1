// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/net/limits.hpp"
#include "net/stream/hosts_file.hpp"

namespace edgecore::net {

/// Resolves host names by getaddrinfo, which cannot be interrupted: each look-up runs on a thread of its own,
/// which an asker whose time is up leaves behind. With a dead DNS server such threads last for half a minute,
/// so their number is limited:
///
/// - An owner (a pod) has one look-up under way, all owners together kNameLookups. What is more waits.
/// - edgecore itself (the owner "") has kOwnNameLookups of its own: pods cannot keep the tunnel down.
/// - Askers of one name share a look-up (single flight). One that is older than kFreshLookup is not shared:
///   it may have begun before the network was there. A name has at most two.
/// - Literals and names of /etc/hosts are answered at once.
///
/// Any thread; an asker resumes on its own executor.
class LookUps {
 public:
  using Addresses = std::vector<boost::asio::ip::address>;
  struct Found {
    Addresses addresses;
    std::string failure;  ///< why there are none
  };
  using Resolve = std::function<Found(const std::string& host)>;
  /// Runs a function on a new thread; throws std::system_error if there is none.
  using Start = std::function<void(std::function<void()>)>;

  static constexpr std::chrono::seconds kFreshLookup{30};

  LookUps(Resolve resolve, Start start, std::filesystem::path hosts);
  /// With getaddrinfo and std::thread. One object serves the process.
  static LookUps& instance();

  /// Throws NetError: no address, or none by `deadline`.
  boost::asio::awaitable<Addresses> find(std::string host, std::string owner, SteadyTime deadline);

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< shared with the threads
  HostsFile hosts_;
};

}  // namespace edgecore::net
