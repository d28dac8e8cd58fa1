// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edgecore/net/headers.hpp"

namespace edgecore::net {

/// Why a request to a local server without authorization comes from the page of a web site in a browser on
/// this machine; nullopt if it does not. Whoever reaches such a server may use it, also a page under a name
/// of its own that it makes resolve to this address (DNS rebinding), or by a request across sites. So Host
/// has to be an address, or a name by which this machine is known, and Origin has to be the same. Clients
/// other than browsers send neither Origin nor Sec-Fetch-Site.
[[nodiscard]] std::optional<std::string> foreign_page(const Headers& headers, std::string_view node_name);

}  // namespace edgecore::net
