// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "edgecore/base/yaml_events.hpp"

namespace edgecore {

/// Limits for the tree of a YAML text with its aliases expanded.
struct YamlLimits {
  std::size_t max_depth;
  std::size_t max_values;
};

/// Builds a value from the events of a YAML text: expands aliases and merge keys (`<<`). A value counts
/// towards the limit when it is made, when it is kept for aliases, and each time an alias repeats it, so that
/// a small text cannot expand into a large tree. `Tree` defines values and keys:
///
///   using Value, Key;                            Value() stands for a text without a document
///   Value scalar(YamlPlace, tag, text);          tag and text as in YamlEvents
///   Value list(YamlPlace), map(YamlPlace);       empty ones
///   Value copy(const Value&, YamlPlace);         the value for an alias at that place
///   Key key(YamlPlace, map, tag, text);          the next key of a map; may refuse a duplicate
///   void add(Value& list, Value item);
///   void put(Value& map, Key, Value);
///   bool is_map(const Value&);
///   auto* items(Value&);                         a range of values if it is a list, else nullptr
///   void merge(Value& map, Value from);          adds the keys that `map` does not have
///   void refuse(YamlPlace, std::string what);    throws; `what` continues "Line 3"
template <class Tree>
class YamlBuilder final : public YamlEvents {
 public:
  using Value = typename Tree::Value;

  YamlBuilder(Tree tree, YamlLimits limits) : tree_(std::move(tree)), limits_(limits) {}
  Value take() { return std::move(root_); }

  void scalar(YamlPlace at, YamlAnchor anchor, std::string_view tag, std::string_view text) override {
    count(at, anchor == 0 ? 1 : 2);
    if (anchor != 0)
      anchored_[anchor] = {tree_.scalar(at, tag, text), 1, 0, std::string(tag), std::string(text)};
    if (awaits_key())
      take_key(at, tag, text);
    else
      finish(at, tree_.scalar(at, tag, text), 0);
  }
  void begin_list(YamlPlace at, YamlAnchor anchor) override { begin(at, anchor, tree_.list(at), false); }
  void begin_map(YamlPlace at, YamlAnchor anchor) override { begin(at, anchor, tree_.map(at), true); }
  void end_list() override { end(); }
  void end_map() override {
    // A map's own keys win over merged ones, and earlier merges over later ones.
    Open& map = open_.back();
    for (Value& source : map.merged) tree_.merge(map.value, std::move(source));
    end();
  }
  void alias(YamlPlace at, YamlAnchor of) override {
    const auto known = anchored_.find(of);
    if (known == anchored_.end()) refuse(at, " has an alias that contains itself");
    const Anchored& node = known->second;
    count(at, node.values);
    if (open_.size() + node.depth > limits_.max_depth) too_deep(at);
    if (!awaits_key()) return finish(at, tree_.copy(node.value, at), node.depth);
    if (node.depth > 0) no_key(at);
    take_key(at, node.tag, node.text);
  }
  [[noreturn]] void broken(YamlPlace at, std::string_view why) override {
    refuse(at, ", column " + std::to_string(at.column + 1) + ", is not YAML: " + std::string(why));
  }

 private:
  struct Open {
    YamlPlace at;
    YamlAnchor anchor;
    Value value;
    bool is_map;
    std::size_t before;     // number of values before this one
    std::size_t depth = 1;  // levels, this one included
    bool merging = false;   // the key was `<<`
    std::optional<typename Tree::Key> key = std::nullopt;
    std::vector<Value> merged = {};
  };
  struct Anchored {
    Value value;
    std::size_t values = 0;
    std::size_t depth = 0;
    std::string tag, text;  // of a scalar, which may be repeated as a key
  };

  [[noreturn]] void refuse(YamlPlace at, std::string what) {
    tree_.refuse(at, std::move(what));
    std::abort();  // not reached
  }
  [[noreturn]] void too_deep(YamlPlace at) {
    refuse(at, " is nested deeper than the " + std::to_string(limits_.max_depth) + " levels allowed");
  }
  [[noreturn]] void no_key(YamlPlace at) { refuse(at, " has a list or a map where a key has to be"); }

  void count(YamlPlace at, std::size_t more) {
    values_ += more;
    if (values_ > limits_.max_values)
      refuse(at, " goes beyond the " + std::to_string(limits_.max_values) + " values allowed");
  }

  [[nodiscard]] bool awaits_key() const {
    return !open_.empty() && open_.back().is_map && !open_.back().key && !open_.back().merging;
  }
  void take_key(YamlPlace at, std::string_view tag, std::string_view text) {
    Open& map = open_.back();
    if (tag == "?" && text == "<<")
      map.merging = true;
    else
      map.key = tree_.key(at, map.value, tag, text);
  }

  void begin(YamlPlace at, YamlAnchor anchor, Value empty, bool is_map) {
    if (open_.size() >= limits_.max_depth) too_deep(at);
    if (awaits_key()) no_key(at);
    const std::size_t before = values_;
    count(at, 1);
    open_.push_back({at, anchor, std::move(empty), is_map, before});
  }
  void end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != 0) {
      const std::size_t values = values_ - done.before;
      count(done.at, values);
      anchored_[done.anchor] = {done.value, values, done.depth, {}, {}};
    }
    finish(done.at, std::move(done.value), done.depth);
  }

  void finish(YamlPlace at, Value value, std::size_t depth) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    parent.depth = std::max(parent.depth, depth + 1);
    if (!parent.is_map)
      tree_.add(parent.value, std::move(value));
    else if (std::exchange(parent.merging, false))
      take_merge(at, std::move(value), parent.merged);
    else
      tree_.put(parent.value, *std::exchange(parent.key, std::nullopt), std::move(value));
  }
  /// The value of `<<`: a map or a list of maps.
  void take_merge(YamlPlace at, Value value, std::vector<Value>& into) {
    if (tree_.is_map(value)) return into.push_back(std::move(value));
    auto* items = tree_.items(value);
    const bool maps = items != nullptr && std::all_of(items->begin(), items->end(),
                                                      [&](const Value& one) { return tree_.is_map(one); });
    if (!maps) refuse(at, " merges (<<) something that is not a map");
    for (Value& one : *items) into.push_back(std::move(one));
  }

  Tree tree_;
  const YamlLimits limits_;
  Value root_{};
  std::vector<Open> open_;
  std::map<YamlAnchor, Anchored> anchored_;
  std::size_t values_ = 0;
};

}  // namespace edgecore
