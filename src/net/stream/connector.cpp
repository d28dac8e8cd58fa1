// SPDX-License-Identifier: Apache-2.0
#include "net/stream/connector.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "net/stream/deadline.hpp"
#include "net/stream/look_ups.hpp"

namespace edgecore::net {
namespace {

using Endpoint = asio::generic::stream_protocol::endpoint;

asio::awaitable<Stream> connect_endpoint(Endpoint endpoint, std::string name, SteadyPoint deadline) {
  const auto executor = co_await asio::this_coro::executor;
  Stream::Socket socket(executor);
  Deadline time(executor, [&socket] {
    error_code ignored;
    socket.close(ignored);
  });
  time.arm_at(deadline);
  error_code opened;
  socket.open(endpoint.protocol(), opened);
  if (opened) throw NetError(NetFailure::kConnect, "No socket could be made: " + opened.message() + ".");
  const auto [error] = co_await socket.async_connect(endpoint, kAsResult);
  time.disarm();
  if (time.expired())
    throw NetError(NetFailure::kTimeout, "The connection to " + name + " was not established in time.");
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error)
    throw NetError(NetFailure::kConnect, "The connection to " + name + " failed: " + error.message() + ".");
  co_return Stream(std::move(socket));
}

asio::awaitable<Stream> connect_tcp(std::string host, std::uint16_t port, std::string owner,
                                    SteadyPoint deadline) {
  const auto addresses = co_await LookUps::instance().find(host, std::move(owner), deadline);
  std::optional<NetError> last;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto now = steady_now();
    const auto left = static_cast<SteadyPoint::rep>(addresses.size() - i);
    const auto share = deadline == SteadyPoint::max() ? deadline : now + (deadline - now) / left;
    const Endpoint endpoint = asio::ip::tcp::endpoint(addresses[i], port);
    std::string name = host + " port " + std::to_string(port);
    if (addresses[i].to_string() != host) name += " (" + addresses[i].to_string() + ")";
    try {
      co_return co_await connect_endpoint(endpoint, name, share);
    } catch (const NetError& problem) {
      last = problem;
    }
  }
  throw *last;
}

}  // namespace

SteadyPoint deadline_after(std::chrono::milliseconds timeout) {
  return timeout.count() > 0 ? steady_now() + timeout : SteadyPoint::max();
}

asio::awaitable<Stream> connect_stream(ConnectTarget target, SteadyPoint deadline) {
  std::optional<Stream> stream;
  if (!target.unix_socket.empty()) {
    const std::string path = target.unix_socket.string();
    if (path.size() >= 108)
      throw BadInput("The path of the Unix socket " + path + " is longer than 107 bytes.");
    const Endpoint endpoint = asio::local::stream_protocol::endpoint(path);
    stream = co_await connect_endpoint(endpoint, path, deadline);
  } else {
    std::string dialled = target.address.empty() ? target.host : target.address;
    stream = co_await connect_tcp(std::move(dialled), target.port, std::move(target.owner), deadline);
  }
  if (!target.tls) co_return *stream;
  Deadline time(stream->get_executor(), [guarded = *stream]() mutable { guarded.expire(); });
  time.arm_at(deadline);
  co_await stream->handshake_client(target.tls, target.host);
  co_return *stream;
}

}  // namespace edgecore::net
