// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/http_client.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <map>
#include <variant>

#include "edgecore/base/error.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/net/url.hpp"
#include "net/http/http_parse.hpp"
#include "net/stream/connector.hpp"
#include "net/stream/deadline.hpp"

namespace edgecore::net {
namespace {

/// A request ready to be sent: its URL and bytes.
struct Prepared {
  Url url;
  ConnectTarget target;
  std::string head;
  std::string what;  ///< for sentences: "GET of https://host:1/path"
};

Prepared prepare(const ClientRequest& request, bool keep) {
  Prepared out;
  out.url = Url::parse(request.url);
  if (out.url.scheme != "http" && out.url.scheme != "https")
    throw BadInput("An HTTP request needs an http or https URL, not " + out.url.scheme + ".");
  if (out.url.tls() && !request.tls) throw BadInput("A request to an https URL needs a TLS context.");
  if (request.method.empty() || request.method.find_first_of(" \r\n\t") != std::string::npos)
    throw BadInput("The HTTP method is not one word.");
  out.target = {out.url.host,
                out.url.port,
                request.connect_to,
                request.unix_socket,
                out.url.tls() ? request.tls : nullptr,
                request.owner};
  out.what = request.method + " of " + out.url.scheme + "://" + out.url.authority() +
             Target::parse(out.url.target).path;

  out.head = request.method + " " + out.url.target + " HTTP/1.1\r\n";
  if (!request.headers.has("Host")) out.head += "Host: " + out.url.authority() + "\r\n";
  append_headers(out.head, request.headers);
  const bool may_have_body =
      request.method != "GET" && request.method != "HEAD" && request.method != "DELETE";
  if (!request.headers.has("Content-Length") && (may_have_body || !request.body.empty()))
    out.head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  if (!request.headers.has("Connection") && !keep) out.head += "Connection: close\r\n";
  out.head += "\r\n";
  return out;
}

/// Outcome of one attempt on one connection.
struct Exchange {
  ClientResponse response;
  bool reusable = false;
  bool any_byte = false;
  error_code failure;  ///< the connection failed before a response was complete
  bool complete = false;
};

[[noreturn]] void report_fault(const HttpFault& fault, const Prepared& prepared) {
  const auto failure =
      fault.status == 413 || fault.status == 431 ? NetFailure::kTooLarge : NetFailure::kProtocol;
  throw NetError(failure, "The response to " + prepared.what + " was refused: " + fault.sentence);
}

void note_head(const HttpParser& parser, const ClientRequest& request, ClientResponse& response) {
  response.status = parser.head().status;
  response.headers = parser.head().headers;
  if (request.on_head) request.on_head(response.status, response.headers);
}

std::unique_ptr<HttpParser> response_parser(const ClientRequest& request) {
  const HttpLimits limits{kResponseHeaderBytes, ServerLimits().header_count * 2, request.max_response_bytes};
  const auto kind =
      request.method == "HEAD" ? HttpParser::Kind::kResponseToHead : HttpParser::Kind::kResponse;
  auto parser = std::make_unique<HttpParser>(kind, limits);
  if (request.on_body) parser->on_body(request.on_body);
  return parser;
}

/// Reads one response and skips 1xx ones. Fills `out`, also with the failure if the connection breaks; throws
/// for a malformed response.
asio::awaitable<void> read_response(Stream stream, const ClientRequest& request, const Prepared& prepared,
                                    Exchange& out) {
  auto parser = response_parser(request);
  std::string buffer;
  bool head_noted = false;
  for (;;) {
    const std::size_t taken = parser->put(buffer);
    buffer.erase(0, taken);
    if (parser->fault()) report_fault(*parser->fault(), prepared);
    if (parser->done() && parser->head().status < 200 && parser->head().status != 101) {
      parser = response_parser(request);
      continue;
    }
    if (parser->head_done() && !head_noted) {
      note_head(*parser, request, out.response);
      head_noted = true;
    }
    if (parser->done()) break;
    if (taken > 0) continue;
    const std::size_t before = buffer.size();
    buffer.resize(before + kHttpReadBytes);
    const auto room = asio::buffer(buffer.data() + before, kHttpReadBytes);
    const auto [error, count] = co_await stream.async_read_some(room, kAsResult);
    buffer.resize(before + (error ? 0 : count));
    out.any_byte = out.any_byte || count > 0;
    if (!error) continue;
    out.failure = error;
    if (error != asio::error::eof) co_return;
    parser->end_of_stream();
    if (!parser->head_done() || parser->fault() || !parser->done()) co_return;
    break;
  }
  out.response.body = parser->take_body();
  out.reusable = !out.failure && buffer.empty() && parser->head().keep_alive && parser->head().status != 101;
  out.failure = {};
  out.complete = true;
}

/// As read_response(), for use beside the sender: an exception comes back in `thrown`.
asio::awaitable<void> read_beside(Stream stream, const ClientRequest& request, const Prepared& prepared,
                                  Exchange& out, std::exception_ptr& thrown) {
  try {
    co_await read_response(stream, request, prepared, out);
  } catch (...) {
    thrown = std::current_exception();
  }
}

/// Sends and then waits to be cancelled. `unsent`: why not all was sent.
asio::awaitable<void> send_beside(Stream stream, std::string_view bytes, error_code& unsent) {
  unsent = co_await write_all(stream, bytes);
  SteadyTimer never(stream.get_executor(), SteadyTime::max());
  co_await never.async_wait(asio::use_awaitable);
}

/// Sends a request that may not fit into the socket's buffers, and takes the answer of a server (413, 401)
/// that does not read it to the end. What is left then is not sent.
asio::awaitable<error_code> send_and_read(Stream stream, const std::string& bytes,
                                          const ClientRequest& request, const Prepared& prepared,
                                          Exchange& out) {
  using namespace asio::experimental::awaitable_operators;
  error_code unsent = asio::error::in_progress;
  std::exception_ptr thrown;
  asio::awaitable<void> reader = read_beside(stream, request, prepared, out, thrown);
  asio::awaitable<void> sender = send_beside(stream, bytes, unsent);
  asio::awaitable<std::variant<std::monostate, std::monostate>> either =
      std::move(reader) || std::move(sender);
  co_await std::move(either);
  if (thrown) std::rethrow_exception(thrown);
  co_return unsent;
}

asio::awaitable<Exchange> exchange(Stream stream, const ClientRequest& request, const Prepared& prepared) {
  // A socket takes as much at once, whether or not the server reads.
  constexpr std::size_t kSentAtOnce = 16UL * 1024;
  Exchange out;
  const std::string bytes = prepared.head + request.body;
  error_code unsent;
  if (bytes.size() > kSentAtOnce) {
    unsent = co_await send_and_read(stream, bytes, request, prepared, out);
  } else {
    unsent = co_await write_all(stream, bytes);
    // A server may have answered before it closed.
    if (!unsent || stream.open()) co_await read_response(stream, request, prepared, out);
  }
  if (unsent && !out.complete && !out.failure) out.failure = unsent;
  if (unsent) out.reusable = false;
  co_return out;
}

std::string origin(const ClientRequest& request, const Url& url) {
  return url.scheme + "://" + url.authority() + " " + request.connect_to + " " +
         request.unix_socket.string() + " " +
         std::to_string(reinterpret_cast<std::uintptr_t>(request.tls.get()));
}

bool repeatable(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

}  // namespace

struct HttpClient::Pool {
  struct Kept {
    Stream stream;
    std::shared_ptr<const TlsContext> tls;  ///< keeps its address in the key unique
  };
  std::map<std::string, Kept> kept;

  std::optional<Stream> take(const std::string& key) {
    const auto found = kept.find(key);
    if (found == kept.end()) return std::nullopt;
    Stream stream = found->second.stream;
    kept.erase(found);
    return stream;
  }
  void put(const std::string& key, const Stream& stream, const std::shared_ptr<const TlsContext>& tls) {
    kept.insert_or_assign(key, Kept{stream, tls});
  }
};

namespace {

/// Closes a connection unless it is released, for example if an exception or cancellation ends the request.
class ClosingStream {
 public:
  explicit ClosingStream(Stream stream) : stream_(std::move(stream)) {}
  ClosingStream(const ClosingStream&) = delete;
  ClosingStream& operator=(const ClosingStream&) = delete;
  ~ClosingStream() {
    if (kept_) return;
    stream_.shutdown();
    stream_.close();
  }
  Stream& operator*() { return stream_; }
  void keep() { kept_ = true; }

 private:
  Stream stream_;
  bool kept_ = false;
};

asio::awaitable<Exchange> attempt(ClosingStream& stream, const ClientRequest& request,
                                  const Prepared& prepared, SteadyPoint deadline) {
  Deadline time((*stream).get_executor(), [guarded = *stream]() mutable { guarded.expire(); });
  if (deadline != SteadyPoint::max()) time.arm_at(deadline);
  auto out = co_await exchange(*stream, request, prepared);
  if (!out.complete && time.expired()) (*stream).fail(out.failure, prepared.what);
  co_return out;
}

}  // namespace

asio::awaitable<ClientResponse> fetch(ClientRequest request) {
  const auto deadline = deadline_after(request.timeout);
  const Prepared prepared = prepare(request, false);
  ClosingStream stream(co_await connect_stream(prepared.target, deadline));
  auto out = co_await attempt(stream, request, prepared, deadline);
  if (!out.complete) (*stream).fail(out.failure, prepared.what);
  co_return std::move(out.response);
}

HttpClient::HttpClient() : pool_(std::make_shared<Pool>()) {}
HttpClient::~HttpClient() {
  close_idle();
}

void HttpClient::close_idle() {
  for (auto& [key, kept] : pool_->kept) kept.stream.close();
  pool_->kept.clear();
}

asio::awaitable<ClientResponse> HttpClient::fetch(ClientRequest request) {
  const auto pool = pool_;
  const auto deadline = deadline_after(request.timeout);
  const Prepared prepared = prepare(request, true);
  const std::string key = origin(request, prepared.url);
  if (auto kept = pool->take(key)) {
    ClosingStream stream(*kept);
    auto out = co_await attempt(stream, request, prepared, deadline);
    if (out.complete) {
      if (out.reusable) {
        pool->put(key, *stream, request.tls);
        stream.keep();
      }
      co_return std::move(out.response);
    }
    if (out.any_byte || !repeatable(request.method) || out.failure == asio::error::operation_aborted)
      (*stream).fail(out.failure, prepared.what);
  }
  ClosingStream stream(co_await connect_stream(prepared.target, deadline));
  auto out = co_await attempt(stream, request, prepared, deadline);
  if (!out.complete) (*stream).fail(out.failure, prepared.what);
  if (out.reusable) {
    pool->put(key, *stream, request.tls);
    stream.keep();
  }
  co_return std::move(out.response);
}

}  // namespace edgecore::net
