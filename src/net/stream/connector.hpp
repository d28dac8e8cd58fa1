// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "edgecore/net/tls.hpp"
#include "edgecore/net/url.hpp"
#include "net/stream/stream.hpp"

namespace edgecore::net {

struct ConnectTarget {
  std::string host;  ///< verified by TLS, named in errors
  std::uint16_t port = 0;
  std::string address;                ///< if set, dialled instead of the host
  std::filesystem::path unix_socket;  ///< if set, dialled instead of both
  std::shared_ptr<const TlsContext> tls;
  std::string owner = {};  ///< whose look-up it is: LookUps
};

using SteadyPoint = std::chrono::steady_clock::time_point;

/// The time point at which a time-out expires; zero: never.
SteadyPoint deadline_after(std::chrono::milliseconds timeout);

/// Looks up, connects to one address after the other (each gets its share of the time left) and does the TLS
/// handshake. Throws NetError that names the host.
asio::awaitable<Stream> connect_stream(ConnectTarget target, SteadyPoint deadline);

}  // namespace edgecore::net
