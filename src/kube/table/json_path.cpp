// SPDX-License-Identifier: Apache-2.0
#include "kube/table/json_path.hpp"

#include <algorithm>

#include "edgecore/base/ascii.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::kube {
namespace {

constexpr std::size_t kMaxPathText = 1024;
constexpr std::string_view kBlank = " ";
constexpr std::size_t kMaxSteps = 32;  // bounds the recursion of `follow`

const Json* member_of(const Json& value, const std::string& name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() ? nullptr : &*found;
}

/// Position of the closing bracket outside of quotes.
std::size_t closing_bracket(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == quote) quote = 0;
    } else if (text[i] == '\'' || text[i] == '"') {
      quote = text[i];
    } else if (text[i] == ']') {
      return i;
    }
  }
  return text.npos;
}

std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || (text.front() != '\'' && text.front() != '"') || text.front() != text.back())
    return std::nullopt;
  return std::string(text.substr(1, text.size() - 2));
}

/// The names in `.a.b\.c`; nullopt unless the whole text has that form.
std::optional<std::vector<std::string>> dotted_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
    std::string name;
    while (!text.empty() && text.front() != '.' && text.front() != '[') {
      if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
      name += text.front();
      text.remove_prefix(1);
    }
    if (name.empty() || name == "*" || (!text.empty() && text.front() == '[')) return std::nullopt;
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

/// Parser of a path.
class JsonPath::Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<JsonPath> parse() {
    JsonPath path;
    while (!rest_.empty()) {
      if (path.steps_.size() == kMaxSteps) return std::nullopt;
      const auto step = rest_.front() == '[' ? bracket() : member();
      if (!step) return std::nullopt;
      path.steps_.push_back(*step);
    }
    return path;
  }

 private:
  std::optional<Step> member() {
    const std::size_t end = std::min(name_end(), rest_.size());
    const auto names = dotted_names(rest_.substr(0, end));
    if (!names || names->size() != 1) return std::nullopt;
    rest_.remove_prefix(end);
    return Step{Step::Kind::kMember, names->front(), 0, {}, true, false, {}};
  }

  [[nodiscard]] std::size_t name_end() const {
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == '.' || rest_[i] == '[') {
        return i;
      }
    }
    return rest_.size();
  }

  std::optional<Step> bracket() {
    rest_.remove_prefix(1);
    const std::size_t end = closing_bracket(rest_);
    if (end == rest_.npos) return std::nullopt;
    const std::string_view inside = trimmed(rest_.substr(0, end), kBlank);
    rest_.remove_prefix(end + 1);
    Step step{Step::Kind::kEach, {}, 0, {}, true, false, {}};
    if (inside == "*") return step;
    if (inside.starts_with("?(") && inside.ends_with(")"))
      return filter(trimmed(inside.substr(2, inside.size() - 3), kBlank));
    if (auto name = unquoted(inside)) {
      step.kind = Step::Kind::kMember;
      step.member = std::move(*name);
      return step;
    }
    const auto index = to_number<long>(inside);
    if (!index) return std::nullopt;
    step.kind = Step::Kind::kIndex;
    step.index = *index;
    return step;
  }

  /// `@.type=="Ready"`, `@.count!=0`, `@.name`.
  static std::optional<Step> filter(std::string_view text) {
    Step step{Step::Kind::kFilter, {}, 0, {}, true, false, {}};
    if (!text.starts_with('@')) return std::nullopt;
    text.remove_prefix(1);
    const std::size_t at = std::min(text.find("=="), text.find("!="));
    const auto field = dotted_names(trimmed(text.substr(0, at), kBlank));
    if (!field) return std::nullopt;
    step.field = *field;
    step.exists = at == text.npos;
    if (step.exists) return step;
    step.equal = text[at] == '=';
    const std::string_view operand = trimmed(text.substr(at + 2), kBlank);
    if (auto name = unquoted(operand)) {
      step.operand = std::move(*name);
    } else {
      step.operand = stored_json(operand);
      const bool is_scalar = operand == "null" || !(step.operand.is_null() || step.operand.is_structured());
      if (!is_scalar) return std::nullopt;
    }
    return step;
  }

  std::string_view rest_;
};

std::optional<JsonPath> JsonPath::parse(std::string_view text) {
  if (text.size() > kMaxPathText) return std::nullopt;
  text = trimmed(text, kBlank);
  if (text.starts_with('{') && text.ends_with('}')) text = trimmed(text.substr(1, text.size() - 2), kBlank);
  if (text.starts_with('$')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  return Parser(text).parse();
}

const Json* JsonPath::first(const Json& root) const {
  return follow(root, 0);
}

bool JsonPath::passes(const Step& filter, const Json& entry) {
  const Json* value = &entry;
  for (const std::string& name : filter.field) {
    value = member_of(*value, name);
    if (value == nullptr) return false;
  }
  return filter.exists || (*value == filter.operand) == filter.equal;
}

const Json* JsonPath::follow(const Json& value, std::size_t at) const {
  if (at == steps_.size()) return &value;
  const Step& step = steps_[at];
  if (step.kind == Step::Kind::kMember) {
    const Json* next = member_of(value, step.member);
    return next == nullptr ? nullptr : follow(*next, at + 1);
  }
  if (step.kind == Step::Kind::kIndex) {
    if (!value.is_array()) return nullptr;
    const long size = static_cast<long>(value.size());
    const long index = step.index < 0 ? size + step.index : step.index;
    if (index < 0 || index >= size) return nullptr;
    return follow(value[static_cast<std::size_t>(index)], at + 1);
  }
  if (!value.is_structured()) return nullptr;
  for (const Json& entry : value) {
    if (step.kind == Step::Kind::kFilter && !passes(step, entry)) continue;
    if (const Json* found = follow(entry, at + 1)) return found;
  }
  return nullptr;
}

}  // namespace edgecore::kube
