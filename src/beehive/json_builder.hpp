// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace edgecore::beehive {

/// Builds a JSON value from nlohmann's SAX events, as Go's decoder reads a message: member names of the
/// envelope (the object itself, `header` and `route`) are matched case-insensitively and normalized, the last
/// of two equal names wins, and a repeated `header` or `route` adds to the first one. Refuses nesting deeper
/// than kMaxDepth before it builds anything, because copying and printing a nlohmann value recurse.
class JsonBuilder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  static constexpr std::size_t kMaxDepth = 200;

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(number_integer_t value) { return put(value); }
  bool number_unsigned(number_unsigned_t value) { return put(value); }
  bool number_float(number_float_t value, const string_t&) { return put(value); }
  bool string(string_t& value) { return put(std::move(value)); }
  bool binary(binary_t&) { return false; }
  bool start_object(std::size_t) { return open(nlohmann::json::value_t::object); }
  bool start_array(std::size_t) { return open(nlohmann::json::value_t::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(string_t& name);
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::json::exception& error);

  [[nodiscard]] nlohmann::json& root() { return root_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  /// The part of the envelope that the innermost open object is.
  enum class Part { kEnvelope, kHeader, kRoute, kOther };

  bool put(nlohmann::json value);
  bool open(nlohmann::json::value_t type);
  bool close();
  nlohmann::json* place(nlohmann::json value);
  [[nodiscard]] Part part() const { return parts_.empty() ? Part::kOther : parts_.back(); }

  nlohmann::json root_;
  std::vector<nlohmann::json*> open_;
  std::vector<Part> parts_;
  std::string key_;
  std::string error_;
};

}  // namespace edgecore::beehive
