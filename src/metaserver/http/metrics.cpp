// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"

namespace edgecore::metaserver {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::array<std::string_view, kMetricVerbs> kVerbNames{
    "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "other"};
/// /proc/stat has a line for each processor and each interrupt.
constexpr std::size_t kProcBytes = 1U << 20U;

double in_seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

/// The place in kCodes of every code below 600, so that counting needs no search.
constexpr auto kCodeIndex = [] {
  std::array<std::uint8_t, 600> table{};
  for (std::size_t code = 0; code < table.size(); ++code) {
    const int hundred = static_cast<int>(code / 100) * 100;
    for (std::size_t i = 0; i < Metrics::kCodes.size(); ++i)
      if (Metrics::kCodes[i] == hundred) table[code] = static_cast<std::uint8_t>(i);
    for (std::size_t i = 0; i < Metrics::kCodes.size(); ++i)
      if (Metrics::kCodes[i] == static_cast<int>(code)) table[code] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

class Families {
 public:
  MetricFamily& add(std::string name, std::string help, MetricType type) {
    MetricFamily& family = all_.emplace_back();
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    return family;
  }
  void gauge(std::string name, std::string help, double value) {
    add(std::move(name), std::move(help), MetricType::Gauge).metric.emplace_back().gauge.value = value;
  }
  void counter(std::string name, std::string help, double value) {
    add(std::move(name), std::move(help), MetricType::Counter).metric.emplace_back().counter.value = value;
  }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, all_);
    return std::move(out).str();
  }

 private:
  std::vector<MetricFamily> all_;
};

void add_state(Families& families, const Metrics::State& state) {
  families.gauge("edgecore_metaserver_cache_objects", "Objects that are served from memory.",
                 static_cast<double>(state.cache_objects));
  families.gauge("edgecore_metaserver_cache_bytes", "Size of the objects that are served from memory.",
                 static_cast<double>(state.cache_bytes));
  families.gauge("edgecore_metaserver_cache_collections", "Resources with objects in memory.",
                 static_cast<double>(state.cache_collections));
  families.gauge("edgecore_metaserver_scopes", "Scopes that a listener in the cloud keeps current.",
                 static_cast<double>(state.scopes));
  families.gauge("edgecore_cloud_connected", "1 while the node is connected to the cloud, else 0.",
                 state.connected ? 1 : 0);
  families.gauge("edgecore_metaserver_open_to_network",
                 "1 while requireAuthorization is off and other machines reach the listener, else 0.",
                 state.open_to_network ? 1 : 0);
  if (state.data_age)
    families.gauge("edgecore_metaserver_data_age_seconds",
                   "How long the node's copy of the cluster has not been compared with the cloud.",
                   in_seconds(*state.data_age));
  if (state.certificate_expiry)
    families.gauge("edgecore_metaserver_certificate_expiry_timestamp_seconds",
                   "When the certificate of the HTTPS listeners ends, in seconds since the Unix epoch.",
                   in_seconds(state.certificate_expiry->time_since_epoch()));
}

void add_process(Families& families) {
  const auto usage = process_usage();
  if (!usage) return;
  families.gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
                 static_cast<double>(usage->resident_bytes));
  families.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                   usage->cpu_seconds);
  families.gauge("process_start_time_seconds", "Start time of the process since the Unix epoch in seconds.",
                 usage->started_at);
}

/// The words behind the name of the program, which may hold anything; the first is field 3 of proc(5).
std::vector<std::string_view> stat_fields(std::string_view stat) {
  std::vector<std::string_view> out;
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return out;
  stat.remove_prefix(name_end + 1);
  while (!stat.empty()) {
    const std::size_t begin = stat.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(stat.find_first_of(" \n", begin), stat.size());
    out.push_back(stat.substr(begin, end - begin));
    stat.remove_prefix(end);
  }
  return out;
}

std::optional<std::uint64_t> boot_time(std::string_view system_stat) {
  constexpr std::string_view kKey = "\nbtime ";
  const std::size_t at = system_stat.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = system_stat.substr(at + kKey.size());
  return to_number<std::uint64_t>(rest.substr(0, rest.find('\n')));
}

}  // namespace

MetricVerb metric_verb(std::string_view verb) {
  for (std::size_t i = 0; i + 1 < kMetricVerbs; ++i)
    if (kVerbNames[i] == verb) return static_cast<MetricVerb>(i);
  return MetricVerb::kOther;
}

std::size_t Metrics::code_index(int code) {
  // Not an HTTP status, which is a fault of this program: counted as 500.
  if (code < 100 || code >= static_cast<int>(kCodeIndex.size())) code = 500;
  return kCodeIndex[static_cast<std::size_t>(code)];
}

std::string Metrics::text() const {
  Families families;
  MetricFamily& requests = families.add("edgecore_metaserver_requests_total",
                                        "Requests answered, by verb and status code.", MetricType::Counter);
  for (std::size_t verb = 0; verb < kMetricVerbs; ++verb) {
    for (std::size_t code = 0; code < kCodes.size(); ++code) {
      if (requests_[verb][code] == 0) continue;
      ClientMetric& metric = requests.metric.emplace_back();
      metric.label = {{"code", std::to_string(kCodes[code])}, {"verb", std::string(kVerbNames[verb])}};
      metric.counter.value = static_cast<double>(requests_[verb][code]);
    }
  }
  MetricFamily& durations = families.add("edgecore_metaserver_request_duration_seconds",
                                         "Time from a request to its answer, by verb; watches are not in it.",
                                         MetricType::Histogram);
  for (std::size_t verb = 0; verb < kMetricVerbs; ++verb) {
    ClientMetric metric;
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket <= kBounds.size(); ++bucket) {
      count += durations_[verb].counts[bucket];
      const double bound =
          bucket < kBounds.size() ? in_seconds(kBounds[bucket]) : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({count, bound});
    }
    if (count == 0) continue;
    metric.label = {{"verb", std::string(kVerbNames[verb])}};
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = in_seconds(durations_[verb].sum);
    durations.metric.push_back(std::move(metric));
  }
  families.gauge("edgecore_metaserver_watches", "Watches that are open.", static_cast<double>(watches_));
  families.counter("edgecore_metaserver_watch_events_total", "Events sent to watches.",
                   static_cast<double>(events_));
  families.counter("edgecore_metaserver_denials_total", "Requests that authorization refused.",
                   static_cast<double>(denials_));
  add_state(families, state_ ? state_() : State());
  add_process(families);
  return families.text();
}

std::optional<ProcessUsage> process_usage(std::string_view self_stat, std::string_view system_stat) {
  // Fields 14, 15, 22 and 24 of proc(5): user and system time, start and resident pages.
  const auto fields = stat_fields(self_stat);
  if (fields.size() < 22) return std::nullopt;
  const auto user = to_number<std::uint64_t>(fields[11]);
  const auto system = to_number<std::uint64_t>(fields[12]);
  const auto start = to_number<std::uint64_t>(fields[19]);
  const auto pages = to_number<std::uint64_t>(fields[21]);
  const auto boot = boot_time(system_stat);
  if (!user || !system || !start || !pages || !boot) return std::nullopt;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  ProcessUsage usage;
  usage.resident_bytes = *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  usage.cpu_seconds = static_cast<double>(*user + *system) / ticks;
  usage.started_at = static_cast<double>(*boot) + static_cast<double>(*start) / ticks;
  return usage;
}

std::optional<ProcessUsage> process_usage() {
  try {
    const auto self = read_file("/proc/self/stat", kProcBytes);
    const auto system = read_file("/proc/stat", kProcBytes);
    if (!self || !system) return std::nullopt;
    return process_usage(*self, *system);
  } catch (const Error&) {
    return std::nullopt;  // the other metrics are served without these
  }
}

}  // namespace edgecore::metaserver
