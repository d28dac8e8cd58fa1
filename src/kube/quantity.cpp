// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/quantity.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <limits>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::kube {
namespace {

__extension__ typedef __int128 Wide;
using Format = Quantity::Format;

constexpr Wide kUnit = 1'000'000'000;  // nanos
constexpr Wide kMilli = kUnit / 1000;
constexpr Wide kMostUnits = std::numeric_limits<std::int64_t>::max();
constexpr Wide kMost = kMostUnits * kUnit;
constexpr std::size_t kMaxQuantityText = 256;

struct Suffix {
  std::string_view text;
  int power;  ///< of 10, or of 2 in the binary family
};

constexpr std::array kDecimalSuffixes{Suffix{"n", -9}, Suffix{"u", -6}, Suffix{"m", -3}, Suffix{"", 0},
                                      Suffix{"k", 3},  Suffix{"M", 6},  Suffix{"G", 9},  Suffix{"T", 12},
                                      Suffix{"P", 15}, Suffix{"E", 18}};
constexpr std::array kBinarySuffixes{Suffix{"Ki", 10}, Suffix{"Mi", 20}, Suffix{"Gi", 30},
                                     Suffix{"Ti", 40}, Suffix{"Pi", 50}, Suffix{"Ei", 60}};

Wide divide_up(Wide value, Wide by) {
  const Wide quotient = value / by;
  if (value % by == 0) return quotient;
  return value < 0 ? quotient - 1 : quotient + 1;
}

/// A decimal number as digits and the power of ten of its last digit: "1.50" is 15 and -1.
struct Decimal {
  std::string digits;  ///< no leading or trailing zeros; empty for zero
  int power = 0;
};

/// Consumes "digits[.digits]"; nullopt without a digit.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal out;
  bool any = false;
  bool after_point = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (!is_digit(c)) break;
    any = true;
    out.digits += c;
    if (after_point) --out.power;
  }
  if (!any) return std::nullopt;
  out.digits.erase(0, out.digits.find_first_not_of('0'));
  while (out.digits.ends_with('0')) {
    out.digits.pop_back();
    ++out.power;
  }
  return out;
}

struct Scale {
  Format format = Format::kDecimalSi;
  int power = 0;  ///< of 10, or of 2 for the binary family
};

/// The suffix or exponent after the number.
std::optional<Scale> read_scale(std::string_view text) {
  for (const Suffix& suffix : kDecimalSuffixes) {
    if (text == suffix.text) return Scale{Format::kDecimalSi, suffix.power};
  }
  for (const Suffix& suffix : kBinarySuffixes) {
    if (text == suffix.text) return Scale{Format::kBinarySi, suffix.power};
  }
  if (text.size() < 2 || (text.front() != 'e' && text.front() != 'E')) return std::nullopt;
  text.remove_prefix(1);
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  int power = 0;
  for (const char c : text) power = std::min(power * 10 + (c - '0'), 100'000);  // far above every cap
  return Scale{Format::kDecimalExponent, negative ? -power : power};
}

/// Multiplies a decimal number by 2^power in decimal, exactly.
void multiply_by_power_of_two(std::string& digits, int power) {
  for (; power > 0; power -= 10) {
    int carry = 0;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
      const int product = (*digit - '0') * 1024 + carry;
      *digit = static_cast<char>('0' + product % 10);
      carry = product / 10;
    }
    if (carry > 0) digits.insert(0, std::to_string(carry));
  }
}

/// digits × 10^power units as nanos: rounds up and caps.
Wide to_nano(const Decimal& number) {
  if (number.digits.empty()) return 0;
  constexpr int kDigitsOfCap = 28;
  const int power = number.power + 9;
  const int whole_digits = static_cast<int>(number.digits.size()) + power;
  if (whole_digits > kDigitsOfCap) return kMost;
  if (whole_digits <= 0) return 1;
  Wide nano = 0;
  const auto kept = std::min(number.digits.size(), static_cast<std::size_t>(whole_digits));
  for (std::size_t i = 0; i < kept; ++i) nano = nano * 10 + (number.digits[i] - '0');
  for (int i = 0; i < power; ++i) nano *= 10;
  const bool cut = number.digits.find_first_not_of('0', kept) != std::string::npos;
  return std::min(cut ? nano + 1 : nano, kMost);
}

/// A 128-bit number in decimal; std::to_string has no such overload.
std::string to_text(Wide value) {
  const bool negative = value < 0;
  std::string out;
  do {
    const int digit = static_cast<int>(value % 10);
    out += static_cast<char>('0' + (digit < 0 ? -digit : digit));
    value /= 10;
  } while (value != 0);
  if (negative) out += '-';
  std::reverse(out.begin(), out.end());
  return out;
}

std::string binary_text(Wide units) {
  std::string_view suffix;
  for (const Suffix& larger : kBinarySuffixes) {
    if (units % 1024 != 0) break;
    units /= 1024;
    suffix = larger.text;
  }
  return to_text(units).append(suffix);
}

std::string decimal_text(Wide nano, Format format) {
  std::size_t step = 0;  // index into kDecimalSuffixes, which begins with nano
  for (; step + 1 < kDecimalSuffixes.size() && nano % 1000 == 0; ++step) nano /= 1000;
  const Suffix& suffix = kDecimalSuffixes[step];
  if (format != Format::kDecimalExponent || suffix.power == 0) return to_text(nano).append(suffix.text);
  return to_text(nano) + "e" + std::to_string(suffix.power);
}

}  // namespace

Quantity::Quantity(Nano nano, Format format) : nano_(std::clamp(nano, -kMost, kMost)), format_(format) {}

Quantity Quantity::of(std::int64_t units, Format format) {
  return {Nano{units} * kUnit, format};
}

std::optional<Quantity> Quantity::try_parse(std::string_view text) {
  if (text.size() > kMaxQuantityText) return std::nullopt;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  auto number = take_decimal(text);
  if (!number) return std::nullopt;
  const auto scale = read_scale(text);
  if (!scale) return std::nullopt;
  if (scale->format == Format::kBinarySi) {
    multiply_by_power_of_two(number->digits, scale->power);
  } else {
    number->power += scale->power;
  }
  const Wide nano = to_nano(*number);
  return Quantity(negative ? -nano : nano, scale->format);
}

Quantity Quantity::parse(std::string_view text, std::string_view what) {
  if (const auto quantity = try_parse(text)) return *quantity;
  throw BadInput(fmt::format("{} is \"{}\", which is not a quantity such as 100m, 0.5 or 128Mi", what,
                             text.substr(0, 64)));
}

std::int64_t Quantity::value() const {
  return static_cast<std::int64_t>(divide_up(nano_, kUnit));
}

std::int64_t Quantity::milli_value() const {
  return static_cast<std::int64_t>(std::clamp(divide_up(nano_, kMilli), -kMostUnits, kMostUnits));
}

std::string Quantity::text() const {
  if (nano_ == 0) return "0";
  const bool small = nano_ > -1024 * kUnit && nano_ < 1024 * kUnit;
  // Binary suffixes have no fractions: writes a fraction in the decimal family instead of rounding it.
  if (format_ == Format::kBinarySi && !small && nano_ % kUnit == 0) return binary_text(nano_ / kUnit);
  return decimal_text(nano_, format_);
}

Quantity operator+(const Quantity& left, const Quantity& right) {
  return {left.nano_ + right.nano_, left.is_zero() ? right.format_ : left.format_};
}

Quantity operator-(const Quantity& left, const Quantity& right) {
  return {left.nano_ - right.nano_, left.is_zero() ? right.format_ : left.format_};
}

}  // namespace edgecore::kube
