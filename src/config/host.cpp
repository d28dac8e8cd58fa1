// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/host.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/names.hpp"

namespace edgecore::config {
namespace {

/// An IP address; IPv4 addresses, mapped ones too, have 4 bytes.
struct Ip {
  std::array<unsigned char, 16> bytes{};
  bool v6 = false;
};

std::optional<Ip> parse_ip(const std::string& text) {
  Ip ip;
  if (::inet_pton(AF_INET, text.c_str(), ip.bytes.data()) == 1) return ip;
  if (::inet_pton(AF_INET6, text.c_str(), ip.bytes.data()) != 1) return std::nullopt;
  ip.v6 = true;
  return ip;
}

/// True unless loopback, multicast, link-local, unspecified or broadcast.
bool is_global_unicast(const Ip& ip) {
  const auto& b = ip.bytes;
  if (!ip.v6) {
    const bool unspecified = b[0] == 0 && b[1] == 0 && b[2] == 0 && b[3] == 0;
    const bool broadcast = b[0] == 255 && b[1] == 255 && b[2] == 255 && b[3] == 255;
    return !unspecified && !broadcast && b[0] != 127 && (b[0] & 0xF0) != 0xE0 &&
           !(b[0] == 169 && b[1] == 254);
  }
  const bool zeros = std::all_of(b.begin(), b.end() - 1, [](unsigned char c) { return c == 0; });
  return !(zeros && b[15] <= 1) && b[0] != 0xFF && !(b[0] == 0xFE && (b[1] & 0xC0) == 0x80);
}

/// The first IPv4, else the first IPv6, address that `wanted` accepts; "" if there is none.
template <class Wanted>
std::string first_global(const std::vector<std::string>& addresses, Wanted wanted) {
  std::string v6;
  for (const std::string& address : addresses) {
    const auto ip = parse_ip(address);
    if (!ip || !is_global_unicast(*ip) || !wanted(address)) continue;
    if (!ip->v6) return address;
    if (v6.empty()) v6 = address;
  }
  return v6;
}

std::string to_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address == nullptr) return {};
  const void* raw = nullptr;
  if (address->sa_family == AF_INET) {
    raw = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  } else if (address->sa_family == AF_INET6) {
    raw = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  } else {
    return {};
  }
  return ::inet_ntop(address->sa_family, raw, text.data(), text.size()) == nullptr ? "" : text.data();
}

/// The source address that the kernel uses towards `destination`. Connecting a datagram socket sends nothing.
std::string route_source(int family, const sockaddr* destination, socklen_t size) {
  const int fd = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return {};
  sockaddr_storage own{};
  socklen_t own_size = sizeof own;
  auto* own_address = reinterpret_cast<sockaddr*>(&own);
  const bool known = ::connect(fd, destination, size) == 0 && ::getsockname(fd, own_address, &own_size) == 0;
  ::close(fd);
  return known ? to_text(own_address) : "";
}

}  // namespace

std::string SystemHost::hostname() const {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::vector<std::string> SystemHost::resolve(const std::string& name) const {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::vector<std::string> addresses;
  if (name.empty() || ::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return addresses;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) addresses.push_back(to_text(at->ai_addr));
  return addresses;
}

std::vector<InterfaceAddress> SystemHost::interfaces() const {
  ifaddrs* found = nullptr;
  std::vector<InterfaceAddress> addresses;
  if (::getifaddrs(&found) != 0) return addresses;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(found, &::freeifaddrs);
  for (const ifaddrs* at = found; at != nullptr; at = at->ifa_next) {
    std::string address = to_text(at->ifa_addr);
    if (address.empty()) continue;
    addresses.push_back({at->ifa_name, std::move(address), (at->ifa_flags & IFF_UP) != 0});
  }
  return addresses;
}

std::string SystemHost::default_route_source() const {
  // Documentation addresses (RFC 5737, RFC 3849): only the default route matches them.
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(9);
  ::inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
  std::string source = route_source(AF_INET, reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  if (!source.empty()) return source;
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(9);
  ::inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
  return route_source(AF_INET6, reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

std::string default_node_name(const Host& host) {
  const std::string hostname = host.hostname();
  std::string name = lower_case(trimmed(hostname, " \t\n\v\f\r"));
  return kube::is_dns_subdomain(name) ? name : "default-edge-node";
}

std::string local_ip(const Host& host) {
  const auto own = host.interfaces();
  const std::string address = first_global(host.resolve(host.hostname()), [&](const std::string& candidate) {
    return std::any_of(own.begin(), own.end(),
                       [&](const InterfaceAddress& entry) { return entry.address == candidate; });
  });
  return address.empty() ? host.default_route_source() : address;
}

std::string join_host_port(std::string_view ip, int port) {
  const std::string host(ip);
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::string interface_ip(const Host& host, const std::string& interface) {
  std::vector<std::string> addresses;
  bool known = false;
  for (const InterfaceAddress& entry : host.interfaces()) {
    known = known || entry.interface == interface;
    if (entry.interface == interface && entry.up) addresses.push_back(entry.address);
  }
  std::string address = first_global(addresses, [](const std::string&) { return true; });
  if (!address.empty()) return address;
  throw BadInput("modules.edged.customInterfaceName: interface " + log::quote(interface) +
                 (known ? " is down or has no global unicast address" : " has no address or does not exist") +
                 "; name another one or remove the key");
}

}  // namespace edgecore::config
