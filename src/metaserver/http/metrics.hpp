// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"

namespace edgecore::metaserver {

/// The label `verb` of a request. The number of values is fixed, whatever clients send.
enum class MetricVerb : std::uint8_t {
  kGet,
  kList,
  kWatch,
  kCreate,
  kUpdate,
  kPatch,
  kDelete,
  kDeleteCollection,
  kOther
};
inline constexpr std::size_t kMetricVerbs = 9;

/// The label for a RequestInfo::verb.
MetricVerb metric_verb(std::string_view verb);

/// The numbers of `GET /metrics`. Owned by the module, on its thread: counting increments a plain number,
/// everything else is done when the text is made. No label has resources, namespaces or clients, so that the
/// text has a bounded size.
class Metrics {
 public:
  /// Numbers of other parts of the module, read for each text.
  struct State {
    std::uint64_t cache_objects = 0;
    std::uint64_t cache_bytes = 0;
    std::uint64_t cache_collections = 0;
    std::uint64_t scopes = 0;
    bool connected = false;
    bool open_to_network = false;  ///< no authorization, and a listener that other machines reach
    /// The time since the node lost the cloud; left out if unknown.
    std::optional<std::chrono::nanoseconds> data_age;
    std::optional<WallTime> certificate_expiry;
  };
  explicit Metrics(std::function<State()> state) : state_(std::move(state)) {}

  /// A request was answered with `code` after `took`. How long a watch was open is not counted as a duration.
  void request(MetricVerb verb, int code, std::chrono::nanoseconds took) {
    ++requests_[index(verb)][code_index(code)];
    if (verb != MetricVerb::kWatch) durations_[index(verb)].add(took);
  }
  void watch_opened() { ++watches_; }
  void watch_closed() { --watches_; }
  void events_sent(std::uint64_t count) { events_ += count; }
  /// A request was refused by authorization, and the refusal written to the audit log.
  void denied() { ++denials_; }

  /// Prometheus' text format 0.0.4 (`text/plain; version=0.0.4; charset=utf-8`).
  [[nodiscard]] std::string text() const;

  /// Upper bounds of the histogram's buckets, from a cached object to a cloud that does not answer.
  static constexpr std::array<std::chrono::microseconds, 12> kBounds{
      std::chrono::microseconds(100),        std::chrono::microseconds(500),
      std::chrono::microseconds(1000),       std::chrono::microseconds(5000),
      std::chrono::microseconds(10'000),     std::chrono::microseconds(50'000),
      std::chrono::microseconds(100'000),    std::chrono::microseconds(500'000),
      std::chrono::microseconds(1'000'000),  std::chrono::microseconds(5'000'000),
      std::chrono::microseconds(10'000'000), std::chrono::microseconds(60'000'000)};
  /// The status codes with a label of their own; any other counts as the first one of its hundred (207 as
  /// 200).
  static constexpr std::array<int, 22> kCodes{100, 101, 200, 201, 202, 300, 304, 400, 401, 403, 404,
                                              405, 406, 409, 410, 413, 415, 422, 429, 500, 503, 504};

 private:
  struct Durations {
    std::array<std::uint64_t, kBounds.size() + 1> counts{};  ///< not cumulative; the last one is above all
    std::chrono::nanoseconds sum{0};
    void add(std::chrono::nanoseconds took) {
      std::size_t bucket = 0;
      while (bucket < kBounds.size() && took > kBounds[bucket]) ++bucket;
      ++counts[bucket];
      sum += took;
    }
  };
  static constexpr std::size_t index(MetricVerb verb) { return static_cast<std::size_t>(verb); }
  static std::size_t code_index(int code);

  std::function<State()> state_;
  std::array<std::array<std::uint64_t, kCodes.size()>, kMetricVerbs> requests_{};
  std::array<Durations, kMetricVerbs> durations_{};
  std::int64_t watches_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t denials_ = 0;
};

/// CPU time and memory of this process.
struct ProcessUsage {
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
  double started_at = 0;  ///< seconds since the Unix epoch
};
/// Parses the texts of /proc/self/stat and /proc/stat; nullopt if they cannot be read.
std::optional<ProcessUsage> process_usage(std::string_view self_stat, std::string_view system_stat);
std::optional<ProcessUsage> process_usage();

}  // namespace edgecore::metaserver
