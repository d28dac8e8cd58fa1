// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <string_view>

namespace edgecore::log {

/// One line per event on standard error (journald adds time and rate limit under systemd), as
/// `<level letter> <time> <logger>] <sentence>`. Secrets and tokens never go into a log line, and
/// URLs, which may hold one, only through `quote_url`. Set up once by `main`; before that and in tests
/// spdlog's default output is used.
using Logger = std::shared_ptr<spdlog::logger>;

/// `verbosity` is klog's -v: 0 = info and above, 2 = debug, 4 and more = trace.
void set_up(int verbosity);

/// The logger named after a room or module. Any thread; the object is shared by all who ask for the same
/// name.
Logger get(std::string_view name);

/// Text from outside made fit for one log line: control characters escaped, cut at `max` bytes.
std::string quote(std::string_view untrusted, std::size_t max = 200);

/// The same for a URL, in which user, password and query show as their length only: all before the last `@`,
/// because nobody knows where an unescaped password ends, and all behind the first `?`.
std::string quote_url(std::string_view url, std::size_t max = 200);

/// Counts repeats of the same complaint: true for the 1st, 2nd, 4th, 8th … time, so that an endless retry
/// goes quiet. Owned by the one who retries; not thread-safe.
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
