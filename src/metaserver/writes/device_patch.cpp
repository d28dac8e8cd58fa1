// SPDX-License-Identifier: Apache-2.0
#include "metaserver/writes/device_patch.hpp"

#include <string>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/patch.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/media_types.hpp"

namespace edgecore::metaserver {
namespace {

Json operation(const char* op, std::string path, Json value) {
  return {{"op", op}, {"path", std::move(path)}, {"value", std::move(value)}};
}

/// The device without its properties, and without the fields that the API server maintains.
Json frame_of(Json device) {
  if (const auto spec = device.find("spec"); spec != device.end() && spec->is_object())
    spec->erase("properties");
  if (const auto metadata = device.find("metadata"); metadata != device.end() && metadata->is_object())
    metadata->erase("managedFields");
  return device;
}

/// Adds the operations of one property; false if more than its desired value differs.
bool compare(const Json& before, const Json& after, std::size_t index, Json& operations) {
  if (before == after) return true;
  if (!before.is_object() || !after.is_object()) return false;
  Json fixed_before = before;
  Json fixed_after = after;
  fixed_before.erase("desired");
  fixed_after.erase("desired");
  if (fixed_before != fixed_after) return false;
  const std::string path = "/spec/properties/" + std::to_string(index);
  operations.push_back(operation("test", path + "/name", kube::string_or(before, "name")));
  if (after.contains("desired")) {
    operations.push_back(operation("add", path + "/desired", after["desired"]));
  } else {
    operations.push_back({{"op", "remove"}, {"path", path + "/desired"}});
  }
  return true;
}

}  // namespace

Json patched(const Json& device, std::string_view content_type, std::string_view patch) {
  if (content_type.find("apply-patch") != std::string_view::npos) {
    throw ApiError(kube::Status::service_unavailable(
        "a server-side apply is evaluated by the API server, which cannot be reached"));
  }
  const std::string type(content_type.substr(0, content_type.find(';')));
  const bool merges = type == kMergePatchType;
  if (!merges && type != kJsonPatchType) {
    throw ApiError(kube::Status::unsupported_media_type(
        "devices are patched with application/json-patch+json or application/merge-patch+json"));
  }
  try {
    const Json parsed = kube::parse_json(patch, "The patch");
    if (merges && !parsed.is_object()) throw BadInput("The patch is not a JSON object.");
    return merges ? kube::apply_merge_patch(device, parsed) : kube::apply_json_patch(device, parsed);
  } catch (const BadInput& bad) {
    bad_request(bad.what());
  }
}

std::optional<Json> desired_patch(const Json& before, const Json& after) {
  if (!after.is_object() || frame_of(before) != frame_of(after)) return std::nullopt;
  const Json& old_properties = kube::array_or_empty(before, "spec.properties");
  const Json& new_properties = kube::array_or_empty(after, "spec.properties");
  if (old_properties.size() != new_properties.size()) return std::nullopt;
  Json operations = Json::array();
  for (std::size_t i = 0; i < old_properties.size(); ++i) {
    if (!compare(old_properties[i], new_properties[i], i, operations)) return std::nullopt;
  }
  if (!operations.empty()) {
    operations.insert(operations.begin(),
                      operation("test", "/metadata/uid", kube::string_or(before, "metadata.uid")));
  }
  return operations;
}

}  // namespace edgecore::metaserver
