// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/reach.hpp"

#include "net/stream/connector.hpp"

namespace edgecore::net {

boost::asio::awaitable<void> reach(std::string host, std::uint16_t port, std::chrono::milliseconds timeout,
                                   std::string owner) {
  ConnectTarget target;
  target.host = std::move(host);
  target.port = port;
  target.owner = std::move(owner);
  const Stream connected = co_await connect_stream(std::move(target), deadline_after(timeout));
}

}  // namespace edgecore::net
