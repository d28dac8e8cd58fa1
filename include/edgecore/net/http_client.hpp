// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "edgecore/net/headers.hpp"
#include "edgecore/net/limits.hpp"
#include "edgecore/net/net_error.hpp"
#include "edgecore/net/tls.hpp"

namespace edgecore::net {

struct ClientRequest {
  std::string method = "GET";
  /// http:// or https://; the host may be an IP literal.
  std::string url;
  /// Host, Content-Length and Connection are set by the client unless given here. Names and values that hold
  /// line breaks are BadInput.
  Headers headers;
  /// Sent with its Content-Length whatever the method: /edge.crt is a GET with a body (protocol/01-tunnel.md
  /// §3.2).
  std::string body;
  /// Needed for https.
  std::shared_ptr<const TlsContext> tls;
  /// Connect to this address ("ip" or "host") instead of the URL's host; SNI, verification and Host keep the
  /// URL's.
  std::string connect_to;
  /// Connect to this Unix socket instead; then the URL's host is not dialled.
  std::filesystem::path unix_socket;
  /// For whom the request is made: the UID of a pod, or "" for edgecore itself. A pod has one name look-up at
  /// a time, and those of edgecore itself do not wait for pods' (limits.hpp).
  std::string owner;
  /// For the whole exchange: look-up, connect, TLS, request, response. Zero: no time-out (for a stream read
  /// with `on_body`).
  std::chrono::milliseconds timeout = kRequestTimeout;
  /// A larger response body is NetFailure::kTooLarge; Content-Length is checked before memory is allocated.
  std::size_t max_response_bytes = kResponseBodyBytes;
  /// When set, gets the body piece by piece as it arrives (a watch); ClientResponse::body stays empty and
  /// `max_response_bytes` does not apply. Runs on the caller's executor. An exception from it ends the
  /// request.
  std::function<void(std::string_view)> on_body;
  /// When set, called once with status and headers before the body is read.
  std::function<void(int status, const Headers&)> on_head;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

/// One request on a connection of its own, on the executor of the awaiting coroutine. Every HTTP status is a
/// response; redirects are not followed, proxies not used. Throws NetError, BadInput (bad URL, headers).
/// Cancellation: terminal, at any point; leaves nothing behind but a name look-up, which cannot be
/// interrupted and ends on its own thread.
boost::asio::awaitable<ClientResponse> fetch(ClientRequest request);

/// Keeps one connection alive per origin and TLS context. Belongs to one executor. A request gets a
/// connection of its own while the kept one is in use. If the server has closed the kept connection, the
/// request is repeated on a new one, provided that no byte of the response has come and the method is safe to
/// repeat (GET, HEAD, PUT, DELETE, OPTIONS).
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  boost::asio::awaitable<ClientResponse> fetch(ClientRequest request);
  /// Closes the kept connections.
  void close_idle();

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace edgecore::net
