// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "edgecore/net/net_error.hpp"

namespace edgecore::net {

/// Connects by TCP and closes at once: whether somebody listens there. `host` may be an IP literal. Throws
/// NetError (resolve, connect, timeout). Cancellation: terminal, at any point.
boost::asio::awaitable<void> reach(std::string host, std::uint16_t port, std::chrono::milliseconds timeout);

/// The addresses of a host name, as text, in the resolver's order. Throws NetError (resolve, timeout).
boost::asio::awaitable<std::vector<std::string>> resolve_name(std::string host,
                                                              std::chrono::milliseconds timeout);

}  // namespace edgecore::net
