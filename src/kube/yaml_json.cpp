// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/yaml_json.hpp"

#include <spdlog/fmt/fmt.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/base/yaml_scalar.hpp"

namespace edgecore::kube {
namespace {

[[noreturn]] void refuse(const YAML::Mark& mark, std::string_view what) {
  throw BadInput(fmt::format("Line {} {}", mark.line + 1, what));
}

/// JSON has neither infinities nor NaN: without a tag they are text.
Json scalar(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
  const auto value = resolve_tagged_scalar(tag, text);
  if (!value) refuse(mark, "has a tag that is unknown or does not fit its value");
  if (std::holds_alternative<std::monostate>(*value)) return nullptr;
  if (const auto* flag = std::get_if<bool>(&*value)) return *flag;
  if (const auto* whole = std::get_if<std::int64_t>(&*value)) return *whole;
  const auto* number = std::get_if<double>(&*value);
  if (number == nullptr) return text;
  if (std::isfinite(*number)) return *number;
  if (tag != "?" && !tag.empty()) refuse(mark, "has a number that JSON cannot hold");
  return text;
}

/// Puts the parser's events together. A value counts when it is made and again wherever an alias repeats it,
/// so that a small text cannot unfold into a large one.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}
  Json take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, nullptr, "", anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    leaf(mark, scalar(mark, tag, text), text, anchor, tag == "?" && text == "<<");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchored_.find(anchor);
    if (known == anchored_.end()) refuse(mark, "has an alias that contains itself");
    count(mark, known->second.values);
    if (open_.size() + json_depth(known->second.value) > limits_.max_depth) too_deep(mark);
    Json copy = known->second.value;
    finish(mark, std::move(copy), 0, known->second.values);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, Json::array(), anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, Json::object(), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override {
    // What a map says itself goes before what it merges in, and earlier merges before later ones.
    auto& top = open_.back();
    for (const Json& source : top.merged) {
      for (const auto& [key, value] : source.items()) {
        if (!top.value.contains(key)) top.value[key] = value;
      }
    }
    close();
  }

 private:
  struct Open {
    YAML::Mark mark;
    Json value;
    YAML::anchor_t anchor = 0;
    std::optional<std::string> key;
    bool merging = false;
    std::vector<Json> merged;
    std::size_t before = 0;  // values made until then
  };
  struct Anchored {
    Json value;
    std::size_t values = 0;
  };

  [[noreturn]] void too_deep(const YAML::Mark& mark) const {
    refuse(mark, fmt::format("is nested deeper than the {} levels allowed", limits_.max_depth));
  }
  void count(const YAML::Mark& mark, std::size_t more) {
    values_ += more;
    if (values_ > limits_.max_values)
      refuse(mark, fmt::format("goes beyond the {} values allowed", limits_.max_values));
  }

  void leaf(const YAML::Mark& mark, Json value, const std::string& text, YAML::anchor_t anchor,
            bool merge = false) {
    count(mark, 1);
    const bool is_key = !open_.empty() && open_.back().value.is_object() && !open_.back().key;
    if (!is_key) return finish(mark, std::move(value), anchor, 1);
    if (anchor != 0) anchored_[anchor] = {value, 1};
    auto& top = open_.back();
    if (value.is_null()) refuse(mark, "has a map key that is empty");
    if (value.is_boolean())
      top.key = value.get<bool>() ? "true" : "false";
    else
      top.key = value.is_number_integer() ? value.dump() : text;
    top.merging = merge;
    if (!merge && top.value.contains(*top.key))
      refuse(mark, "gives the key \"" + top.key->substr(0, 100) + "\" again");
  }

  void open(const YAML::Mark& mark, Json empty, YAML::anchor_t anchor) {
    if (open_.size() >= limits_.max_depth) too_deep(mark);
    if (!open_.empty() && open_.back().value.is_object() && !open_.back().key)
      refuse(mark, "has a list or a map where a key has to be");
    const std::size_t before = values_;
    count(mark, 1);
    open_.push_back({mark, std::move(empty), anchor, std::nullopt, false, {}, before});
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    finish(done.mark, std::move(done.value), done.anchor, values_ - done.before);
  }

  void finish(const YAML::Mark& mark, Json value, YAML::anchor_t anchor, std::size_t values) {
    if (anchor != 0) {
      count(mark, values);
      anchored_[anchor] = {value, values};
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    auto& top = open_.back();
    if (top.value.is_array()) {
      top.value.push_back(std::move(value));
    } else if (!top.key) {  // an alias as key
      if (!value.is_string()) refuse(mark, "has an alias where a key has to be");
      top.key = value.get<std::string>();
      if (top.value.contains(*top.key)) refuse(mark, "gives a key again");
    } else if (std::exchange(top.merging, false)) {
      top.key.reset();
      take_merge(mark, std::move(value), top);
    } else {
      top.value[*std::exchange(top.key, std::nullopt)] = std::move(value);
    }
  }

  static void take_merge(const YAML::Mark& mark, Json value, Open& into) {
    if (value.is_object()) {
      into.merged.push_back(std::move(value));
      return;
    }
    const bool maps = value.is_array() && std::all_of(value.begin(), value.end(),
                                                      [](const Json& one) { return one.is_object(); });
    if (!maps) refuse(mark, "merges (<<) something that is not a map");
    for (Json& one : value) into.merged.push_back(std::move(one));
  }

  const JsonLimits limits_;
  Json root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchored_;
  std::size_t values_ = 0;
};

void require_utf8(std::string_view text) {
  try {
    static_cast<void>(Json(std::string(text)).dump());
  } catch (const Json::type_error&) {
    throw BadInput("The text is not in UTF-8");
  }
}

}  // namespace

Json yaml_to_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes)
    throw BadInput(fmt::format("The text is larger than {} bytes", limits.max_bytes));
  require_utf8(text);
  Builder builder(limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& error) {
    // What follows a colon in the parser's texts is a piece of the input, which may be a secret.
    throw BadInput(fmt::format("Line {}, column {}, is not YAML: {}", error.mark.line + 1,
                               error.mark.column + 1, error.msg.substr(0, error.msg.find(':'))));
  }
  return builder.take();
}

}  // namespace edgecore::kube
