// SPDX-License-Identifier: Apache-2.0
#include "net/http/arriving_interface.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace edgecore::net {
namespace {

/// For TCP the options of ip(7) and RFC 2292 §13 still say where the first packet came in.
struct Asking {
  int level, wanted, options, type;
};
constexpr Asking kIpv4{IPPROTO_IP, IP_PKTINFO, IP_PKTOPTIONS, IP_PKTINFO};
constexpr Asking kIpv6{IPPROTO_IPV6, IPV6_2292PKTINFO, IPV6_2292PKTOPTIONS, IPV6_2292PKTINFO};

unsigned index_in(const cmsghdr& said, const Asking& asking) {
  if (asking.level == IPPROTO_IPV6) {
    in6_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(&said), sizeof info);
    return info.ipi6_ifindex;
  }
  in_pktinfo info{};
  std::memcpy(&info, CMSG_DATA(&said), sizeof info);
  return static_cast<unsigned>(info.ipi_ifindex);
}

/// 0 if the kernel does not say.
unsigned arriving_index(int socket, const Asking& asking) {
  const int on = 1, off = 0;
  if (::setsockopt(socket, asking.level, asking.wanted, &on, sizeof on) != 0) return 0;
  alignas(cmsghdr) std::array<char, 256> room{};
  auto size = static_cast<socklen_t>(room.size());
  const bool is_told = ::getsockopt(socket, asking.level, asking.options, room.data(), &size) == 0;
  ::setsockopt(socket, asking.level, asking.wanted, &off, sizeof off);
  if (!is_told) return 0;
  msghdr message{};
  message.msg_control = room.data();
  message.msg_controllen = size;
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at))
    if (at->cmsg_level == asking.level && at->cmsg_type == asking.type) return index_in(*at, asking);
  return 0;
}

}  // namespace

std::string arriving_interface(int socket) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) != 0) return {};
  const unsigned index = arriving_index(socket, own.ss_family == AF_INET6 ? kIpv6 : kIpv4);
  std::array<char, IF_NAMESIZE> name{};
  if (index == 0 || ::if_indextoname(index, name.data()) == nullptr) return {};
  return name.data();
}

}  // namespace edgecore::net
