// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/net/headers.hpp"
#include "edgecore/net/limits.hpp"

namespace edgecore::net {

/// Largest read from a connection.
inline constexpr std::size_t kHttpReadBytes = 16UL * 1024;

/// The bytes are not an HTTP/1.x message, or exceed a limit. `status`: the server's answer.
struct HttpFault {
  int status = 400;
  std::string sentence;
};

struct HttpLimits {
  std::size_t header_bytes = 0;
  std::size_t header_count = 0;
  std::size_t body_bytes = 0;
  std::size_t framing_bytes = kFramingBytes;
};

/// The start line and headers of a message.
struct HttpHead {
  std::string method;  ///< requests
  std::string target;  ///< requests
  int status = 0;      ///< responses
  bool http_1_1 = true;
  bool keep_alive = false;
  bool upgrade = false;
  Headers headers;
};

/// Parses one HTTP message incrementally (Beast's grammar behind an interface without templates). Feed
/// received bytes until head_done(), read head(), then feed until done(). Memory for the body grows with the
/// bytes that have arrived, not with Content-Length; a Content-Length above the limit is a fault at once.
///
/// What put() leaves to its caller is limited as well: it never asks for more while more than `header_bytes`
/// (before the end of the head) or `framing_bytes` (behind it) are waiting.
///
/// Requests are read strictly: an error in their framing is how one request hides in another. A target in
/// absolute form is a path in HttpHead, and Host is the host that it names. Responses are read as Go's client
/// reads them (response_head.hpp). Fields behind a chunked body are checked and dropped.
class HttpParser {
 public:
  enum class Kind {
    kRequest,
    kResponse,
    kResponseToHead  ///< has no body whatever its headers say
  };
  HttpParser(Kind kind, const HttpLimits& limits);
  ~HttpParser();

  /// Consumes a prefix of `bytes` and returns its length; 0 means that it needs more. Stops once after the
  /// head.
  std::size_t put(std::string_view bytes);
  /// Tells that the stream has ended; then done() says whether the message is complete.
  void end_of_stream();

  /// Resets the parser for another message with the same limits, without on_body().
  void restart();

  [[nodiscard]] const std::optional<HttpFault>& fault() const;
  [[nodiscard]] bool head_done() const;
  [[nodiscard]] bool done() const;
  [[nodiscard]] const HttpHead& head() const;
  /// Moves the head out; head() is empty from then on.
  HttpHead take_head();
  /// Bytes of the body received so far.
  [[nodiscard]] std::size_t body_bytes() const;
  /// Moves out the body received so far.
  std::string take_body();
  /// Passes the body to `piece` instead of collecting it; the body limit does not apply.
  void on_body(std::function<void(std::string_view)> piece);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "Not Found" for 404.
std::string_view reason_phrase(int status);
/// Whether a response of that status never has a body.
bool has_no_body(int status);
/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::time_t when);
/// Appends a "name: value\r\n" line. Throws BadInput for a name or value that could inject another header.
void append_header(std::string& out, std::string_view name, std::string_view value);
/// Appends a line for each header.
void append_headers(std::string& out, const Headers& headers);

}  // namespace edgecore::net
