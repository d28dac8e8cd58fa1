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

/// What a YAML text may become once its aliases are written out.
struct YamlLimits {
  std::size_t max_depth;
  std::size_t max_values;
};

/// Makes one value of the events of a YAML text: aliases are written out, merge keys (`<<`) are merged in. A
/// value counts when it is made, when it is kept for aliases, and wherever an alias repeats it, so that a
/// small text cannot unfold into a large tree. `Tree` says what values and keys are:
///
///   using Value, Key;                            Value() is what a text without a document is
///   Value scalar(YamlPlace, tag, text);          tag and text as YamlEvents tells them
///   Value list(YamlPlace), map(YamlPlace);       empty ones
///   Value copy(const Value&, YamlPlace);         what an alias at that place stands for
///   Key key(YamlPlace, map, tag, text);          the next key of a map; may refuse one that it has
///   void add(Value& list, Value item);
///   void put(Value& map, Key, Value);
///   bool is_map(const Value&);
///   auto* items(Value&);                         a range of values when it is a list, else nullptr
///   void merge(Value& map, Value from);          adds what it has no key for
///   void refuse(YamlPlace, std::string what);    throws; `what` goes on after "Line 3"
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
    // What a map says itself goes before what it merges in, and earlier merges before later ones.
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
    std::size_t before;     // values made until then
    std::size_t depth = 1;  // levels, its own included
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
