// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/time.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <limits>

#include "edgecore/base/ascii.hpp"

namespace edgecore::kube {
namespace {

using std::chrono::nanoseconds;
using std::chrono::sys_days;
__extension__ typedef __int128 Wide;  // products of 64-bit numbers before the range check

constexpr std::int64_t kSecond = 1'000'000'000;

struct Broken {
  std::string seconds;  ///< "2024-06-10T06:13:20"
  std::int64_t nanos;
};

Broken take_apart(WallTime time) {
  const std::int64_t since_epoch = nanoseconds(time.time_since_epoch()).count();
  // Splits into seconds first: the start of the day of the smallest WallTime does not fit in nanoseconds.
  std::int64_t nanos = since_epoch % kSecond;
  std::chrono::sys_seconds second(std::chrono::seconds(since_epoch / kSecond));
  if (nanos < 0) {
    nanos += kSecond;
    second -= std::chrono::seconds(1);
  }
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day);
  return {fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      clock.hours().count(), clock.minutes().count(), clock.seconds().count()),
          nanos};
}

/// Parser of a text; each step returns whether it matched.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  bool literal(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `width` digits of a value between the bounds.
  std::optional<int> digits(std::size_t width, int low, int high) {
    if (rest_.size() < width) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, width)) {
      if (!is_digit(c)) return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(width);
    return value < low || value > high ? std::nullopt : std::optional(value);
  }
  /// One or more digits after a point, as nanoseconds.
  std::optional<std::int64_t> fraction() {
    std::int64_t value = 0;
    std::int64_t place = kSecond / 10;
    std::size_t used = 0;
    for (; used < rest_.size() && is_digit(rest_[used]); ++used) {
      value += (rest_[used] - '0') * place;
      place /= 10;
    }
    rest_.remove_prefix(used);
    return used == 0 ? std::nullopt : std::optional(value);
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// Minutes east of UTC.
std::optional<int> read_offset(Reader& reader) {
  if (reader.literal('Z') || reader.literal('z')) return 0;
  const bool east = reader.literal('+');
  if (!east && !reader.literal('-')) return std::nullopt;
  const auto hours = reader.digits(2, 0, 23);
  if (!hours || !reader.literal(':')) return std::nullopt;
  const auto minutes = reader.digits(2, 0, 59);
  if (!minutes) return std::nullopt;
  const int offset = *hours * 60 + *minutes;
  return east ? offset : -offset;
}

WallTime clamp_to_wall(Wide nanos) {
  const Wide low = std::numeric_limits<std::int64_t>::min();
  const Wide high = std::numeric_limits<std::int64_t>::max();
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      nanoseconds(static_cast<std::int64_t>(std::clamp(nanos, low, high)))));
}

}  // namespace

std::string format_time(WallTime time) {
  return take_apart(time).seconds + "Z";
}

std::string format_micro_time(WallTime time) {
  const Broken parts = take_apart(time);
  return fmt::format("{}.{:06}Z", parts.seconds, parts.nanos / 1000);
}

std::string format_nano_time(WallTime time) {
  const Broken parts = take_apart(time);
  std::string fraction = parts.nanos == 0 ? "" : fmt::format(".{:09}", parts.nanos);
  if (parts.nanos != 0) fraction.erase(fraction.find_last_not_of('0') + 1);
  return parts.seconds + fraction + "Z";
}

std::optional<WallTime> parse_time(std::string_view text) {
  Reader reader(text);
  const auto year = reader.digits(4, 0, 9999);
  if (!year || !reader.literal('-')) return std::nullopt;
  const auto month = reader.digits(2, 1, 12);
  if (!month || !reader.literal('-')) return std::nullopt;
  const auto day = reader.digits(2, 1, 31);
  if (!day || !(reader.literal('T') || reader.literal('t'))) return std::nullopt;
  const auto hour = reader.digits(2, 0, 23);
  if (!hour || !reader.literal(':')) return std::nullopt;
  const auto minute = reader.digits(2, 0, 59);
  if (!minute || !reader.literal(':')) return std::nullopt;
  const auto second = reader.digits(2, 0, 60);  // 60: a leap second
  if (!second) return std::nullopt;
  std::int64_t nanos = 0;
  if (reader.literal('.')) {
    const auto fraction = reader.fraction();
    if (!fraction) return std::nullopt;
    nanos = *fraction;
  }
  const auto offset = read_offset(reader);
  if (!offset || !reader.at_end()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t seconds = std::int64_t{sys_days(date).time_since_epoch().count()} * 86400 +
                               std::int64_t{*hour} * 3600 + (std::int64_t{*minute} - *offset) * 60 + *second;
  return clamp_to_wall(Wide{seconds} * kSecond + nanos);
}

std::optional<WallTime> time_at(const Json& value, std::string_view path) {
  const Json* found = find_path(value, path);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return parse_time(found->get_ref<const std::string&>());
}

}  // namespace edgecore::kube
