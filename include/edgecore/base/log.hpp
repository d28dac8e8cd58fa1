// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <string_view>

namespace edgecore::log {

/// One line per event on standard error: `<level letter> <time> <logger>] <sentence>`. Under systemd journald
/// adds time and rate limit. Never log secrets and tokens; log URLs, which may contain them, only through
/// `quote_url`. `main` calls set_up() once; before that and in tests spdlog's default output is used.
using Logger = std::shared_ptr<spdlog::logger>;

/// `verbosity` is klog's -v: 0 = info and above, 2 = debug, 4 and more = trace.
void set_up(int verbosity);

/// The logger named after a room or module. Any thread; all callers with the same name share the object.
Logger get(std::string_view name);

/// Makes text from outside safe for a log line: escapes control characters and cuts at `max` bytes.
std::string quote(std::string_view untrusted, std::size_t max = 200);

/// quote() for a URL, with user, password and query replaced by their length: everything before the last `@`,
/// because the end of an unescaped password is unknown, and everything after the first `?`.
std::string quote_url(std::string_view url, std::size_t max = 200);

/// Rate limit for a repeated message: true for the 1st, 2nd, 4th, 8th … time. Owned by the object that
/// retries; not thread-safe.
class Quiet {
 public:
  bool now() {
    ++count_;
    return (count_ & (count_ - 1)) == 0;
  }
  void reset() { count_ = 0; }
  [[nodiscard]] unsigned long count() const { return count_; }

 private:
  unsigned long count_ = 0;
};

}  // namespace edgecore::log
