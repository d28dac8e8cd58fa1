// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace edgecore::net {

/// The network interface at which the connection of an accepted TCP socket arrived ("lo", "eth0"), which its
/// peer cannot choose: Linux answers for an address at any interface. "" if the kernel does not say, or the
/// interface is gone.
[[nodiscard]] std::string arriving_interface(int socket);

}  // namespace edgecore::net
