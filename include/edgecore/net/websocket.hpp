// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/net/headers.hpp"
#include "edgecore/net/limits.hpp"
#include "edgecore/net/net_error.hpp"
#include "edgecore/net/tls.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::net {

struct WebSocketOptions {
  /// ws:// or wss://; path and query are sent as they are.
  std::string url;
  /// Sent with the upgrade request besides the protocol's own. Origin, sub-protocols and extensions are
  /// offered only if given here (protocol/01-tunnel.md §2.2).
  Headers headers;
  /// Needed for wss.
  std::shared_ptr<const TlsContext> tls;
  /// Connect to this address instead of the URL's host; SNI, verification and Host keep the URL's.
  std::string connect_to;
  /// Look-up, connect, TLS and upgrade together.
  std::chrono::milliseconds handshake_timeout = kWebsocketHandshakeTimeout;
  /// A larger message ends read() with NetFailure::kTooLarge and the connection with close code 1009.
  std::size_t max_message_bytes = kWebsocketMessageBytes;
  /// The kernel drops the connection when data stays unacknowledged for this time (pains row 1); zero: kernel
  /// default.
  std::chrono::milliseconds tcp_user_timeout{30'000};
  /// TCP keep-alive: first probe after this idle time, then every third of it; zero: off.
  std::chrono::seconds tcp_keepalive{30};
};

struct WebSocketServerOptions {
  std::size_t max_message_bytes = kWebsocketMessageBytes;
};

/// A whole message, however it was fragmented.
struct WebSocketMessage {
  std::string data;
  bool text = true;
};

/// The server answered the upgrade with another status than 101.
class UpgradeRefused : public NetError {
 public:
  UpgradeRefused(int status, std::string body, const std::string& sentence)
      : NetError(NetFailure::kProtocol, sentence), status_(status), body_(std::move(body)) {}
  [[nodiscard]] int status() const noexcept { return status_; }
  /// At most kUpgradeBodyBytes.
  [[nodiscard]] const std::string& body() const noexcept { return body_; }

 private:
  int status_;
  std::string body_;
};

/// A WebSocket connection (RFC 6455), client or server side, over plain TCP, a Unix socket or TLS. Belongs to
/// one executor (one thread). Destroying the object cuts the connection; it is allowed whenever none of its
/// awaitables is pending. To end a pending one, cancel it or call abort(), and keep the object alive until
/// the await has returned.
///
/// At one time: one read(); any number of write() (they leave one after the other, in the order of the
/// calls); ping(); close(). A failed or cancelled read or write leaves the connection unusable: abort() it.
class WebSocket {
 public:
  /// Connects on the executor of the awaiting coroutine. Throws UpgradeRefused, NetError, BadInput.
  static boost::asio::awaitable<std::unique_ptr<WebSocket>> connect(WebSocketOptions options);

  virtual ~WebSocket() = default;
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// The next text or binary message. Joins fragments, including empty ones; answers pings and takes pongs
  /// while a read is pending. Throws NetError (kClosed: close frame, end of stream or reset, the text says
  /// which; kTooLarge; kProtocol). Has no time-out: watch last_heard(). Without read() data stays in the
  /// kernel, which stops the peer (back-pressure; a half-open peer in tests).
  virtual boost::asio::awaitable<WebSocketMessage> read() = 0;

  /// Sends one message in one frame. Returns when the kernel has taken it, which does not mean that the peer
  /// has it. `timeout` includes the wait for earlier writers; when it expires, the connection is cut and
  /// NetFailure::kTimeout thrown.
  virtual boost::asio::awaitable<void> write(std::string data,
                                             std::chrono::milliseconds timeout = kWebsocketWriteTimeout,
                                             bool text = true) = 0;
  /// As write(), but fragmented as Go's server does with a long message: all data in a frame without FIN,
  /// then an empty final continuation (protocol/01-tunnel.md §2.4).
  virtual boost::asio::awaitable<void> write_fragmented(
      std::string data, std::chrono::milliseconds timeout = kWebsocketWriteTimeout) = 0;

  /// Sends a ping, at most 125 bytes of payload. Returns at once when another ping is still on its way out.
  /// The pong updates last_heard() and is passed to the handler of on_pong().
  virtual boost::asio::awaitable<void> ping(std::string payload = {}) = 0;

  /// Sends a close frame, waits for the peer's at most `timeout`, and closes. Never throws NetError: the
  /// connection is closed afterwards in any case.
  virtual boost::asio::awaitable<void> close(
      std::uint16_t code = 1000, std::chrono::milliseconds timeout = std::chrono::milliseconds(2000)) = 0;

  /// Closes the TCP connection now; pending awaits end with NetFailure::closed. `reset`: with RST instead of
  /// FIN.
  virtual void abort(bool reset = false) = 0;
  [[nodiscard]] virtual bool open() const = 0;

  /// When the last byte of any kind arrived (data, ping, pong, parts of a message); initially the time of the
  /// connect.
  [[nodiscard]] virtual SteadyTime last_heard() const = 0;
  /// Sets the handler for each pong's payload; it runs while a read() is pending. A pong means that the peer
  /// has read everything sent before the ping, because data and pings arrive in order. The handler must be
  /// short, must not throw and must not call this object.
  virtual void on_pong(std::function<void(std::string_view payload)> handler) = 0;

  struct Counters {
    std::uint64_t messages_sent = 0, messages_received = 0;
    std::uint64_t payload_sent = 0, payload_received = 0;  ///< bytes of messages
    std::uint64_t wire_sent = 0,
                  wire_received = 0;  ///< bytes of the TCP connection, TLS and upgrade included
  };
  [[nodiscard]] virtual Counters counters() const = 0;

  /// The peer's address ("unix" on a Unix socket) and our own on this connection, from which the node status
  /// takes the node's address.
  [[nodiscard]] virtual std::string peer_address() const = 0;
  [[nodiscard]] virtual std::string local_address() const = 0;
  /// The certificate that the peer presented in the TLS handshake.
  [[nodiscard]] virtual std::optional<Certificate> peer_certificate() const = 0;

 protected:
  WebSocket() = default;
};

}  // namespace edgecore::net
