// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/net/net_error.hpp"
#include "edgecore/net/tls.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::net {

namespace asio = boost::asio;
using boost::system::error_code;

/// Completion token: co_await gives a tuple that begins with the error_code instead of throwing.
inline constexpr auto kAsResult = asio::as_tuple(asio::use_awaitable);

/// A connected byte stream: TCP or Unix socket, plain or TLS, behind one type, so that Beast's templates are
/// instantiated once and HTTP code is free of them. A handle: copies share the connection. One executor, one
/// pending read and one pending write at a time.
///
/// TLS runs OpenSSL directly on the socket with SSL_MODE_RELEASE_BUFFERS: an idle connection holds no record
/// buffers (asio::ssl::stream keeps 75 KiB for it). Satisfies Asio's AsyncReadStream and AsyncWriteStream.
class Stream {
 public:
  using executor_type = asio::any_io_executor;
  using Socket = asio::generic::stream_protocol::socket;
  using IoHandler = asio::any_completion_handler<void(error_code, std::size_t)>;

  /// Takes over a connected socket.
  explicit Stream(Socket socket);

  [[nodiscard]] executor_type get_executor() const;

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [](IoHandler handler, Stream stream, Regions regions) {
          stream.begin(Direction::kRead, regions, std::move(handler));
        },
        token, *this, regions_of(buffers));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [](IoHandler handler, Stream stream, Regions regions) {
          stream.begin(Direction::kWrite, regions, std::move(handler));
        },
        token, *this, regions_of(buffers));
  }
  /// Result of one non-blocking attempt: kDone with an error or a count, or what to wait for before the next
  /// one. A write that is tried again must begin with the same bytes (TLS).
  struct Attempt {
    enum class State { kDone, kWantsRead, kWantsWrite };
    State state = State::kDone;
    error_code error;
    std::size_t count = 0;
  };
  Attempt try_read(asio::mutable_buffer into);
  /// Writes at most eight pieces.
  Attempt try_write(std::span<const asio::const_buffer> pieces);
  /// True if a read returns buffered data without waiting for the socket.
  [[nodiscard]] bool holds_input() const;
  /// Waits until the socket is ready for another attempt; completes with an error_code.
  template <class Token>
  auto async_wait_for(Attempt::State wanted, Token&& token) {
    const auto what = wanted == Attempt::State::kWantsWrite ? Socket::wait_write : Socket::wait_read;
    return socket().async_wait(what, std::forward<Token>(token));
  }

  /// TLS handshakes; throw NetError (kTls) with the host and the failed check. `host` is verified as
  /// TlsContext says.
  asio::awaitable<void> handshake_client(std::shared_ptr<const TlsContext> tls, std::string host);
  asio::awaitable<void> handshake_server(std::shared_ptr<const TlsContext> tls);

  /// Gives bytes back, to be read again first.
  void unread(std::string bytes);
  /// Limits the bytes that are read from now on; beyond it reads end with error::message_size. nullopt: no
  /// limit.
  void limit_reads(std::optional<std::uint64_t> bytes);

  /// Ends our direction: TLS close_notify and FIN. Never blocks or throws.
  void shutdown();
  /// Closes the socket; pending operations end with operation_aborted. `reset`: RST instead of FIN.
  void close(bool reset = false);
  /// As close(), but later failures are reported as NetFailure::kTimeout.
  void expire();
  [[nodiscard]] bool open() const;

  /// Throws for a failed operation: NetError, or system_error(operation_aborted) if the operation was aborted
  /// without this stream being closed, because then the coroutine is being cancelled. `doing`: "reading the
  /// answer of cloud:10002".
  [[noreturn]] void fail(error_code error, const std::string& doing) const;

  void set_tcp_options(std::chrono::milliseconds user_timeout, std::chrono::seconds keepalive);

  [[nodiscard]] std::uint64_t bytes_read() const;
  [[nodiscard]] std::uint64_t bytes_written() const;
  [[nodiscard]] SteadyTime last_read() const;
  struct Address {
    std::string address;
    std::uint16_t port = 0;
  };
  [[nodiscard]] Address peer() const;
  [[nodiscard]] Address local() const;
  [[nodiscard]] std::optional<Certificate> peer_certificate() const;

 private:
  enum class Direction { kRead, kWrite, kHandshake };
  /// A piece of memory to read into or write from, and a bounded list of them. Beast never needs more at a
  /// time; the rest of a longer sequence goes with the next call, as with any read_some or write_some.
  struct Region {
    void* data = nullptr;
    std::size_t size = 0;
  };
  struct Regions {
    std::array<Region, 8> items{};
    std::size_t count = 0;
  };
  struct Core;
  struct Operation;

  template <class Buffers>
  static Regions regions_of(const Buffers& buffers) {
    Regions out;
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto it = asio::buffer_sequence_begin(buffers); it != end && out.count < out.items.size(); ++it) {
      const asio::const_buffer buffer = *it;
      if (buffer.size() > 0) out.items[out.count++] = {const_cast<void*>(buffer.data()), buffer.size()};
    }
    return out;
  }
  Socket& socket();
  void begin(Direction direction, const Regions& regions, IoHandler handler);
  asio::awaitable<void> handshake(std::shared_ptr<const TlsContext> tls, bool client, std::string host);

  std::shared_ptr<Core> core_;
};

/// Writes all of `bytes`. `on_progress` runs before each slice of 64 KiB (to move a deadline).
asio::awaitable<error_code> write_all(Stream stream, std::string_view bytes,
                                      std::function<void()> on_progress = {});

}  // namespace edgecore::net
