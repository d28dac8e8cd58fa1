#include "net/http_connection.hpp"

#include <boost/asio/error.hpp>
#include <cstdio>

#include "edgecore/base/error.hpp"
#include "net/websocket_accept.hpp"

namespace edgecore::net {
namespace {

constexpr std::size_t read_bytes = 16UL * 1024;
/// What a client may send ahead while its request is handled, before client_gone() stops looking.
constexpr std::size_t pipelined_bytes = 64UL * 1024;
/// What is read and thrown away of a refused request, so that its sender gets to see the answer instead of a
/// reset.
constexpr std::size_t linger_bytes = 1024UL * 1024;
constexpr std::chrono::milliseconds linger_time{2000};

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

/// The server's own lines must not come twice.
Headers without_framing(Headers headers) {
  for (const auto* name : {"Content-Length", "Transfer-Encoding", "Connection", "Date"}) headers.remove(name);
  return headers;
}

}  // namespace

HttpConnection::HttpConnection(Stream stream, std::shared_ptr<const TlsContext> tls,
                               const ServerLimits& limits, const HttpServer::Handler& handler)
    : stream_(std::move(stream)),
      tls_(std::move(tls)),
      limits_(limits),
      handler_(handler),
      deadline_(stream_.get_executor(), [guarded = stream_]() mutable { guarded.expire(); }) {}

asio::awaitable<void> HttpConnection::run() {
  try {
    co_await converse();
  } catch (const NetError&) {
    // The peer went away, was too slow or does not speak TLS: how connections end.
  }
  if (answer_ == Answer::upgraded) co_return;  // the WebSocket's now
  stream_.shutdown();
  stream_.close();
}

asio::awaitable<void> HttpConnection::converse() {
  if (tls_) {
    deadline_.arm(limits_.handshake_timeout);
    co_await stream_.handshake_server(tls_);
    peer_certificate_ = stream_.peer_certificate();
    tls_.reset();
  }
  while (keep_) {
    auto request = co_await read_request();
    if (!request) co_return;
    deadline_.disarm();
    answer_ = Answer::none;
    handling_ = true;
    co_await handle(std::move(*request));
    handling_ = false;
    if (answer_ == Answer::upgraded) co_return;
    if (answer_ == Answer::streaming) co_return stream_.close(true);  // unfinished: the client must see it
  }
  co_await linger();
}

void HttpConnection::finish_soon() {
  keep_ = false;
  if (!handling_) stream_.close();
}

asio::awaitable<std::optional<Request>> HttpConnection::read_request() {
  if (buffer_.empty()) {
    std::string().swap(buffer_);  // an idle connection holds no buffer
    deadline_.arm(limits_.idle_timeout);
    const auto [error, count] = co_await stream_.async_wait_readable(as_result);
    if (error) stream_.fail(error, "waiting for a request");
  }
  deadline_.arm(limits_.header_timeout);
  const HttpLimits limits{limits_.header_bytes, limits_.header_count, limits_.body_bytes};
  HttpParser parser(HttpParser::Kind::request, limits);
  const bool head = co_await read_head(parser);
  if (!head) co_return std::nullopt;
  head_ = parser.head();
  keep_ = keep_ && head_.keep_alive && head_.http_1_1;
  const bool body = co_await read_body(parser);
  if (!body) co_return std::nullopt;

  Request request;
  request.method = head_.method;
  request.target = head_.target;
  request.headers = head_.headers;
  request.body = parser.take_body();
  auto peer = stream_.peer();
  request.peer_address = std::move(peer.address);
  request.peer_port = peer.port;
  request.peer_certificate = peer_certificate_;
  co_return request;
}

asio::awaitable<bool> HttpConnection::read_head(HttpParser& parser) {
  while (!parser.head_done() && !parser.fault()) {
    const bool more = co_await feed(parser);
    if (!more) co_return false;
  }
  if (parser.fault()) {
    co_await refuse(*parser.fault());
    co_return false;
  }
  const HttpHead& head = parser.head();
  if (head.http_1_1 && !head.headers.has("Host")) {
    const HttpFault fault{400, "The request has no Host header."};
    co_await refuse(fault);
    co_return false;
  }
  co_return true;
}

asio::awaitable<bool> HttpConnection::read_body(HttpParser& parser) {
  deadline_.arm(limits_.body_timeout);
  if (!parser.done() && iequals(parser.head().headers.get("Expect"), "100-continue")) {
    std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await send_all(std::move(go_on));
    deadline_.arm(limits_.body_timeout);
  }
  while (!parser.done() && !parser.fault()) {
    const bool more = co_await feed(parser);
    if (!more) co_return false;
  }
  if (!parser.fault()) co_return true;
  co_await refuse(*parser.fault());
  co_return false;
}

asio::awaitable<bool> HttpConnection::feed(HttpParser& parser) {
  const std::size_t taken = parser.put(buffer_);
  buffer_.erase(0, taken);
  if (taken > 0 || parser.fault() || parser.done()) co_return true;
  const bool more = co_await fill();
  co_return more;
}

asio::awaitable<bool> HttpConnection::fill() {
  const std::size_t before = buffer_.size();
  buffer_.resize(before + read_bytes);
  const auto room = asio::buffer(buffer_.data() + before, read_bytes);
  const auto [error, count] = co_await stream_.async_read_some(room, as_result);
  buffer_.resize(before + (error ? 0 : count));
  if (error == asio::error::eof) co_return false;
  if (error) stream_.fail(error, "reading a request");
  co_return true;
}

asio::awaitable<void> HttpConnection::handle(Request request) {
  HttpFault fault{500, "The request was not answered."};
  Responder responder(*this);
  try {
    co_await handler_(request, responder);
  } catch (const NetError& problem) {
    // Either this connection's own end, or that of another one which the handler did not catch.
    if (answer_ != Answer::none || !stream_.open()) throw;
    fault = {500, problem.what()};
  } catch (const boost::system::system_error& problem) {
    if (problem.code() == asio::error::operation_aborted) throw;  // cancelled
    fault = {500, problem.what()};
  } catch (const BadInput& problem) {
    fault = {400, problem.what()};
  } catch (const std::exception& problem) {
    fault = {500, problem.what()};
  }
  if (answer_ != Answer::none) co_return;
  Response response;
  response.status = fault.status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = fault.sentence + "\n";
  co_await responder.send(std::move(response));
}

asio::awaitable<void> HttpConnection::refuse(const HttpFault& fault) {
  keep_ = false;
  const std::string body = fault.sentence + "\n";
  Headers headers;
  headers.add("Content-Type", "text/plain; charset=utf-8");
  std::string bytes = head_text(fault.status, headers, false, body.size()) + body;
  co_await send_all(std::move(bytes));
  co_await linger();
}

asio::awaitable<void> HttpConnection::send_all(std::string bytes) {
  std::function<void()> on_progress = [this] { deadline_.arm(limits_.write_timeout); };
  const auto error = co_await write_all(stream_, bytes, std::move(on_progress));
  deadline_.disarm();
  if (error) stream_.fail(error, "sending a response");
}

asio::awaitable<void> HttpConnection::linger() {
  stream_.shutdown();
  deadline_.arm(linger_time);
  std::string waste(read_bytes, '\0');
  for (std::size_t total = 0; total < linger_bytes;) {
    const auto room = asio::buffer(waste);
    const auto [error, count] = co_await stream_.async_read_some(room, as_result);
    if (error) co_return;
    total += count;
  }
}

std::string HttpConnection::head_text(int status, const Headers& headers, bool streaming,
                                      std::size_t length) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
  out.append(reason_phrase(status)).append("\r\nDate: ").append(http_date()).append("\r\n");
  append_headers(out, without_framing(headers));
  if (streaming) {
    chunked_ = head_.http_1_1;
    if (chunked_) out += "Transfer-Encoding: chunked\r\n";
    if (!chunked_) keep_ = false;
  } else if (!has_no_body(status)) {
    out += "Content-Length: " + std::to_string(length) + "\r\n";
  }
  if (!keep_) out += "Connection: close\r\n";
  return out + "\r\n";
}

asio::awaitable<void> Responder::send(Response response) {
  if (answered()) throw Error("A second answer to one HTTP request was attempted.");
  auto& c = connection_;
  std::string bytes = c.head_text(response.status, response.headers, false, response.body.size());
  c.answer_ = HttpConnection::Answer::complete;
  if (c.head_.method != "HEAD" && !has_no_body(response.status)) bytes += response.body;
  response.body.clear();
  co_await c.send_all(std::move(bytes));
}

asio::awaitable<void> Responder::start(int status, Headers headers) {
  if (answered()) throw Error("A second answer to one HTTP request was attempted.");
  auto& c = connection_;
  std::string bytes = c.head_text(status, headers, true, 0);
  c.answer_ = HttpConnection::Answer::streaming;
  co_await c.send_all(std::move(bytes));
}

asio::awaitable<void> Responder::write(std::string piece) {
  auto& c = connection_;
  if (c.answer_ != HttpConnection::Answer::streaming)
    throw Error("A piece of a response was sent outside of start() and finish().");
  if (piece.empty() || c.head_.method == "HEAD") co_return;
  if (c.chunked_) {
    std::array<char, 24> size{};
    const int digits = std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
    piece.insert(0, size.data(), static_cast<std::size_t>(digits));
    piece += "\r\n";
  }
  co_await c.send_all(std::move(piece));
}

asio::awaitable<void> Responder::finish() {
  auto& c = connection_;
  if (c.answer_ != HttpConnection::Answer::streaming)
    throw Error("A response that was not started cannot be finished.");
  std::string last = c.chunked_ && c.head_.method != "HEAD" ? "0\r\n\r\n" : "";
  co_await c.send_all(std::move(last));
  c.answer_ = HttpConnection::Answer::complete;
}

asio::awaitable<void> Responder::client_gone() {
  auto& c = connection_;
  std::string room(4096, '\0');
  for (;;) {
    const auto space = asio::buffer(room);
    const auto [error, count] = co_await c.stream_.async_read_some(space, as_result);
    if (error == asio::error::operation_aborted && c.stream_.open()) throw boost::system::system_error(error);
    if (error) co_return;
    c.buffer_.append(room, 0, count);
    if (c.buffer_.size() > pipelined_bytes) co_return c.stream_.close(true);
  }
}

asio::awaitable<std::unique_ptr<WebSocket>> Responder::upgrade(WebSocketServerOptions options,
                                                               Headers headers) {
  auto& c = connection_;
  if (answered()) throw Error("A second answer to one HTTP request was attempted.");
  if (!c.head_.upgrade || !iequals(c.head_.headers.get("Upgrade"), "websocket") || c.head_.method != "GET")
    throw BadInput("The request does not ask for a WebSocket.");
  c.answer_ = HttpConnection::Answer::upgraded;
  c.stream_.unread(std::exchange(c.buffer_, {}));
  c.deadline_.arm(c.limits_.write_timeout);
  auto socket = co_await accept_websocket(c.stream_, c.head_, std::move(headers), options);
  c.deadline_.disarm();
  co_return socket;
}

void Responder::cut() {
  connection_.stream_.close(true);
}
bool Responder::answered() const {
  return connection_.answer_ != HttpConnection::Answer::none;
}

bool Request::wants_websocket() const {
  return method == "GET" && headers.has_token("Connection", "upgrade") &&
         iequals(headers.get("Upgrade"), "websocket");
}

}  // namespace edgecore::net
