// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_tree.hpp"

#include <algorithm>

#include "edgecore/base/error.hpp"
#include "edgecore/base/utf8.hpp"
#include "edgecore/base/yaml_builder.hpp"
#include "edgecore/config/load.hpp"

namespace edgecore::config {
namespace {

/// Keeps places, tags and duplicate keys (YamlBuilder's `Tree`).
struct ConfigTree {
  using Value = YamlValue;
  using Key = YamlValue;

  static YamlValue make(YamlValue::Kind kind, YamlPlace at, std::string_view tag,
                        std::string_view text = {}) {
    return {kind, std::string(text), std::string(tag), at.line, at.column, {}, {}};
  }
  static YamlValue scalar(YamlPlace at, std::string_view tag, std::string_view text) {
    const bool null = tag == "?" && text.empty();
    return make(null ? YamlValue::Kind::kNull : YamlValue::Kind::kScalar, at, tag, text);
  }
  static std::size_t bytes(std::string_view tag, std::string_view text) { return tag.size() + text.size(); }
  static constexpr std::size_t kFrameBytes = 1;  // its tag
  static YamlValue list(YamlPlace at) { return make(YamlValue::Kind::kList, at, "?"); }
  static YamlValue map(YamlPlace at) { return make(YamlValue::Kind::kMap, at, "?"); }
  static YamlValue copy(const YamlValue& value, YamlPlace at) {
    YamlValue out = value;
    out.line = at.line;
    out.column = at.column;
    return out;
  }
  static YamlValue key(YamlPlace at, const YamlValue&, std::string_view tag, std::string_view text) {
    return scalar(at, tag, text);
  }
  static void add(YamlValue& list, YamlValue item) { list.items.push_back(std::move(item)); }
  static void put(YamlValue& map, YamlValue key, YamlValue value) {
    map.entries.push_back({std::move(key), std::move(value)});
  }
  static bool is_map(const YamlValue& value) { return value.kind == YamlValue::Kind::kMap; }
  static std::vector<YamlValue>* items(YamlValue& value) {
    return value.kind == YamlValue::Kind::kList ? &value.items : nullptr;
  }
  static void merge(YamlValue& map, YamlValue from) {
    for (YamlEntry& entry : from.entries) {
      const bool known = std::any_of(map.entries.begin(), map.entries.end(),
                                     [&](const YamlEntry& e) { return e.key.text == entry.key.text; });
      if (!known) map.entries.push_back(std::move(entry));
    }
  }
  [[noreturn]] static void refuse(YamlPlace at, const std::string& what) {
    throw BadInput("line " + std::to_string(at.line) + " of the configuration" + what);
  }
};

}  // namespace

YamlValue parse_yaml(std::string_view text) {
  if (text.size() > kMaxConfigBytes) {
    throw BadInput("the configuration is larger than the " + std::to_string(kMaxConfigBytes) +
                   " bytes allowed");
  }
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos)
    throw BadInput("the configuration is not a text in UTF-8");
  YamlBuilder builder(ConfigTree(), YamlLimits{kMaxConfigDepth, kMaxConfigValues, yaml_budget(text)});
  read_yaml(text, builder);
  return builder.take();
}

}  // namespace edgecore::config
