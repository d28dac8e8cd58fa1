// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace edgecore::net {

/// The kernel's view of the node's network: changes come as events, never by polling (pains rows 1, 2 and 7).

enum class InterfaceChange {
  kLinkUp,
  kLinkDown,
  kAddressAdded,
  kAddressRemoved,
  kRouteAdded,
  kRouteRemoved,
  kLost
};

struct InterfaceEvent {
  InterfaceChange change = InterfaceChange::kLost;
  std::string interface;  ///< "eth0"; "" if the kernel does not name it
  std::string address;    ///< the address, or the route's destination ("default", "10.0.0.0/8"); "" for links
  bool operator==(const InterfaceEvent&) const = default;
};

/// A source of network changes. Belongs to one executor, has one reader.
class InterfacesWatch {
 public:
  virtual ~InterfacesWatch() = default;
  /// The next change, without loopback, link-local addresses and routes outside the main table. `kLost`: the
  /// kernel dropped events, so read the whole state again. Cancellation: terminal, harmless, may be awaited
  /// again. Throws Error if the source is broken.
  virtual boost::asio::awaitable<InterfaceEvent> next() = 0;
};

/// The kernel's (rtnetlink). Throws SystemError if netlink is not available.
std::unique_ptr<InterfacesWatch> watch_interfaces(boost::asio::any_io_executor executor);

/// Events from a test. push() does not wait for the reader.
class FakeInterfacesWatch final : public InterfacesWatch {
 public:
  explicit FakeInterfacesWatch(boost::asio::any_io_executor executor);
  ~FakeInterfacesWatch() override;
  boost::asio::awaitable<InterfaceEvent> next() override;
  /// On the executor's thread.
  void push(InterfaceEvent event);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct LocalAddress {
  std::string interface;
  std::string address;
  bool ipv6 = false;
};
/// Global unicast addresses of interfaces that are up; no loopback, no link-local. Throws SystemError.
std::vector<LocalAddress> local_addresses();

/// The address the kernel would send from to reach `towards` (an IP literal; by default any host on the
/// default route); nullopt without a route. Sends nothing.
std::optional<std::string> source_address(const std::string& towards = "192.0.2.1");

}  // namespace edgecore::net
