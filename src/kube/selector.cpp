// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/selector.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/names.hpp"

namespace edgecore::kube {
namespace {

constexpr std::size_t kMaxSelectorText = 64 * 1024;
constexpr std::size_t kMaxRequirements = 1000;

void check_size(std::string_view text) {
  if (text.size() > kMaxSelectorText) {
    throw BadInput(
        fmt::format("The selector is {} bytes long; at most {} are accepted", text.size(), kMaxSelectorText));
  }
}

}  // namespace

/// Parser of the string form.
class LabelSelectorParser {
 public:
  explicit LabelSelectorParser(std::string_view text) : whole_(text), rest_(text) {}

  LabelSelector parse() {
    LabelSelector selector;
    skip_blanks();
    while (!rest_.empty()) {
      selector.add(requirement());
      skip_blanks();
      if (rest_.empty()) break;
      if (!take(",")) refuse("a ',' is missing between requirements");
      skip_blanks();
      if (rest_.empty()) refuse("nothing follows the last ','");
    }
    return selector;
  }

 private:
  using Operator = LabelSelector::Operator;

  [[noreturn]] void refuse(std::string_view why) const {
    throw BadInput(fmt::format("The label selector \"{}\" is wrong at byte {}: {}", whole_.substr(0, 200),
                               whole_.size() - rest_.size(), why));
  }

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  /// Reads up to the next blank or operator; may be empty.
  std::string word() {
    skip_blanks();
    const auto end = std::min(rest_.find_first_of(" \t\r\n,=!<>()"), rest_.size());
    std::string out(rest_.substr(0, end));
    rest_.remove_prefix(end);
    skip_blanks();
    return out;
  }

  LabelSelector::Requirement requirement() {
    if (take("!")) return {word(), Operator::kDoesNotExist, {}};
    std::string key = word();
    if (rest_.empty() || rest_.front() == ',') return {std::move(key), Operator::kExists, {}};
    if (take("!=")) return {std::move(key), Operator::kNotIn, {word()}};
    if (take("==") || take("=")) return {std::move(key), Operator::kIn, {word()}};
    const std::string op = word();
    if (op == "in") return {std::move(key), Operator::kIn, values()};
    if (op == "notin") return {std::move(key), Operator::kNotIn, values()};
    refuse("an operator =, ==, !=, in or notin is expected");
  }

  std::vector<std::string> values() {
    if (!take("(")) refuse("a '(' is expected");
    std::vector<std::string> out;
    do {
      out.push_back(word());
    } while (take(","));
    if (!take(")")) refuse("a ')' is expected");
    return out;
  }

  std::string_view whole_;
  std::string_view rest_;
};

void LabelSelector::add(Requirement requirement) {
  if (!is_qualified_name(requirement.key)) {
    throw BadInput(fmt::format("\"{}\" is not a valid label key", requirement.key.substr(0, 100)));
  }
  for (const std::string& value : requirement.values) {
    if (!is_label_value(value)) {
      throw BadInput(fmt::format("\"{}\" is not a valid label value", value.substr(0, 100)));
    }
  }
  if (requirements_.size() >= kMaxRequirements) {
    throw BadInput(fmt::format("A selector may hold at most {} requirements", kMaxRequirements));
  }
  requirements_.push_back(std::move(requirement));
}

LabelSelector LabelSelector::parse(std::string_view text) {
  check_size(text);
  return LabelSelectorParser(text).parse();
}

LabelSelector::Operator LabelSelector::operator_named(const std::string& name) {
  if (name == "In") return Operator::kIn;
  if (name == "NotIn") return Operator::kNotIn;
  if (name == "Exists") return Operator::kExists;
  if (name == "DoesNotExist") return Operator::kDoesNotExist;
  throw BadInput(fmt::format("\"{}\" is not an operator of a label selector", name.substr(0, 100)));
}

LabelSelector LabelSelector::from_json(const Json& selector) {
  LabelSelector out;
  out.nothing_ = selector.is_null();
  if (out.nothing_) return out;
  if (!selector.is_object()) throw BadInput("A label selector must be an object");
  if (find_path(selector, "matchLabels") != nullptr) {
    for (const auto& [key, value] : get_object(selector, "matchLabels").items()) {
      if (!value.is_string())
        throw BadInput(fmt::format("matchLabels: the value of \"{}\" must be a string", key));
      out.add({key, Operator::kIn, {value.get<std::string>()}});
    }
  }
  if (find_path(selector, "matchExpressions") == nullptr) return out;
  for (const Json& expression : get_array(selector, "matchExpressions")) {
    Requirement requirement{
        get_string(expression, "key"), operator_named(get_string(expression, "operator")), {}};
    if (find_path(expression, "values") != nullptr) {
      for (const Json& value : get_array(expression, "values"))
        requirement.values.push_back(get_string(value, ""));
    }
    const bool takes_values = requirement.op == Operator::kIn || requirement.op == Operator::kNotIn;
    if (takes_values == requirement.values.empty()) {
      throw BadInput(fmt::format(
          "matchExpressions: In and NotIn take values, Exists and DoesNotExist take none (\"{}\")",
          requirement.key.substr(0, 100)));
    }
    out.add(std::move(requirement));
  }
  return out;
}

bool LabelSelector::matches(const std::map<std::string, std::string>& labels) const {
  if (nothing_) return false;
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& requirement) {
    const auto label = labels.find(requirement.key);
    const bool exists = label != labels.end();
    const auto listed = [&] {
      return std::find(requirement.values.begin(), requirement.values.end(), label->second) !=
             requirement.values.end();
    };
    switch (requirement.op) {
      case Operator::kIn:
        return exists && listed();
      case Operator::kNotIn:
        return !exists || !listed();
      case Operator::kExists:
        return exists;
      case Operator::kDoesNotExist:
        return !exists;
    }
    return false;
  });
}

namespace {

/// Cuts off the text before the next unescaped ','.
std::string_view take_field_term(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != ',') end += rest[end] == '\\' ? 2U : 1U;
  end = std::min(end, rest.size());
  const std::string_view term = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return term;
}

std::string unescaped(std::string_view value) {
  std::string out;
  for (std::size_t at = 0; at < value.size(); ++at) {
    char c = value[at];
    if (c == '\\') {
      c = ++at < value.size() ? value[at] : '\0';
      if (c != '\\' && c != ',' && c != '=')
        throw BadInput("A '\\' in a field selector must escape ',', '=' or '\\'");
    } else if (c == '=') {
      throw BadInput("A '=' in a value of a field selector must be escaped by '\\'");
    }
    out += c;
  }
  return out;
}

bool is_field_path(std::string_view path) {
  return !path.empty() && path.size() <= 256 && path.front() != '.' && path.back() != '.' &&
         path.find("..") == path.npos && std::all_of(path.begin(), path.end(), [](char c) {
           return is_alnum(c) || c == '.' || c == '_' || c == '-';
         });
}

std::string field_text(const Json& object, const std::string& path) {
  const Json* found = find_path(object, path);
  if (found == nullptr || found->is_structured()) return {};
  return found->is_string() ? found->get<std::string>() : dump_json(*found);
}

}  // namespace

FieldSelector FieldSelector::parse(std::string_view text) {
  check_size(text);
  FieldSelector out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view term = trimmed(take_field_term(rest));
    if (term.empty()) continue;  // Kubernetes skips empty terms
    const auto sign = term.find_first_of("=!");
    if (sign == term.npos || (term[sign] == '!' && !term.substr(sign).starts_with("!="))) {
      throw BadInput(
          fmt::format("\"{}\" in the field selector has no operator =, == or !=", term.substr(0, 100)));
    }
    const bool equal = term[sign] == '=';
    const std::size_t length = !equal || term.substr(sign).starts_with("==") ? 2 : 1;
    const std::string_view path = trimmed(term.substr(0, sign));
    if (!is_field_path(path)) {
      throw BadInput(fmt::format("\"{}\" in the field selector is not a field", path.substr(0, 100)));
    }
    if (out.requirements_.size() >= kMaxRequirements) {
      throw BadInput(fmt::format("A selector may hold at most {} requirements", kMaxRequirements));
    }
    out.requirements_.push_back({std::string(path), equal, unescaped(trimmed(term.substr(sign + length)))});
  }
  return out;
}

bool FieldSelector::matches(const Json& object) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& requirement) {
    return (field_text(object, requirement.path) == requirement.value) == requirement.equal;
  });
}

std::optional<std::string> FieldSelector::required_value(std::string_view path) const {
  for (const Requirement& requirement : requirements_) {
    if (requirement.equal && requirement.path == path) return requirement.value;
  }
  return std::nullopt;
}

std::vector<std::string> FieldSelector::paths() const {
  std::vector<std::string> out;
  for (const Requirement& requirement : requirements_) out.push_back(requirement.path);
  return out;
}

}  // namespace edgecore::kube
