// SPDX-License-Identifier: Apache-2.0
#include "keadm/description.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <sstream>

#include "edgecore/base/ascii.hpp"
#include "edgecore/kube/time.hpp"
#include "keadm/text.hpp"

namespace edgecore::keadm {
namespace {

constexpr const char* kNone = "<none>";
/// An annotation that `kubectl apply` keeps for itself.
constexpr const char* kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::size_t kMostEvents = 20;

std::string value_text(const Json& value) {
  return value.is_string() ? one_line(value.get_ref<const std::string&>()) : one_line(kube::dump_json(value));
}

}  // namespace

std::string long_time(const std::string& time) {
  const auto when = kube::parse_time(time);
  if (!when) return one_line(time);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(*when);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
                     kDays.at(static_cast<std::size_t>(parts.tm_wday)), parts.tm_mday,
                     kMonths.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900, parts.tm_hour,
                     parts.tm_min, parts.tm_sec);
}

std::string spelled_out(std::string_view key) {
  std::string out;
  bool capital = true;  // the previous character was a capital
  for (const char c : key) {
    const bool upper = is_upper(c);
    if (out.empty() && is_lower(c)) {
      out += static_cast<char>(c - 'a' + 'A');
    } else {
      if (upper && !capital && !out.empty()) out += ' ';
      out += c;
    }
    capital = upper || out.size() == 1;
  }
  return out;
}

void Description::line(int depth, std::string_view label, std::string_view value) {
  const std::string start = fmt::format("{:{}}{}:", "", depth * 2, label);
  if (value.empty()) {
    out_ += start + "\n";
  } else {
    out_ += fmt::format("{:<{}} {}\n", start, kLabelWidth + depth * 2, one_line(value));
  }
}

void Description::heading(int depth, std::string_view label) {
  line(depth, label, "");
}

void Description::text(int depth, std::string_view text) {
  out_ += fmt::format("{:{}}{}\n", "", depth * 2, one_line(text));
}

void Description::list(int depth, std::string_view label, const std::vector<std::string>& values) {
  line(depth, label, values.empty() ? kNone : values.front());
  for (std::size_t i = 1; i < values.size(); ++i)
    out_ += fmt::format("{:{}} {}\n", "", kLabelWidth + depth * 2, one_line(values[i]));
}

void Description::map(int depth, std::string_view label, const Json& members, std::string_view between) {
  std::vector<std::string> values;
  if (members.is_object()) {
    for (const auto& [key, value] : members.items()) {
      if (key != kLastApplied) values.push_back(key + std::string(between) + value_text(value));
    }
  }
  list(depth, label, values);
}

void Description::table(int depth, const std::vector<std::vector<std::string>>& rows) {
  std::istringstream lines(columns(rows));
  for (std::string text; std::getline(lines, text);) out_ += fmt::format("{:{}}{}\n", "", depth * 2, text);
}

void Description::add_events(const Events& events, WallTime now) {
  if (!events) return line(0, "Events", "<unknown>");
  if (events->empty()) return line(0, "Events", kNone);
  std::vector<const Json*> sorted;
  const auto time = [](const Json& event) {
    for (const char* path :
         {"lastTimestamp", "series.lastObservedTime", "eventTime", "metadata.creationTimestamp"}) {
      if (auto text = kube::string_or(event, path); !text.empty()) return text;
    }
    return std::string();
  };
  for (const Json& event : *events) sorted.push_back(&event);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Json* a, const Json* b) { return time(*a) < time(*b); });
  if (sorted.size() > kMostEvents) sorted.erase(sorted.begin(), sorted.end() - kMostEvents);
  std::vector<std::vector<std::string>> rows{{"Type", "Reason", "Age", "From", "Message"}};
  for (const Json* event : sorted) {
    std::string seen = age_since(time(*event), now);
    const auto count = kube::int_or(*event, "count", 1);
    if (count > 1)
      seen += fmt::format(" (x{} over {})", count, age_since(kube::string_or(*event, "firstTimestamp"), now));
    std::string from = kube::string_or(*event, "source.component");
    if (from.empty()) from = kube::string_or(*event, "reportingComponent");
    rows.push_back({one_line(kube::string_or(*event, "type")), one_line(kube::string_or(*event, "reason")),
                    std::move(seen), one_line(from), one_line(kube::string_or(*event, "message"))});
  }
  heading(0, "Events");
  table(1, rows);
}

void describe_metadata(Description& out, const Json& object) {
  out.line(0, "Name", kube::string_or(object, "metadata.name"));
  if (const auto ns = kube::string_or(object, "metadata.namespace"); !ns.empty())
    out.line(0, "Namespace", ns);
}

}  // namespace edgecore::keadm
