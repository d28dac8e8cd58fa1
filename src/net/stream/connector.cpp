// SPDX-License-Identifier: Apache-2.0
#include "net/stream/connector.hpp"

#include <netdb.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <mutex>
#include <thread>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/net/limits.hpp"
#include "net/stream/deadline.hpp"

namespace edgecore::net {
namespace {

using Endpoint = asio::generic::stream_protocol::endpoint;

/// Shared by a look-up's thread and its waiter. The thread touches the waiter's executor only under the mutex
/// and only while the waiter is there.
struct LookUp {
  std::mutex mutex;
  bool waiting = true;
  SteadyTimer* wake = nullptr;
  std::vector<asio::ip::address> addresses;
  std::string failure;
  bool finished = false;
};

/// Ends the thread's right to wake the waiter.
class Waiter {
 public:
  explicit Waiter(std::shared_ptr<LookUp> look_up) : look_up_(std::move(look_up)) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    const std::lock_guard lock(look_up_->mutex);
    look_up_->waiting = false;
  }

 private:
  std::shared_ptr<LookUp> look_up_;
};

std::atomic<int> look_ups_under_way{0};

void resolve(const std::string& host, std::vector<asio::ip::address>& addresses, std::string& failure) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  if (error != 0) failure = ::gai_strerror(error);
  for (const addrinfo* one = error == 0 ? found : nullptr; one != nullptr; one = one->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    endpoint.resize(one->ai_addrlen);
    std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen,
                reinterpret_cast<char*>(endpoint.data()));
    addresses.push_back(endpoint.address());
  }
}

void look_up_on_thread(const std::shared_ptr<LookUp>& state, const asio::any_io_executor& executor,
                       std::string host) {
  if (look_ups_under_way.fetch_add(1) >= kNameLookups) {
    look_ups_under_way.fetch_sub(1);
    throw NetError(NetFailure::kResolve,
                   "The name " + log::quote(host) +
                       " was not looked up: too many look-ups are stuck; is the DNS server alive?");
  }
  std::thread([state, executor, host = std::move(host)]() mutable {
    std::vector<asio::ip::address> addresses;
    std::string failure;
    resolve(host, addresses, failure);
    look_ups_under_way.fetch_sub(1);
    const std::lock_guard lock(state->mutex);
    state->addresses = std::move(addresses);
    state->failure = std::move(failure);
    state->finished = true;
    if (state->waiting)
      asio::post(executor, [state] {
        const std::lock_guard inner(state->mutex);
        if (state->waiting) state->wake->cancel();
      });
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

  const auto executor = co_await asio::this_coro::executor;
  SteadyTimer wake(executor, deadline);
  const auto state = std::make_shared<LookUp>();
  state->wake = &wake;
  const Waiter waiter(state);
  look_up_on_thread(state, executor, host);
  const auto [error] = co_await wake.async_wait(kAsResult);
  const std::lock_guard lock(state->mutex);
  if (!state->finished) {
    if (error) throw boost::system::system_error(error);  // not woken by the thread: cancelled
    throw NetError(NetFailure::kTimeout, "The name " + log::quote(host) + " was not resolved in time.");
  }
  if (state->addresses.empty())
    throw NetError(NetFailure::kResolve,
                   "The name " + log::quote(host) + " has no address: " + state->failure + ".");
  co_return state->addresses;
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
