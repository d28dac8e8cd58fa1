// SPDX-License-Identifier: Apache-2.0
#include "edged/sources/go_pod_text.hpp"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/net/digest.hpp"
#include "edged/sources/go_pod_types.hpp"

namespace edgecore::edged {
namespace {

/// Thrown and caught in this file only.
struct NotReproduced {};

struct Field {
  std::string name, member, type;
};
using Types = std::map<std::string, std::vector<Field>, std::less<>>;

Field field_of(std::string_view word) {
  const auto colon = word.find(':');
  const auto equals = word.substr(0, colon).find('=');
  Field field;
  field.name = word.substr(0, std::min(equals, colon));
  field.type = word.substr(colon + 1);
  if (equals != std::string_view::npos) {
    field.member = word.substr(equals + 1, colon - equals - 1);
  } else {
    field.member = field.name;
    field.member[0] = to_lower(field.member[0]);
  }
  return field;
}

Types read_types() {
  Types types;
  std::vector<Field>* current = nullptr;
  std::string_view rest = kGoPodTypes;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    bool first = !line.starts_with(' ');
    while (!line.empty()) {
      const auto space = line.find(' ');
      const std::string_view word = line.substr(0, space);
      line = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
      if (word.empty()) continue;
      if (first) {
        current = &types[std::string(word)];
      } else {
        current->push_back(field_of(word));
      }
      first = false;
    }
  }
  return types;
}

// ---- Quantities: Go stores a number, a power of ten, and the text if it is canonical.

struct Suffix {
  std::string_view text;
  int exponent;
};
constexpr Suffix kDecimal[] = {{"n", -9}, {"u", -6}, {"m", -3}, {"", 0},   {"k", 3},
                               {"M", 6},  {"G", 9},  {"T", 12}, {"P", 15}, {"E", 18}};
constexpr Suffix kBinary[] = {{"Ki", 10}, {"Mi", 20}, {"Gi", 30}, {"Ti", 40}, {"Pi", 50}, {"Ei", 60}};

struct Scale {
  int exponent = 0;
  std::string_view format;
};

Scale scale_of(std::string_view suffix) {
  for (const auto& one : kDecimal) {
    if (one.text == suffix) return {one.exponent, "DecimalSI"};
  }
  for (const auto& one : kBinary) {
    if (one.text == suffix) return {one.exponent, "BinarySI"};
  }
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) throw NotReproduced();
  const auto exponent = to_number<int>(suffix.substr(suffix[1] == '+' ? 2 : 1));
  if (!exponent) throw NotReproduced();
  return {*exponent, "DecimalExponent"};
}

std::string quantity_text(std::int64_t value, int scale, std::string_view text, std::string_view format) {
  return fmt::format(
      "{{i:(resource.int64Amount){{value:(int64){} scale:(resource.Scale){}}} "
      "d:(resource.infDecAmount){{Dec:(*"
      "inf.Dec)<nil>}} s:(string){} Format:(resource.Format){}}}",
      value, scale, text, format);
}

std::string take_digits(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  std::string digits(text.substr(0, length));
  text.remove_prefix(length);
  return digits;
}

std::string quantity(const std::string& text, bool in_list) {
  constexpr int kDigits = 18, kBinaryDigits = 15, kNano = -9, kMilli = -3;
  if (text == "0") return quantity_text(0, 0, text, "DecimalSI");
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  while (rest.starts_with('0')) rest.remove_prefix(1);
  std::string whole = take_digits(rest), fraction;
  if (whole.empty()) whole = "0";
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
  }
  const auto [exponent, format] = scale_of(rest);
  const bool binary = format == "BinarySI";
  int scale = binary ? 0 : exponent;
  int room = kDigits - static_cast<int>(whole.size() + fraction.size());
  if (binary)
    room = fraction.empty() ? kBinaryDigits - static_cast<int>(whole.size()) - exponent * 3 / 10 - 1 : -1;
  scale -= static_cast<int>(fraction.size());
  if (room < 0 || scale < kNano || (in_list && scale < kMilli)) throw NotReproduced();
  const std::string shifted = whole + fraction;
  const std::int64_t number = std::stoll(shifted);
  std::int64_t value = number;
  if (binary && __builtin_mul_overflow(number, std::int64_t{1} << exponent, &value)) throw NotReproduced();
  const bool canonical =
      binary ? (number & 7) != 0 : scale % 3 == 0 && !shifted.ends_with("000") && shifted[0] != '0';
  return quantity_text(negative ? -value : value, scale, canonical ? text : std::string(), format);
}

std::string quantity_of(const Json& value, bool in_list) {
  if (value.is_string()) return quantity(value.get<std::string>(), in_list);
  if (value.is_number_integer()) return quantity(kube::dump_json(value), in_list);
  if (!value.is_number_float()) throw NotReproduced();
  const double number = value.get<double>();
  const bool whole = std::abs(number) < 1e15 && std::floor(number) == number;
  return quantity(whole ? std::to_string(static_cast<std::int64_t>(number)) : kube::dump_json(value),
                  in_list);
}

// ---- The text

class GoText {
 public:
  std::string of(const Json& pod) {
    out_ = "(*core.Pod)";
    put("core.Pod", pod, false);
    return std::move(out_);
  }

 private:
  void put(std::string_view type, const Json& value, bool with_type) {
    if (with_type) fmt::format_to(std::back_inserter(out_), "({})", type);
    if (type.starts_with('*')) {
      if (value.is_null()) {
        out_ += "<nil>";
      } else {
        put(type.substr(1), value, false);
      }
    } else if (type.starts_with("[]")) {
      put_list(type.substr(2), value);
    } else if (type == "map[string]string" || type == "core.ResourceList") {
      put_map(type == "core.ResourceList", value);
    } else if (const auto known = types_.find(type); known != types_.end()) {
      put_struct(known->second, value);
    } else {
      put_plain(type, value);
    }
  }

  void put_list(std::string_view type, const Json& value) {
    if (value.is_null()) {
      out_ += "<nil>";
      return;
    }
    if (!value.is_array()) throw NotReproduced();
    out_ += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out_ += ' ';
      put(type, value[i], false);
    }
    out_ += ']';
  }

  void put_map(bool quantities, const Json& value) {
    if (value.is_null()) {
      out_ += "<nil>";
      return;
    }
    if (!value.is_object()) throw NotReproduced();
    out_ += "map[";
    const char* between = "";
    for (const auto& [key, one] : value.items()) {
      if (!quantities && !one.is_string()) throw NotReproduced();
      out_ += between + key + ':' + (quantities ? quantity_of(one, true) : one.get<std::string>());
      between = " ";
    }
    out_ += ']';
  }

  void put_struct(const std::vector<Field>& fields, const Json& value) {
    if (!value.is_object() && !value.is_null()) throw NotReproduced();
    out_ += '{';
    const char* between = "";
    for (const Field& field : fields) {
      out_ += between + field.name + ':';
      between = " ";
      const auto member = value.is_object() ? value.find(field.member) : value.end();
      if (field.member == ".") {
        put(field.type, value, true);
      } else {
        put(field.type, member == value.end() ? Json() : *member, true);
      }
    }
    out_ += '}';
  }

  void put_plain(std::string_view type, const Json& value) {
    if (type == "resource.Quantity") {
      out_ += value.is_null() ? quantity_text(0, 0, "", "") : quantity_of(value, false);
    } else if (type == "intstr.IntOrString") {
      const bool text = value.is_string();
      fmt::format_to(std::back_inserter(out_),
                     "{{Type:(intstr.Type){:d} IntVal:(int32){} StrVal:(string){}}}", text,
                     text ? 0 : integer(value), text ? value.get<std::string>() : std::string());
    } else if (type == "v1.Time") {
      if (!value.is_null()) throw NotReproduced();
      out_ += "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}";
    } else if (type == "bool") {
      if (!value.is_boolean() && !value.is_null()) throw NotReproduced();
      out_ += value == true ? "true" : "false";
    } else if (type == "int32" || type == "int64") {
      out_ += std::to_string(integer(value));
    } else {
      if (!value.is_string() && !value.is_null()) throw NotReproduced();
      if (value.is_string()) out_ += value.get<std::string>();
    }
  }

  static std::int64_t integer(const Json& value) {
    if (value.is_null()) return 0;
    if (!value.is_number_integer()) throw NotReproduced();
    return value.get<std::int64_t>();
  }

  const Types types_ = read_types();
  std::string out_;
};

/// The manifest as the Go agent has it after reading: without kind, status and the API server's defaults, and
/// with the node's namespaces in the security context.
Json as_read(Json pod) {
  for (const char* member : {"kind", "apiVersion", "status"}) pod.erase(member);
  if (!pod.contains("spec") || !pod["spec"].is_object()) throw NotReproduced();
  Json& spec = pod["spec"];
  Json& context = spec["securityContext"];
  if (!context.is_object()) throw NotReproduced();
  for (const char* member : {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"}) {
    context.erase(member);
    if (spec.contains(member)) context[member] = spec[member];
  }
  return pod;
}

/// The default of a missing divisor is "0".
void drop_default_divisors(Json& value) {
  if (value.is_object()) {
    const auto divisor = value.find("divisor");
    if (divisor != value.end() && *divisor == "0") value.erase(divisor);
  }
  if (!value.is_structured()) return;
  for (Json& one : value) drop_default_divisors(one);
}

}  // namespace

std::optional<std::string> go_pod_text(const Json& pod) {
  try {
    Json read = as_read(pod);
    drop_default_divisors(read);
    return GoText().of(read);
  } catch (const NotReproduced&) {
    return std::nullopt;
  }
}

std::optional<std::string> go_static_pod_uid(const Json& pod, const std::filesystem::path& file,
                                             std::string_view node_name) {
  const auto text = go_pod_text(pod);
  if (!text) return std::nullopt;
  try {
    return net::md5_hex(fmt::format("{}host:{}file:{}", *text, node_name, file.lexically_normal().string()));
  } catch (const Error&) {
    return std::nullopt;  // MD5 may be forbidden (FIPS); a Go agent there made no such name either
  }
}

}  // namespace edgecore::edged
