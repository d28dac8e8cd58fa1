// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

#include "edgecore/base/clock.hpp"
#include "net/stream/stream.hpp"
#include "net/stream/stream_core.hpp"

namespace edgecore::net {

ssize_t Stream::Core::receive(const Regions& regions) {
  std::array<iovec, 8> pieces{};
  for (std::size_t i = 0; i < regions.count; ++i) pieces[i] = {regions.items[i].data, regions.items[i].size};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = regions.count;
  const ssize_t got = ::recvmsg(socket.native_handle(), &message, 0);
  if (got > 0) {
    read += static_cast<std::uint64_t>(got);
    last_read = steady_now();
  }
  return got;
}

ssize_t Stream::Core::transmit(const Regions& regions) {
  std::array<iovec, 8> pieces{};
  for (std::size_t i = 0; i < regions.count; ++i) pieces[i] = {regions.items[i].data, regions.items[i].size};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = regions.count;
  const ssize_t sent = ::sendmsg(socket.native_handle(), &message, MSG_NOSIGNAL);
  if (sent > 0) written += static_cast<std::uint64_t>(sent);
  return sent;
}

Stream::Attempt Stream::Core::attempt(Direction direction, const Regions& regions) {
  if (closed) return {Attempt::State::kDone, asio::error::operation_aborted, 0};
  const bool reading = direction == Direction::kRead;
  if (reading && !pushed_back.empty()) {
    if (regions.count == 0) return {};
    const std::size_t count = std::min(pushed_back.size(), regions.items[0].size);
    std::copy_n(pushed_back.data(), count, static_cast<char*>(regions.items[0].data));
    pushed_back.erase(0, count);
    return {Attempt::State::kDone, {}, count};
  }
  if (reading && read_limit && read >= *read_limit)
    return {Attempt::State::kDone, asio::error::message_size, 0};
  if (regions.count == 0 && direction != Direction::kHandshake) return {};
  return ssl ? attempt_tls(direction, regions) : attempt_plain(direction, regions);
}

Stream::Attempt Stream::Core::attempt_plain(Direction direction, const Regions& regions) {
  const ssize_t count = direction == Direction::kRead ? receive(regions) : transmit(regions);
  if (count > 0) return {Attempt::State::kDone, {}, static_cast<std::size_t>(count)};
  if (count == 0) return {Attempt::State::kDone, asio::error::eof, 0};
  const int reason = errno;
  if (reason == EAGAIN || reason == EINTR)
    return {direction == Direction::kRead ? Attempt::State::kWantsRead : Attempt::State::kWantsWrite, {}, 0};
  return {Attempt::State::kDone, error_code(reason, boost::system::system_category()), 0};
}

/// A pending operation: tries, and waits for the socket while it would block. Carries the handler's executor
/// and cancellation slot, as Asio's own operations do.
struct Stream::Operation {
  std::shared_ptr<Core> core;
  Direction direction;
  Regions regions;
  IoHandler handler;

  using executor_type = asio::any_completion_executor;
  using cancellation_slot_type = asio::cancellation_slot;
  using allocator_type = asio::associated_allocator_t<IoHandler>;
  [[nodiscard]] executor_type get_executor() const {
    return asio::get_associated_executor(handler, core->socket.get_executor());
  }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const {
    return asio::get_associated_cancellation_slot(handler);
  }
  [[nodiscard]] allocator_type get_allocator() const { return asio::get_associated_allocator(handler); }

  void operator()(error_code error) {
    if (error) return finish(error, 0);
    const Attempt outcome = core->attempt(direction, regions);
    if (outcome.state != Attempt::State::kDone) return wait(outcome.state);
    finish(outcome.error, outcome.count);
  }
  void start() {
    const Attempt outcome = core->attempt(direction, regions);
    if (outcome.state != Attempt::State::kDone) return wait(outcome.state);
    const auto executor = get_executor();
    auto bound = asio::bind_executor(executor, [done = std::move(handler), outcome]() mutable {
      std::move(done)(outcome.error, outcome.count);
    });
    asio::post(core->socket.get_executor(), std::move(bound));
  }
  void wait(Attempt::State state) {
    const auto what = state == Attempt::State::kWantsRead ? Socket::wait_read : Socket::wait_write;
    const auto shared = core;
    shared->socket.async_wait(what, std::move(*this));
  }
  void finish(error_code error, std::size_t count) {
    const auto shared = std::move(core);  // keeps the connection until the handler has run
    std::move(handler)(error, count);
  }
};

Stream::Stream(Socket socket) : core_(std::make_shared<Core>(std::move(socket))) {
  core_->socket.native_non_blocking(true);
  const int on = 1;  // fails on Unix sockets, harmlessly
  ::setsockopt(core_->socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Stream::begin(Direction direction, const Regions& regions, IoHandler handler) {
  Operation{core_, direction, regions, std::move(handler)}.start();
}

Stream::Attempt Stream::try_read(asio::mutable_buffer into) {
  return core_->attempt(Direction::kRead, regions_of(into));
}

Stream::Attempt Stream::try_write(std::span<const asio::const_buffer> pieces) {
  return core_->attempt(Direction::kWrite, regions_of(pieces));
}

bool Stream::holds_input() const {
  return !core_->pushed_back.empty() || (core_->ssl && SSL_has_pending(core_->ssl.get()) == 1);
}

Stream::Socket& Stream::socket() {
  return core_->socket;
}

Stream::executor_type Stream::get_executor() const {
  return core_->socket.get_executor();
}

void Stream::unread(std::string bytes) {
  core_->pushed_back.insert(0, bytes);
}

void Stream::limit_reads(std::optional<std::uint64_t> bytes) {
  core_->read_limit = bytes;
  if (bytes) *core_->read_limit += core_->read;
}

void Stream::shutdown() {
  if (core_->closed) return;
  if (core_->ssl && SSL_is_init_finished(core_->ssl.get())) {
    SSL_shutdown(core_->ssl.get());
    take_openssl_error();
  }
  error_code ignored;
  core_->socket.shutdown(Socket::shutdown_send, ignored);
}

void Stream::close(bool reset) {
  if (core_->closed) return;
  core_->closed = true;
  if (reset) {
    const linger hard{1, 0};
    ::setsockopt(core_->socket.native_handle(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  error_code ignored;
  core_->socket.close(ignored);
}

void Stream::expire() {
  core_->expired = true;
  close();
}

bool Stream::open() const {
  return !core_->closed;
}

void Stream::fail(error_code error, const std::string& doing) const {
  if (core_->expired) throw NetError(NetFailure::kTimeout, "The time-out for " + doing + " expired.");
  if (core_->closed)
    throw NetError(NetFailure::kClosed, "The connection was closed on this side while " + doing + ".");
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error == asio::error::eof)
    throw NetError(NetFailure::kClosed, "The peer closed the connection while " + doing + ".");
  if (error == asio::error::message_size)
    throw NetError(NetFailure::kTooLarge, "The peer sent too much data while " + doing + ".");
  if (!core_->tls_failure.empty())
    throw NetError(NetFailure::kTls, "TLS failed while " + doing + ": " + core_->tls_failure + ".");
  throw NetError(NetFailure::kClosed, "The connection broke while " + doing + ": " + error.message() + ".");
}

void Stream::set_tcp_options(std::chrono::milliseconds user_timeout, std::chrono::seconds keepalive) {
  const int fd = core_->socket.native_handle();
  const auto set = [fd](int level, int name, long value) {
    const int number = static_cast<int>(value);
    ::setsockopt(fd, level, name, &number, sizeof number);  // fails on Unix sockets, harmlessly
  };
  if (user_timeout.count() > 0) set(IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout.count());
  if (keepalive.count() > 0) {
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, keepalive.count());
    set(IPPROTO_TCP, TCP_KEEPINTVL, std::max(keepalive.count() / 3, std::chrono::seconds::rep{1}));
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  }
}

std::uint64_t Stream::bytes_read() const {
  return core_->read;
}
std::uint64_t Stream::bytes_written() const {
  return core_->written;
}
SteadyTime Stream::last_read() const {
  return core_->last_read;
}

namespace {

Stream::Address describe(const asio::generic::stream_protocol::endpoint& endpoint, error_code error) {
  if (error) return {};
  const int family = endpoint.protocol().family();
  if (family != AF_INET && family != AF_INET6) return {"unix", 0};
  asio::ip::tcp::endpoint tcp;
  tcp.resize(endpoint.size());
  std::copy_n(reinterpret_cast<const char*>(endpoint.data()), endpoint.size(),
              reinterpret_cast<char*>(tcp.data()));
  auto address = tcp.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return {address.to_string(), tcp.port()};
}

}  // namespace

Stream::Address Stream::peer() const {
  error_code error;
  const auto endpoint = core_->socket.remote_endpoint(error);
  return describe(endpoint, error);
}

Stream::Address Stream::local() const {
  error_code error;
  const auto endpoint = core_->socket.local_endpoint(error);
  return describe(endpoint, error);
}

asio::awaitable<error_code> write_all(Stream stream, std::string_view bytes,
                                      std::function<void()> on_progress) {
  constexpr std::size_t kSlice = 64UL * 1024;
  std::size_t until_progress = 0;
  while (!bytes.empty()) {
    if (until_progress == 0) {
      if (on_progress) on_progress();
      until_progress = kSlice;
    }
    const auto buffer = asio::buffer(bytes.data(), std::min(bytes.size(), until_progress));
    const auto [error, count] = co_await stream.async_write_some(buffer, kAsResult);
    if (error) co_return error;
    bytes.remove_prefix(count);
    until_progress -= count;
  }
  co_return error_code();
}

}  // namespace edgecore::net
