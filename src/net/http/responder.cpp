// SPDX-License-Identifier: Apache-2.0
// How a handler answers (http_server.hpp).
#include <boost/asio/error.hpp>
#include <utility>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "net/http/http_connection.hpp"
#include "net/http/websocket_accept.hpp"

namespace edgecore::net {
namespace {

/// How much a client may send ahead while its request is handled; beyond it client_gone() stops reading.
constexpr std::size_t kPipelinedBytes = 64UL * 1024;

}  // namespace

asio::awaitable<void> Responder::send(Response response) {
  if (answered()) throw Error("A second answer to one HTTP request was attempted.");
  auto& c = connection_;
  const std::string_view body = response.shared_body ? *response.shared_body : response.body;
  const std::string head = c.head_text(response.status, response.headers, false, body.size());
  c.answer_ = HttpConnection::Answer::kComplete;
  Pieces pieces;
  pieces.add(head);
  if (!c.head_only_ && !has_no_body(response.status)) pieces.add(body);
  const auto flow = c.send_now(pieces);
  if (flow != HttpConnection::Flow::kDone) co_await c.send_rest(pieces, flow, response.shared_body.get());
}

asio::awaitable<void> Responder::start(int status, Headers headers) {
  if (answered()) throw Error("A second answer to one HTTP request was attempted.");
  auto& c = connection_;
  const std::string head = c.head_text(status, headers, true, 0);
  c.answer_ = HttpConnection::Answer::kStreaming;
  Pieces pieces;
  pieces.add(head);
  const auto flow = c.send_now(pieces);
  if (flow != HttpConnection::Flow::kDone) co_await c.send_rest(pieces, flow);
}

asio::awaitable<void> Responder::write(std::string piece) {
  expect_started();
  std::string size_line;
  Pieces pieces = connection_.framed(piece, size_line);
  const auto flow = connection_.send_now(pieces);
  if (flow != HttpConnection::Flow::kDone) co_await connection_.send_rest(pieces, flow);
}

asio::awaitable<void> Responder::write(std::shared_ptr<const std::string> piece) {
  expect_started();
  std::string size_line;
  Pieces pieces = connection_.framed(*piece, size_line);
  const auto flow = connection_.send_now(pieces);
  if (flow != HttpConnection::Flow::kDone) co_await connection_.send_rest(pieces, flow, piece.get());
}

asio::awaitable<void> Responder::finish() {
  auto& c = connection_;
  if (c.answer_ != HttpConnection::Answer::kStreaming)
    throw Error("A response that was not started cannot be finished.");
  Pieces pieces;
  if (c.chunked_ && !c.head_only_) pieces.add("0\r\n\r\n");
  const auto flow = c.send_now(pieces);
  if (flow != HttpConnection::Flow::kDone) co_await c.send_rest(pieces, flow);
  c.answer_ = HttpConnection::Answer::kComplete;
}

asio::awaitable<void> Responder::client_gone() {
  auto& c = connection_;
  for (;;) {
    auto& landing = c.service_.landing();
    const auto got = c.stream_.try_read(asio::buffer(landing));
    error_code error = got.error;
    if (got.state != Stream::Attempt::State::kDone) {
      const auto [failed] = co_await c.stream_.async_wait_for(got.state, kAsResult);
      if (!failed) continue;
      error = failed;
    }
    if (error == asio::error::operation_aborted && c.stream_.open()) throw boost::system::system_error(error);
    if (error) co_return;
    c.input_.append(landing, 0, got.count);
    const bool is_too_much = c.input_.size() > kPipelinedBytes || !c.hold_input();
    if (is_too_much) co_return c.stream_.close(true);
  }
}

asio::awaitable<std::unique_ptr<WebSocket>> Responder::upgrade(WebSocketServerOptions options,
                                                               Headers headers) {
  auto& c = connection_;
  if (answered()) throw Error("A second answer to one HTTP request was attempted.");
  const HttpHead* head = c.upgrade_head_.get();
  if (head == nullptr || !iequals(head->headers.get("Upgrade"), "websocket") || head->method != "GET")
    throw BadInput("The request does not ask for a WebSocket.");
  c.answer_ = HttpConnection::Answer::kUpgraded;
  c.stream_.unread(c.input_.substr(c.parsed_));
  std::string().swap(c.input_);
  c.deadline_.arm(c.service_.limits.write_timeout);
  auto socket = co_await accept_websocket(c.stream_, *head, std::move(headers), options);
  c.deadline_.disarm();
  co_return socket;
}

void Responder::set_client(std::string client) {
  connection_.client_ = std::move(client);
}

bool Responder::has_room() const {
  const auto& budget = connection_.service_.options.budget;
  return !budget || budget->unsent.has_room(connection_.client());
}

void Responder::cut() {
  connection_.stream_.close(true);
}

bool Responder::answered() const {
  return connection_.answer_ != HttpConnection::Answer::kNone;
}

void Responder::expect_started() const {
  if (connection_.answer_ != HttpConnection::Answer::kStreaming)
    throw Error("A piece of a response was sent outside of start() and finish().");
}

bool Request::wants_websocket() const {
  return method == "GET" && headers.has_token("Connection", "upgrade") &&
         iequals(headers.get("Upgrade"), "websocket");
}

}  // namespace edgecore::net
