// SPDX-License-Identifier: Apache-2.0
#include "net/link/netlink_messages.hpp"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <optional>

extern "C" char* if_indextoname(unsigned int index, char* name);  // <net/if.h> clashes with <linux/if.h>

namespace edgecore::net {
namespace {

std::string interface_name(int index) {
  std::array<char, IFNAMSIZ> name{};
  if (index <= 0 || ::if_indextoname(static_cast<unsigned>(index), name.data()) == nullptr) return {};
  return name.data();
}

template <class T>
std::optional<T> take(std::string_view bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T out;
  std::memcpy(&out, bytes.data(), sizeof out);
  return out;
}

/// Attributes by type. `bytes`: the message after its fixed part.
std::map<int, std::string_view> attributes(std::string_view bytes) {
  std::map<int, std::string_view> out;
  while (const auto head = take<rtattr>(bytes)) {
    if (head->rta_len < sizeof(rtattr) || head->rta_len > bytes.size()) break;
    out[head->rta_type] = bytes.substr(RTA_LENGTH(0), head->rta_len - RTA_LENGTH(0));
    bytes.remove_prefix(std::min<std::size_t>(RTA_ALIGN(head->rta_len), bytes.size()));
  }
  return out;
}

std::size_t address_size(int family) {
  return family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
}

std::string_view behind(std::string_view payload, std::size_t fixed) {
  return payload.substr(std::min<std::size_t>(NLMSG_ALIGN(fixed), payload.size()));
}

std::optional<InterfaceEvent> link_event(int type, std::string_view payload, LinkStates& links) {
  const auto info = take<ifinfomsg>(payload);
  if (!info || (info->ifi_flags & IFF_LOOPBACK) != 0U) return std::nullopt;
  const auto parts = attributes(behind(payload, sizeof(ifinfomsg)));
  const auto name = parts.find(IFLA_IFNAME);
  InterfaceEvent event;
  event.interface = name != parts.end() ? std::string(name->second.substr(0, name->second.find('\0')))
                                        : interface_name(info->ifi_index);
  const bool up =
      type == RTM_NEWLINK && (info->ifi_flags & IFF_UP) != 0U && (info->ifi_flags & IFF_LOWER_UP) != 0U;
  const auto known = links.find(info->ifi_index);
  if (known != links.end() && known->second == up) return std::nullopt;
  if (type == RTM_DELLINK) {
    links.erase(info->ifi_index);
  } else {
    links[info->ifi_index] = up;
  }
  event.change = up ? InterfaceChange::kLinkUp : InterfaceChange::kLinkDown;
  return event;
}

std::optional<InterfaceEvent> address_event(int type, std::string_view payload) {
  const auto info = take<ifaddrmsg>(payload);
  if (!info || (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)) return std::nullopt;
  const auto parts = attributes(behind(payload, sizeof(ifaddrmsg)));
  auto address = parts.find(IFA_LOCAL);
  if (address == parts.end()) address = parts.find(IFA_ADDRESS);
  if (address == parts.end() || address->second.size() < address_size(info->ifa_family)) return std::nullopt;
  if (!is_global(info->ifa_family, address->second.data())) return std::nullopt;
  InterfaceEvent event;
  event.change = type == RTM_NEWADDR ? InterfaceChange::kAddressAdded : InterfaceChange::kAddressRemoved;
  event.interface = interface_name(static_cast<int>(info->ifa_index));
  event.address = address_text(info->ifa_family, address->second.data());
  return event;
}

std::optional<InterfaceEvent> route_event(int type, std::string_view payload) {
  const auto info = take<rtmsg>(payload);
  if (!info || (info->rtm_family != AF_INET && info->rtm_family != AF_INET6)) return std::nullopt;
  if (info->rtm_table != RT_TABLE_MAIN || info->rtm_type != RTN_UNICAST) return std::nullopt;
  if ((info->rtm_flags & RTM_F_CLONED) != 0U) return std::nullopt;
  const auto parts = attributes(behind(payload, sizeof(rtmsg)));
  InterfaceEvent event;
  event.change = type == RTM_NEWROUTE ? InterfaceChange::kRouteAdded : InterfaceChange::kRouteRemoved;
  event.address = "default";
  const auto destination = parts.find(RTA_DST);
  if (destination != parts.end() && destination->second.size() >= address_size(info->rtm_family)) {
    if (!is_global(info->rtm_family, destination->second.data())) return std::nullopt;
    event.address =
        address_text(info->rtm_family, destination->second.data()) + "/" + std::to_string(info->rtm_dst_len);
  }
  const auto out = parts.find(RTA_OIF);
  if (out != parts.end())
    if (const auto index = take<int>(out->second)) event.interface = interface_name(*index);
  return event;
}

std::optional<InterfaceEvent> event_of(int type, std::string_view payload, LinkStates& links) {
  switch (type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return link_event(type, payload, links);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return address_event(type, payload);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return route_event(type, payload);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::vector<InterfaceEvent> parse_netlink(std::string_view datagram, LinkStates& links) {
  std::vector<InterfaceEvent> out;
  while (const auto head = take<nlmsghdr>(datagram)) {
    if (head->nlmsg_len < sizeof(nlmsghdr) || head->nlmsg_len > datagram.size()) break;
    const auto payload = datagram.substr(NLMSG_HDRLEN, head->nlmsg_len - static_cast<unsigned>(NLMSG_HDRLEN));
    if (auto event = event_of(head->nlmsg_type, payload, links)) out.push_back(*std::move(event));
    datagram.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(head->nlmsg_len), datagram.size()));
  }
  return out;
}

bool is_global(int family, const void* address) {
  if (family == AF_INET) {
    in_addr in{};
    std::memcpy(&in, address, sizeof in);
    const auto host = ntohl(in.s_addr);
    return host != 0 && host >> 24U != 127 && host >> 16U != 0xA9FE && host >> 28U != 0xE &&
           host != 0xFFFFFFFF;
  }
  in6_addr in{};
  std::memcpy(&in, address, sizeof in);
  return !IN6_IS_ADDR_UNSPECIFIED(&in) && !IN6_IS_ADDR_LOOPBACK(&in) && !IN6_IS_ADDR_LINKLOCAL(&in) &&
         !IN6_IS_ADDR_MULTICAST(&in);
}

std::string address_text(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(family, address, text.data(), static_cast<socklen_t>(text.size())) == nullptr) return {};
  return text.data();
}

}  // namespace edgecore::net
