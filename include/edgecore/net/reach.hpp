// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "edgecore/net/net_error.hpp"

namespace edgecore::net {

/// Checks that a TCP port accepts connections: connects and closes at once. `host` may be an IP literal.
/// `owner`: as ClientRequest::owner. Throws NetError (resolve, connect, timeout). Cancellation: terminal, at
/// any point.
boost::asio::awaitable<void> reach(std::string host, std::uint16_t port, std::chrono::milliseconds timeout,
                                   std::string owner = {});

}  // namespace edgecore::net
