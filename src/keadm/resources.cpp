// SPDX-License-Identifier: Apache-2.0
#include "keadm/resources.hpp"

#include <optional>
#include <vector>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/net/url.hpp"

namespace edgecore::keadm {
namespace {

/// The parts of a typed resource name.
struct Wanted {
  std::string name, group, version;
  bool any_group = true;
};

/// The interpretations of "<name>.<more>": `more` is a group, or a version and a group.
std::vector<Wanted> readings(const std::string& typed) {
  const std::string text = lower_case(typed);
  const auto dot = text.find('.');
  if (dot == std::string::npos) return {{text, "", "", true}};
  const std::string name = text.substr(0, dot);
  const std::string rest = text.substr(dot + 1);
  std::vector<Wanted> out{{name, rest, "", false}};
  const auto second = rest.find('.');
  if (second != std::string::npos)
    out.push_back({name, rest.substr(second + 1), rest.substr(0, second), false});
  return out;
}

bool has_name(const Json& resource, const std::string& name) {
  if (kube::string_or(resource, "name") == name || kube::string_or(resource, "singularName") == name ||
      lower_case(kube::string_or(resource, "kind")) == name)
    return true;
  for (const auto& one : kube::array_or_empty(resource, "shortNames")) {
    if (one == name) return true;
  }
  return false;
}

std::optional<Resource> look_in(const Json& list, const std::string& group, const std::string& version,
                                const std::string& name) {
  for (const auto& one : kube::array_or_empty(list, "resources")) {
    const std::string plural = kube::string_or(one, "name");
    if (plural.find('/') != std::string::npos || !has_name(one, name)) continue;
    Resource out{group,
                 version,
                 plural,
                 kube::string_or(one, "singularName"),
                 kube::string_or(one, "kind"),
                 kube::bool_or(one, "namespaced", true)};
    if (out.singular.empty()) out.singular = lower_case(out.kind);
    return out;
  }
  return std::nullopt;
}

/// Group and version of all groups except the core group, preferred versions first.
std::vector<std::pair<std::string, std::string>> group_versions(const Json& groups) {
  std::vector<std::pair<std::string, std::string>> preferred, others;
  for (const auto& group : kube::array_or_empty(groups, "groups")) {
    const std::string name = kube::string_or(group, "name");
    const std::string first = kube::string_or(group, "preferredVersion.version");
    if (!first.empty()) preferred.emplace_back(name, first);
    for (const auto& version : kube::array_or_empty(group, "versions")) {
      const std::string text = kube::string_or(version, "version");
      if (text != first) others.emplace_back(name, text);
    }
  }
  preferred.insert(preferred.end(), others.begin(), others.end());
  return preferred;
}

/// A discovery document; an unreadable one counts as empty, so that it does not hide other groups.
Json document(const Ask& ask, const std::string& path) {
  Question question;
  question.target = path;
  const Answer answer = ask(question);
  try {
    return object_of(answer);
  } catch (const Error&) {
    if (answer.status == 401 || answer.status == 403) throw;
    return Json::object();
  }
}

}  // namespace

std::string Resource::path(const std::string& ns) const {
  std::string out = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  if (namespaced && !ns.empty()) out += "/namespaces/" + net::percent_encode(ns);
  return out + "/" + plural;
}

std::string Resource::short_type() const {
  return group.empty() ? singular : singular + "." + group;
}

Resource find_resource(const Ask& ask, const std::string& name) {
  const std::vector<Wanted> wanted = readings(name);
  if (wanted.front().any_group) {
    if (auto found = look_in(document(ask, "/api/v1"), "", "v1", wanted.front().name)) return *found;
  }
  for (const auto& [group, version] : group_versions(document(ask, "/apis"))) {
    for (const Wanted& one : wanted) {
      if (!one.any_group && one.group != group) continue;
      if (!one.version.empty() && one.version != version) continue;
      if (auto found = look_in(document(ask, "/apis/" + group + "/" + version), group, version, one.name))
        return *found;
    }
  }
  throw Error("the server doesn't have a resource type \"" + name + "\"");
}

}  // namespace edgecore::keadm
