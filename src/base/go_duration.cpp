// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/go_duration.hpp"

#include <array>
#include <cstdint>

#include "edgecore/base/ascii.hpp"

namespace edgecore {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
/// The magnitude of the smallest duration; the largest duration is one less.
constexpr std::uint64_t kMost = std::uint64_t{1} << 63;

struct Unit {
  std::string_view name;
  std::uint64_t nanos;
};

/// Micro has two Unicode letters. Longer units come before their prefixes.
constexpr std::array kUnits{Unit{"ns", 1},           Unit{"us", 1000},         Unit{"\xc2\xb5s", 1000},
                            Unit{"\xce\xbcs", 1000}, Unit{"ms", 1'000'000},    Unit{"s", kSecond},
                            Unit{"m", 60 * kSecond}, Unit{"h", 3600 * kSecond}};

bool begins_with_digit(std::string_view text) {
  return !text.empty() && is_digit(text.front());
}

std::uint64_t take_digit(std::string_view& text) {
  const auto digit = static_cast<std::uint64_t>(text.front() - '0');
  text.remove_prefix(1);
  return digit;
}

/// Consumes the digits before the point; nullopt on overflow.
std::optional<std::uint64_t> take_whole(std::string_view& text) {
  std::uint64_t value = 0;
  while (begins_with_digit(text)) {
    const std::uint64_t digit = take_digit(text);
    if (value > (kMost - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

struct Fraction {
  std::uint64_t digits = 0;
  double scale = 1;

  /// Uses double as Go does, for the same rounding.
  [[nodiscard]] std::uint64_t of(std::uint64_t unit) const {
    return static_cast<std::uint64_t>(static_cast<double>(digits) * (static_cast<double>(unit) / scale));
  }
};

/// Consumes the digits after the point. Drops those beyond 63 bits, which are far below a nanosecond.
Fraction take_fraction(std::string_view& text) {
  Fraction fraction;
  bool full = false;
  while (begins_with_digit(text)) {
    const std::uint64_t digit = take_digit(text);
    full = full || fraction.digits > (kMost - digit) / 10;
    if (full) continue;
    fraction.digits = fraction.digits * 10 + digit;
    fraction.scale *= 10;
  }
  return fraction;
}

const Unit* take_unit(std::string_view& text) {
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return &unit;
  }
  return nullptr;
}

/// Consumes one number with its unit; returns nanoseconds.
std::optional<std::uint64_t> take_term(std::string_view& text) {
  bool any = begins_with_digit(text);
  const auto whole = take_whole(text);
  if (!whole) return std::nullopt;
  Fraction fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    any = any || begins_with_digit(text);
    fraction = take_fraction(text);
  }
  const Unit* unit = any ? take_unit(text) : nullptr;
  if (unit == nullptr || *whole > kMost / unit->nanos) return std::nullopt;
  const std::uint64_t nanos = *whole * unit->nanos + fraction.of(unit->nanos);
  return nanos > kMost ? std::nullopt : std::optional(nanos);
}

/// `value / unit` with as many fraction digits as needed: "1.5".
std::string decimal(std::uint64_t value, std::uint64_t unit) {
  std::string out = std::to_string(value / unit);
  std::uint64_t rest = value % unit;
  if (rest == 0) return out;
  out += '.';
  while (rest != 0) {
    unit /= 10;
    out += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return out;
}

std::string format_magnitude(std::uint64_t nanos) {
  if (nanos == 0) return "0s";
  if (nanos < 1000) return std::to_string(nanos) + "ns";
  if (nanos < 1'000'000) return decimal(nanos, 1000) + "\xc2\xb5s";
  if (nanos < kSecond) return decimal(nanos, 1'000'000) + "ms";
  const std::uint64_t minutes = nanos / (60 * kSecond);
  std::string out = decimal(nanos % (60 * kSecond), kSecond) + "s";
  if (minutes > 0) out = std::to_string(minutes % 60) + "m" + out;
  if (minutes >= 60) out = std::to_string(minutes / 60) + "h" + out;
  return out;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  std::uint64_t sum = 0;
  while (!text.empty()) {
    const auto term = take_term(text);
    if (!term || *term > kMost - sum) return std::nullopt;
    sum += *term;
  }
  if (sum == kMost && !negative) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(negative ? 0 - sum : sum));
}

std::string format_go_duration(std::chrono::nanoseconds duration) {
  // Negated as unsigned, because the smallest value has no positive counterpart.
  const auto count = static_cast<std::uint64_t>(duration.count());
  return duration.count() < 0 ? "-" + format_magnitude(0 - count) : format_magnitude(count);
}

}  // namespace edgecore
