// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/duration.hpp"

#include <array>
#include <cstdint>
#include <limits>

#include "edgecore/base/ascii.hpp"

namespace edgecore::config {
namespace {

constexpr std::uint64_t limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

// Longer names first where one is the beginning of another.
constexpr std::array<Unit, 8> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"\u00b5s", 1'000},  // micro sign
                                     {"\u03bcs", 1'000},  // Greek mu
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3'600'000'000'000}}};

const Unit* take_unit(std::string_view& text) {
  for (const Unit& unit : units) {
    if (text.starts_with(unit.name)) {
      text.remove_prefix(unit.name.size());
      return &unit;
    }
  }
  return nullptr;
}

/// Digits before the point; nullopt on overflow.
std::optional<std::uint64_t> take_whole(std::string_view& text) {
  std::uint64_t value = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    const auto digit = static_cast<std::uint64_t>(text.front() - '0');
    if (value > (limit - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

/// Digits after the point as numerator and denominator. More than 9 of them are below a nanosecond only for
/// seconds, so up to 15 count; the rest is dropped.
struct Fraction {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;
};

Fraction take_fraction(std::string_view& text) {
  Fraction f;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    if (f.denominator >= 1'000'000'000'000'000) continue;
    f.numerator = f.numerator * 10 + static_cast<std::uint64_t>(text.front() - '0');
    f.denominator *= 10;
  }
  return f;
}

/// One number with its unit, in nanoseconds.
std::optional<std::uint64_t> take_term(std::string_view& text) {
  const std::size_t before = text.size();
  const auto whole = take_whole(text);
  if (!whole) return std::nullopt;
  std::size_t digits = before - text.size();
  Fraction fraction;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    const std::size_t at = text.size();
    fraction = take_fraction(text);
    digits += at - text.size();
  }
  if (digits == 0) return std::nullopt;
  const Unit* unit = take_unit(text);
  if (unit == nullptr || *whole > limit / unit->nanoseconds) return std::nullopt;
  __extension__ using Wide = unsigned __int128;
  const auto part = static_cast<Wide>(fraction.numerator) * unit->nanoseconds / fraction.denominator;
  const std::uint64_t value = *whole * unit->nanoseconds + static_cast<std::uint64_t>(part);
  if (value > limit) return std::nullopt;
  return value;
}

/// `value` counted in `unit` nanoseconds, as a decimal without trailing zeros.
std::string decimal(std::uint64_t value, std::uint64_t unit) {
  std::string text = std::to_string(value / unit);
  std::uint64_t rest = value % unit;
  if (rest == 0) return text;
  text += '.';
  while (rest != 0) {
    unit /= 10;
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.size() > 100) return std::nullopt;
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return Duration(0);
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto term = take_term(text);
    if (!term || *term > limit - total) return std::nullopt;
    total += *term;
  }
  const auto value = static_cast<std::int64_t>(total);
  return Duration(negative ? -value : value);
}

std::string format_duration(Duration value) {
  constexpr std::uint64_t second = 1'000'000'000;
  const std::int64_t count = value.count();
  if (count == 0) return "0s";
  const std::string sign = count < 0 ? "-" : "";
  std::uint64_t rest = count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  if (rest < 1'000) return sign + std::to_string(rest) + "ns";
  if (rest < 1'000'000) return sign + decimal(rest, 1'000) + "\u00b5s";
  if (rest < second) return sign + decimal(rest, 1'000'000) + "ms";
  std::string text = decimal(rest % (60 * second), second) + "s";
  rest /= 60 * second;
  if (rest == 0) return sign + text;
  text = std::to_string(rest % 60) + "m" + text;
  rest /= 60;
  return rest == 0 ? sign + text : sign + std::to_string(rest) + "h" + text;
}

}  // namespace edgecore::config
