// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "edgecore/base/error.hpp"
#include "edgecore/config/load.hpp"

namespace edgecore::config {
namespace {

std::string at_line(int line) {
  return "line " + std::to_string(line) + " of the configuration";
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || i + length > text.size() || lead == 0) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

/// Puts the parser's events together. Every value counts when it is made and again each time an alias repeats
/// it, so that a small text cannot unfold into a large tree.
class TreeBuilder final : public YAML::EventHandler {
 public:
  YamlValue take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlValue value = make(YamlValue::Kind::null, mark, "?");
    finish(std::move(value), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchored_.find(anchor);
    if (known == anchored_.end())
      throw BadInput(at_line(mark.line + 1) + " has an alias that contains itself");
    count(known->second, mark.line + 1);
    YamlValue copy = known->second;
    copy.line = mark.line + 1;
    copy.column = mark.column;
    finish(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    YamlValue value = make(YamlValue::Kind::scalar, mark, tag);
    value.text = text;
    finish(std::move(value), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(YamlValue::Kind::list, mark, tag), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(YamlValue::Kind::map, mark, tag), anchor);
  }
  void OnMapEnd() override {
    merge(open_.back().value);
    close();
  }

 private:
  struct Open {
    YamlValue value;
    YAML::anchor_t anchor;
    bool has_key = false;
    YamlValue key;
  };

  YamlValue make(YamlValue::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    count_one(mark.line + 1);
    YamlValue value;
    value.kind = kind;
    value.tag = tag;
    value.line = mark.line + 1;
    value.column = mark.column;
    return value;
  }

  void count_one(int line) {
    if (++values_ > max_config_values) {
      throw BadInput(at_line(line) + " goes beyond the " + std::to_string(max_config_values) +
                     " values a configuration may have");
    }
  }
  void count(const YamlValue& value, int line) {
    count_one(line);
    for (const YamlValue& item : value.items) count(item, line);
    for (const YamlEntry& entry : value.entries) {
      count(entry.key, line);
      count(entry.value, line);
    }
  }

  void open(YamlValue value, YAML::anchor_t anchor) {
    if (open_.size() >= max_config_depth) {
      throw BadInput(at_line(value.line) + " is nested deeper than the " + std::to_string(max_config_depth) +
                     " levels a configuration may have");
    }
    open_.push_back(Open{std::move(value), anchor, false, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    finish(std::move(done.value), done.anchor);
  }

  void finish(YamlValue value, YAML::anchor_t anchor) {
    if (anchor != 0) {
      count(value, value.line);
      anchored_[anchor] = value;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.kind == YamlValue::Kind::list) {
      parent.value.items.push_back(std::move(value));
    } else if (!parent.has_key) {
      if (value.kind == YamlValue::Kind::list || value.kind == YamlValue::Kind::map) {
        throw BadInput(at_line(value.line) + " has a list or map where a key has to be");
      }
      parent.key = std::move(value);
      parent.has_key = true;
    } else {
      parent.value.entries.push_back({std::move(parent.key), std::move(value)});
      parent.has_key = false;
    }
  }

  static bool is_merge_key(const YamlValue& key) {
    return key.kind == YamlValue::Kind::scalar && key.tag == "?" && key.text == "<<";
  }

  /// Replaces `<<: map` and `<<: [maps]` by the entries that the map does not have itself; earlier maps win.
  static void merge(YamlValue& map) {
    std::vector<YamlEntry> own;
    std::vector<YamlValue> sources;
    for (YamlEntry& entry : map.entries) {
      if (!is_merge_key(entry.key)) {
        own.push_back(std::move(entry));
      } else if (entry.value.kind == YamlValue::Kind::list) {
        for (YamlValue& item : entry.value.items) sources.push_back(std::move(item));
      } else {
        sources.push_back(std::move(entry.value));
      }
    }
    for (YamlValue& source : sources) {
      if (source.kind != YamlValue::Kind::map) {
        throw BadInput(at_line(source.line) + " merges (<<) something that is not a map");
      }
      for (YamlEntry& entry : source.entries) {
        const bool known = std::any_of(own.begin(), own.end(),
                                       [&](const YamlEntry& e) { return e.key.text == entry.key.text; });
        if (!known) own.push_back(std::move(entry));
      }
    }
    map.entries = std::move(own);
  }

  YamlValue root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlValue> anchored_;
  std::size_t values_ = 0;
};

}  // namespace

YamlValue parse_yaml(std::string_view text) {
  if (text.size() > max_config_bytes) {
    throw BadInput("the configuration is larger than the " + std::to_string(max_config_bytes) +
                   " bytes allowed");
  }
  if (!is_utf8(text)) throw BadInput("the configuration is not a text in UTF-8");
  TreeBuilder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& e) {
    // What follows a colon in the parser's texts is a piece of the input, which may be a secret.
    throw BadInput(at_line(e.mark.line + 1) + ", column " + std::to_string(e.mark.column + 1) +
                   ", is not YAML: " + e.msg.substr(0, e.msg.find(':')));
  }
  return builder.take();
}

}  // namespace edgecore::config
