// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/discovery.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "cloudsim/validation.hpp"
#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/resource_kinds.hpp"

namespace edgecore::cloudsim {
namespace {

const kube::ApiResources& known_resources() {
  static const kube::ApiResources resources;
  return resources;
}

/// Group to versions, in order of preference.
std::map<std::string, std::vector<std::string>> groups() {
  std::map<std::string, std::vector<std::string>> found;
  for (const auto& resource : known_resources().all()) {
    auto& versions = found[resource->group];
    if (versions.empty() || versions.back() != resource->version) versions.push_back(resource->version);
  }
  return found;
}

Json group_document(const std::string& group, const std::vector<std::string>& versions) {
  Json list = Json::array();
  for (const std::string& version : versions)
    list.push_back({{"groupVersion", group + "/" + version}, {"version", version}});
  Json preferred = list.front();
  return {{"kind", "APIGroup"},
          {"apiVersion", "v1"},
          {"name", group},
          {"versions", std::move(list)},
          {"preferredVersion", std::move(preferred)}};
}

Json resource_list(const std::string& group, const std::string& version) {
  Json resources = Json::array();
  for (const auto& resource : known_resources().all()) {
    if (resource->group != group || resource->version != version) continue;
    Json entry = {{"name", resource->plural},
                  {"singularName", resource->singular},
                  {"namespaced", resource->namespaced},
                  {"kind", resource->kind},
                  {"verbs", {"create", "delete", "get", "list", "patch", "update", "watch"}}};
    Json status = entry;
    const kube::ResourceKind* kind = kube::find_kind(resource->kind, resource->group);
    if (!resource->short_names.empty()) entry["shortNames"] = resource->short_names;
    if (!resource->categories.empty()) entry["categories"] = resource->categories;
    resources.push_back(std::move(entry));
    if (kind == nullptr || !builtin_has_status(*kind)) continue;
    status["name"] = resource->plural + "/status";
    status["singularName"] = "";
    status["verbs"] = {"get", "patch", "update"};
    resources.push_back(std::move(status));
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", kube::format_api_version(group, version)},
          {"resources", std::move(resources)}};
}

}  // namespace

Json version_document() {
  return {{"major", "1"},
          {"minor", "28"},
          {"gitVersion", "v1.28.6"},
          {"gitCommit", "0000000000000000000000000000000000000000"},
          {"gitTreeState", "clean"},
          {"buildDate", "2024-01-17T13:49:03Z"},
          {"goVersion", "go1.20.13"},
          {"compiler", "gc"},
          {"platform", "linux/amd64"}};
}

std::optional<Json> discovery(const std::string& path) {
  if (path == "/version") return version_document();
  const auto known = groups();
  if (path == "/api") {
    Json addresses = Json::array({{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", "127.0.0.1"}}});
    return Json{{"kind", "APIVersions"}, {"versions", {"v1"}}, {"serverAddressByClientCIDRs", addresses}};
  }
  if (path == "/api/v1") return resource_list("", "v1");
  if (!path.starts_with("/apis")) return std::nullopt;
  if (path == "/apis") {
    Json list = Json::array();
    for (const auto& [group, versions] : known) {
      if (!group.empty()) list.push_back(group_document(group, versions));
    }
    return Json{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(list)}};
  }
  const std::string rest = path.substr(6);
  const std::size_t slash = rest.find('/');
  const auto group = known.find(rest.substr(0, slash));
  if (group == known.end() || group->first.empty()) return std::nullopt;
  if (slash == std::string::npos) return group_document(group->first, group->second);
  const std::string version = rest.substr(slash + 1);
  if (std::find(group->second.begin(), group->second.end(), version) == group->second.end())
    return std::nullopt;
  return resource_list(group->first, version);
}

}  // namespace edgecore::cloudsim
