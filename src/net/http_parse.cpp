#include "net/http_parse.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <ctime>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore::net {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

/// A body that is collected as it comes, or handed on in pieces.
struct GrowingBody {
  struct value_type {
    std::string data;
    std::function<void(std::string_view)> piece;
  };
  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(http::header<IsRequest, Fields>&, value_type& value) : value_(value) {}
    void init(const boost::optional<std::uint64_t>&, error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& error) {
      std::size_t count = 0;
      for (auto it = boost::asio::buffer_sequence_begin(buffers);
           it != boost::asio::buffer_sequence_end(buffers); ++it) {
        const boost::asio::const_buffer buffer = *it;
        const std::string_view bytes(static_cast<const char*>(buffer.data()), buffer.size());
        if (value_.piece) {
          value_.piece(bytes);
        } else {
          value_.data.append(bytes);
        }
        count += bytes.size();
      }
      error = {};
      return count;
    }
    void finish(error_code& error) { error = {}; }

   private:
    value_type& value_;
  };
};

HttpFault fault_of(const error_code& error) {
  if (error == http::error::header_limit) return {431, "The header is larger than what is taken."};
  if (error == http::error::body_limit) return {413, "The body is larger than what is taken."};
  if (error == http::error::bad_version) return {505, "Only HTTP/1.0 and HTTP/1.1 are spoken here."};
  return {400, "The message is not HTTP/1.1 (" + error.message() + ")."};
}

/// Beast 1.81 asserts that a last chunk it sees for the second time comes with at least five bytes, which
/// holds behind another chunk only: an empty body that arrives as "0\r\n" and then one byte more would end a
/// program built with assertions. With five bytes all is well; a last chunk is never shorter.
bool is_short_last_chunk(std::string_view bytes) {
  return bytes.size() == 4 && bytes.starts_with("0\r\n");
}

std::string_view plain(boost::core::string_view text) {
  return {text.data(), text.size()};
}

template <bool IsRequest>
struct Machine {
  using Parser = http::parser<IsRequest, GrowingBody>;

  explicit Machine(const HttpLimits& limits) {
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser.body_limit(limits.body_bytes);
  }

  HttpHead head() {
    const auto& message = parser.get();
    HttpHead out;
    if constexpr (IsRequest) {
      out.method = plain(message.method_string());
      out.target = plain(message.target());
    } else {
      out.status = static_cast<int>(message.result_int());
    }
    out.http_1_1 = message.version() >= 11;
    out.keep_alive = parser.keep_alive();
    out.upgrade = parser.upgrade();
    for (const auto& field : message)
      out.headers.add(std::string(plain(field.name_string())), std::string(plain(field.value())));
    return out;
  }

  Parser parser;
};

}  // namespace

struct HttpParser::Impl {
  Impl(Kind kind, const HttpLimits& given) : limits(given) {
    if (kind == Kind::request) {
      request = std::make_unique<Machine<true>>(limits);
    } else {
      response = std::make_unique<Machine<false>>(limits);
      response->parser.skip(kind == Kind::response_to_head);
    }
  }

  template <class Action>
  auto with(Action action) {
    return request ? action(*request) : action(*response);
  }

  HttpLimits limits;
  std::unique_ptr<Machine<true>> request;
  std::unique_ptr<Machine<false>> response;
  std::optional<HttpHead> head;
  std::optional<HttpFault> fault;
};

HttpParser::HttpParser(Kind kind, const HttpLimits& limits) : impl_(std::make_unique<Impl>(kind, limits)) {}
HttpParser::~HttpParser() = default;

std::size_t HttpParser::put(std::string_view bytes) {
  if (impl_->fault || bytes.empty()) return 0;
  return impl_->with([this, bytes](auto& machine) -> std::size_t {
    auto& parser = machine.parser;
    if (impl_->head && parser.chunked() && is_short_last_chunk(bytes)) return 0;
    parser.eager(impl_->head.has_value());
    error_code error;
    const std::size_t taken = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (error == http::error::need_more) {
      if (!impl_->head && bytes.size() - taken > impl_->limits.header_bytes)
        impl_->fault = fault_of(http::error::header_limit);
      return taken;
    }
    if (error) {
      impl_->fault = fault_of(error);
      return taken;
    }
    if (!impl_->head && parser.is_header_done()) {
      impl_->head = machine.head();
      if (impl_->head->headers.size() > impl_->limits.header_count)
        impl_->fault = HttpFault{431, "There are more header lines than what is taken."};
      const auto length = parser.content_length();
      if (length && *length > impl_->limits.body_bytes && !parser.get().body().piece)
        impl_->fault = fault_of(http::error::body_limit);
    }
    return taken;
  });
}

void HttpParser::end_of_stream() {
  impl_->with([this](auto& machine) {
    error_code error;
    if (machine.parser.got_some()) machine.parser.put_eof(error);
    if (error) impl_->fault = HttpFault{400, "The message was cut off (" + error.message() + ")."};
  });
}

const std::optional<HttpFault>& HttpParser::fault() const {
  return impl_->fault;
}
bool HttpParser::head_done() const {
  return impl_->head.has_value();
}
bool HttpParser::done() const {
  return impl_->with([](const auto& machine) { return machine.parser.is_done(); });
}
const HttpHead& HttpParser::head() const {
  return impl_->head.value();
}
std::string HttpParser::take_body() {
  return impl_->with([](auto& machine) { return std::move(machine.parser.get().body().data); });
}
void HttpParser::on_body(std::function<void(std::string_view)> piece) {
  impl_->limits.body_bytes = std::numeric_limits<std::size_t>::max();
  impl_->with([&piece](auto& machine) {
    machine.parser.body_limit(boost::none);
    machine.parser.get().body().piece = std::move(piece);
  });
}

std::string_view reason_phrase(int status) {
  return plain(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status))));
}

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  // The C locale of the process is never changed, so %a and %b are English.
  const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

void append_headers(std::string& out, const Headers& headers) {
  constexpr std::string_view forbidden_in_value("\r\n\0", 3);
  constexpr std::string_view forbidden_in_name("\r\n\0: \t", 6);
  for (const auto& [name, value] : headers) {
    if (name.empty() || name.find_first_of(forbidden_in_name) != std::string::npos ||
        value.find_first_of(forbidden_in_value) != std::string::npos)
      throw BadInput("The header \"" + log::quote(name) + "\" holds characters that no header may have.");
    out.append(name).append(": ").append(value).append("\r\n");
  }
}

}  // namespace edgecore::net
