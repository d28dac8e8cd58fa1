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

#include "edgecore/net/fair_limit.hpp"
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
  /// The certificate that the client presented; not verified with ClientCertificate::kAsked.
  std::optional<Certificate> peer_certificate;
  /// What HttpServer::Options::admit found out, for the handler.
  std::shared_ptr<void> admission;

  /// True when the client asks for a WebSocket.
  [[nodiscard]] bool wants_websocket() const;
};

struct Response {
  int status = 200;
  Headers headers;  ///< Content-Length, Connection, Date and Transfer-Encoding are the server's to set
  std::string body;
  /// When set, sent instead of `body` and never copied: for bytes that go to many clients.
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
  /// Sends one piece and returns when the kernel has taken it: back-pressure. The piece leaves at once. A
  /// write that is cancelled half-way cuts the connection, because the stream cannot continue.
  boost::asio::awaitable<void> write(std::string piece);
  /// As above without a copy, for an event that goes to many watchers.
  boost::asio::awaitable<void> write(std::shared_ptr<const std::string> piece);
  /// Ends a started response. If a handler returns without it, or throws after start(), the connection is
  /// cut, so that the client can tell that the response is incomplete.
  boost::asio::awaitable<void> finish();

  /// Returns when the client has closed its connection; never otherwise. Race it against the work of a long
  /// response (awaitable_operators ||). Takes no memory while it waits. Must not run at the same time as
  /// upgrade().
  boost::asio::awaitable<void> client_gone();

  /// Answers 101 and hands the connection over to the caller, also beyond the handler's return. Throws
  /// BadInput if the request does not ask for a WebSocket; then send() can still answer.
  boost::asio::awaitable<std::unique_ptr<WebSocket>> upgrade(WebSocketServerOptions options = {},
                                                             Headers headers = {});

  /// Whose answers this connection's are, for HttpBudget::unsent, from now on; the peer's address without it.
  void set_client(std::string client);
  /// False if the client has not read its last answers, or all clients together have too much unread: the
  /// handler should refuse the request.
  [[nodiscard]] bool has_room() const;

  /// Drops the connection without an answer, for tests of clients and for misbehaving peers.
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
/// too, one call at a time per connection. A request that breaks a limit is answered with 400, 408, 413, 431
/// or 505, and the connection is closed.
///
/// A client that sends requests without waiting for their answers, or reads a stream as fast as it is
/// written, does not starve the others: after a number of steps without waiting it yields to the executor's
/// other work.
///
/// A connection that waits, for a request or in client_gone(), holds no buffer. Its memory is bounded by
/// tests/unit/net/http/http_idle_test.cpp and measured by bench_http (docs/benchmarks.md).
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
    /// When set, listens here instead. Replaces a stale socket file; a live one is an error.
    std::filesystem::path unix_socket;
    mode_t unix_socket_mode = 0660;
    /// Serves HTTPS when set.
    std::shared_ptr<const TlsContext> tls;
    ServerLimits limits;
    /// What peers may take, shared with other servers; null: only `limits` hold.
    std::shared_ptr<HttpBudget> budget;
    /// Whether a connection that arrived at this network interface ("lo", "eth0"; "" if the kernel does not
    /// say) is served. Empty: all are. Only for TCP.
    std::function<bool(const std::string& interface)> takes_from = {};
    /// Judges a request by its head, before a byte of its body is taken and before 100 Continue. A Response
    /// refuses it; the connection is closed afterwards if the request has a body. Until a first request is
    /// admitted the peer is unknown: it has header_timeout to send one, and a place in HttpBudget::unknown.
    /// Empty: all are admitted. An exception cuts the connection.
    std::function<boost::asio::awaitable<std::optional<Response>>(Request& head)> admit = {};
    /// Makes the answer to a request that breaks a limit or is not HTTP, for clients that expect every answer
    /// in one format. nullopt, or no function: the status with the sentence as text. The connection is closed
    /// afterwards.
    std::function<std::optional<Response>(int status, const std::string& sentence)> refusal = {};
  };

  /// Binds and listens. Throws SystemError (address in use, …) or BadInput (not an IP literal).
  HttpServer(boost::asio::any_io_executor executor, Options options, Handler handler);
  /// As stop() without grace, but does not wait: the handlers end while the executor runs.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Starts accepting connections.
  void start();
  /// Stops accepting, closes idle connections, gives running handlers `grace` to end, then cancels them
  /// (terminal) and cuts their connections; returns when the last one has ended.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace = std::chrono::milliseconds(0));

  /// The port listened on; 0 for a Unix socket.
  [[nodiscard]] std::uint16_t port() const;
  /// Open connections, without WebSockets whose handler has returned.
  [[nodiscard]] std::size_t connections() const;
  /// Credentials for connections accepted from now on (certificate rotation).
  void set_tls(std::shared_ptr<const TlsContext> tls);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace edgecore::net
