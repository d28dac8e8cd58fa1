// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "edgecore/net/http_server.hpp"
#include "net/http/http_parse.hpp"
#include "net/stream/deadline.hpp"
#include "net/stream/stream.hpp"

namespace edgecore::net {

/// What the connections of one server have in common. Outlives them; on their executor.
class HttpService {
 public:
  HttpService(const HttpServer::Options& with, const HttpServer::Handler& calling)
      : limits(with.limits), options(with), handler(calling) {}

  const ServerLimits& limits;
  const HttpServer::Options& options;
  const HttpServer::Handler& handler;

  /// Where received bytes land before they are parsed: no connection holds a read buffer while it waits. Of
  /// no meaning any more once the executor has run something else.
  std::string& landing();
  /// The "Date: …" line, made once a second.
  std::string_view date_line();

 private:
  std::string landing_;
  std::string date_line_;
  std::time_t date_of_ = 0;
};

/// What is left to be sent: a few pieces of memory that stay where they are until it is.
class Pieces {
 public:
  void add(std::string_view bytes);
  void consume(std::size_t count);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::span<const asio::const_buffer> list() const { return {items_.data(), count_}; }

 private:
  std::array<asio::const_buffer, 3> items_{};
  std::size_t count_ = 0;
};

/// One accepted connection: requests in, one handler at a time, answers out. Owned by the coroutine that runs
/// it.
///
/// Nothing is waited for that is there already: input is parsed and output sent in plain calls, and the
/// coroutine is suspended only for the socket. So that a busy peer does not keep the others from their turn,
/// they are let pass after a number of such calls in a row.
class HttpConnection {
 public:
  HttpConnection(Stream stream, std::shared_ptr<const TlsContext> tls, HttpService& service);

  /// Serves until the connection ends; failures of the connection are its normal end. Throws only on
  /// cancellation.
  asio::awaitable<void> run();
  /// No further request after the one being handled; closes at once when idle.
  void finish_soon();
  /// Closes the socket.
  void cut() { stream_.close(); }

 private:
  friend class Responder;
  enum class Answer { kNone, kStreaming, kComplete, kUpgraded };
  /// What has to happen next on the way to a request.
  enum class Step {
    kTake,     ///< it is there
    kWait,     ///< for the socket
    kLetPass,  ///< the others
    kGoOn,     ///< send 100 Continue
    kRefuse,   ///< answer `fault_`
    kEnd       ///< the peer has ended its side
  };
  /// Which time-out runs while a request is read.
  enum class Phase { kNone, kIdle, kHead, kBody };
  /// How far sending has come.
  enum class Flow { kDone, kBlocked, kLetPass };

  asio::awaitable<void> converse();
  asio::awaitable<bool> read_request();
  Step begin_request();
  Step advance();
  void parse(std::string_view fresh);
  std::optional<Step> look_at_head();
  void arm_for_input();
  Request take_request();

  asio::awaitable<void> handle(Request& request);
  asio::awaitable<void> refuse();
  asio::awaitable<void> linger();

  [[nodiscard]] std::string head_text(int status, const Headers& headers, bool streaming, std::size_t length);
  /// One piece of a started response with what frames it; `size_line` has to live until it is sent.
  [[nodiscard]] Pieces framed(std::string_view piece, std::string& size_line) const;
  /// Sends what the kernel takes at once; unless the outcome is `done`, send_rest() has to follow.
  Flow send_now(Pieces& pieces);
  asio::awaitable<void> send_rest(Pieces& pieces, Flow flow);
  /// Counts a call that did not wait; true when it is time to let the others pass.
  bool spent();
  asio::awaitable<void> let_others_pass();

  Stream stream_;
  std::shared_ptr<const TlsContext> tls_;
  HttpService& service_;
  Deadline deadline_;
  HttpParser parser_;
  std::string input_;  ///< received and kept; of it `parsed_` bytes are done with
  std::size_t parsed_ = 0;
  std::optional<HttpFault> fault_;
  std::unique_ptr<const HttpHead> upgrade_head_;  ///< of a request that asks for another protocol
  std::optional<Certificate> peer_certificate_;
  Stream::Address peer_;
  std::uint64_t quiet_since_ = 0;  ///< bytes the socket had given when the wait for a request began
  Stream::Attempt::State read_wants_ = Stream::Attempt::State::kWantsRead;
  Stream::Attempt::State write_wants_ = Stream::Attempt::State::kWantsWrite;
  unsigned unwaited_ = 0;  ///< calls in a row that did not wait
  Phase phase_ = Phase::kNone;
  Answer answer_ = Answer::kNone;
  bool head_seen_ = false;
  bool http_1_1_ = true;
  bool head_only_ = false;  ///< the request is a HEAD
  bool chunked_ = false;
  bool keep_ = true;
  bool handling_ = false;
};

}  // namespace edgecore::net
