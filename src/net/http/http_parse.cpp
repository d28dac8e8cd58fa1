// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_parse.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <limits>
#include <utility>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/net/url.hpp"
#include "net/http/response_head.hpp"

namespace edgecore::net {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

/// Bytes around a chunk's data that every sender needs: its size and two line ends.
constexpr std::size_t kUsualFraming = 16;

HttpFault fault_of(const error_code& error) {
  if (error == http::error::header_limit) return {431, "The header is too large."};
  if (error == http::error::body_limit) return {413, "The body is too large."};
  if (error == http::error::bad_version) return {505, "Only HTTP/1.0 and HTTP/1.1 are supported."};
  return {400, "The message is not HTTP/1.1 (" + error.message() + ")."};
}

/// Beast 1.81 asserts that a last chunk which it parses a second time has at least five bytes. That is true
/// only after another chunk: an empty body that arrives as "0\r\n" and then one more byte aborts a program
/// built with assertions. So a last chunk is held back until it has five bytes; it is never shorter.
bool is_short_last_chunk(std::string_view bytes) {
  return bytes.size() == 4 && bytes.starts_with("0\r\n");
}

std::string_view plain(boost::core::string_view text) {
  return {text.data(), text.size()};
}

std::string text(boost::core::string_view from) {
  return {from.data(), from.size()};
}

/// Beast ignores a Transfer-Encoding that it does not know, and would take the body for the next request.
std::optional<HttpFault> coding_fault(const HttpHead& head) {
  std::size_t codings = 0;
  std::string_view last;
  for (const auto& [name, value] : head.headers) {
    if (!iequals(name, "Transfer-Encoding")) continue;
    ++codings;
    last = value;
  }
  if (codings > 0 && !head.http_1_1) return HttpFault{400, "HTTP/1.0 has no transfer coding."};
  if (is_known_coding(codings, last)) return std::nullopt;
  return HttpFault{501, "The transfer coding of the body is not understood."};
}

/// A target in absolute form, as a proxy's client sends it, becomes a path, and its host takes the place of
/// the header Host (RFC 9112 §3.2.2). A request of HTTP/1.1 without Host stays without: that is its fault.
std::optional<HttpFault> resolve_target(HttpHead& head) {
  const std::string scheme = lower_case(std::string_view(head.target).substr(0, head.target.find("://")));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  try {
    Url url = Url::parse(head.target);
    if (head.headers.has("Host") || !head.http_1_1) head.headers.set("Host", url.authority());
    head.target = std::move(url.target);
  } catch (const BadInput& bad) {
    return HttpFault{400, bad.what()};
  }
  return std::nullopt;
}

/// Beast's grammar, writing directly into our types.
template <bool IsRequest>
class Machine final : public http::basic_parser<IsRequest> {
 public:
  explicit Machine(const HttpLimits& limits) {
    // The strict form of a response's head is a little longer than what was received and measured.
    const std::size_t growth = IsRequest ? 1 : 4;
    this->header_limit(static_cast<std::uint32_t>(limits.header_bytes * growth));
    this->body_limit(limits.body_bytes);
  }

  HttpHead head;
  std::string body;
  std::function<void(std::string_view)> piece;
  std::uint64_t body_bytes = 0;
  std::uint64_t chunks = 0;

 private:
  using Text = boost::core::string_view;

  void on_request_impl(http::verb, Text method, Text target, int version, error_code&) override {
    head.method = text(method);
    head.target = text(target);
    head.http_1_1 = version >= 11;
  }
  void on_response_impl(int status, Text, int version, error_code&) override {
    head.status = status;
    head.http_1_1 = version >= 11;
  }
  void on_field_impl(http::field, Text name, Text value, error_code&) override {
    // Drops the fields of a trailer: an Authorization there has not passed the checks of the head.
    if (!this->is_header_done()) head.headers.add(text(name), text(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(Text bytes, error_code&) override { return take(bytes); }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override { ++chunks; }
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, error_code&) override { return take(bytes); }
  void on_finish_impl(error_code&) override {}

  std::size_t take(Text bytes) {
    body_bytes += bytes.size();
    if (piece) {
      piece(plain(bytes));
    } else {
      body.append(bytes.data(), bytes.size());
    }
    return bytes.size();
  }
};

}  // namespace

struct HttpParser::Impl {
  Impl(Kind of, const HttpLimits& given) : kind(of), limits(given) { restart(); }

  void restart() {
    head_done = false;
    may_keep = true;
    searched = 0;
    framing = 0;
    fault.reset();
    if (kind == Kind::kRequest) {
      request.emplace(limits);
    } else {
      response.emplace(limits);
      response->skip(kind == Kind::kResponseToHead);
    }
  }

  template <class Action>
  decltype(auto) with(Action action) {
    return request ? action(*request) : action(*response);
  }

  std::size_t put_request_head(std::string_view bytes);
  std::size_t put_response_head(std::string_view bytes);
  std::size_t put_body(std::string_view bytes);
  template <class OneMachine>
  std::size_t step(OneMachine& machine, std::string_view bytes, bool& more);
  template <class OneMachine>
  void finish_head(OneMachine& machine);

  Kind kind;
  HttpLimits limits;
  std::optional<Machine<true>> request;
  std::optional<Machine<false>> response;
  std::optional<HttpFault> fault;
  bool head_done = false;
  bool may_keep = true;
  std::size_t searched = 0;   ///< so much of a response's head is known to hold no end of it
  std::uint64_t framing = 0;  ///< bytes taken behind the head that are no body
};

/// Lets Beast take what it can. `more`: it needs more bytes.
template <class OneMachine>
std::size_t HttpParser::Impl::step(OneMachine& machine, std::string_view bytes, bool& more) {
  machine.eager(head_done);
  error_code error;
  const std::size_t taken = machine.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  more = error == http::error::need_more;
  if (error && !more) fault = fault_of(error);
  return taken;
}

template <class OneMachine>
void HttpParser::Impl::finish_head(OneMachine& machine) {
  head_done = true;
  HttpHead& head = machine.head;
  head.keep_alive = may_keep && machine.keep_alive();
  head.upgrade = machine.upgrade();
  if (head.headers.size() > limits.header_count) fault = HttpFault{431, "The header has too many lines."};
  const auto length = machine.content_length();
  if (length && *length > limits.body_bytes && !machine.piece) fault = fault_of(http::error::body_limit);
}

std::size_t HttpParser::Impl::put_request_head(std::string_view bytes) {
  bool more = false;
  const std::size_t taken = step(*request, bytes, more);
  if (more && bytes.size() - taken > limits.header_bytes) fault = fault_of(http::error::header_limit);
  if (fault || !request->is_header_done()) return taken;
  finish_head(*request);
  if (const auto problem = resolve_target(request->head)) fault = problem;
  if (const auto problem = coding_fault(request->head)) fault = problem;
  return taken;
}

std::size_t HttpParser::Impl::put_response_head(std::string_view bytes) {
  const std::size_t length = head_length(bytes, searched);
  if ((length == 0 ? bytes.size() : length) > limits.header_bytes)
    fault = fault_of(http::error::header_limit);
  if (fault || length == 0) return 0;
  const PlainHead plain = plain_head(bytes.substr(0, length));
  may_keep = plain.may_keep;
  if (plain.fault != 0) {
    fault = HttpFault{plain.fault, plain.sentence};
    return 0;
  }
  bool more = false;
  step(*response, plain.text, more);
  if (more) fault = fault_of(http::error::bad_line_ending);
  if (!fault) finish_head(*response);
  return length;
}

std::size_t HttpParser::Impl::put_body(std::string_view bytes) {
  return with([this, bytes](auto& machine) -> std::size_t {
    if (machine.chunked() && is_short_last_chunk(bytes)) return 0;
    const std::uint64_t body_before = machine.body_bytes;
    bool more = false;
    const std::size_t taken = step(machine, bytes, more);
    framing += taken - (machine.body_bytes - body_before);
    // Beast takes a chunk's header or the trailer only when it is whole: what waits for its end is limited,
    // too.
    const bool held_too_much = more && bytes.size() - taken > limits.framing_bytes;
    if (!fault && (held_too_much || framing > limits.framing_bytes + kUsualFraming * machine.chunks))
      fault = HttpFault{413, "There is too much between the chunks of the body or behind it."};
    return taken;
  });
}

HttpParser::HttpParser(Kind kind, const HttpLimits& limits) : impl_(std::make_unique<Impl>(kind, limits)) {}
HttpParser::~HttpParser() = default;

void HttpParser::restart() {
  impl_->restart();
}

std::size_t HttpParser::put(std::string_view bytes) {
  if (impl_->fault || bytes.empty()) return 0;
  if (impl_->head_done) return impl_->put_body(bytes);
  return impl_->request ? impl_->put_request_head(bytes) : impl_->put_response_head(bytes);
}

void HttpParser::end_of_stream() {
  impl_->with([this](auto& machine) {
    error_code error;
    if (machine.got_some()) machine.put_eof(error);
    if (error) impl_->fault = HttpFault{400, "The message was cut off (" + error.message() + ")."};
  });
}

const std::optional<HttpFault>& HttpParser::fault() const {
  return impl_->fault;
}
bool HttpParser::head_done() const {
  return impl_->head_done;
}
bool HttpParser::done() const {
  return impl_->with([](const auto& machine) { return machine.is_done(); });
}
const HttpHead& HttpParser::head() const {
  if (!impl_->head_done) throw Error("The head of an HTTP message was used before it was complete.");
  return impl_->with([](const auto& machine) -> const HttpHead& { return machine.head; });
}
HttpHead HttpParser::take_head() {
  return impl_->with([](auto& machine) { return std::move(machine.head); });
}
std::size_t HttpParser::body_bytes() const {
  return impl_->with([](const auto& machine) { return machine.body.size(); });
}
std::string HttpParser::take_body() {
  return impl_->with([](auto& machine) { return std::move(machine.body); });
}
void HttpParser::on_body(std::function<void(std::string_view)> piece) {
  impl_->limits.body_bytes = std::numeric_limits<std::size_t>::max();
  impl_->with([&piece](auto& machine) {
    machine.body_limit(boost::none);
    machine.piece = std::move(piece);
  });
}

std::string_view reason_phrase(int status) {
  return plain(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status))));
}

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

std::string http_date(std::time_t now) {
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  // The process never changes its C locale, so %a and %b are English.
  const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

namespace {

/// A set of bytes that a header's name or value must not contain.
using ByteSet = std::array<bool, 256>;
constexpr ByteSet byte_set(std::string_view characters) {
  ByteSet out{};
  for (const char c : characters) out[static_cast<unsigned char>(c)] = true;
  return out;
}
constexpr ByteSet kNotInAValue = byte_set(std::string_view("\r\n\0", 3));
constexpr ByteSet kNotInAName = byte_set(std::string_view("\r\n\0: \t", 6));

bool holds(std::string_view text, const ByteSet& bytes) {
  return std::any_of(text.begin(), text.end(),
                     [&bytes](char c) { return bytes[static_cast<unsigned char>(c)]; });
}

}  // namespace

void append_header(std::string& out, std::string_view name, std::string_view value) {
  if (name.empty() || holds(name, kNotInAName) || holds(value, kNotInAValue))
    throw BadInput("The header \"" + log::quote(name) + "\" holds characters that no header may have.");
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_headers(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers) append_header(out, name, value);
}

}  // namespace edgecore::net
