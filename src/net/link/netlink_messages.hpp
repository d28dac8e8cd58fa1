// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/net/interfaces_watch.hpp"

namespace edgecore::net {

/// Whether each link carries traffic, by index. The kernel sends RTM_NEWLINK for every detail; only a change
/// of this value is an event.
using LinkStates = std::map<int, bool>;

/// The events in one rtnetlink datagram. Updates `links`. Ignores what it cannot parse.
std::vector<InterfaceEvent> parse_netlink(std::string_view datagram, LinkStates& links);

/// True unless loopback, link-local, multicast or unspecified. `address`: in_addr or in6_addr.
bool is_global(int family, const void* address);
std::string address_text(int family, const void* address);

}  // namespace edgecore::net
