// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_connection.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <limits>
#include <tuple>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::net {
namespace {

/// Input buffer that an idle connection may keep for its next request.
constexpr std::size_t kIdleInputBytes = 512;
/// How much of a refused request is read and discarded, so that its sender sees the answer instead of a
/// reset.
constexpr std::size_t kLingerBytes = 1024UL * 1024;
constexpr std::chrono::milliseconds kLingerTime{2000};
/// The write time-out applies to each part of this size.
constexpr std::size_t kWritePartBytes = 64UL * 1024;
/// Steps in a row without waiting (a request parsed, a read, a write) before the connection yields to others.
constexpr unsigned kMostUnwaited = 32;

/// Headers that the server sets itself; the handler's are dropped.
bool is_framing(std::string_view name) {
  return iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding") ||
         iequals(name, "Connection") || iequals(name, "Date");
}

void append_number(std::string& out, std::size_t number, int base) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

}  // namespace

std::string& HttpService::landing() {
  if (landing_.empty()) landing_.resize(kHttpReadBytes);
  return landing_;
}

std::string_view HttpService::date_line() {
  const std::time_t now = std::time(nullptr);
  if (date_line_.empty() || now != date_of_) {
    date_line_ = "Date: " + http_date(now) + "\r\n";
    date_of_ = now;
  }
  return date_line_;
}

void Pieces::add(std::string_view bytes) {
  if (!bytes.empty()) items_.at(count_++) = asio::buffer(bytes);
}

std::size_t Pieces::bytes() const {
  std::size_t sum = 0;
  for (const asio::const_buffer& item : list()) sum += item.size();
  return sum;
}

void Pieces::consume(std::size_t count) {
  std::size_t gone = 0;
  while (gone < count_ && count >= items_[gone].size()) count -= items_[gone++].size();
  if (gone < count_) items_[gone] += count;
  std::move(items_.begin() + static_cast<std::ptrdiff_t>(gone),
            items_.begin() + static_cast<std::ptrdiff_t>(count_), items_.begin());
  count_ -= gone;
}

HttpConnection::HttpConnection(Stream stream, std::shared_ptr<const TlsContext> tls, HttpService& service,
                               PeerShares shares)
    : stream_(std::move(stream)),
      tls_(std::move(tls)),
      service_(service),
      shares_(std::move(shares)),
      deadline_(stream_.get_executor(), [guarded = stream_]() mutable { guarded.expire(); }),
      parser_(HttpParser::Kind::kRequest, HttpLimits{service.limits.header_bytes, service.limits.header_count,
                                                     service.limits.body_bytes}),
      peer_(stream_.peer()) {}

asio::awaitable<void> HttpConnection::run() {
  try {
    co_await converse();
  } catch (const NetError&) {
    // The peer went away, was too slow or does not speak TLS: a normal end of a connection.
  }
  if (answer_ == Answer::kUpgraded) co_return;  // the WebSocket owns it now
  stream_.shutdown();
  stream_.close();
}

asio::awaitable<void> HttpConnection::converse() {
  if (tls_) {
    deadline_.arm(service_.limits.handshake_timeout);
    co_await stream_.handshake_server(tls_);
    peer_certificate_ = stream_.peer_certificate();
    tls_.reset();
  }
  while (keep_) {
    const bool there = co_await read_request();
    if (!there) co_return;
    Request request = take_request();
    answer_ = Answer::kNone;
    handling_ = true;
    co_await handle(request);
    handling_ = false;
    if (!hold_input()) co_return stream_.close(true);
    if (answer_ == Answer::kUpgraded) co_return;
    if (answer_ == Answer::kStreaming) co_return stream_.close(true);  // incomplete: tell the client
  }
  co_await linger();
}

void HttpConnection::finish_soon() {
  keep_ = false;
  if (!handling_) stream_.close();
}

/// False if the connection is to be closed; then a fault has been answered.
asio::awaitable<bool> HttpConnection::read_request() {
  Step step = begin_request();
  while (step != Step::kTake) {
    if (step == Step::kWait) {
      arm_for_input();
      const auto [error] = co_await stream_.async_wait_for(read_wants_, kAsResult);
      if (error) stream_.fail(error, "reading a request");
      unwaited_ = 0;
    } else if (step == Step::kLetPass) {
      co_await let_others_pass();
    } else if (step == Step::kAdmit) {
      const Admission admission = co_await admit();
      if (admission == Admission::kClose) co_return false;
      if (admission == Admission::kNext) {
        step = begin_request();
        continue;
      }
      if (is_awaited_) co_await go_on();
    } else if (step == Step::kGoOn) {
      co_await go_on();
    } else {
      if (step == Step::kRefuse) co_await refuse();
      co_return false;
    }
    step = advance();
  }
  deadline_.disarm();
  co_return true;
}

/// Judges a request by its head. The peer gets nothing but this before it is known: its body stays where it
/// is.
asio::awaitable<HttpConnection::Admission> HttpConnection::admit() {
  take_head();
  deadline_.disarm();
  std::optional<Response> refusal = co_await service_.options.admit(*request_);
  phase_ = Phase::kNone;  // the body's time-out begins now
  if (!refusal) {
    is_known_ = true;
    shares_.unknown = {};
    co_return Admission::kAdmitted;
  }
  request_.reset();
  if (!parser_.done()) keep_ = false;
  answer_ = Answer::kNone;
  Responder responder(*this);
  co_await responder.send(std::move(*refusal));
  if (keep_) co_return Admission::kNext;
  co_await linger();
  co_return Admission::kClose;
}

asio::awaitable<void> HttpConnection::go_on() {
  is_awaited_ = false;
  Pieces pieces;
  pieces.add("HTTP/1.1 100 Continue\r\n\r\n");
  const Flow flow = send_now(pieces);
  if (flow != Flow::kDone) co_await send_rest(pieces, flow);
  phase_ = Phase::kNone;  // the body's time-out begins now
}

/// Counts what is held of this request and behind it. False if the server holds too much already.
bool HttpConnection::hold_input() {
  return shares_.bytes.resize(parser_.body_bytes() + (input_.size() - parsed_));
}

HttpConnection::Step HttpConnection::begin_request() {
  parser_.restart();
  head_seen_ = false;
  phase_ = Phase::kNone;
  if (!input_.empty() || stream_.holds_input()) {
    quiet_since_ = std::numeric_limits<std::uint64_t>::max();
    return advance();
  }
  // A client that got its answer a moment ago has not sent the next request yet: wait without trying to read.
  quiet_since_ = stream_.bytes_read();
  read_wants_ = Stream::Attempt::State::kWantsRead;
  return Step::kWait;
}

HttpConnection::Step HttpConnection::advance() {
  parse({});
  for (;;) {
    if (parser_.fault()) {
      fault_ = *parser_.fault();
      return Step::kRefuse;
    }
    if (parser_.head_done() && !head_seen_) {
      if (const auto step = look_at_head()) return *step;
      parse({});
      continue;
    }
    if (spent()) return Step::kLetPass;
    if (parser_.done()) return Step::kTake;
    auto& landing = service_.landing();
    const auto got = stream_.try_read(asio::buffer(landing));
    if (got.state != Stream::Attempt::State::kDone) {
      read_wants_ = got.state;
      return Step::kWait;
    }
    if (got.error == asio::error::eof) return Step::kEnd;
    if (got.error) stream_.fail(got.error, "reading a request");
    parse(std::string_view(landing).substr(0, got.count));
    if (!hold_input()) {
      fault_ = HttpFault{503, "The server holds too many bytes of unfinished requests. Try again later."};
      return Step::kRefuse;
    }
  }
}

/// Parses the kept bytes and then `fresh`, stops once after the head, and keeps the rest.
void HttpConnection::parse(std::string_view fresh) {
  const bool kept = !input_.empty();
  if (kept && !fresh.empty()) {
    input_.erase(0, parsed_);
    parsed_ = 0;
    input_.append(fresh);
  }
  std::string_view rest = kept ? std::string_view(input_).substr(parsed_) : fresh;
  while (!rest.empty() && !parser_.done() && !(parser_.head_done() && !head_seen_)) {
    const std::size_t taken = parser_.put(rest);
    if (taken == 0) break;
    rest.remove_prefix(taken);
  }
  if (rest.empty()) {
    input_.clear();
  } else if (!kept) {
    input_.assign(rest);
  }
  parsed_ = input_.size() - rest.size();
}

std::optional<HttpConnection::Step> HttpConnection::look_at_head() {
  const HttpHead& head = parser_.head();
  head_seen_ = true;
  http_1_1_ = head.http_1_1;
  head_only_ = head.method == "HEAD";
  if (http_1_1_ && !head.headers.has("Host")) {
    fault_ = HttpFault{400, "The request has no Host header."};
    return Step::kRefuse;
  }
  keep_ = keep_ && head.keep_alive && http_1_1_;
  is_awaited_ = !parser_.done() && iequals(head.headers.get("Expect"), "100-continue");
  if (service_.options.admit) return Step::kAdmit;
  shares_.unknown = {};
  if (is_awaited_) return Step::kGoOn;
  return std::nullopt;
}

void HttpConnection::arm_for_input() {
  const bool begun = stream_.bytes_read() != quiet_since_;
  const Phase phase = head_seen_ ? Phase::kBody : begun ? Phase::kHead : Phase::kIdle;
  if (phase == phase_) return;
  phase_ = phase;
  if (phase == Phase::kIdle && input_.capacity() > kIdleInputBytes) std::string().swap(input_);
  const auto& limits = service_.limits;
  const bool must_begin = service_.options.admit && !is_known_;
  deadline_.arm(phase == Phase::kBody                 ? limits.body_timeout
                : phase == Phase::kHead || must_begin ? limits.header_timeout
                                                      : limits.idle_timeout);
}

void HttpConnection::take_head() {
  HttpHead head = parser_.take_head();
  upgrade_head_ = head.upgrade ? std::make_unique<const HttpHead>(head) : nullptr;
  request_ = std::make_unique<Request>();
  request_->method = std::move(head.method);
  request_->target = std::move(head.target);
  request_->headers = std::move(head.headers);
  request_->peer_address = peer_.address;
  request_->peer_port = peer_.port;
  request_->peer_certificate = peer_certificate_;
}

Request HttpConnection::take_request() {
  if (!request_) take_head();
  Request request = std::move(*request_);
  request_.reset();
  request.body = parser_.take_body();
  return request;
}

asio::awaitable<void> HttpConnection::handle(Request& request) {
  HttpFault fault{500, "The request was not answered."};
  Responder responder(*this);
  try {
    co_await service_.handler(request, responder);
  } catch (const NetError& problem) {
    // This connection failed, or another one did and the handler did not catch it.
    if (answer_ != Answer::kNone || !stream_.open()) throw;
    fault = {500, problem.what()};
  } catch (const boost::system::system_error& problem) {
    if (problem.code() == asio::error::operation_aborted) throw;  // cancelled
    fault = {500, problem.what()};
  } catch (const BadInput& problem) {
    fault = {400, problem.what()};
  } catch (const std::exception& problem) {
    fault = {500, problem.what()};
  }
  if (answer_ != Answer::kNone) co_return;
  Response response;
  response.status = fault.status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = fault.sentence + "\n";
  co_await responder.send(std::move(response));
}

asio::awaitable<void> HttpConnection::refuse() {
  keep_ = false;
  // What was received is not needed any more.
  parser_.restart();
  std::string().swap(input_);
  parsed_ = 0;
  std::ignore = hold_input();
  const auto& refusal = service_.options.refusal;
  std::optional<Response> answer;
  if (refusal) answer = refusal(fault_->status, fault_->sentence);
  if (!answer) {
    answer.emplace();
    answer->status = fault_->status;
    answer->headers.add("Content-Type", "text/plain; charset=utf-8");
    answer->body = fault_->sentence + "\n";
  }
  const std::string head = head_text(answer->status, answer->headers, false, answer->body.size());
  Pieces pieces;
  pieces.add(head);
  pieces.add(answer->body);
  const Flow flow = send_now(pieces);
  if (flow != Flow::kDone) co_await send_rest(pieces, flow);
  co_await linger();
}

asio::awaitable<void> HttpConnection::linger() {
  stream_.shutdown();
  deadline_.arm(kLingerTime);
  for (std::size_t total = 0; total < kLingerBytes;) {
    const auto got = stream_.try_read(asio::buffer(service_.landing()));
    if (got.state != Stream::Attempt::State::kDone) {
      const auto [error] = co_await stream_.async_wait_for(got.state, kAsResult);
      if (error) co_return;
      unwaited_ = 0;
      continue;
    }
    if (got.error) co_return;
    total += got.count;
    if (spent()) co_await let_others_pass();
  }
}

std::string HttpConnection::head_text(int status, const Headers& headers, bool streaming,
                                      std::size_t length) {
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(status), 10);
  out.append(" ").append(reason_phrase(status)).append("\r\n").append(service_.date_line());
  for (const auto& [name, value] : headers)
    if (!is_framing(name)) append_header(out, name, value);
  if (streaming) {
    chunked_ = http_1_1_;
    if (chunked_) out += "Transfer-Encoding: chunked\r\n";
    if (!chunked_) keep_ = false;
  } else if (!has_no_body(status)) {
    out += "Content-Length: ";
    append_number(out, length, 10);
    out += "\r\n";
  }
  if (!keep_) out += "Connection: close\r\n";
  out += "\r\n";
  return out;
}

Pieces HttpConnection::framed(std::string_view piece, std::string& size_line) const {
  Pieces pieces;
  if (piece.empty() || head_only_) return pieces;
  if (chunked_) {
    append_number(size_line, piece.size(), 16);
    size_line += "\r\n";
    pieces.add(size_line);
  }
  pieces.add(piece);
  if (chunked_) pieces.add("\r\n");
  return pieces;
}

HttpConnection::Flow HttpConnection::send_now(Pieces& pieces) {
  while (!pieces.empty()) {
    const auto sent = stream_.try_write(pieces.list());
    if (sent.state != Stream::Attempt::State::kDone) {
      write_wants_ = sent.state;
      return Flow::kBlocked;
    }
    if (sent.error) stream_.fail(sent.error, "sending a response");
    pieces.consume(sent.count);
    if (spent()) return Flow::kLetPass;
  }
  return Flow::kDone;
}

/// The kernel does not take all: what is left is held, and counted, until the peer has read it.
asio::awaitable<void> HttpConnection::send_rest(Pieces& pieces, Flow flow, const void* shared_body) {
  const auto& budget = service_.options.budget;
  const SteadyTime end = end_of_sending(pieces.bytes());
  std::optional<UnsentAnswers::Entry> unsent;
  if (budget)
    unsent.emplace(
        budget->unsent, client(), pieces.bytes(), shared_body, [this] { stream_.close(true); }, steady_now());
  std::uint64_t part_ends = 0;
  for (; flow != Flow::kDone; flow = send_now(pieces)) {
    if (stream_.bytes_written() >= part_ends) {
      part_ends = stream_.bytes_written() + kWritePartBytes;
      deadline_.arm_at(std::min(end, steady_now() + service_.limits.write_timeout));
      if (service_.limits.write_timeout.count() == 0) deadline_.disarm();
    }
    co_await wait_to_send(flow);
    if (unsent) unsent->sent(pieces.bytes(), steady_now());
  }
  deadline_.disarm();
}

asio::awaitable<void> HttpConnection::wait_to_send(Flow flow) {
  if (flow == Flow::kLetPass) co_return co_await let_others_pass();
  const auto [error] = co_await stream_.async_wait_for(write_wants_, kAsResult);
  unwaited_ = 0;
  if (error == asio::error::operation_aborted && stream_.open()) {
    stream_.close(true);  // the writer was cancelled half-way: the stream cannot continue
    throw boost::system::system_error(error);
  }
  if (error) stream_.fail(error, "sending a response");
}

SteadyTime HttpConnection::end_of_sending(std::size_t bytes) const {
  const auto& limits = service_.limits;
  if (limits.least_write_rate == 0 || limits.write_timeout.count() == 0) return SteadyTime::max();
  return steady_now() + limits.write_timeout + std::chrono::seconds(bytes / limits.least_write_rate);
}

bool HttpConnection::spent() {
  return ++unwaited_ >= kMostUnwaited;
}

asio::awaitable<void> HttpConnection::let_others_pass() {
  unwaited_ = 0;
  co_await asio::post(stream_.get_executor(), asio::use_awaitable);
}

}  // namespace edgecore::net
