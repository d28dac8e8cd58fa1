// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/net/interfaces_watch.hpp"

namespace edgecore::net {

/// Which links carry traffic, by index: the kernel repeats RTM_NEWLINK for every detail, a change of this is
/// an event.
using LinkStates = std::map<int, bool>;

/// The events in one datagram of rtnetlink. `links` is brought up to date. What cannot be parsed is left out.
std::vector<InterfaceEvent> parse_netlink(std::string_view datagram, LinkStates& links);

/// Neither loopback, link-local, multicast nor unspecified. `address`: in_addr or in6_addr.
bool is_global(int family, const void* address);
std::string address_text(int family, const void* address);

}  // namespace edgecore::net
