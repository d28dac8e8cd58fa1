// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "edgecore/base/clock.hpp"

namespace edgecore::edged {

/// Back-off of crashing containers and failing image pulls, by key (protocol/05-edged.md §1.7, §1.8). In
/// memory only; used by one thread.
class Backoff {
 public:
  using Duration = std::chrono::nanoseconds;
  explicit Backoff(const Clock& clock, Duration first = std::chrono::seconds(10),
                   Duration longest = std::chrono::seconds(300))
      : clock_(clock), first_(first), longest_(longest) {}

  /// The rest of the pause, counted from `event` (the container's end); nullopt if it is over. A wall clock
  /// that was set back does not prolong it: then it is counted from the last attempt.
  [[nodiscard]] std::optional<Duration> waiting_since(const std::string& key, WallTime event) const;
  /// Like `waiting_since`, counted from the last `advance`.
  [[nodiscard]] std::optional<Duration> waiting(const std::string& key) const;

  /// Notes an attempt: the next pause is twice as long. Resets to the first pause if the key was idle for
  /// more than twice the longest pause before `event` (default: now).
  void advance(const std::string& key, std::optional<WallTime> event = std::nullopt);

  void forget(const std::string& key) { entries_.erase(key); }
  /// Drops keys that were idle for more than twice the longest pause.
  void forget_idle();
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Duration pause;
    WallTime wall;
    SteadyTime steady;
  };
  [[nodiscard]] bool rested(const Entry& entry, std::optional<WallTime> event) const;

  const Clock& clock_;
  Duration first_, longest_;
  std::map<std::string, Entry> entries_;
};

}  // namespace edgecore::edged
