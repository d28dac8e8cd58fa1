// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "edgecore/net/tls.hpp"
#include "edgecore/net/url.hpp"
#include "net/stream/stream.hpp"

namespace edgecore::net {

struct ConnectTarget {
  std::string host;  ///< verified by TLS, named in sentences
  std::uint16_t port = 0;
  std::string address;                ///< dialled instead of the host when not empty
  std::filesystem::path unix_socket;  ///< dialled instead of both when not empty
  std::shared_ptr<const TlsContext> tls;
};

using SteadyPoint = std::chrono::steady_clock::time_point;

/// The time point a time-out stands for; zero: never.
SteadyPoint deadline_after(std::chrono::milliseconds timeout);

/// Looks up, connects to one address after the other (each gets its share of the time left) and does the TLS
/// handshake. Throws NetError with the host in its sentence.
asio::awaitable<Stream> connect_stream(ConnectTarget target, SteadyPoint deadline);

/// Addresses of a host name, by getaddrinfo on a thread of its own that is left behind when the time is up.
asio::awaitable<std::vector<asio::ip::address>> look_up(std::string host, SteadyPoint deadline);

}  // namespace edgecore::net
