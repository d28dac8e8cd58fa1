// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/foreign_keys.hpp"
#include "config/kubelet_fields.hpp"
#include "config/yaml_tree.hpp"
#include "edgecore/base/ascii.hpp"

namespace edgecore::config {

/// Merges a tree into a model that holds the defaults. Continues after a mistake, so that the operator sees
/// all of them at once. One reader per document.
class Reader {
 public:
  void read(const YamlValue& root, EdgeCoreConfig& config) { object(root, config, ""); }

  [[nodiscard]] const std::vector<std::string>& mistakes() const { return mistakes_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  /// True if the document sets this key, even to the default.
  [[nodiscard]] bool assigned(const std::string& path) const { return assigned_.contains(path); }

 private:
  using Node = const YamlValue&;
  using Path = const std::string&;

  struct Present {
    std::string key;
    const YamlValue* value;
    int line;
  };

  template <class Object>
  void object(Node node, Object& target, Path path) {
    for (const Present& entry : entries(node, path)) {
      bool known = false;
      fields(target, [&](const char* name, auto& member, Print, Effect) {
        if (!iequals(name, entry.key)) return;
        known = true;
        const std::string full = join(path, name);
        if (entry.value->kind != YamlValue::Kind::kNull && !assigned_.insert(full).second) {
          warn(full, entry.line,
               "is set more than once in different spellings; the last spelling in byte order wins");
        }
        assign(*entry.value, member, full);
      });
      if (!known) unknown(path, entry, names(target));
    }
  }

  template <class Object>
  static std::vector<std::string> names(Object& object) {
    std::vector<std::string> all;
    fields(object, [&](const char* name, auto&, Print, Effect) { all.emplace_back(name); });
    return all;
  }

  void assign(Node node, bool& target, Path path);
  void assign(Node node, std::int32_t& target, Path path);
  void assign(Node node, std::int64_t& target, Path path);
  void assign(Node node, std::uint8_t& target, Path path);
  void assign(Node node, double& target, Path path);
  void assign(Node node, std::string& target, Path path);
  void assign(Node node, Duration& target, Path path);
  void assign(Node node, StringMap& target, Path path);
  void assign(Node node, GateMap& target, Path path);

  template <class Value>
  void assign(Node node, std::optional<Value>& target, Path path) {
    if (node.kind == YamlValue::Kind::kNull) return;
    const std::size_t before = mistakes_.size();
    Value value = target.value_or(Value{});
    assign(node, value, path);
    if (mistakes_.size() == before) target = std::move(value);
  }

  template <class Value>
  void assign(Node node, std::vector<Value>& target, Path path) {
    if (node.kind == YamlValue::Kind::kScalar || node.kind == YamlValue::Kind::kMap) {
      mistake(path, node, "a list");
      return;
    }
    target.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      assign(node.items[i], target.emplace_back(), path + "[" + std::to_string(i) + "]");
    }
  }

  template <class Object>
    requires std::is_class_v<Object>
  void assign(Node node, Object& target, Path path) {
    object(node, target, path);
  }

  /// A map's entries in byte order of the keys, the order in which the Go agent assigns them; the last of
  /// duplicate keys wins. Empty for null; reports a mistake for any other type.
  std::vector<Present> entries(Node node, Path path);
  template <class Map, class Value>
  void merge(Node node, Map& target, Path path);
  void integer(Node node, Path path, std::int64_t low, std::int64_t high, std::int64_t& out);

  void unknown(Path path, const Present& entry, const std::vector<std::string>& siblings);
  void warn(Path path, int line, const std::string& remark);
  void mistake(Path path, Node node, const std::string& expected);
  static std::string join(Path path, const std::string& key) { return path.empty() ? key : path + "." + key; }

  std::vector<std::string> mistakes_;
  std::vector<std::string> warnings_;
  std::set<std::string> assigned_;
};

}  // namespace edgecore::config
