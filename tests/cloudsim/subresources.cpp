// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/subresources.hpp"

#include "cloudsim/account_tokens.hpp"
#include "edgecore/kube/patch.hpp"
#include "support/objects.hpp"

namespace edgecore::cloudsim {

Json create_subresource(Cluster& cluster, const Authority& authority, const ResourceKind& kind,
                        const std::string& ns, const std::string& name, const std::string& subresource,
                        const Json& body) {
  if (kind.kind == "ServiceAccount" && subresource == "token")
    return request_token(cluster, authority, ns, name, body);
  if (kind.kind == "Pod" && subresource == "binding") {
    cluster.bind(ns, name, kube::get_string(body, "target.name"));
    return kube::Status::deleted("", name, "").to_json();
  }
  if (kind.kind == "Pod" && subresource == "eviction") {
    DeleteOptions options;
    options.grace_seconds = test::optional_int(body, "deleteOptions.gracePeriodSeconds");
    options.uid = kube::string_or(body, "deleteOptions.preconditions.uid");
    cluster.remove(kind, ns, name, options);
    return kube::Status::deleted("pods", name, "").to_json();
  }
  throw ApiError(kube::Status::method_not_allowed(resource_name(kind), "create"));
}

Json scale_of(const ResourceKind& kind, const Json& object) {
  const bool scales = kind.kind == "Deployment" || kind.kind == "ReplicaSet" || kind.kind == "StatefulSet" ||
                      kind.kind == "ReplicationController";
  if (!scales) throw ApiError(kube::Status::not_found(resource_name(kind), name_of(object) + "/scale"));
  Json metadata = Json::object();
  for (const char* field : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
    metadata[field] = kube::string_or(object, std::string("metadata.") + field);
  return {{"kind", "Scale"},
          {"apiVersion", "autoscaling/v1"},
          {"metadata", std::move(metadata)},
          {"spec", {{"replicas", kube::int_or(object, "spec.replicas", 1)}}},
          {"status", {{"replicas", kube::int_or(object, "status.replicas", 0)}}}};
}

Json rescale(Cluster& cluster, const ResourceKind& kind, const std::string& ns, const std::string& name,
             const Json& scale) {
  const std::int64_t replicas = kube::get_int(scale, "spec.replicas");
  if (replicas < 0) {
    throw ApiError(kube::Status::invalid(
        "Scale", name,
        {{"FieldValueInvalid",
          "Invalid value: " + std::to_string(replicas) + ": must be greater than or equal to 0",
          "spec.replicas"}}));
  }
  Json patch = {{"spec", {{"replicas", replicas}}}};
  const std::string version = kube::string_or(scale, "metadata.resourceVersion");
  if (!version.empty()) patch["metadata"]["resourceVersion"] = version;
  return scale_of(kind, *cluster.patch(kind, ns, name, PatchType::kMerge, patch));
}

Json patch_scale(Cluster& cluster, const ResourceKind& kind, const std::string& ns, const std::string& name,
                 PatchType type, const Json& patch) {
  const Json before = scale_of(kind, *cluster.get(kind, ns, name));
  const Json after = type == PatchType::kJson ? kube::apply_json_patch(before, patch)
                                              : kube::apply_merge_patch(before, patch);
  return rescale(cluster, kind, ns, name, after);
}

}  // namespace edgecore::cloudsim
