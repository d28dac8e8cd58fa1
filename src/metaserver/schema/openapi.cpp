// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/openapi.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/net/digest.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/media_types.hpp"
#include "metaserver/http/subresources.hpp"
#include "metaserver/schema/openapi_schemas.hpp"

namespace edgecore::metaserver {
namespace {

using kube::ApiResource;
using kube::ApiResourcePtr;

constexpr std::string_view kV3Root = "/openapi/v3";
constexpr std::array kObjectTypes = {kJsonType, kYamlType};
constexpr std::array kPatchTypes = {kJsonPatchType, kMergePatchType, kApplyPatchType};

bool has_verb(const ApiResource& resource, std::string_view verb) {
  const Verbs verbs = verbs_of(resource);
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

Json parameter(OpenApi style, const char* name, const char* in, const char* description) {
  Json out = {{"name", name}, {"in", in}, {"description", description}};
  if (std::string_view(in) == "path") out["required"] = true;
  if (style == OpenApi::kV3) {
    out["schema"] = {{"type", "string"}, {"uniqueItems", true}};
  } else {
    out["type"] = "string";
    out["uniqueItems"] = true;
  }
  return out;
}

/// How an operation is called in the documents.
struct Operation {
  const char* method;
  const char* verb;    // as in discovery
  const char* action;  // in the extension
  bool writes;
};

Json operation(OpenApi style, const ApiResource& resource, const Operation& what) {
  const bool patch = std::string_view(what.action) == "patch";
  Json out = {
      {"description", std::string(what.action) + " " + resource.kind},
      {"operationId", std::string(what.action) + "_" + resource.plural + "_" + resource.api_version()},
      {"responses", {{"200", {{"description", "OK"}}}, {"401", {{"description", "Unauthorized"}}}}},
      {"x-kubernetes-action", what.action},
      {"x-kubernetes-group-version-kind", type_of(resource)}};
  if (style == OpenApi::kV2) out["produces"] = kObjectTypes;
  if (!what.writes) return out;
  out["parameters"] = Json::array(
      {parameter(style, "dryRun", "query", "Nothing is changed when it is All."),
       parameter(style, "fieldValidation", "query",
                 "What the server does about unknown and repeated fields: Ignore, Warn or Strict.")});
  if (style == OpenApi::kV2) {
    out["consumes"] = patch ? Json(kPatchTypes) : Json(kObjectTypes);
    return out;
  }
  const Json schema = patch ? Json{{"type", "object"}} : reference_to(style, definition_name(resource));
  Json& content = out["requestBody"]["content"];
  if (patch) {
    for (const std::string_view type : kPatchTypes) content[type]["schema"] = schema;
  } else {
    for (const std::string_view type : kObjectTypes) content[type]["schema"] = schema;
  }
  out["requestBody"]["required"] = true;
  return out;
}

template <std::size_t Count>
Json path_item(OpenApi style, const ApiResource& resource, const std::array<Operation, Count>& operations) {
  Json item = Json::object();
  for (const Operation& what : operations)
    if (has_verb(resource, what.verb)) item[what.method] = operation(style, resource, what);
  return item;
}

void add_paths(OpenApi style, const ApiResource& resource, Json& paths) {
  constexpr std::array<Operation, 3> kOnMany = {{{"get", "list", "list", false},
                                                 {"post", "create", "post", true},
                                                 {"delete", "deletecollection", "deletecollection", false}}};
  constexpr std::array<Operation, 4> kOnOne = {{{"get", "get", "get", false},
                                                {"put", "update", "put", true},
                                                {"patch", "patch", "patch", true},
                                                {"delete", "delete", "delete", false}}};
  std::string path = (resource.group.empty() ? "/api/" : "/apis/") + resource.api_version();
  Json parameters = Json::array();
  if (resource.namespaced) {
    path += "/namespaces/{namespace}";
    parameters.push_back(parameter(style, "namespace", "path", "The namespace of the object."));
  }
  path += "/" + resource.plural;
  const auto add = [&](const std::string& where, Json item) {
    if (item.empty()) return;
    if (!parameters.empty()) item["parameters"] = parameters;
    paths[where] = std::move(item);
  };
  add(path, path_item(style, resource, kOnMany));
  parameters.push_back(parameter(style, "name", "path", "The name of the object."));
  add(path + "/{name}", path_item(style, resource, kOnOne));
}

Json info() {
  return {{"title", "Kubernetes, as served on an edge node"}, {"version", "v1.28"}};
}

using GroupVersions = std::map<std::string, std::vector<ApiResourcePtr>>;

/// The versions by their names in the index: "api/v1", "apis/apps/v1".
GroupVersions by_group_version(const kube::ApiResources& resources) {
  GroupVersions found;
  for (const ApiResourcePtr& resource : resources.all()) {
    if (verbs_of(*resource).empty()) continue;
    found[(resource->group.empty() ? "api/" : "apis/") + resource->api_version()].push_back(resource);
  }
  return found;
}

Json v3_document(const std::vector<ApiResourcePtr>& resources, const SchemaTable& table) {
  Definitions definitions(OpenApi::kV3, table);
  Json paths = Json::object();
  for (const ApiResourcePtr& resource : resources) {
    definitions.add_kind(*resource);
    add_paths(OpenApi::kV3, *resource, paths);
  }
  return {{"openapi", "3.0.0"},
          {"info", info()},
          {"paths", std::move(paths)},
          {"components", {{"schemas", definitions.take()}}}};
}

/// Clients keep a document for ever by its URL, so that the URL holds a digest of it.
Json v3_index(const GroupVersions& group_versions) {
  const SchemaTable table;
  Json paths = Json::object();
  for (const auto& [name, resources] : group_versions) {
    const std::string hash = net::sha256_hex(kube::dump_json(v3_document(resources, table)));
    paths[name] = {{"serverRelativeURL", std::string(kV3Root) + "/" + name + "?hash=" + hash}};
  }
  return {{"paths", std::move(paths)}};
}

}  // namespace

Json openapi_v2(const kube::ApiResources& resources) {
  const SchemaTable table;
  Definitions definitions(OpenApi::kV2, table);
  Json paths = Json::object();
  for (const ApiResourcePtr& resource : resources.all()) {
    if (verbs_of(*resource).empty()) continue;
    definitions.add_kind(*resource);
    add_paths(OpenApi::kV2, *resource, paths);
  }
  return {
      {"swagger", "2.0"}, {"info", info()}, {"paths", std::move(paths)}, {"definitions", definitions.take()}};
}

Json openapi_v3(const kube::ApiResources& resources, std::string_view path) {
  const GroupVersions group_versions = by_group_version(resources);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path == kV3Root) return v3_index(group_versions);
  if (path.starts_with(kV3Root) && path.substr(kV3Root.size()).starts_with('/')) {
    const auto found = group_versions.find(std::string(path.substr(kV3Root.size() + 1)));
    if (found != group_versions.end()) return v3_document(found->second, SchemaTable());
  }
  kube::Status status = kube::Status::not_found("", "");
  status.message = "the server could not find the requested resource";
  status.details = {};
  throw ApiError(std::move(status));
}

}  // namespace edgecore::metaserver
