// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/kinds.hpp"

#include <algorithm>
#include <set>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::cloudsim {
namespace {

std::string joined(const Json& names) {
  std::string text;
  for (const Json& name : names) {
    if (name.is_string()) text += (text.empty() ? "" : ",") + name.get<std::string>();
  }
  return text;
}

Json split(const std::string& text) {
  Json names = Json::array();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    names.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return names;
}

Json verbs() {
  return {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
}

}  // namespace

bool same_resource(const ResourceKind& one, const ResourceKind& other) {
  return one.plural == other.plural && one.group == other.group;
}

Json established(const Json& definition, const std::string& now) {
  Json names = kube::object_or_empty(definition, "spec.names");
  const std::string kind = kube::string_or(names, "kind");
  if (!names.contains("singular")) names["singular"] = lower_case(kind);
  if (!names.contains("listKind")) names["listKind"] = kind + "List";
  Json stored = Json::array();
  for (const Json& version : kube::array_or_empty(definition, "spec.versions")) {
    if (kube::bool_or(version, "storage", false)) stored.push_back(kube::string_or(version, "name"));
  }
  const auto condition = [&](const char* type, const char* reason, const char* message) {
    return Json{{"type", type},
                {"status", "True"},
                {"reason", reason},
                {"message", message},
                {"lastTransitionTime", now}};
  };
  return {{"acceptedNames", std::move(names)},
          {"storedVersions", std::move(stored)},
          {"conditions", Json::array({condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                                      condition("Established", "InitialNamesAccepted",
                                                "the initial names have been accepted")})}};
}

Kinds::Custom& Kinds::row_for(const std::string& definition, const Json& names, const std::string& group,
                              const std::string& version, bool namespaced) {
  const std::string kind = kube::get_string(names, "kind");
  const std::string plural = kube::get_string(names, "plural");
  const std::string shorts = joined(kube::array_or_empty(names, "shortNames"));
  for (const auto& each : custom_) {
    if (each->definition == definition && each->version == version && each->kind == kind &&
        each->plural == plural && each->short_names == shorts && each->row.namespaced == namespaced)
      return *each;
  }
  custom_.push_back(std::make_unique<Custom>());
  Custom& made = *custom_.back();
  made.definition = definition;
  made.kind = kind;
  made.plural = plural;
  made.singular = kube::string_or(names, "singular", lower_case(kind));
  made.group = group;
  made.version = version;
  made.short_names = shorts;
  made.row = {made.kind, made.plural, made.singular, made.group, made.version, namespaced, made.short_names};
  return made;
}

void Kinds::define(const Json& definition) {
  const std::string name = kube::get_string(definition, "metadata.name");
  const std::string group = kube::get_string(definition, "spec.group");
  const Json& names = kube::get_object(definition, "spec.names");
  const bool namespaced = kube::get_string(definition, "spec.scope") == "Namespaced";
  const std::string plural = kube::get_string(names, "plural");
  if (name != plural + "." + group) {
    throw BadInput("The name of a CustomResourceDefinition must be <plural>.<group>: " + plural + "." +
                   group + ", not " + name + ".");
  }
  const auto builtin = kube::builtin_kinds();
  if (std::any_of(builtin.begin(), builtin.end(),
                  [&](const ResourceKind& row) { return row.plural == plural && row.group == group; }))
    return;
  remove(name);
  for (const Json& version : kube::get_array(definition, "spec.versions")) {
    if (!kube::bool_or(version, "served", false)) continue;
    Custom& row = row_for(name, names, group, kube::get_string(version, "name"), namespaced);
    row.served = true;
    row.has_status = kube::find_path(version, "subresources.status") != nullptr;
  }
}

void Kinds::remove(const std::string& definition) {
  for (const auto& each : custom_) {
    if (each->definition == definition) each->served = false;
  }
}

const ResourceKind* Kinds::defined_by(const std::string& definition) const {
  for (const auto& each : custom_) {
    if (each->definition == definition && each->served) return &each->row;
  }
  return nullptr;
}

const ResourceKind* Kinds::find_plural(std::string_view plural, std::string_view group,
                                       std::string_view version) const {
  for (const ResourceKind& row : kube::builtin_kinds()) {
    if (row.plural == plural && row.group == group && (version.empty() || row.version == version))
      return &row;
  }
  for (const auto& each : custom_) {
    if (each->served && each->plural == plural && each->group == group &&
        (version.empty() || each->version == version))
      return &each->row;
  }
  return nullptr;
}

const ResourceKind* Kinds::find_kind(std::string_view kind, std::string_view group) const {
  if (const ResourceKind* row = kube::find_kind(kind, group)) return row;
  for (const auto& each : custom_) {
    if (each->served && each->kind == kind && each->group == group) return &each->row;
  }
  return nullptr;
}

std::vector<const ResourceKind*> Kinds::namespaced() const {
  std::vector<const ResourceKind*> found;
  for (const ResourceKind& row : kube::builtin_kinds()) {
    if (row.namespaced) found.push_back(&row);
  }
  for (const auto& each : custom_) {
    if (each->row.namespaced) found.push_back(&each->row);
  }
  return found;
}

bool Kinds::has_status(const ResourceKind& kind) const {
  return std::any_of(custom_.begin(), custom_.end(), [&](const auto& each) {
    return each->served && each->has_status && same_resource(each->row, kind);
  });
}

Json Kinds::group_document(const std::string& group) const {
  Json versions = Json::array();
  for (const auto& each : custom_) {
    const Json entry = {{"groupVersion", each->row.api_version()}, {"version", each->version}};
    if (each->served && each->group == group &&
        std::find(versions.begin(), versions.end(), entry) == versions.end())
      versions.push_back(entry);
  }
  if (versions.empty()) return nullptr;
  Json preferred = versions.front();
  return {{"kind", "APIGroup"},
          {"apiVersion", "v1"},
          {"name", group},
          {"versions", std::move(versions)},
          {"preferredVersion", std::move(preferred)}};
}

Json Kinds::resources(const std::string& group, const std::string& version) const {
  Json resources = Json::array();
  for (const auto& each : custom_) {
    if (!each->served || each->group != group || each->version != version) continue;
    Json entry = {{"name", each->plural},
                  {"singularName", each->singular},
                  {"namespaced", each->row.namespaced},
                  {"kind", each->kind},
                  {"verbs", verbs()}};
    if (!each->short_names.empty()) entry["shortNames"] = split(each->short_names);
    resources.push_back(entry);
    if (!each->has_status) continue;
    entry.erase("shortNames");
    entry["name"] = each->plural + "/status";
    entry["singularName"] = "";
    entry["verbs"] = {"get", "patch", "update"};
    resources.push_back(std::move(entry));
  }
  return resources;
}

std::optional<Json> Kinds::discovery(const std::string& path, std::optional<Json> builtin) const {
  if (path == "/apis" && builtin) {
    std::set<std::string> seen;
    for (const Json& group : kube::array_or_empty(*builtin, "groups"))
      seen.insert(kube::string_or(group, "name"));
    for (const auto& each : custom_) {
      if (each->served && seen.insert(each->group).second)
        (*builtin)["groups"].push_back(group_document(each->group));
    }
    return builtin;
  }
  if (!path.starts_with("/apis/")) return builtin;
  const std::string rest = path.substr(6);
  const std::size_t slash = rest.find('/');
  const std::string group = rest.substr(0, slash);
  if (slash == std::string::npos) {
    if (builtin) return builtin;
    Json document = group_document(group);
    return document.is_null() ? std::nullopt : std::optional<Json>(std::move(document));
  }
  const std::string version = rest.substr(slash + 1);
  Json added = resources(group, version);
  if (added.empty()) return builtin;
  if (!builtin) {
    return Json{{"kind", "APIResourceList"},
                {"apiVersion", "v1"},
                {"groupVersion", group + "/" + version},
                {"resources", std::move(added)}};
  }
  for (Json& each : added) (*builtin)["resources"].push_back(std::move(each));
  return builtin;
}

}  // namespace edgecore::cloudsim
