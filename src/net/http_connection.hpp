#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

#include "edgecore/net/http_server.hpp"
#include "net/deadline.hpp"
#include "net/http_parse.hpp"
#include "net/stream.hpp"

namespace edgecore::net {

/// One accepted connection: requests in, one handler at a time, answers out. Owned by the coroutine that runs
/// it.
class HttpConnection {
 public:
  HttpConnection(Stream stream, std::shared_ptr<const TlsContext> tls, const ServerLimits& limits,
                 const HttpServer::Handler& handler);

  /// Serves until the connection ends; failures of the connection are its normal end. Throws only on
  /// cancellation.
  asio::awaitable<void> run();
  /// No further request after the one being handled; closes at once when idle.
  void finish_soon();
  /// Closes the socket.
  void cut() { stream_.close(); }
  [[nodiscard]] bool idle() const { return !handling_; }

 private:
  friend class Responder;
  enum class Answer { none, streaming, complete, upgraded };

  asio::awaitable<void> converse();
  /// Reads one request; nullopt when the connection is to be closed (an answer to a fault has been sent).
  asio::awaitable<std::optional<Request>> read_request();
  asio::awaitable<bool> read_head(HttpParser& parser);
  asio::awaitable<bool> read_body(HttpParser& parser);
  /// Feeds the parser with what is buffered, reads more when that is not enough; false at the end of the
  /// stream.
  asio::awaitable<bool> feed(HttpParser& parser);
  asio::awaitable<bool> fill();
  asio::awaitable<void> handle(Request request);
  asio::awaitable<void> refuse(const HttpFault& fault);
  asio::awaitable<void> send_all(std::string bytes);
  asio::awaitable<void> linger();
  std::string head_text(int status, const Headers& headers, bool streaming, std::size_t length);

  Stream stream_;
  std::shared_ptr<const TlsContext> tls_;
  const ServerLimits& limits_;
  const HttpServer::Handler& handler_;
  Deadline deadline_;
  std::string buffer_;  ///< received and not yet parsed
  HttpHead head_;
  std::optional<Certificate> peer_certificate_;
  Answer answer_ = Answer::none;
  bool chunked_ = false;
  bool keep_ = true;
  bool handling_ = false;
};

}  // namespace edgecore::net
