// SPDX-License-Identifier: Apache-2.0
#include "edged/sources/static_pod.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/defaults.hpp"
#include "edgecore/kube/yaml_json.hpp"
#include "edgecore/net/digest.hpp"
#include "edged/sources/go_pod_text.hpp"
#include "edged/sources/pod_sources.hpp"
#include "edged/spec/string_map.hpp"

namespace edgecore::edged {
namespace {

constexpr const char* kFileSource = "file";
constexpr std::size_t kUidDigits = 32;

Json parse_manifest(std::string_view text) {
  kube::JsonLimits limits;
  limits.max_bytes = kStaticPodMaxBytes;
  const std::string_view content = trimmed(text);
  if (content.empty()) throw BadInput("It is empty");
  Json object = content.front() == '{' ? kube::parse_json(text, "The manifest", limits)
                                       : kube::yaml_to_json(text, limits);
  if (!object.is_object()) throw BadInput("It is not an object");
  const std::string kind = kube::string_or(object, "kind"), version = kube::string_or(object, "apiVersion");
  if (kind != "Pod" || version != "v1")
    throw BadInput(fmt::format("It is a \"{}\" of \"{}\"; only a Pod of v1 can be run", kind.substr(0, 100),
                               version.substr(0, 100)));
  return object;
}

/// The member as an object to write to; created if absent.
Json& member(Json& parent, const char* key) {
  Json& value = parent[key];
  if (value.is_null()) value = Json::object();
  if (!value.is_object()) throw BadInput(fmt::format("Its {} is not an object", key));
  return value;
}

/// The Go agent's UID if it can be computed, so that its containers are adopted; otherwise a digest of the
/// manifest.
std::string uid_of(const Json& object, const std::filesystem::path& file, std::string_view node_name) {
  if (kube::object_or_empty(object, "status").empty()) {
    Json defaulted = object;
    kube::apply_pod_defaults(defaulted);
    if (auto uid = go_static_pod_uid(defaulted, file, node_name)) return *uid;
  }
  return net::sha256_hex(
             fmt::format("{}\nhost:{}\nfile:{}", kube::dump_json(object), node_name, file.string()))
      .substr(0, kUidDigits);
}

void fill_metadata(Json& object, const std::string& digest, std::string_view node_name) {
  Json& metadata = member(object, "metadata");
  metadata["name"] = kube::get_string(object, "metadata.name") + "-" + lower_case(node_name);
  if (kube::string_or(object, "metadata.namespace").empty()) metadata["namespace"] = "default";
  if (kube::string_or(object, "metadata.uid").empty()) metadata["uid"] = digest;
  // A manifest copied from an API server holds that object's history, which is dropped.
  for (const char* key :
       {"deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion", "ownerReferences",
        "creationTimestamp", "managedFields", "generateName", "selfLink"})
    metadata.erase(key);
  Json& annotations = member(metadata, "annotations");
  annotations.erase(kConfigMirrorAnnotation);
  annotations.erase(kConfigSeenAnnotation);
  annotations[kConfigHashAnnotation] = metadata["uid"];
  annotations[kConfigSourceAnnotation] = kFileSource;
}

void fill_spec(Json& object, std::string_view node_name) {
  Json& spec = member(object, "spec");
  spec["nodeName"] = node_name;
  Json& tolerations = spec["tolerations"];
  if (tolerations.is_null()) tolerations = Json::array();
  if (!tolerations.is_array()) throw BadInput("Its spec.tolerations is not a list");
  const Json everything = {{"operator", "Exists"}, {"effect", "NoExecute"}};
  if (std::find(tolerations.begin(), tolerations.end(), everything) == tolerations.end())
    tolerations.push_back(everything);
}

void require_one_of(const Json& object, std::string_view path, const std::vector<std::string_view>& words) {
  const std::string value = kube::get_string(object, path);
  if (std::find(words.begin(), words.end(), value) == words.end())
    throw BadInput(fmt::format("Its {} is \"{}\"; expected one of {}", path, value.substr(0, 100),
                               fmt::join(words, ", ")));
}

/// Checks that an API server makes and parse_pod does not.
void validate(const Json& object) {
  if (kube::array_or_empty(object, "spec.containers").empty()) throw BadInput("It has no containers");
  for (const char* list : {"spec.initContainers", "spec.containers"}) {
    for (const Json& container : kube::array_or_empty(object, list)) {
      if (kube::string_or(container, "image").empty())
        throw BadInput(fmt::format("Its container \"{}\" has no image",
                                   kube::string_or(container, "name").substr(0, 100)));
    }
  }
  require_one_of(object, "spec.restartPolicy", {"Always", "OnFailure", "Never"});
  require_one_of(object, "spec.dnsPolicy", {"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"});
}

}  // namespace

kube::PodPtr parse_static_pod(std::string_view text, const std::filesystem::path& file,
                              std::string_view node_name) {
  Json object = parse_manifest(text);
  fill_metadata(object, uid_of(object, file, node_name), node_name);
  fill_spec(object, node_name);
  object["status"] = {{"phase", "Pending"}};
  kube::apply_pod_defaults(object);
  validate(object);
  return kube::parse_pod(std::move(object));
}

Json mirror_pod(const kube::Pod& static_pod, std::string_view node_name, std::string_view node_uid) {
  Json mirror = static_pod.raw;
  Json& metadata = member(mirror, "metadata");
  member(metadata, "annotations")[kConfigMirrorAnnotation] =
      value_or_empty(static_pod.annotations, kConfigHashAnnotation);
  metadata["ownerReferences"] = Json::array({{{"apiVersion", "v1"},
                                              {"kind", "Node"},
                                              {"name", node_name},
                                              {"uid", node_uid},
                                              {"controller", true}}});
  return mirror;
}

bool mirrors(const kube::Pod& mirror, const kube::Pod& static_pod) {
  return !mirror.deleting() && mirror.full_name() == static_pod.full_name() &&
         value_or_empty(mirror.annotations, kConfigMirrorAnnotation) ==
             value_or_empty(static_pod.annotations, kConfigHashAnnotation);
}

}  // namespace edgecore::edged
