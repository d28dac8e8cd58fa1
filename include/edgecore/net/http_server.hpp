// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/net/headers.hpp"
#include "edgecore/net/limits.hpp"
#include "edgecore/net/net_error.hpp"
#include "edgecore/net/tls.hpp"
#include "edgecore/net/websocket.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::net {

/// A request with its body read in full.
struct Request {
  std::string method;  ///< as sent: "GET", "PATCH", …
  std::string target;  ///< path and query as sent; take apart with Target::parse (url.hpp)
  Headers headers;
  std::string body;
  /// The peer's address and port; "unix" and 0 on a Unix socket.
  std::string peer_address;
  std::uint16_t peer_port = 0;
  /// What the client presented (with ClientCertificate::asked it is not verified).
  std::optional<Certificate> peer_certificate;

  /// True when the client asks for a WebSocket.
  [[nodiscard]] bool wants_websocket() const;
};

struct Response {
  int status = 200;
  Headers headers;  ///< Content-Length, Connection, Date and Transfer-Encoding are the server's to set
  std::string body;
  /// When set, sent instead of `body` and never copied: for bytes that many are to get.
  std::shared_ptr<const std::string> shared_body;
};

class HttpConnection;

/// How a handler answers: exactly one of send(), start()…finish() and upgrade(). Belongs to the handler's
/// call and must not outlive it. All awaits throw NetError (closed: the client is gone; timeout: it does not
/// read).
class Responder {
 public:
  /// A whole response; name it before the co_await (`send({})` is miscompiled by g++ 12). For HEAD the body's
  /// length is announced and the body left out.
  boost::asio::awaitable<void> send(Response response);

  /// Begins a response of unknown length (chunked; until close for HTTP/1.0): a watch, a log. The headers
  /// leave at once.
  boost::asio::awaitable<void> start(int status, Headers headers);
  /// Sends one piece and returns when the kernel has taken it: back-pressure. The piece leaves at once.
  /// When the write is cancelled half-way, the connection is cut: the stream cannot be gone on with.
  boost::asio::awaitable<void> write(std::string piece);
  /// The same without a copy, for an event that goes to many watchers.
  boost::asio::awaitable<void> write(std::shared_ptr<const std::string> piece);
  /// Ends a started response. A handler that returns without it, or throws after start(), has its connection
  /// cut, so that the client can tell the response is not complete.
  boost::asio::awaitable<void> finish();

  /// Returns when the client has closed its connection; never otherwise. Race it against the work of a long
  /// response (awaitable_operators ||). Takes no memory while it waits. Must not run at the same time as
  /// upgrade().
  boost::asio::awaitable<void> client_gone();

  /// Answers 101 and hands the connection over; it is the caller's from then on, also beyond the handler's
  /// return. Throws BadInput when the request asks for no WebSocket (then send() can still answer).
  boost::asio::awaitable<std::unique_ptr<WebSocket>> upgrade(WebSocketServerOptions options = {},
                                                             Headers headers = {});

  /// Drops the connection without an answer (for tests of clients, and for peers that deserve it).
  void cut();

  /// True once a header has been sent or upgrade() was called.
  [[nodiscard]] bool answered() const;

 private:
  friend class HttpConnection;
  explicit Responder(HttpConnection& connection) : connection_(connection) {}
  void expect_started() const;
  HttpConnection& connection_;
};

/// An HTTP/1.1 server on one address: keep-alive, pipelined requests answered in order, `Expect:
/// 100-continue`, plain or TLS, TCP or Unix socket. Runs on one executor (one thread); the handler runs there
/// too, one call at a time per connection. What breaks a limit is answered with 400, 408, 413, 431 or 505 and
/// the connection closed.
///
/// A client that sends requests without waiting for their answers, or reads a stream as fast as it is
/// written, does not hold up the others: after a number of steps that needed no waiting the executor's other
/// work runs.
///
/// A connection that waits, for a request or with a stream for client_gone(), has no buffer of its own. What
/// it costs is bounded by tests/unit/net/http_idle_test.cpp and measured by bench_http (docs/benchmarks.md).
class HttpServer {
 public:
  /// Runs once per request. An exception before an answer becomes 500 (400 for BadInput) with the exception's
  /// text; a return without an answer becomes 500. Captured state must live until stop() has returned.
  using Handler = std::function<boost::asio::awaitable<void>(Request&, Responder&)>;

  struct Options {
    /// An IP literal; "" with a port means all addresses (IPv6 and IPv4).
    std::string address = "127.0.0.1";
    /// 0: the kernel chooses; see port().
    std::uint16_t port = 0;
    /// When set, listens here instead; a stale socket file is replaced, a live one is an error.
    std::filesystem::path unix_socket;
    mode_t unix_socket_mode = 0660;
    /// Serves HTTPS when set.
    std::shared_ptr<const TlsContext> tls;
    ServerLimits limits;
    /// For programs that expect one shape of all answers: makes the answer to a request that breaks a limit
    /// or is no HTTP, of its status and a sentence. nullopt, or no function: that status and the sentence as
    /// text. The connection is closed behind it.
    std::function<std::optional<Response>(int status, const std::string& sentence)> refusal = {};
  };

  /// Binds and listens. Throws SystemError (address in use, …) or BadInput (no IP literal).
  HttpServer(boost::asio::any_io_executor executor, Options options, Handler handler);
  /// Like stop() without grace, but does not wait: handlers end as the executor runs on.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Begins to accept.
  void start();
  /// Stops accepting, closes idle connections, gives running handlers `grace` to end, then cancels them
  /// (terminal) and cuts their connections; returns when the last one has ended.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace = std::chrono::milliseconds(0));

  /// The port listened on; 0 for a Unix socket.
  [[nodiscard]] std::uint16_t port() const;
  /// Connections open now, those handed over to WebSockets not counted once their handler has returned.
  [[nodiscard]] std::size_t connections() const;
  /// Credentials for connections accepted from now on (certificate rotation).
  void set_tls(std::shared_ptr<const TlsContext> tls);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace edgecore::net
