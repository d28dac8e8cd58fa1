// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/websocket.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include "edgecore/async/semaphore.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/net/url.hpp"
#include "net/http/websocket_accept.hpp"
#include "net/stream/connector.hpp"
#include "net/stream/deadline.hpp"
#include "net/stream/stream.hpp"

namespace edgecore::net {

namespace beast = boost::beast;
namespace ws = boost::beast::websocket;
namespace http = boost::beast::http;

// Hooks that Beast finds by argument-dependent look-up.
inline void beast_close_socket(Stream& stream) {
  stream.close();
}
inline void teardown(beast::role_type, Stream& stream, error_code& error) {
  stream.shutdown();
  error = {};
}
template <class Handler>
void async_teardown(beast::role_type, Stream& stream, Handler&& handler) {
  stream.shutdown();
  asio::post(stream.get_executor(), beast::bind_front_handler(std::forward<Handler>(handler), error_code()));
}

namespace {

constexpr std::size_t kReadStep = 64UL * 1024;
/// A client's frames are masked into a buffer of this size before they are sent.
constexpr std::size_t kMaskBuffer = 16UL * 1024;

/// Runs a function at the end of a scope.
template <class Action>
class AtEnd {
 public:
  explicit AtEnd(Action action) : action_(std::move(action)) {}
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;
  ~AtEnd() { action_(); }

 private:
  Action action_;
};

class BeastWebSocket final : public WebSocket {
 public:
  BeastWebSocket(Stream stream, std::string name, std::size_t max_message_bytes)
      : stream_(stream), socket_(std::move(stream)), name_(std::move(name)) {
    const ws::stream_base::timeout own_timeouts{ws::stream_base::none(), ws::stream_base::none(), false};
    socket_.set_option(own_timeouts);
    socket_.auto_fragment(false);
    socket_.write_buffer_bytes(kMaskBuffer);
    socket_.read_message_max(max_message_bytes);
    socket_.control_callback([this](ws::frame_type type, beast::string_view payload) {
      if (type != ws::frame_type::pong) return;
      if (pong_handler_) pong_handler_(std::string_view(payload.data(), payload.size()));
    });
  }
  ~BeastWebSocket() override { stream_.close(); }

  ws::stream<Stream>& socket() { return socket_; }

  asio::awaitable<WebSocketMessage> read() override {
    WebSocketMessage message;
    auto buffer = asio::dynamic_buffer(message.data);
    do {
      const auto [error, count] = co_await socket_.async_read_some(buffer, kReadStep, kAsResult);
      if (error) fail(error, "reading from " + name_);
    } while (!socket_.is_message_done());
    message.text = socket_.got_text();
    ++counters_.messages_received;
    counters_.payload_received += message.data.size();
    co_return message;
  }

  asio::awaitable<void> write(std::string data, std::chrono::milliseconds timeout, bool text) override {
    co_await send(std::move(data), timeout, text, false);
  }
  asio::awaitable<void> write_fragmented(std::string data, std::chrono::milliseconds timeout) override {
    co_await send(std::move(data), timeout, true, true);
  }

  asio::awaitable<void> ping(std::string payload) override {
    if (payload.size() > 125) throw BadInput("A ping carries at most 125 bytes.");
    if (pinging_) co_return;
    pinging_ = true;
    const AtEnd done([this] { pinging_ = false; });
    Deadline time(stream_.get_executor(), [guarded = stream_]() mutable { guarded.expire(); });
    time.arm(kWebsocketWriteTimeout);
    const ws::ping_data data(payload.data(), payload.size());
    const auto [error] = co_await socket_.async_ping(data, kAsResult);
    if (error) fail(error, "sending a ping to " + name_);
  }

  asio::awaitable<void> close(std::uint16_t code, std::chrono::milliseconds timeout) override {
    if (stream_.open()) {
      Deadline time(stream_.get_executor(), [guarded = stream_]() mutable { guarded.close(); });
      time.arm(timeout);
      const ws::close_reason reason(code);
      co_await socket_.async_close(reason, kAsResult);
    }
    stream_.close();
  }

  void abort(bool reset) override { stream_.close(reset); }
  [[nodiscard]] bool open() const override { return stream_.open() && socket_.is_open(); }
  [[nodiscard]] SteadyTime last_heard() const override { return stream_.last_read(); }
  void on_pong(std::function<void(std::string_view)> handler) override { pong_handler_ = std::move(handler); }
  [[nodiscard]] Counters counters() const override {
    Counters out = counters_;
    out.wire_sent = stream_.bytes_written();
    out.wire_received = stream_.bytes_read();
    return out;
  }
  [[nodiscard]] std::string peer_address() const override { return stream_.peer().address; }
  [[nodiscard]] std::string local_address() const override { return stream_.local().address; }
  [[nodiscard]] std::optional<Certificate> peer_certificate() const override {
    return stream_.peer_certificate();
  }

 private:
  asio::awaitable<void> send(std::string data, std::chrono::milliseconds timeout, bool text,
                             bool fragmented) {
    Deadline time(stream_.get_executor(), [guarded = stream_]() mutable { guarded.expire(); });
    time.arm(timeout);
    const async::Semaphore::Permit turn = co_await turn_.acquire();
    socket_.text(text);
    const auto bytes = asio::buffer(data);
    const auto [error, count] = co_await socket_.async_write_some(!fragmented, bytes, kAsResult);
    if (error) fail(error, "writing to " + name_);
    if (fragmented) {
      const asio::const_buffer nothing;
      const auto [last_error, last_count] = co_await socket_.async_write_some(true, nothing, kAsResult);
      if (last_error) fail(last_error, "writing to " + name_);
    }
    ++counters_.messages_sent;
    counters_.payload_sent += data.size();
  }

  [[noreturn]] void fail(error_code error, const std::string& doing) {
    if (!stream_.open()) stream_.fail(error, doing);  // we closed it, or its time-out expired
    if (error == ws::error::closed) {
      const auto& reason = socket_.reason();
      std::string sentence =
          "The peer closed the WebSocket while " + doing + " (code " + std::to_string(reason.code);
      const std::string text(reason.reason.data(), reason.reason.size());
      if (!text.empty()) sentence += ", " + log::quote(text);
      throw NetError(NetFailure::kClosed, sentence + ").");
    }
    if (error == ws::error::message_too_big || error == ws::error::buffer_overflow)
      throw NetError(NetFailure::kTooLarge, "A WebSocket message was too large while " + doing + ".");
    if (error.category() == ws::make_error_code(ws::error::closed).category())
      throw NetError(NetFailure::kProtocol,
                     "The peer broke the WebSocket protocol while " + doing + ": " + error.message() + ".");
    stream_.fail(error, doing);
  }

  Stream stream_;
  ws::stream<Stream> socket_;
  std::string name_;
  async::Semaphore turn_{1};  ///< held while a message is written
  bool pinging_ = false;
  std::function<void(std::string_view)> pong_handler_;
  Counters counters_;
};

void decorate(ws::request_type& request, const Headers& headers) {
  request.erase(http::field::user_agent);
  for (const auto& [name, value] : headers) request.insert(name, value);
}

/// After an answer other than 101.
[[noreturn]] void refuse(const ws::response_type& response, const std::string& name) {
  const int status = static_cast<int>(response.result_int());
  std::string body = response.body().substr(0, kUpgradeBodyBytes);
  std::string sentence = name + " refused the WebSocket with status " + std::to_string(status);
  if (!body.empty()) sentence += ": " + log::quote(body);
  throw UpgradeRefused(status, std::move(body), sentence + ".");
}

}  // namespace

asio::awaitable<std::unique_ptr<WebSocket>> WebSocket::connect(WebSocketOptions options) {
  const auto url = Url::parse(options.url);
  if (url.scheme != "ws" && url.scheme != "wss")
    throw BadInput("A WebSocket needs a ws or wss URL, not " + url.scheme + ".");
  if (url.tls() && !options.tls) throw BadInput("A WebSocket to a wss URL needs a TLS context.");
  std::string checked;
  append_headers(checked, options.headers);

  const auto deadline = deadline_after(options.handshake_timeout);
  ConnectTarget target{url.host, url.port, options.connect_to, {}, url.tls() ? options.tls : nullptr};
  auto stream = co_await connect_stream(std::move(target), deadline);
  stream.set_tcp_options(options.tcp_user_timeout, options.tcp_keepalive);
  const std::string name = url.host + " port " + std::to_string(url.port);
  auto out = std::make_unique<BeastWebSocket>(stream, name, options.max_message_bytes);
  Deadline time(stream.get_executor(), [guarded = stream]() mutable { guarded.expire(); });
  if (deadline != SteadyPoint::max()) time.arm_at(deadline);

  ws::stream_base::decorator decorator(
      [&options](ws::request_type& request) { decorate(request, options.headers); });
  out->socket().set_option(std::move(decorator));
  stream.limit_reads(kUpgradeBodyBytes + kResponseHeaderBytes);
  ws::response_type response;
  const std::string host = url.authority();
  const auto [error] = co_await out->socket().async_handshake(response, host, url.target, kAsResult);
  ws::stream_base::decorator none([](ws::request_type&) {});
  out->socket().set_option(std::move(none));  // the decorator refers to the options
  if (error == ws::error::upgrade_declined) refuse(response, name);
  if (error && error.category() == ws::make_error_code(ws::error::closed).category())
    throw NetError(NetFailure::kProtocol,
                   name + " did not answer the WebSocket upgrade as it should: " + error.message() + ".");
  if (error == http::error::body_limit || error == http::error::header_limit ||
      error == http::error::buffer_overflow)
    throw NetError(NetFailure::kTooLarge, name + " answered the WebSocket upgrade with too much data.");
  if (error && error != http::error::end_of_stream &&
      error.category() == http::make_error_code(http::error::need_more).category())
    throw NetError(NetFailure::kProtocol,
                   name + " did not answer the WebSocket upgrade with HTTP: " + error.message() + ".");
  if (error)
    stream.fail(error == http::error::end_of_stream ? error_code(asio::error::eof) : error,
                "upgrading the connection to " + name);
  stream.limit_reads(std::nullopt);
  co_return out;
}

asio::awaitable<std::unique_ptr<WebSocket>> accept_websocket(Stream stream, HttpHead head, Headers headers,
                                                             WebSocketServerOptions options) {
  std::string checked;
  append_headers(checked, headers);
  const std::string name = stream.peer().address;
  auto out = std::make_unique<BeastWebSocket>(stream, name, options.max_message_bytes);
  ws::stream_base::decorator decorator([&headers](ws::response_type& response) {
    response.erase(http::field::server);
    for (const auto& [key, value] : headers) response.insert(key, value);
  });
  out->socket().set_option(std::move(decorator));
  http::request<http::string_body> request(http::verb::get, head.target, 11);
  for (const auto& [key, value] : head.headers) request.insert(key, value);
  const auto [error] = co_await out->socket().async_accept(request, kAsResult);
  ws::stream_base::decorator none([](ws::response_type&) {});
  out->socket().set_option(std::move(none));  // the decorator refers to the headers
  if (error && error.category() == ws::make_error_code(ws::error::closed).category())
    throw NetError(NetFailure::kProtocol,
                   "The WebSocket upgrade of " + name + " was refused: " + error.message() + ".");
  if (error) stream.fail(error, "upgrading the connection of " + name);
  co_return out;
}

}  // namespace edgecore::net
