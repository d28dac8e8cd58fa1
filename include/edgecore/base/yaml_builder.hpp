// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edgecore/base/yaml_events.hpp"

namespace edgecore {

/// Limits for the tree of a YAML text with its aliases expanded.
struct YamlLimits {
  std::size_t max_depth;
  std::size_t max_values;
  std::size_t max_bytes;  ///< as `Tree` counts them; yaml_budget() fits every caller
};

/// Bytes that may be made of a text. A text without aliases needs at most about twice its size (JSON puts
/// quotes where YAML needs none); the least is for small texts that do repeat themselves.
constexpr std::size_t yaml_budget(std::string_view text) {
  constexpr std::size_t kLeast = std::size_t{64} << 10U;
  return std::max(kLeast, 4 * text.size());
}

/// Builds a value from the events of a YAML text: expands aliases and merge keys (`<<`). Values and bytes
/// count towards the limits when they are made, when they are kept for aliases, and each time an alias
/// repeats them, before they are copied: a small text cannot expand into a large tree, neither by an alias of
/// many values nor by that of a long one. `Tree` defines values and keys:
///
///   using Value, Key;                            Value() stands for a text without a document
///   Value scalar(YamlPlace, tag, text);          tag and text as in YamlEvents
///   size_t bytes(tag, text);                     at least what the scalar takes, as a value or a key
///   size_t kFrameBytes;                          what an empty list or map takes
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
    const Cost one{1, tree_.bytes(tag, text)};
    count(at, one);
    if (anchor != 0) {
      count(at, one);
      anchored_[anchor] = {tree_.scalar(at, tag, text), one, 0, std::string(tag), std::string(text)};
    }
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
    count(at, node.cost);
    if (open_.size() + node.depth > limits_.max_depth) too_deep(at);
    if (!awaits_key()) return finish(at, tree_.copy(node.value, at), node.depth);
    if (node.depth > 0) no_key(at);
    take_key(at, node.tag, node.text);
  }
  [[noreturn]] void broken(YamlPlace at, std::string_view why) override {
    refuse(at, ", column " + std::to_string(at.column + 1) + ", is not YAML: " + std::string(why));
  }
  [[noreturn]] void too_much(YamlPlace at, std::string_view what) override {
    refuse(at, " " + std::string(what));
  }

 private:
  struct Cost {
    std::size_t values = 0;
    std::size_t bytes = 0;
  };
  struct Open {
    YamlPlace at;
    YamlAnchor anchor;
    Value value;
    bool is_map;
    Cost before;            // of everything before this one
    std::size_t depth = 1;  // levels, this one included
    bool merging = false;   // the key was `<<`
    std::optional<typename Tree::Key> key = std::nullopt;
    std::vector<Value> merged = {};
  };
  struct Anchored {
    Value value;
    Cost cost;
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

  void count(YamlPlace at, Cost more) {
    used_.values += more.values;
    used_.bytes += more.bytes;
    if (used_.values > limits_.max_values)
      refuse(at, " goes beyond the " + std::to_string(limits_.max_values) + " values allowed");
    if (used_.bytes > limits_.max_bytes)
      refuse(at, " makes more than " + std::to_string(limits_.max_bytes) + " bytes of the text");
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
    const Cost before = used_;
    count(at, {1, Tree::kFrameBytes});
    open_.push_back({at, anchor, std::move(empty), is_map, before});
  }
  void end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != 0) {
      const Cost cost{used_.values - done.before.values, used_.bytes - done.before.bytes};
      count(done.at, cost);
      anchored_[done.anchor] = {done.value, cost, done.depth, {}, {}};
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
  Cost used_;
};

}  // namespace edgecore
