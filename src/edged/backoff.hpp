#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/pod.hpp"

namespace edgecore::edged {

/// Growing pauses between attempts, by key: for crashing containers and failing image pulls
/// (protocol/05-edged.md §1.7, §1.8). In memory only; used by one thread.
class Backoff {
 public:
  using Duration = std::chrono::nanoseconds;
  explicit Backoff(const Clock& clock, Duration first = std::chrono::seconds(10),
                   Duration longest = std::chrono::seconds(300))
      : clock_(clock), first_(first), longest_(longest) {}

  /// The pause that is still going on `event` (the container's end) after; nullopt = go ahead. A wall clock
  /// that was set back does not prolong it: then the time of the last attempt counts.
  [[nodiscard]] std::optional<Duration> waiting_since(const std::string& key, WallTime event) const;
  /// The same, since the last failure noted with `advance`.
  [[nodiscard]] std::optional<Duration> waiting(const std::string& key) const;

  /// Notes an attempt: the next pause is twice as long. The first pause again when the key rested for more
  /// than twice the longest pause before `event` (now, without one).
  void advance(const std::string& key, std::optional<WallTime> event = std::nullopt);

  void forget(const std::string& key) { entries_.erase(key); }
  /// Drops what rested for more than twice the longest pause.
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

std::string container_backoff_key(const kube::Pod& pod, const kube::Container& container);
std::string image_backoff_key(const kube::Pod& pod, const std::string& image);
/// The message of CrashLoopBackOff: "back-off 1m20s restarting failed container=c pod=p_ns(uid)".
std::string crash_loop_message(Backoff::Duration pause, const kube::Pod& pod,
                               const kube::Container& container);

}  // namespace edgecore::edged
