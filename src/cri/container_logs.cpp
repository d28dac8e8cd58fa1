// SPDX-License-Identifier: Apache-2.0
#include "edgecore/cri/container_logs.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "edgecore/base/ascii.hpp"

namespace edgecore::cri {
namespace {

constexpr std::string_view kCompressed = ".gz";
constexpr std::string_view kTemporary = ".tmp";
constexpr std::size_t kStampLength = 15;
constexpr std::size_t kNanoDigits = 9;

std::string without(std::string_view name, std::string_view ending) {
  if (name.ends_with(ending)) name.remove_suffix(ending.size());
  return std::string(name);
}

}  // namespace

std::string pod_log_directory(std::string_view ns, std::string_view pod, std::string_view uid) {
  return fmt::format("{}_{}_{}", ns, pod, uid);
}

std::string container_log_name(std::uint32_t number) {
  return fmt::format("{}.log", number);
}

std::string log_stamp(std::time_t seconds) {
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::optional<std::time_t> log_stamp_time(const std::string& stamp) {
  std::tm parts{};
  const bool shaped = stamp.size() == kStampLength &&
                      stamp.find_first_not_of("0123456789-") == std::string::npos &&
                      std::sscanf(stamp.c_str(), "%4d%2d%2d-%2d%2d%2d", &parts.tm_year, &parts.tm_mon,
                                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec) == 6;
  if (!shaped) return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return ::timegm(&parts);
}

std::string rotated_log_stamp(std::string_view name, std::string_view log_name) {
  return without(name.substr(std::min(name.size(), log_name.size() + 1)), kCompressed);
}

std::vector<RotatedLog> rotated_logs(std::string_view log_name, const std::vector<std::string>& names) {
  const std::string start = std::string(log_name) + ".";
  const std::set<std::string> all(names.begin(), names.end());
  std::vector<RotatedLog> out;
  for (const auto& name : all) {
    if (!name.starts_with(start) || name.ends_with(kTemporary)) continue;
    const bool compressed = name.ends_with(kCompressed);
    if (compressed && all.contains(without(name, kCompressed))) continue;
    out.push_back({name, rotated_log_stamp(name, log_name), compressed});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const RotatedLog& a, const RotatedLog& b) { return a.stamp < b.stamp; });
  return out;
}

std::optional<LogHeader> parse_log_header(std::string_view line, bool whole) {
  LogHeader header;
  const auto first = line.find(' ');
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  header.time = line.substr(0, first);
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view stream = line.substr(first + 1, second - first - 1);
  header.is_stderr = stream == "stderr";
  if (!header.is_stderr && stream != "stdout") return std::nullopt;
  const auto third = line.find(' ', second + 1);
  if (third == std::string_view::npos && !whole) return std::nullopt;
  std::string_view tag =
      line.substr(second + 1, third == std::string_view::npos ? third : third - second - 1);
  tag = tag.substr(0, tag.find(':'));
  header.partial = tag == "P";
  if (!header.partial && tag != "F") return std::nullopt;
  header.size = third == std::string_view::npos ? line.size() : third + 1;
  if (header.size > kLongestLogHeader) return std::nullopt;
  return header;
}

std::string fixed_log_time(std::string_view time) {
  constexpr std::size_t kSeconds = std::string_view("2024-06-10T06:13:20").size();
  if (time.size() <= kSeconds || !is_digit(time.front()) || !is_digit(time[kSeconds - 1]))
    return std::string(time);
  std::string_view rest = time.substr(kSeconds);
  std::string fraction;
  if (rest.front() == '.') {
    rest.remove_prefix(1);
    while (!rest.empty() && is_digit(rest.front())) {
      fraction += rest.front();
      rest.remove_prefix(1);
    }
  }
  fraction.resize(kNanoDigits, '0');
  return fmt::format("{}.{}{}", time.substr(0, kSeconds), fraction, rest);
}

void LogScanner::reset() {
  state_ = State::kHeader;
  header_.clear();
}

/// Takes as much of a line's header as there is; how many bytes that was.
std::size_t LogScanner::feed_header(std::string_view bytes) {
  const auto eol = bytes.find('\n');
  const bool whole = eol != std::string_view::npos && header_.size() + eol <= kLongestLogHeader;
  const std::size_t had = header_.size();
  header_.append(bytes.substr(0, std::min(eol, kLongestLogHeader - had)));
  const std::size_t taken = header_.size() - had;
  if (const auto header = parse_log_header(header_, whole)) {
    time_ = header->time;
    line_ = {{}, header->is_stderr, header->partial, true, false, {}};
    state_ = State::kText;
    const std::size_t used = header->size - had;
    header_.clear();
    return used;
  }
  if (whole) {  // not a line of a log
    header_.clear();
    return taken + 1;
  }
  if (header_.size() == kLongestLogHeader) {
    header_.clear();
    state_ = State::kPassOver;
  }
  return taken;
}

void LogScanner::feed(std::string_view bytes, const Take& take) {
  while (!bytes.empty()) {
    if (state_ == State::kHeader) {
      bytes.remove_prefix(feed_header(bytes));
      continue;
    }
    const auto eol = bytes.find('\n');
    const bool ends = eol != std::string_view::npos;
    if (state_ == State::kText) {
      line_.time = time_;
      line_.ends = ends;
      line_.text = bytes.substr(0, eol);
      take(line_);
      line_.begins = false;
    }
    if (ends) state_ = State::kHeader;
    bytes.remove_prefix(ends ? eol + 1 : bytes.size());
  }
}

}  // namespace edgecore::cri
