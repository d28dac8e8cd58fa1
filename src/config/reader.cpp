// SPDX-License-Identifier: Apache-2.0
#include "config/reader.hpp"

#include <cmath>
#include <limits>
#include <map>

#include "config/key_hints.hpp"
#include "edgecore/base/go_duration.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore::config {
namespace {

/// Limit of warnings, and of mistakes, that one file gets.
constexpr std::size_t kMaxComplaints = 100;

std::string what_it_is(const YamlValue& node) {
  if (node.kind == YamlValue::Kind::kList) return "a list";
  if (node.kind == YamlValue::Kind::kMap) return "a map";
  const Scalar scalar = resolve_scalar(node);
  if (std::holds_alternative<bool>(scalar)) return "true or false";
  if (std::holds_alternative<std::int64_t>(scalar)) return "a whole number";
  if (std::holds_alternative<double>(scalar)) return "a number";
  return std::holds_alternative<std::string>(scalar) ? "text" : "null";
}

bool is_scalar(const YamlValue& node) {
  return node.kind == YamlValue::Kind::kScalar;
}

}  // namespace

void Reader::warn(Path path, int line, const std::string& remark) {
  if (warnings_.size() == kMaxComplaints)
    warnings_.emplace_back("Further warnings about the configuration are not shown.");
  if (warnings_.size() > kMaxComplaints) return;
  warnings_.push_back(log::quote(path) + " (line " + std::to_string(line) + ") " + remark + ".");
}

void Reader::unknown(Path path, const Present& entry, const std::vector<std::string>& siblings) {
  const std::string full = join(path, entry.key);
  const auto remark = foreign_key_remark(full);
  warn(full, entry.line,
       remark ? *remark : "is not a key of this configuration and has no effect" + key_hint(full, siblings));
}

void Reader::mistake(Path path, Node node, const std::string& expected) {
  if (mistakes_.size() == kMaxComplaints) mistakes_.emplace_back("Further mistakes are not shown.");
  if (mistakes_.size() > kMaxComplaints) return;
  mistakes_.push_back(log::quote(path) + " (line " + std::to_string(node.line) + ") has to be " + expected +
                      ", but is " + what_it_is(node) + ".");
}

std::vector<Reader::Present> Reader::entries(Node node, Path path) {
  if (node.kind == YamlValue::Kind::kNull) return {};
  if (node.kind != YamlValue::Kind::kMap) {
    mistake(path.empty() ? "The configuration" : path, node, "a map of keys and values");
    return {};
  }
  std::map<std::string, Present> last;
  for (const YamlEntry& entry : node.entries) {
    std::string key = scalar_text(resolve_scalar(entry.key));
    Present now{key, &entry.value, entry.key.line};
    const auto [at, is_new] = last.try_emplace(key, now);
    if (is_new) continue;
    warn(join(path, key), now.line, "replaces the same key of line " + std::to_string(at->second.line));
    at->second = now;
  }
  std::vector<Present> sorted;
  for (auto& [key, present] : last) sorted.push_back(std::move(present));
  return sorted;
}

template <class Map, class Value>
void Reader::merge(Node node, Map& target, Path path) {
  if (node.kind == YamlValue::Kind::kNull) {
    target.clear();
    return;
  }
  for (const Present& entry : entries(node, path)) {
    Value value{};
    assign(*entry.value, value, join(path, entry.key));
    target[entry.key] = std::move(value);
  }
}

void Reader::assign(Node node, StringMap& target, Path path) {
  merge<StringMap, std::string>(node, target, path);
}
void Reader::assign(Node node, GateMap& target, Path path) {
  merge<GateMap, bool>(node, target, path);
}

void Reader::assign(Node node, bool& target, Path path) {
  if (node.kind == YamlValue::Kind::kNull) return;
  if (is_scalar(node)) {
    const Scalar scalar = resolve_scalar(node);
    if (std::holds_alternative<std::monostate>(scalar)) return;
    if (const auto* flag = std::get_if<bool>(&scalar)) {
      target = *flag;
      return;
    }
  }
  mistake(path, node, "true or false");
}

void Reader::integer(Node node, Path path, std::int64_t low, std::int64_t high, std::int64_t& out) {
  if (node.kind == YamlValue::Kind::kNull) return;
  std::optional<std::int64_t> value;
  if (is_scalar(node)) {
    const Scalar scalar = resolve_scalar(node);
    if (std::holds_alternative<std::monostate>(scalar)) return;
    if (const auto* whole = std::get_if<std::int64_t>(&scalar)) value = *whole;
    // 15.0 and 1e3 are whole numbers for the Go agent, which reads them as JSON.
    if (const auto* number = std::get_if<double>(&scalar)) {
      if (std::abs(*number) < 9.0e18 && std::trunc(*number) == *number)
        value = static_cast<std::int64_t>(*number);
    }
  }
  if (value && *value >= low && *value <= high) {
    out = *value;
    return;
  }
  mistake(path, node, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
}

void Reader::assign(Node node, std::int64_t& target, Path path) {
  integer(node, path, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
          target);
}

void Reader::assign(Node node, std::int32_t& target, Path path) {
  std::int64_t value = target;
  integer(node, path, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max(),
          value);
  target = static_cast<std::int32_t>(value);
}

void Reader::assign(Node node, std::uint8_t& target, Path path) {
  std::int64_t value = target;
  integer(node, path, 0, std::numeric_limits<std::uint8_t>::max(), value);
  target = static_cast<std::uint8_t>(value);
}

void Reader::assign(Node node, double& target, Path path) {
  if (node.kind == YamlValue::Kind::kNull) return;
  if (is_scalar(node)) {
    const Scalar scalar = resolve_scalar(node);
    if (std::holds_alternative<std::monostate>(scalar)) return;
    if (const auto* whole = std::get_if<std::int64_t>(&scalar)) {
      target = static_cast<double>(*whole);
      return;
    }
    if (const auto* number = std::get_if<double>(&scalar); number != nullptr && std::isfinite(*number)) {
      target = *number;
      return;
    }
  }
  mistake(path, node, "a number");
}

void Reader::assign(Node node, std::string& target, Path path) {
  if (node.kind == YamlValue::Kind::kNull) return;
  if (!is_scalar(node)) {
    mistake(path, node, "text");
    return;
  }
  const Scalar scalar = resolve_scalar(node);
  if (!std::holds_alternative<std::monostate>(scalar)) target = scalar_text(scalar);
}

void Reader::assign(Node node, Duration& target, Path path) {
  if (node.kind == YamlValue::Kind::kNull) return;
  if (is_scalar(node)) {
    const Scalar scalar = resolve_scalar(node);
    if (std::holds_alternative<std::monostate>(scalar)) return;
    if (const auto* text = std::get_if<std::string>(&scalar)) {
      if (const auto duration = parse_go_duration(*text)) {
        target = *duration;
        return;
      }
    }
    // The only duration that may also be a number, in nanoseconds (protocol/06-config-cli-tasks.md §1.1).
    const auto* count = std::get_if<std::int64_t>(&scalar);
    if (count != nullptr && path.ends_with(".logging.flushFrequency")) {
      target = Duration(*count);
      return;
    }
  }
  mistake(path, node, "a duration such as \"10s\" or \"1h30m\" (text with a unit)");
}

}  // namespace edgecore::config
