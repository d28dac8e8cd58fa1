// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/edge_controller.hpp"

#include "cloudsim/replies.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {

namespace {

namespace op = names::operation;
namespace res = names::resource;

Json bare_metadata(const Json& object) {
  Json metadata = kube::object_or_empty(object, "metadata");
  for (const char* field : {"resourceVersion", "generation"}) metadata.erase(field);
  return metadata;
}

std::string resource_of(const Json& object, std::string_view type) {
  return beehive::resource_path(namespace_of(object), type, name_of(object));
}

}  // namespace

bool differs_beyond_status(const Json& before, const Json& after) {
  return bare_metadata(before) != bare_metadata(after) ||
         before.value("spec", Json()) != after.value("spec", Json());
}

bool EdgeController::is_edge_node(const std::string& node) const {
  if (node.empty()) return false;
  const Object object = cluster_.find(kind_named("Node"), "", node);
  return object && is_edge(*object);
}

void EdgeController::changed(const Change& change) {
  const std::string_view kind = change.kind->kind;
  if (kind == "Pod") pod_changed(change);
  if (kind == "ConfigMap" || kind == "Secret") config_changed(change);
  if (kind == "Device" && is_edge_node(kube::string_or(*change.object, "spec.nodeName")))
    devices_.changed(change);
  if (kind == "Node" && change.type == ChangeType::kDeleted) downlink_.node_deleted(name_of(*change.object));
}

void EdgeController::replay() {
  for (const char* kind : {"Pod", "Device"}) {
    for (const Object& object : cluster_.list(kind_named(kind))) {
      Change seen;
      seen.kind = &kind_named(kind);
      seen.object = object;
      changed(seen);
    }
  }
}

void EdgeController::pod_changed(const Change& change) {
  const Json& pod = *change.object;
  const std::string node = kube::string_or(pod, "spec.nodeName");
  if (!is_edge_node(node)) return;
  if (change.type == ChangeType::kModified && !differs_beyond_status(*change.before, pod)) return;
  if (change.type != ChangeType::kDeleted) learn_references(pod);
  const char* operation = operation_of(change.type);
  if (change.type == ChangeType::kAdded && kube::find_path(pod, "metadata.deletionTimestamp"))
    operation = op::kUpdate;
  downlink_.send(node, push(names::source::kEdgeController, operation, resource_of(pod, res::kPod), pod));
}

void EdgeController::learn_references(const Json& pod) {
  const std::string node = kube::string_or(pod, "spec.nodeName");
  const std::string ns = namespace_of(pod);
  const auto learn = [&](const char* kind, const Json& at, const char* path) {
    const std::string name = kube::string_or(at, path);
    if (!name.empty()) locations_[Reference(kind, ns, name)].insert(node);
  };
  for (const Json& volume : kube::array_or_empty(pod, "spec.volumes")) {
    learn("ConfigMap", volume, "configMap.name");
    learn("Secret", volume, "secret.secretName");
    for (const Json& source : kube::array_or_empty(volume, "projected.sources")) {
      learn("ConfigMap", source, "configMap.name");
      learn("Secret", source, "secret.name");
    }
  }
  for (const Json& container : kube::array_or_empty(pod, "spec.containers")) {
    for (const Json& variable : kube::array_or_empty(container, "env")) {
      learn("ConfigMap", variable, "valueFrom.configMapKeyRef.name");
      learn("Secret", variable, "valueFrom.secretKeyRef.name");
    }
    for (const Json& from : kube::array_or_empty(container, "envFrom")) {
      learn("ConfigMap", from, "configMapRef.name");
      learn("Secret", from, "secretRef.name");
    }
  }
  for (const Json& secret : kube::array_or_empty(pod, "spec.imagePullSecrets"))
    learn("Secret", secret, "name");
}

void EdgeController::config_changed(const Change& change) {
  const Json& object = *change.object;
  const auto nodes = locations_.find(Reference(change.kind->kind, namespace_of(object), name_of(object)));
  if (nodes == locations_.end()) return;
  const char* operation = operation_of(change.type);
  if (change.kind->kind == "Secret" && change.type == ChangeType::kAdded) operation = op::kUpdate;
  for (const std::string& node : nodes->second) {
    downlink_.send(node, push(names::source::kEdgeController, operation,
                              resource_of(object, change.kind->singular), object));
  }
}

void EdgeController::synchronize() {
  for (const SyncRecords::Record& record : records_.all()) synchronize(record);
}

void EdgeController::synchronize(const SyncRecords::Record& record) {
  const auto version = kube::parse_api_version(record.api_version);
  const ResourceKind* kind = version ? cluster_.kinds().find_kind(record.kind, version->group) : nullptr;
  if (kind == nullptr) return;
  if (!cluster_.find(kind_named("Node"), "", record.node)) return records_.drop(record);
  const std::string resource = beehive::resource_path(record.ns, kind->singular, record.name);
  // A cluster-scoped object with a namespaced record is searched in that namespace and never found. So
  // VolumeAttachments are deleted at the edge (protocol/02-metamanager.md §5.4).
  const bool findable = kind->namespaced != record.ns.empty();
  const Object object = findable ? cluster_.find(*kind, record.ns, record.name) : nullptr;
  if (!object || uid_of(*object) != record.uid) {
    Json gone = {{"metadata", {{"name", record.name}, {"uid", record.uid}}}};
    if (!record.ns.empty()) gone["metadata"]["namespace"] = record.ns;
    downlink_.send(record.node, push(names::source::kEdgeController, op::kDelete, resource, std::move(gone)));
    return;
  }
  if (version_of(*object) <= record.version) return;
  Json content = *object;
  if (kind->namespaced) {
    content.erase("kind");
    content.erase("apiVersion");
  }
  downlink_.send(record.node,
                 push(names::source::kEdgeController, op::kUpdate, resource, std::move(content)));
}

}  // namespace edgecore::cloudsim
