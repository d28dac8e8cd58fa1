#include "edged/yaml_json.hpp"

#include <spdlog/fmt/fmt.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

#include "edgecore/base/error.hpp"

namespace edgecore::edged {
namespace {

constexpr std::array<std::string_view, 11> kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                                  "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

[[noreturn]] void refuse(const YAML::Mark& mark, std::string_view what) {
  throw BadInput(fmt::format("Line {} {}", mark.line + 1, what));
}

template <class Number, class... Base>
std::optional<Number> whole(std::string_view text, Base... base) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base...);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// With sign and base: 0x, 0o, 0b, and a leading 0 for octal.
std::optional<std::int64_t> integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = text[1];
    if (mark == 'x' || mark == 'X')
      base = 16;
    else if (mark == 'b' || mark == 'B')
      base = 2;
    else
      base = 8;
    const bool spelled = base != 8 || mark == 'o' || mark == 'O';
    text.remove_prefix(spelled ? 2 : 1);
  }
  const auto magnitude = whole<std::uint64_t>(text, base);
  constexpr auto kMost = static_cast<std::uint64_t>(INT64_MAX);
  if (!magnitude || *magnitude > kMost + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude);
}

std::optional<double> decimal(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  return whole<double>(text);
}

Json plain(const std::string& text) {
  if (one_of(text, kNull)) return nullptr;
  if (one_of(text, kTrue)) return true;
  if (one_of(text, kFalse)) return false;
  if (std::string_view("0123456789+-.").find(text.front()) == std::string_view::npos) return text;
  std::string digits = text;
  std::erase(digits, '_');
  if (const auto number = integer(digits)) return *number;
  if (const auto number = decimal(text)) return *number;
  return text;
}

Json scalar(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag == "?" || tag.empty()) return plain(text);
  if (tag == "!") return text;
  if (!tag.starts_with(kCore)) refuse(mark, "has a tag that Kubernetes does not know");
  const std::string_view type = std::string_view(tag).substr(kCore.size());
  if (type == "str") return text;
  Json value = plain(text);
  if ((type == "int" && value.is_number_integer()) || (type == "bool" && value.is_boolean()) ||
      (type == "null" && value.is_null()) || (type == "float" && value.is_number()))
    return value;
  refuse(mark, "has a tag that does not fit its value");
}

/// Puts the parser's events together. A value counts when it is made and again wherever an alias repeats it,
/// so that a small text cannot unfold into a large one.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const kube::JsonLimits& limits) : limits_(limits) {}
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
    if (open_.size() + kube::json_depth(known->second.value) > limits_.max_depth) too_deep(mark);
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

  const kube::JsonLimits limits_;
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

Json yaml_to_json(std::string_view text, const kube::JsonLimits& limits) {
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

}  // namespace edgecore::edged
