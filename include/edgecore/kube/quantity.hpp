// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgecore::kube {

/// resource.Quantity: an exact fixed-point amount with the suffix family of its text. Amounts are in nano
/// units, as in Kubernetes: finer ones are rounded up (away from zero), larger ones capped at ±(2^63-1)
/// units. A plain value; any thread.
class Quantity {
 public:
  enum class Format { kDecimalSi, kBinarySi, kDecimalExponent };

  /// Zero, "0".
  Quantity() = default;
  static Quantity of(std::int64_t units, Format format = Format::kDecimalSi);

  /// "128Mi", "0.5", "100m", "1e3", "12E". nullopt for anything that is not a quantity.
  static std::optional<Quantity> try_parse(std::string_view text);
  /// As try_parse, but throws BadInput naming `what`.
  static Quantity parse(std::string_view text, std::string_view what = "The quantity");

  /// Whole units, rounded up away from zero.
  [[nodiscard]] std::int64_t value() const;
  /// Thousandths, rounded up away from zero; capped at the largest 64-bit number.
  [[nodiscard]] std::int64_t milli_value() const;
  [[nodiscard]] bool is_zero() const { return nano_ == 0; }
  [[nodiscard]] bool is_negative() const { return nano_ < 0; }
  [[nodiscard]] Format format() const { return format_; }

  /// The canonical text: no fraction, no exponent larger than needed, largest suffix that fits ("1.5Gi" is
  /// "1536Mi", "0.1" is "100m"). Parsing it gives an equal quantity.
  [[nodiscard]] std::string text() const;

  /// The result has the format of the left side, or of the right side if the left one is zero; it is capped.
  friend Quantity operator+(const Quantity& left, const Quantity& right);
  friend Quantity operator-(const Quantity& left, const Quantity& right);
  /// Compares the amounts only: "1024" equals "1Ki".
  friend bool operator==(const Quantity& left, const Quantity& right) { return left.nano_ == right.nano_; }
  friend std::strong_ordering operator<=>(const Quantity& left, const Quantity& right) {
    return left.nano_ <=> right.nano_;
  }

 private:
  __extension__ typedef __int128 Nano;
  Quantity(Nano nano, Format format);
  Nano nano_ = 0;
  Format format_ = Format::kDecimalSi;
};

}  // namespace edgecore::kube
