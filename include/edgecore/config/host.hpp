// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace edgecore::config {

/// An address as numbers-and-dots or RFC 5952 text, on the interface that has it.
struct InterfaceAddress {
  std::string interface;
  std::string address;
  bool up = true;
};

/// What the defaults read from the machine. The real one blocks (name resolution): call it at the start, not
/// from a module's loop. Does not throw: values that cannot be read are empty.
class Host {
 public:
  virtual ~Host() = default;
  /// The kernel's host name.
  [[nodiscard]] virtual std::string hostname() const = 0;
  /// The resolver's addresses for `name`, in its order.
  [[nodiscard]] virtual std::vector<std::string> resolve(const std::string& name) const = 0;
  /// Every address of every interface.
  [[nodiscard]] virtual std::vector<InterfaceAddress> interfaces() const = 0;
  /// The source address of the default route, IPv4 before IPv6.
  [[nodiscard]] virtual std::string default_route_source() const = 0;
};

/// The machine this process runs on.
class SystemHost final : public Host {
 public:
  [[nodiscard]] std::string hostname() const override;
  [[nodiscard]] std::vector<std::string> resolve(const std::string& name) const override;
  [[nodiscard]] std::vector<InterfaceAddress> interfaces() const override;
  [[nodiscard]] std::string default_route_source() const override;
};

/// The default node name: the host name, trimmed and in lower case; "default-edge-node" if that is not a
/// DNS-1123 subdomain (protocol/06-config-cli-tasks.md §2.5).
std::string default_node_name(const Host& host);

/// The default address for CloudCore (§2.5): the first usable IPv4, else IPv6, address that the host name
/// resolves to and an interface has; else the default route's source; else "".
std::string local_ip(const Host& host);

/// `ip:port`, with brackets around an IPv6 address.
std::string join_host_port(std::string_view ip, int port);

/// The node address for `edged.customInterfaceName`: the first global unicast address (IPv4 first) of that
/// interface, which must be up. Throws BadInput if there is none.
std::string interface_ip(const Host& host, const std::string& interface);

}  // namespace edgecore::config
