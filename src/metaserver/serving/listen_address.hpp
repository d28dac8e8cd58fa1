// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/base/log.hpp"

namespace edgecore::metaserver {

/// Where the address of `dummyServer` lives (protocol/03-metaserver.md §1.3 step 1): the Go agent's link, so
/// that one agent finds what the other has made.
inline constexpr char kDummyLink[] = "edge-dummy0";

/// Makes `ip` an address of this machine that can be listened on: an address of `edge-dummy0`, or of `lo`
/// where the kernel has no dummy links (said in the log; once, because then the machine has it). Loopback
/// addresses, "any" addresses and those that the machine has need nothing. What was made stays when the
/// program ends. Returns the link that has got the address, "" when nothing was to be done. Throws
/// SystemError with a sentence when the machine does not let it, BadInput for text that is no IP address:
/// then this listener cannot be there for now. May be called again at any time.
std::string make_listenable(const std::string& ip, const log::Logger& log);

}  // namespace edgecore::metaserver
