// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/base/log.hpp"

namespace edgecore::metaserver {

/// The link that has the address of `dummyServer` (protocol/03-metaserver.md §1.3 step 1): the same as the Go
/// agent's, so that each agent finds the link of the other.
inline constexpr char kDummyLink[] = "edge-dummy0";

/// Makes `ip` an address of this machine that can be listened on: an address of `edge-dummy0`, or of `lo`
/// where the kernel has no dummy links (logged once, because then the machine has the address). Loopback
/// addresses, "any" addresses and those that the machine has need nothing. The address stays when the program
/// ends. Returns the link that got the address, "" if nothing had to be done. Throws SystemError if the
/// machine refuses, BadInput if the text is not an IP address. May be called again at any time.
std::string make_listenable(const std::string& ip, const log::Logger& log);

/// Only this machine reaches the address. False for what is not an IP address.
[[nodiscard]] bool is_loopback(const std::string& ip);

}  // namespace edgecore::metaserver
