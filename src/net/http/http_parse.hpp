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

namespace edgecore::net {

/// What one read takes from a connection at most.
inline constexpr std::size_t kHttpReadBytes = 16UL * 1024;

/// Bytes that are no HTTP/1.x message, or more than the limits allow. `status`: what a server answers.
struct HttpFault {
  int status = 400;
  std::string sentence;
};

struct HttpLimits {
  std::size_t header_bytes = 0;
  std::size_t header_count = 0;
  std::size_t body_bytes = 0;
};

/// What the start line and headers of a message say.
struct HttpHead {
  std::string method;  ///< requests
  std::string target;  ///< requests
  int status = 0;      ///< responses
  bool http_1_1 = true;
  bool keep_alive = false;
  bool upgrade = false;
  Headers headers;
};

/// Reads one HTTP message from bytes as they come (Beast's grammar behind a non-template door). Use: feed the
/// start of what has been received until head_done(), look at head(), then on until done(). Bodies grow with
/// what has arrived, never with what is announced; an announced length above the limit is a fault at once.
class HttpParser {
 public:
  enum class Kind {
    kRequest,
    kResponse,
    kResponseToHead  ///< has no body whatever its headers say
  };
  HttpParser(Kind kind, const HttpLimits& limits);
  ~HttpParser();

  /// Takes a prefix of `bytes` and returns its length; 0 asks for more. Stops behind the head once.
  std::size_t put(std::string_view bytes);
  /// The stream has ended; done() says whether the message is complete with that.
  void end_of_stream();

  /// Forgets the message, to read another one with the same limits (and without on_body()).
  void restart();

  [[nodiscard]] const std::optional<HttpFault>& fault() const;
  /// True when at least one byte has been taken.
  [[nodiscard]] bool started() const;
  [[nodiscard]] bool head_done() const;
  [[nodiscard]] bool done() const;
  [[nodiscard]] const HttpHead& head() const;
  /// Takes the head; head() is empty from then on.
  HttpHead take_head();
  /// Takes the body received so far.
  std::string take_body();
  /// Pieces go here instead of being collected, and the body limit is off.
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
/// Appends a "name: value\r\n" line. Throws BadInput for a name or value that would break out of it.
void append_header(std::string& out, std::string_view name, std::string_view value);
/// Appends a line for each.
void append_headers(std::string& out, const Headers& headers);

}  // namespace edgecore::net
