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

#include "edgecore/net/fair_limit.hpp"
#include "edgecore/net/http_server.hpp"
#include "net/http/http_parse.hpp"
#include "net/stream/deadline.hpp"
#include "net/stream/stream.hpp"

namespace edgecore::net {

/// State shared by the connections of one server. Outlives them; on their executor.
class HttpService {
 public:
  HttpService(const HttpServer::Options& with, const HttpServer::Handler& calling)
      : limits(with.limits), options(with), handler(calling) {}

  const ServerLimits& limits;
  const HttpServer::Options& options;
  const HttpServer::Handler& handler;

  /// Shared buffer for received bytes, so that no connection holds one while it waits. Valid only until the
  /// next suspension.
  std::string& landing();
  /// The "Date: …" line, made once a second.
  std::string_view date_line();

 private:
  std::string landing_;
  std::string date_line_;
  std::time_t date_of_ = 0;
};

/// A connection's shares of the server's budget.
struct PeerShares {
  FairLimit::Share connection;
  FairLimit::Share unknown;  ///< held until a first request is admitted
  FairLimit::Share bytes;    ///< received and not yet handled
};

/// Unsent data: a few pieces of memory, which must stay valid until they are sent.
class Pieces {
 public:
  void add(std::string_view bytes);
  void consume(std::size_t count);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::span<const asio::const_buffer> list() const { return {items_.data(), count_}; }

 private:
  std::array<asio::const_buffer, 3> items_{};
  std::size_t count_ = 0;
};

/// One accepted connection: requests in, one handler at a time, answers out. Owned by the coroutine that runs
/// it.
///
/// Input is parsed and output sent in plain calls; the coroutine suspends only when the socket would block.
/// After a number of such calls in a row it yields, so that a busy peer does not starve the others.
class HttpConnection {
 public:
  HttpConnection(Stream stream, std::shared_ptr<const TlsContext> tls, HttpService& service,
                 PeerShares shares);

  /// Serves until the connection ends; a failure of the connection is a normal end. Throws only on
  /// cancellation.
  asio::awaitable<void> run();
  /// Takes no further request after the current one; closes at once if idle.
  void finish_soon();
  /// Closes the socket.
  void cut() { stream_.close(); }

 private:
  friend class Responder;
  enum class Answer { kNone, kStreaming, kComplete, kUpgraded };
  /// The next step in reading a request.
  enum class Step {
    kTake,     ///< the request is complete
    kWait,     ///< wait for the socket
    kLetPass,  ///< yield to other work
    kAdmit,    ///< judge the head
    kGoOn,     ///< send 100 Continue
    kRefuse,   ///< answer `fault_`
    kEnd       ///< the peer has ended its side
  };
  /// Which time-out runs while a request is read.
  enum class Phase { kNone, kIdle, kHead, kBody };
  /// Outcome of admit().
  enum class Admission { kAdmitted, kNext, kClose };
  /// Outcome of send_now().
  enum class Flow { kDone, kBlocked, kLetPass };

  asio::awaitable<void> converse();
  asio::awaitable<bool> read_request();
  asio::awaitable<Admission> admit();
  asio::awaitable<void> go_on();
  Step begin_request();
  Step advance();
  void parse(std::string_view fresh);
  std::optional<Step> look_at_head();
  void arm_for_input();
  [[nodiscard]] bool hold_input();
  void take_head();
  Request take_request();

  asio::awaitable<void> handle(Request& request);
  asio::awaitable<void> refuse();
  asio::awaitable<void> linger();

  [[nodiscard]] std::string head_text(int status, const Headers& headers, bool streaming, std::size_t length);
  /// One piece of a started response with its chunk framing; `size_line` must live until it is sent.
  [[nodiscard]] Pieces framed(std::string_view piece, std::string& size_line) const;
  /// Sends as much as the kernel takes at once. Unless it returns kDone, call send_rest().
  Flow send_now(Pieces& pieces);
  asio::awaitable<void> send_rest(Pieces& pieces, Flow flow, const void* shared_body = nullptr);
  asio::awaitable<void> wait_to_send(Flow flow);
  /// Until when a number of bytes has to be sent.
  [[nodiscard]] SteadyTime end_of_sending(std::size_t bytes) const;
  [[nodiscard]] const std::string& client() const { return client_.empty() ? peer_.address : client_; }
  /// Counts a step without waiting; true when it is time to yield.
  bool spent();
  asio::awaitable<void> let_others_pass();

  Stream stream_;
  std::shared_ptr<const TlsContext> tls_;
  HttpService& service_;
  PeerShares shares_;
  Deadline deadline_;
  HttpParser parser_;
  std::string input_;  ///< received bytes; the first `parsed_` of them are consumed
  std::size_t parsed_ = 0;
  std::optional<HttpFault> fault_;
  std::unique_ptr<Request> request_;              ///< while its body is read: what its head says
  std::unique_ptr<const HttpHead> upgrade_head_;  ///< set if the request asks for another protocol
  std::optional<Certificate> peer_certificate_;
  Stream::Address peer_;
  std::string client_;             ///< whose answers these are; "": the peer's address
  std::uint64_t quiet_since_ = 0;  ///< bytes read when the wait for the request began
  Stream::Attempt::State read_wants_ = Stream::Attempt::State::kWantsRead;
  Stream::Attempt::State write_wants_ = Stream::Attempt::State::kWantsWrite;
  unsigned unwaited_ = 0;  ///< steps in a row without waiting
  Phase phase_ = Phase::kNone;
  Answer answer_ = Answer::kNone;
  bool head_seen_ = false;
  bool http_1_1_ = true;
  bool head_only_ = false;  ///< the request is a HEAD
  bool chunked_ = false;
  bool keep_ = true;
  bool handling_ = false;
  bool is_known_ = false;    ///< a request was admitted
  bool is_awaited_ = false;  ///< the client waits for 100 Continue
};

}  // namespace edgecore::net
