// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/cluster.hpp"

#include <algorithm>
#include <chrono>

#include "cloudsim/admission.hpp"
#include "cloudsim/validation.hpp"
#include "edgecore/base/ascii.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/kube/names.hpp"
#include "edgecore/kube/patch.hpp"
#include "edgecore/kube/strategic_merge.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::cloudsim {
namespace {

constexpr std::size_t kHistory = 20'000;

void check_precondition(const ResourceKind& kind, const Json& object, const DeleteOptions& options) {
  if (!options.uid.empty() && options.uid != uid_of(object)) {
    throw ApiError(kube::Status::conflict(resource_name(kind), name_of(object),
                                          "Precondition failed: UID in precondition: " + options.uid +
                                              ", UID in object meta: " + uid_of(object)));
  }
  if (!options.resource_version.empty() &&
      options.resource_version != kube::string_or(object, "metadata.resourceVersion")) {
    throw ApiError(kube::Status::conflict(
        resource_name(kind), name_of(object),
        "Precondition failed: ResourceVersion in precondition: " + options.resource_version +
            ", ResourceVersion in object meta: " + kube::string_or(object, "metadata.resourceVersion")));
  }
}

/// Names of roles are free; names of objects for the edge follow DNS (kube/names.hpp).
void check_name(const ResourceKind& kind, const std::string& name) {
  if (name.empty()) {
    throw ApiError(kube::Status::invalid(
        kind.kind, name,
        {{"FieldValueRequired", "Required value: name or generateName is required", "metadata.name"}}));
  }
  const bool dns = (kind.group.empty() && kind.kind != "Namespace") || kind.kind == "Lease";
  const bool good = kind.kind == "Namespace" ? kube::is_dns_label(name)
                    : dns                    ? kube::is_dns_subdomain(name)
                                             : kube::is_path_segment(name);
  if (good) return;
  throw ApiError(kube::Status::invalid(
      kind.kind, name,
      {{"FieldValueInvalid", "Invalid value: \"" + name + "\": a lowercase RFC 1123 name is needed",
        "metadata.name"}}));
}

bool has_version(const Json& object) {
  const std::string version = kube::string_or(object, "metadata.resourceVersion");
  return !version.empty() && version != "0";
}

bool has_finalizers(const Json& object) {
  return !kube::array_or_empty(object, "metadata.finalizers").empty();
}

/// Whether the object only waited for its finalizers. A pod may wait for its node as well.
bool ends_with_its_finalizers(const Json& object) {
  return kube::find_path(object, "metadata.deletionTimestamp") != nullptr && !has_finalizers(object) &&
         kube::int_or(object, "metadata.deletionGracePeriodSeconds", 0) == 0;
}

void raise_generation(Json& object) {
  object["metadata"]["generation"] = kube::int_or(object, "metadata.generation", 0) + 1;
}

/// A patch that can be read but not applied, or whose result is not an object of the kind.
kube::Status invalid_patch(const ResourceKind& kind, const std::string& why) {
  return kube::Status::invalid(kind.kind, "", {{"FieldValueInvalid", "Invalid value: " + why, "patch"}});
}

void check_types(const ResourceKind& kind, const Json& object) {
  if (const auto why = wrong_type(kind, object)) {
    throw ApiError(kube::Status::bad_request(std::string(kind.kind) + " in version \"" +
                                             std::string(kind.version) + "\" cannot be handled as a " +
                                             std::string(kind.kind) + ": " + *why));
  }
}

/// Name, namespace, uid and version of the object that a client sends.
void check_identity(const ResourceKind& kind, const Json& before, const Json& after) {
  if (name_of(after) != name_of(before)) {
    throw ApiError(kube::Status::bad_request("the name of the object (" + name_of(after) +
                                             ") does not match the name on the URL (" + name_of(before) +
                                             ")"));
  }
  const std::string ns = namespace_of(after);
  if (kind.namespaced && !ns.empty() && ns != namespace_of(before)) {
    throw ApiError(kube::Status::bad_request("the namespace of the object (" + ns +
                                             ") does not match the namespace on the request (" +
                                             namespace_of(before) + ")"));
  }
  if (const std::string uid = uid_of(after); !uid.empty()) {
    const DeleteOptions same{std::nullopt, uid, ""};
    check_precondition(kind, before, same);
  }
  const std::string sent = kube::string_or(after, "metadata.resourceVersion");
  if (has_version(after) && sent != kube::string_or(before, "metadata.resourceVersion")) {
    throw ApiError(
        kube::Status::conflict(resource_name(kind), name_of(before),
                               "the object has been modified; please apply your changes to the latest "
                               "version and try again"));
  }
}

Json apply_json_patch_to(const ResourceKind& kind, const Json& before, const Json& patch) {
  constexpr std::size_t kMostOperations = 10'000;
  const bool readable = patch.is_array() && std::all_of(patch.begin(), patch.end(),
                                                        [](const Json& each) { return each.is_object(); });
  if (!readable) throw ApiError(kube::Status::bad_request("a JSON patch is an array of operations"));
  if (patch.size() > kMostOperations)
    throw ApiError(
        kube::Status::request_too_large("the allowed maximum operations in a JSON patch is 10000"));
  try {
    return kube::apply_json_patch(before, patch);
  } catch (const BadInput& bad) {
    throw ApiError(invalid_patch(kind, bad.what()));
  }
}

Json apply_patch(const ResourceKind& kind, const Json& before, PatchType type, const Json& patch) {
  if (type == PatchType::kJson) return apply_json_patch_to(kind, before, patch);
  if (!patch.is_object()) throw ApiError(kube::Status::bad_request("the patch is not a JSON object"));
  try {
    return type == PatchType::kMerge ? kube::apply_merge_patch(before, patch)
                                     : kube::apply_strategic_merge(before, patch, kind.kind);
  } catch (const BadInput& bad) {
    throw ApiError(kube::Status::bad_request(bad.what()));
  }
}

/// What an update of the subresource stores.
Json replaced_status(const Json& before, Json after) {
  Json merged = before;
  if (after.contains("status")) merged["status"] = std::move(after["status"]);
  for (const char* field : {"labels", "annotations"}) {
    if (kube::find_path(after, std::string("metadata.") + field))
      merged["metadata"][field] = std::move(after["metadata"][field]);
  }
  return merged;
}

}  // namespace

kube::Status unknown_resource(const std::string& resource) {
  kube::Status missing = kube::Status::not_found(resource, "");
  missing.message = "the server could not find the requested resource";
  return missing;
}

std::optional<PatchType> patch_type(std::string_view media_type) {
  if (media_type == "application/json-patch+json") return PatchType::kJson;
  if (media_type == "application/merge-patch+json") return PatchType::kMerge;
  if (media_type == "application/strategic-merge-patch+json") return PatchType::kStrategic;
  if (media_type == "application/apply-patch+yaml") return PatchType::kApply;
  return std::nullopt;
}

std::uint64_t version_number(std::string_view text) {
  return to_number<std::uint64_t>(text).value_or(0);
}

std::uint64_t version_of(const Json& object) {
  return version_number(kube::string_or(object, "metadata.resourceVersion"));
}

bool is_edge(const Json& node) {
  return kube::find_keys(node, {"metadata", "labels", "node-role.kubernetes.io/edge"}) != nullptr;
}

Json in_version(const ResourceKind& kind, const Json& object) {
  Json shown = object;
  shown["apiVersion"] = kind.api_version();
  return shown;
}

std::string resource_name(const ResourceKind& kind) {
  std::string name(kind.plural);
  if (!kind.group.empty()) name.append(".").append(kind.group);
  return name;
}

const ResourceKind& kind_named(std::string_view kind) {
  const ResourceKind* found = kube::find_kind(kind);
  if (found == nullptr) throw Error("The kind " + std::string(kind) + " is not in the table of kinds.");
  return *found;
}

/// Kinds whose status changes only through the subresource.
bool Cluster::has_status(const ResourceKind& kind) const {
  return builtin_has_status(kind) || kinds_.has_status(kind);
}

bool Cluster::has_subresource(const ResourceKind& kind, std::string_view subresource) const {
  return subresource == "status" ? has_status(kind) : cloudsim::has_subresource(kind, subresource);
}

void Cluster::bootstrap(const std::string& root_ca) {
  root_ca_ = root_ca;
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease", "kubeedge"}) {
    if (find(kind_named("Namespace"), "", name)) continue;
    Json object = {{"metadata", {{"name", name}}}};
    create(kind_named("Namespace"), "", std::move(object));
  }
}

Object Cluster::find(const ResourceKind& kind, const std::string& ns, const std::string& name) const {
  const auto of_kind = objects_.find(Kind(kind.group, kind.plural));
  if (of_kind == objects_.end()) return nullptr;
  const auto object = of_kind->second.find(Key(kind.namespaced ? ns : "", name));
  return object == of_kind->second.end() ? nullptr : object->second;
}

Object Cluster::get(const ResourceKind& kind, const std::string& ns, const std::string& name) const {
  Object object = find(kind, ns, name);
  if (!object) throw ApiError(kube::Status::not_found(resource_name(kind), name));
  return object;
}

std::vector<Object> Cluster::list(const ResourceKind& kind, const std::string& ns) const {
  std::vector<Object> found;
  const auto of_kind = objects_.find(Kind(kind.group, kind.plural));
  if (of_kind == objects_.end()) return found;
  for (const auto& [key, object] : of_kind->second) {
    if (ns.empty() || key.first == ns) found.push_back(object);
  }
  return found;
}

Object Cluster::create(const ResourceKind& kind, const std::string& ns, Json object) {
  check_types(kind, object);
  if (has_version(object))
    throw ApiError(kube::Status::internal("resourceVersion should not be set on objects to be created"));
  Json& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  if (kind.namespaced) {
    const std::string own = kube::string_or(metadata, "namespace");
    if (!own.empty() && own != ns) {
      throw ApiError(
          kube::Status::bad_request("the namespace of the provided object does not match the namespace "
                                    "sent on the request"));
    }
    metadata["namespace"] = ns;
    if (!find(kind_named("Namespace"), "", ns)) throw ApiError(kube::Status::not_found("namespaces", ns));
  } else {
    metadata.erase("namespace");
  }
  std::string name = kube::string_or(metadata, "name");
  if (name.empty() && !kube::string_or(metadata, "generateName").empty())
    name = kube::string_or(metadata, "generateName") + random_suffix();
  check_name(kind, name);
  metadata["name"] = name;
  if (find(kind, ns, name)) throw ApiError(kube::Status::already_exists(resource_name(kind), name));
  object["kind"] = kind.kind;
  object["apiVersion"] = kind.api_version();
  admit_new(*this, kind, object);
  if (kind.kind == "CustomResourceDefinition") define(object);
  Json& stamped = object["metadata"];
  for (const char* field : {"deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink"})
    stamped.erase(field);
  stamped["uid"] = uuid_v4();
  stamped["creationTimestamp"] = kube::format_time(now());
  if (!kind.group.empty() && object.contains("spec") && kind.kind != "Lease" &&
      kind.kind != "CertificateSigningRequest")
    stamped["generation"] = 1;
  Object stored = commit(kind, ChangeType::kAdded, std::move(object), nullptr);
  if (kind.kind == "Namespace" && rehearsals_ == 0) {
    Json account = {{"metadata", {{"name", "default"}}}};
    create(kind_named("ServiceAccount"), name, std::move(account));
    Json ca = {{"metadata", {{"name", "kube-root-ca.crt"}}}, {"data", {{"ca.crt", root_ca_}}}};
    create(kind_named("ConfigMap"), name, std::move(ca));
  }
  return stored;
}

void Cluster::check_writable(const ResourceKind& kind, std::string_view subresource) const {
  if (subresource.empty() || (subresource == "status" && has_status(kind))) return;
  if (has_subresource(kind, subresource))
    throw ApiError(kube::Status::method_not_allowed(resource_name(kind), "update"));
  throw ApiError(unknown_resource(resource_name(kind)));
}

Object Cluster::update(const ResourceKind& kind, const std::string& ns, const std::string& name, Json object,
                       std::string_view subresource) {
  check_writable(kind, subresource);
  const Object before = get(kind, ns, name);
  check_types(kind, object);
  if (!has_version(object) && !allows_unconditional_update(kind)) {
    throw ApiError(
        kube::Status::invalid(kind.kind, name,
                              {{"FieldValueInvalid", "Invalid value: 0x0: must be specified for an update",
                                "metadata.resourceVersion"}}));
  }
  return replace(kind, before, std::move(object), subresource);
}

Object Cluster::patch(const ResourceKind& kind, const std::string& ns, const std::string& name,
                      PatchType type, const Json& patch, std::string_view subresource) {
  check_writable(kind, subresource);
  if (type == PatchType::kStrategic && is_custom(kind))
    throw ApiError(kube::Status::unsupported_media_type(
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"));
  const Object before = get(kind, ns, name);
  Json after = apply_patch(kind, *before, type, patch);
  if (const auto why = wrong_type(kind, after)) throw ApiError(invalid_patch(kind, *why));
  return replace(kind, before, std::move(after), subresource);
}

/// What an update of the main resource stores.
Json Cluster::replaced_spec(const ResourceKind& kind, const Json& before, Json after) const {
  if (has_status(kind)) {
    after.erase("status");
    if (before.contains("status")) after["status"] = before["status"];
  }
  admit_update(kind, after);
  auto causes = forbidden_changes(kind, before, after);
  if (!causes.empty()) throw ApiError(kube::Status::invalid(kind.kind, name_of(before), std::move(causes)));
  return after;
}

Object Cluster::replace(const ResourceKind& kind, const Object& before, Json after,
                        std::string_view subresource) {
  check_identity(kind, *before, after);
  after = subresource == "status" ? replaced_status(*before, std::move(after))
                                  : replaced_spec(kind, *before, std::move(after));
  after["kind"] = kind.kind;
  after["apiVersion"] = kind.api_version();
  for (const char* field : {"name", "namespace", "uid", "creationTimestamp", "resourceVersion", "generation",
                            "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    const Json& old = (*before)["metadata"];
    if (old.contains(field)) {
      after["metadata"][field] = old[field];
    } else {
      after["metadata"].erase(field);
    }
  }
  after["metadata"].erase("managedFields");
  if (after == *before) return before;
  if (ends_with_its_finalizers(after)) {
    // The change itself is not stored: watchers see the deletion only.
    erase(kind, before);
    return std::make_shared<const Json>(std::move(after));
  }
  if (kube::find_path(after, "metadata.generation") &&
      after.value("spec", Json()) != before->value("spec", Json()))
    raise_generation(after);
  if (kind.kind == "CustomResourceDefinition" && after["spec"] != (*before)["spec"]) define(after);
  return commit(kind, ChangeType::kModified, std::move(after), before);
}

Object Cluster::bind(const std::string& ns, const std::string& name, const std::string& node) {
  const ResourceKind& kind = kind_named("Pod");
  const Object before = get(kind, ns, name);
  const std::string bound = kube::string_or(*before, "spec.nodeName");
  if (kube::find_path(*before, "metadata.deletionTimestamp"))
    throw ApiError(kube::Status::conflict("pods/binding", name,
                                          "pod " + name + " is being deleted, cannot be assigned to a host"));
  if (!bound.empty())
    throw ApiError(kube::Status::conflict("pods/binding", name,
                                          "pod " + name + " is already assigned to node \"" + bound + "\""));
  Json after = *before;
  after["spec"]["nodeName"] = node;
  return commit(kind, ChangeType::kModified, std::move(after), before);
}

bool Cluster::node_exists(const std::string& name) const {
  return find(kind_named("Node"), "", name) != nullptr;
}

Deletion Cluster::remove(const ResourceKind& kind, const std::string& ns, const std::string& name,
                         const DeleteOptions& options) {
  const Object object = get(kind, ns, name);
  check_precondition(kind, *object, options);
  if (kind.kind == "Pod") return remove_pod(kind, object, options);
  if (has_finalizers(*object)) return mark(kind, object, 0);
  if (kind.kind == "Namespace") {
    for (const ResourceKind* each : kinds_.namespaced()) clear(*each, name);
  }
  if (kind.kind == "CustomResourceDefinition" && rehearsals_ == 0) {
    if (const ResourceKind* defined = kinds_.defined_by(name)) clear(*defined, "");
    kinds_.remove(name);
  }
  return erase(kind, object);
}

/// The grace period of a pod's first deletion. A pod that nobody runs has none; one of a node that does not
/// exist would wait for the pod garbage collector, which deletes it by force.
std::int64_t Cluster::first_grace(const Json& pod, const DeleteOptions& options) const {
  const std::string node = kube::string_or(pod, "spec.nodeName");
  const std::string phase = kube::string_or(pod, "status.phase");
  if (node.empty() || !node_exists(node) || phase == "Succeeded" || phase == "Failed") return 0;
  const std::int64_t own = kube::int_or(pod, "spec.terminationGracePeriodSeconds", 30);
  const std::int64_t grace = options.grace_seconds.value_or(own);
  return grace < 0 ? 1 : grace;
}

/// Watchers see a forced deletion too, before the object goes. A later deletion may only shorten the grace
/// period.
Deletion Cluster::remove_pod(const ResourceKind& kind, const Object& object, const DeleteOptions& options) {
  std::int64_t grace = 0;
  if (kube::find_path(*object, "metadata.deletionTimestamp") == nullptr) {
    grace = first_grace(*object, options);
  } else {
    const std::int64_t pending = kube::int_or(*object, "metadata.deletionGracePeriodSeconds", 0);
    if (options.grace_seconds.value_or(pending) >= pending) return {object, false};
    grace = *options.grace_seconds < 0 ? 1 : *options.grace_seconds;
  }
  const Object marked = mark(kind, object, grace).object;
  if (grace > 0 || has_finalizers(*marked)) return {marked, false};
  return erase(kind, marked);
}

void Cluster::clear(const ResourceKind& kind, const std::string& ns) {
  for (const Object& object : list(kind, ns)) {
    if (find(kind, namespace_of(*object), name_of(*object))) erase(kind, object);
  }
}

/// Serves the kinds of a definition at once, and sets its status.
void Cluster::define(Json& definition) {
  if (rehearsals_ > 0) return;
  try {
    kinds_.define(definition);
  } catch (const BadInput& bad) {
    throw ApiError(kube::Status::invalid("CustomResourceDefinition", name_of(definition),
                                         {{"FieldValueInvalid", bad.what(), "spec"}}));
  }
  definition["status"] = established(definition, kube::format_time(now()));
}

Deletion Cluster::mark(const ResourceKind& kind, const Object& object, std::int64_t grace) {
  const auto due = kube::time_at(*object, "metadata.deletionTimestamp");
  const std::int64_t pending = kube::int_or(*object, "metadata.deletionGracePeriodSeconds", 0);
  if (due && pending <= grace) return {object, false};
  Json marked = *object;
  Json& metadata = marked["metadata"];
  const WallTime since = due ? *due - std::chrono::seconds(pending) : now();
  metadata["deletionTimestamp"] = kube::format_time(since + std::chrono::seconds(grace));
  metadata["deletionGracePeriodSeconds"] = grace;
  if (!due && kube::find_path(marked, "metadata.generation")) raise_generation(marked);
  return {commit(kind, ChangeType::kModified, std::move(marked), object), false};
}

Deletion Cluster::erase(const ResourceKind& kind, const Object& object) {
  Json last = *object;
  return {commit(kind, ChangeType::kDeleted, std::move(last), object), true};
}

Object Cluster::commit(const ResourceKind& kind, ChangeType type, Json object, const Object& before) {
  if (rehearsals_ > 0) return std::make_shared<const Json>(std::move(object));
  Change change;
  change.version = ++version_;
  object["metadata"]["resourceVersion"] = std::to_string(change.version);
  change.type = type;
  change.kind = &kind;
  change.object = std::make_shared<const Json>(std::move(object));
  change.before = before;
  auto& of_kind = objects_[Kind(kind.group, kind.plural)];
  const Key key(namespace_of(*change.object), name_of(*change.object));
  if (type == ChangeType::kDeleted) {
    of_kind.erase(key);
  } else {
    of_kind[key] = change.object;
  }
  Object stored = change.object;
  announce(std::move(change));
  return stored;
}

void Cluster::announce(Change change) {
  history_.push_back(change);
  while (history_.size() > kHistory) {
    forgotten_ = history_.front().version;
    history_.pop_front();
  }
  for (const auto& observer : observers_) observer(change);
}

std::optional<std::vector<Change>> Cluster::since(std::uint64_t version, const ResourceKind& kind) const {
  if (version < forgotten_) return std::nullopt;
  std::vector<Change> changes;
  auto from = std::lower_bound(history_.begin(), history_.end(), version + 1,
                               [](const Change& change, std::uint64_t at) { return change.version < at; });
  for (; from != history_.end(); ++from) {
    if (same_resource(*from->kind, kind)) changes.push_back(*from);
  }
  return changes;
}

Json Cluster::save() const {
  Json objects = Json::array();
  for (const auto& [kind, of_kind] : objects_) {
    for (const auto& [key, object] : of_kind) objects.push_back(*object);
  }
  return {{"version", version_}, {"objects", std::move(objects)}};
}

void Cluster::load(const Json& saved) {
  version_ = static_cast<std::uint64_t>(kube::get_int(saved, "version"));
  forgotten_ = version_;
  const Json& objects = kube::get_array(saved, "objects");
  for (const Json& object : objects) {
    if (kube::string_or(object, "kind") == "CustomResourceDefinition") kinds_.define(object);
  }
  for (const Json& object : objects) {
    const auto group_version = kube::parse_api_version(kube::get_string(object, "apiVersion"));
    const ResourceKind* kind =
        group_version ? kinds_.find_kind(kube::get_string(object, "kind"), group_version->group) : nullptr;
    if (kind == nullptr) throw BadInput("The saved state holds an object of an unknown kind.");
    objects_[Kind(kind->group, kind->plural)][Key(namespace_of(object), name_of(object))] =
        std::make_shared<const Json>(object);
  }
}

}  // namespace edgecore::cloudsim
