// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/body.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <utility>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/kube/yaml_json.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/media_types.hpp"
#include "metaserver/http/subresources.hpp"

namespace edgecore::metaserver {
namespace {

[[noreturn]] void unknown_type(std::string_view accepted) {
  throw ApiError(kube::Status::unsupported_media_type(fmt::format(
      "the body of the request was in an unknown format - accepted media types include: {}", accepted)));
}

kube::JsonLimits limits() {
  kube::JsonLimits limits;
  limits.max_bytes = kMaxBodyBytes;
  limits.max_depth = kMaxBodyDepth;
  limits.max_values = kMaxBodyValues;
  return limits;
}

/// The media type without its parameters, in lower case.
std::string media_type(const net::Headers& headers) {
  std::string_view value = headers.get("Content-Type");
  value = value.substr(0, value.find(';'));
  return lower_case(trimmed(value, " \t"));
}

Json parse_json(std::string_view text, const kube::JsonLimits& bounds = limits()) {
  try {
    return kube::parse_json(text, "The body of the request", bounds);
  } catch (const BadInput& error) {
    bad_request(error.what());
  }
}

/// YAML aliases can expand a small text into a large object. The result may hold no more values than a text
/// of this size could without them.
Json parse_yaml(std::string_view text) {
  constexpr std::size_t kFew = 10'000;
  try {
    kube::JsonLimits bounds = limits();
    bounds.max_values = std::min(bounds.max_values, std::max(kFew, text.size()));
    return kube::yaml_to_json(text, bounds);
  } catch (const BadInput& error) {
    bad_request(fmt::format("The body of the request is not valid: {}", error.what()));
  }
}

Json read(std::string_view type, std::string_view body, std::size_t max_bytes = kMaxBodyBytes) {
  check_body_size(body.size(), max_bytes);
  if (type != kYamlType && type != kJsonType && !type.empty())
    unknown_type(fmt::format("{}, {}", kJsonType, kYamlType));
  Json object = type == kYamlType ? parse_yaml(body) : parse_json(body);
  if (!object.is_object()) bad_request("The body of the request holds no object");
  return object;
}

std::string text_member(const Json& object, const char* path) {
  const Json* value = kube::find_path(object, path);
  if (value == nullptr) return {};
  if (!value->is_string()) bad_request(fmt::format("The object's {} is not a string", path));
  return value->get<std::string>();
}

/// Fills or checks apiVersion and kind.
void fit_type(Json& object, const Subresource& wanted) {
  const std::string expected = kube::format_api_version(wanted.group, wanted.version);
  const std::string version = text_member(object, "apiVersion"), kind = text_member(object, "kind");
  // Old clients still send policy/v1beta1, which means the same.
  const bool old_eviction = wanted.kind == "Eviction" && version == "policy/v1beta1";
  if (!version.empty() && version != expected && !old_eviction)
    bad_request(fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                            version, expected));
  if (!kind.empty() && kind != wanted.kind)
    bad_request(
        fmt::format("{} in version \"{}\" cannot be handled as a {}", kind, wanted.version, wanted.kind));
  object["apiVersion"] = old_eviction ? version : expected;
  object["kind"] = wanted.kind;
}

void fit_namespace(Json& object, const kube::ApiResource& resource, const RequestInfo& info) {
  Json& metadata = object["metadata"];
  if (!resource.namespaced) {
    metadata.erase("namespace");
    return;
  }
  if (info.ns.empty()) bad_request("an empty namespace may not be set during creation");
  const std::string said = text_member(object, "metadata.namespace");
  if (!said.empty() && said != info.ns)
    bad_request("the namespace of the provided object does not match the namespace sent on the request");
  metadata["namespace"] = info.ns;
}

void fit_name(Json& object, const RequestInfo& info) {
  const std::string said = text_member(object, "metadata.name");
  text_member(object, "metadata.generateName");
  if (info.name.empty()) return;
  if (!said.empty() && said != info.name)
    bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})", said, info.name));
  object["metadata"]["name"] = info.name;
}

}  // namespace

void check_body_size(std::size_t bytes, std::size_t most) {
  if (bytes <= most) return;
  kube::Status status = kube::Status::request_too_large("");
  status.message = fmt::format("Request entity too large: limit is {}", most);
  throw ApiError(std::move(status));
}

Json read_object(const net::Headers& headers, std::string_view body, std::size_t max_bytes) {
  return read(media_type(headers), body, max_bytes);
}

Json read_delete_options(const net::Headers& headers, std::string_view body) {
  return body.empty() ? Json::object() : read(media_type(headers), body);
}

std::vector<std::string> read_names(std::string_view body, std::size_t most) {
  check_body_size(body.size(), kMaxBodyBytes);
  kube::JsonLimits bounds = limits();
  bounds.max_values = most + 1;
  bounds.max_depth = 2;
  const Json names = parse_json(body, bounds);
  if (!names.is_array() || names.size() > most)
    bad_request(fmt::format("The body of the request is not a list of at most {} names", most));
  std::vector<std::string> found;
  for (const Json& name : names) {
    if (!name.is_string()) bad_request("The body of the request holds a name that is not a string");
    found.push_back(name.get<std::string>());
  }
  return found;
}

PatchBody read_patch(const net::Headers& headers, std::string_view body) {
  constexpr std::array<std::pair<std::string_view, PatchType>, 4> kTypes{
      {{kJsonPatchType, PatchType::kJson},
       {kMergePatchType, PatchType::kMerge},
       {kStrategicMergePatchType, PatchType::kStrategicMerge},
       {kApplyPatchType, PatchType::kApply}}};
  const std::string type = media_type(headers);
  PatchBody patch;
  for (const auto& [name, known] : kTypes) {
    if (type != name) continue;
    patch.type = known;
    patch.content_type = name;
  }
  if (patch.content_type.empty())
    unknown_type(
        fmt::format("{}, {}, {}, {}", kTypes[0].first, kTypes[1].first, kTypes[2].first, kTypes[3].first));
  check_body_size(body.size(), kMaxBodyBytes);
  if (patch.type != PatchType::kApply) {
    const Json parsed = parse_json(body);
    const bool list = patch.type == PatchType::kJson;
    if (list ? !parsed.is_array() : !parsed.is_object())
      bad_request(fmt::format("The patch is not {}", list ? "a list of operations" : "an object"));
  }
  patch.text = body;
  return patch;
}

Json prepare_object(Json object, const kube::ApiResource& resource, const RequestInfo& info) {
  if (!object.is_object()) bad_request("The body of the request holds no object");
  fit_type(object, body_type(resource, info.subresource));
  Json& metadata = object["metadata"];
  if (metadata.is_null()) metadata = Json::object();
  if (!metadata.is_object()) bad_request("The object's metadata is not an object");
  fit_namespace(object, resource, info);
  fit_name(object, info);
  if (info.verb == "create") {
    for (const char* owned :
         {"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"})
      metadata.erase(owned);
  }
  return object;
}

}  // namespace edgecore::metaserver
