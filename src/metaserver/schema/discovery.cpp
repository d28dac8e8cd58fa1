// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/discovery.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/kube/time.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/subresources.hpp"

namespace edgecore::metaserver {
namespace {

using kube::ApiResource;
using kube::ApiResourcePtr;

struct ServedVersion {
  std::string version;
  std::vector<ApiResourcePtr> resources;
};
struct ServedGroup {
  std::string group;
  std::vector<ServedVersion> versions;  // in order of preference
};

/// The served groups, in the order of `resources.all()`.
std::vector<ServedGroup> served(const kube::ApiResources& resources) {
  std::vector<ServedGroup> groups;
  for (const ApiResourcePtr& resource : resources.all()) {
    if (verbs_of(*resource).empty()) continue;
    if (groups.empty() || groups.back().group != resource->group) groups.push_back({resource->group, {}});
    auto& versions = groups.back().versions;
    if (versions.empty() || versions.back().version != resource->version)
      versions.push_back({resource->version, {}});
    versions.back().resources.push_back(resource);
  }
  return groups;
}

[[noreturn]] void not_found() {
  kube::Status status = kube::Status::not_found("", "");
  status.message = "the server could not find the requested resource";
  status.details = {};
  throw ApiError(std::move(status));
}

void tell_freshness(Json& document, const Freshness& freshness) {
  if (!freshness.offline && !freshness.as_of) return;
  Json& annotations = document["metadata"]["annotations"];
  annotations["edgecore.kubeedge.io/offline"] = freshness.offline ? "true" : "false";
  if (freshness.as_of) annotations["edgecore.kubeedge.io/as-of"] = kube::format_time(*freshness.as_of);
}

Json group_version(const std::string& group, const std::string& version) {
  return {{"groupVersion", kube::format_api_version(group, version)}, {"version", version}};
}

Json api_group(const ServedGroup& group) {
  Json versions = Json::array();
  for (const ServedVersion& version : group.versions)
    versions.push_back(group_version(group.group, version.version));
  Json preferred = versions.front();
  return {
      {"name", group.group}, {"versions", std::move(versions)}, {"preferredVersion", std::move(preferred)}};
}

Json entry(const ApiResource& resource) {
  Json out = {{"name", resource.plural},
              {"singularName", resource.singular},
              {"namespaced", resource.namespaced},
              {"kind", resource.kind},
              {"verbs", verbs_of(resource)}};
  if (!resource.short_names.empty()) out["shortNames"] = resource.short_names;
  if (!resource.categories.empty()) out["categories"] = resource.categories;
  return out;
}

Json entry(const ApiResource& resource, const Subresource& sub) {
  Json out = {{"name", resource.plural + "/" + sub.name},
              {"singularName", ""},
              {"namespaced", resource.namespaced},
              {"kind", sub.kind},
              {"verbs", sub.verbs}};
  if (sub.group != resource.group || sub.version != resource.version) {
    out["group"] = sub.group;
    out["version"] = sub.version;
  }
  return out;
}

Json resource_list(const ServedGroup& group, const ServedVersion& version) {
  Json list = Json::array();
  for (const ApiResourcePtr& resource : version.resources) {
    list.push_back(entry(*resource));
    for (const Subresource& sub : subresources_of(*resource)) list.push_back(entry(*resource, sub));
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", kube::format_api_version(group.group, version.version)},
          {"resources", std::move(list)}};
}

Json response_kind(const std::string& group, const std::string& version, const std::string& kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

Json aggregated_resource(const ApiResource& resource) {
  Json out = {{"resource", resource.plural},
              {"responseKind", response_kind(resource.group, resource.version, resource.kind)},
              {"scope", resource.namespaced ? "Namespaced" : "Cluster"},
              {"singularResource", resource.singular},
              {"verbs", verbs_of(resource)}};
  if (!resource.short_names.empty()) out["shortNames"] = resource.short_names;
  if (!resource.categories.empty()) out["categories"] = resource.categories;
  for (const Subresource& sub : subresources_of(resource)) {
    out["subresources"].push_back({{"subresource", sub.name},
                                   {"responseKind", response_kind(sub.group, sub.version, sub.kind)},
                                   {"verbs", sub.verbs}});
  }
  return out;
}

/// Versions are called current offline as well: clients treat a stale one as an error.
Json aggregated(const std::vector<ServedGroup>& groups, bool core, const std::string& version) {
  Json items = Json::array();
  for (const ServedGroup& group : groups) {
    if (group.group.empty() != core) continue;
    Json versions = Json::array();
    for (const ServedVersion& one : group.versions) {
      Json resources = Json::array();
      for (const ApiResourcePtr& resource : one.resources)
        resources.push_back(aggregated_resource(*resource));
      versions.push_back(
          {{"version", one.version}, {"freshness", "Current"}, {"resources", std::move(resources)}});
    }
    Json metadata = Json::object();
    if (!core) metadata["name"] = group.group;
    items.push_back({{"metadata", std::move(metadata)}, {"versions", std::move(versions)}});
  }
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", "apidiscovery.k8s.io/" + version},
          {"metadata", Json::object()},
          {"items", std::move(items)}};
}

Json api_versions(const ServedGroup& core, std::string_view server_address) {
  Json versions = Json::array();
  for (const ServedVersion& version : core.versions) versions.push_back(version.version);
  return {{"kind", "APIVersions"},
          {"versions", std::move(versions)},
          {"serverAddressByClientCIDRs",
           Json::array({{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", server_address}}})}};
}

Json group_list(const std::vector<ServedGroup>& groups) {
  Json list = Json::array();
  for (const ServedGroup& group : groups)
    if (!group.group.empty()) list.push_back(api_group(group));
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(list)}};
}

std::vector<std::string_view> split_path(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

const ServedGroup& group_named(const std::vector<ServedGroup>& groups, std::string_view name) {
  const auto found = std::find_if(groups.begin(), groups.end(),
                                  [&](const ServedGroup& group) { return group.group == name; });
  if (found == groups.end()) not_found();
  return *found;
}

const ServedVersion& version_named(const ServedGroup& group, std::string_view name) {
  const auto found = std::find_if(group.versions.begin(), group.versions.end(),
                                  [&](const ServedVersion& version) { return version.version == name; });
  if (found == group.versions.end()) not_found();
  return *found;
}

Json document_of(const std::vector<ServedGroup>& groups, const std::vector<std::string_view>& parts,
                 const Representation& wanted, std::string_view server_address) {
  const bool core = parts[0] == "api";
  if (parts.size() == 1) {
    if (wanted.form == Form::kAggregatedDiscovery) return aggregated(groups, core, wanted.version);
    return core ? api_versions(group_named(groups, ""), server_address) : group_list(groups);
  }
  if (!core && parts[1].empty()) not_found();
  const ServedGroup& group = group_named(groups, core ? std::string_view() : parts[1]);
  if (!core && parts.size() == 2) {
    Json document = api_group(group);
    document["kind"] = "APIGroup";
    document["apiVersion"] = "v1";
    return document;
  }
  return resource_list(group, version_named(group, parts.back()));
}

}  // namespace

bool is_discovery_path(std::string_view path) {
  const auto parts = split_path(path);
  if (parts.empty()) return false;
  return (parts[0] == "api" && parts.size() <= 2) || (parts[0] == "apis" && parts.size() <= 3);
}

Offer discovery_offer(std::string_view path) {
  return split_path(path).size() == 1 ? Offer::kDiscovery : Offer::kDocument;
}

Json discovery_document(const kube::ApiResources& resources, std::string_view path,
                        const Representation& wanted, const Freshness& freshness,
                        std::string_view server_address) {
  if (!is_discovery_path(path)) not_found();
  Json document = document_of(served(resources), split_path(path), wanted, server_address);
  tell_freshness(document, freshness);
  return document;
}

}  // namespace edgecore::metaserver
