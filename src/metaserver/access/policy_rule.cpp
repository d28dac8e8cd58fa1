// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/policy_rule.hpp"

#include <algorithm>
#include <string_view>

#include "edgecore/base/error.hpp"

namespace edgecore::metaserver {
namespace {

std::vector<std::string> rule_texts(const Json& rule, const char* member) {
  std::vector<std::string> texts;
  const Json* found = kube::find_keys(rule, {member});
  if (found == nullptr) return texts;
  if (!found->is_array()) throw BadInput(std::string("\"") + member + "\" of a rule must be an array");
  texts.reserve(found->size());
  for (const Json& text : *found) {
    if (!text.is_string()) throw BadInput(std::string("\"") + member + "\" of a rule must hold texts");
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

bool holds(const std::vector<std::string>& list, std::string_view wanted) {
  return std::ranges::any_of(list, [wanted](const std::string& one) { return one == "*" || one == wanted; });
}

/// `rule` is "res/sub", compared without putting the wanted one together.
bool names_subresource(std::string_view rule, const Attributes& wanted) {
  const auto slash = rule.find('/');
  if (slash == rule.npos || rule.substr(slash + 1) != wanted.subresource) return false;
  const std::string_view resource = rule.substr(0, slash);
  return resource == "*" || resource == wanted.resource;
}

bool names_resource(std::string_view rule, const Attributes& wanted) {
  if (rule == "*") return true;
  return wanted.subresource.empty() ? rule == wanted.resource : names_subresource(rule, wanted);
}

bool names_path(std::string_view rule, std::string_view path) {
  if (rule == "*" || rule == path) return true;
  if (!rule.ends_with('*')) return false;
  while (rule.ends_with('*')) rule.remove_suffix(1);
  return path.starts_with(rule);
}

}  // namespace

PolicyRule PolicyRule::from_json(const Json& rule) {
  if (!rule.is_object()) throw BadInput("A rule must be an object");
  return {rule_texts(rule, "verbs"), rule_texts(rule, "apiGroups"), rule_texts(rule, "resources"),
          rule_texts(rule, "resourceNames"), rule_texts(rule, "nonResourceURLs")};
}

bool PolicyRule::allows(const Attributes& wanted) const {
  if (!holds(verbs, wanted.verb)) return false;
  if (!wanted.is_resource) {
    return std::ranges::any_of(paths, [&](const auto& path) { return names_path(path, wanted.path); });
  }
  return holds(groups, wanted.group) &&
         std::ranges::any_of(resources, [&](const auto& rule) { return names_resource(rule, wanted); }) &&
         (names.empty() || std::ranges::find(names, wanted.name) != names.end());
}

}  // namespace edgecore::metaserver
