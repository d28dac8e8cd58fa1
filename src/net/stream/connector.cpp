// SPDX-License-Identifier: Apache-2.0
#include "net/stream/connector.hpp"

#include <netdb.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <thread>

#include "edgecore/async/oneshot.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/net/limits.hpp"
#include "net/stream/deadline.hpp"

namespace edgecore::net {
namespace {

using Endpoint = asio::generic::stream_protocol::endpoint;

/// Result of getaddrinfo.
struct Found {
  std::vector<asio::ip::address> addresses;
  std::string failure;
};
using Answer = async::Oneshot<Found>;

std::atomic<int> look_ups_under_way{0};

Found resolve(const std::string& host) {
  Found out;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  if (error != 0) out.failure = ::gai_strerror(error);
  for (const addrinfo* one = error == 0 ? found : nullptr; one != nullptr; one = one->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    endpoint.resize(one->ai_addrlen);
    std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen,
                reinterpret_cast<char*>(endpoint.data()));
    out.addresses.push_back(endpoint.address());
  }
  return out;
}

void look_up_on_thread(std::string host, Answer::Sender answer) {
  if (look_ups_under_way.fetch_add(1) >= kNameLookups) {
    look_ups_under_way.fetch_sub(1);
    throw NetError(NetFailure::kResolve,
                   "The name " + log::quote(host) +
                       " was not looked up: too many look-ups are stuck. Check the DNS server.");
  }
  std::thread([host = std::move(host), answer = std::move(answer)] {
    Found found = resolve(host);
    look_ups_under_way.fetch_sub(1);
    answer(std::move(found));
  }).detach();
}

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

asio::awaitable<Stream> connect_tcp(std::string host, std::uint16_t port, SteadyPoint deadline) {
  const auto addresses = co_await look_up(host, deadline);
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

asio::awaitable<std::vector<asio::ip::address>> look_up(std::string host, SteadyPoint deadline) {
  error_code no_literal;
  const auto literal = asio::ip::make_address(host, no_literal);
  if (!no_literal) co_return std::vector<asio::ip::address>(1, literal);

  Answer answer(co_await asio::this_coro::executor);
  look_up_on_thread(host, answer.sender());
  const async::Woken woken = co_await answer.wait_until(deadline);
  if (woken == async::Woken::kCancelled) throw boost::system::system_error(asio::error::operation_aborted);
  if (woken == async::Woken::kTimeUp)
    throw NetError(NetFailure::kTimeout, "The name " + log::quote(host) + " was not resolved in time.");
  Found found = answer.take();
  if (found.addresses.empty())
    throw NetError(NetFailure::kResolve,
                   "The name " + log::quote(host) + " has no address: " + found.failure + ".");
  co_return std::move(found.addresses);
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
    stream = co_await connect_tcp(std::move(dialled), target.port, deadline);
  }
  if (!target.tls) co_return *stream;
  Deadline time(stream->get_executor(), [guarded = *stream]() mutable { guarded.expire(); });
  time.arm_at(deadline);
  co_await stream->handshake_client(target.tls, target.host);
  co_return *stream;
}

}  // namespace edgecore::net
