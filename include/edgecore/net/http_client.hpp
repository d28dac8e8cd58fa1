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
  /// Connect to this Unix socket instead; the URL's host is only a name then.
  std::filesystem::path unix_socket;
  /// For all of it: look-up, connect, TLS, request, response. Zero: none (for a stream read with `on_body`).
  std::chrono::milliseconds timeout = kRequestTimeout;
  /// A larger response body is NetFailure::too_large; Content-Length is looked at before memory is taken.
  std::size_t max_response_bytes = kResponseBodyBytes;
  /// When set, the body is handed over piece by piece as it arrives (a watch) and ClientResponse::body stays
  /// empty; `max_response_bytes` does not apply. Runs on the caller's executor; what it throws ends the
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

/// One request on a connection of its own, on the executor of the awaiting coroutine. Any HTTP status is a
/// response; no redirect is followed, no proxy used. Throws NetError, BadInput (bad URL, headers).
/// Cancellation: terminal, at any point; nothing stays behind (an uninterruptible name look-up ends by itself
/// on its own thread).
boost::asio::awaitable<ClientResponse> fetch(ClientRequest request);

/// Keeps connections alive from one request to the next, one per origin and TLS context at a time. Belongs to
/// one executor; a request while the kept connection is in use gets one of its own. A kept connection that
/// the server has closed meanwhile is replaced without the caller noticing (only when no byte of the response
/// has come and the method is safe to repeat: GET, HEAD, PUT, DELETE, OPTIONS).
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  boost::asio::awaitable<ClientResponse> fetch(ClientRequest request);
  /// Closes what is kept.
  void close_idle();

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace edgecore::net
