// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/upstream.hpp"

#include <algorithm>
#include <set>

#include "cloudsim/replies.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/names.hpp"
#include "support/objects.hpp"

namespace edgecore::cloudsim {

namespace {

namespace op = names::operation;
namespace res = names::resource;

bool is_cloud_source(std::string_view source) {
  return source == names::source::kCloudHub || source == names::source::kCloudStream ||
         source == names::source::kDeviceController || source == names::source::kEdgeController ||
         source == names::source::kSyncController;
}

/// Content that is an object, or a string that holds one (protocol/01-tunnel.md §1.4). Throws BadInput.
Json object_content(const beehive::Message& message) {
  if (message.content.is_string())
    return kube::parse_json(message.content.get_ref<const std::string&>(), "The content");
  if (!message.content.is_object() && !message.content.is_array())
    throw BadInput("The content of " + message.route.resource + " is neither an object nor JSON text.");
  return message.content;
}

/// Reads DeleteOptions, or the legacy form: the pod's uid as a bare string.
DeleteOptions delete_options(const beehive::Message& message) {
  DeleteOptions options;
  options.grace_seconds = 0;
  if (message.content.is_string()) {
    options.uid = message.content.get<std::string>();
    return options;
  }
  if (!message.content.is_object())
    throw BadInput("The content of a pod deletion is not a DeleteOptions object.");
  options.grace_seconds = test::optional_int(message.content, "gracePeriodSeconds");
  options.uid = kube::string_or(message.content, "preconditions.uid");
  options.resource_version = kube::string_or(message.content, "preconditions.resourceVersion");
  return options;
}

/// A value in the form of a Device's status.
Json twin_property(const Json& twin, const Json& part) {
  return {{"value", kube::string_or(part, "value")},
          {"metadata",
           {{"timestamp", std::to_string(kube::int_or(part, "metadata.timestamp", 0))},
            {"type", kube::string_or(twin, "metadata.type")}}}};
}

/// Updates the twins of a Device's status with a node's report: only properties of the device, and the first
/// report of one makes an entry without values (protocol/04-devices.md §2.11, wire/device-life.jsonl).
Json reported_twins(const Json& device, const Json& update) {
  Json twins = kube::array_or_empty(device, "status.twins");
  std::set<std::string> properties;
  for (const Json& property : kube::array_or_empty(device, "spec.properties"))
    properties.insert(kube::string_or(property, "name"));
  for (const auto& [property, twin] : kube::object_or_empty(update, "twin").items()) {
    if (!properties.contains(property)) continue;
    const auto known = std::find_if(twins.begin(), twins.end(), [&name = property](const Json& each) {
      return kube::string_or(each, "propertyName") == name;
    });
    if (known == twins.end()) {
      twins.push_back(
          {{"propertyName", property}, {"reported", {{"value", ""}}}, {"observedDesired", {{"value", ""}}}});
      continue;
    }
    if (const Json* actual = kube::find_path(twin, "actual"))
      (*known)["reported"] = twin_property(twin, *actual);
    if (const Json* expected = kube::find_path(twin, "expected"))
      (*known)["observedDesired"] = twin_property(twin, *expected);
  }
  return twins;
}

}  // namespace

void Upstream::handle(const std::string& node, const Message& message) {
  const auto path = beehive::parse_resource(message.route.resource);
  const std::string& operation = message.route.operation;
  const bool answer_of_volume = path && path->type == res::kVolume;
  const bool upload = operation == op::kUpload && message.route.group == names::group::kUser;
  const bool task =
      operation == op::kPrepull || operation == op::kUpgrade || operation == op::kUpdateNodeActionStatus;
  if (answer_of_volume || upload || task || operation == op::kError) {
    traffic_.keep(node, message);
    if (upload && !answer_of_volume && uploads_) uploads_(node, message);
    return;
  }
  if (message.route.resource == res::kKubernetesCa) {
    Downstream answer = edge_answer(message, authority_.cluster_ca_pem());
    answer.message.route.source = names::source::kCloudHub;
    downlink_.send(node, std::move(answer));
    return;
  }
  if (is_cloud_source(message.route.source)) return;
  try {
    if (message.route.source == names::source::kMetaServer) {
      dynamic_.handle(node, message);
    } else if (message.route.source == names::module::kTwin) {
      on_twin(node, message);
    } else {
      edge(node, message);
    }
  } catch (const Error& error) {
    // Like the cloud: content that cannot be decoded is logged and not answered.
    log::get("cloudsim")
        ->warn("node {}: {} {} is not answered: {}", node, operation, log::quote(message.route.resource),
               error.what());
  }
}

void Upstream::on_twin(const std::string& node, const Message& message) {
  // device/<namespace>/<name>/twin/edge_updated; other messages of this source are ignored.
  constexpr std::string_view kPrefix = "device/";
  constexpr std::string_view kSuffix = "/twin/edge_updated";
  const std::string& resource = message.route.resource;
  if (!resource.starts_with(kPrefix) || !resource.ends_with(kSuffix)) return;
  const std::string id = resource.substr(kPrefix.size(), resource.size() - kPrefix.size() - kSuffix.size());
  const std::size_t slash = id.find('/');
  const ResourceKind& kind = kind_named("Device");
  const Object device =
      slash == std::string::npos ? nullptr : cluster_.find(kind, id.substr(0, slash), id.substr(slash + 1));
  const Json reported = object_content(message);
  if (!device) return;  // the cloud does not answer for an unknown device
  const Json patch = {{"status", {{"twins", reported_twins(*device, reported)}}}};
  // As CloudCore does: the Device's definition has no subresource `status`.
  cluster_.patch(kind, id.substr(0, slash), id.substr(slash + 1), PatchType::kMerge, patch);
  Downstream answer = edge_answer(message, names::content::kOk);
  answer.message.route = {names::source::kDeviceController, names::group::kTwin, op::kResponse, "twin"};
  downlink_.send(node, std::move(answer));
}

void Upstream::edge(const std::string& node, const Message& message) {
  const auto path = beehive::parse_resource(message.route.resource);
  if (!path) throw BadInput("The resource is not of the form namespace/type/name.");
  const std::string& type = path->type;
  const auto kind = [](const char* name) -> const ResourceKind& { return kind_named(name); };
  if (type == res::kNode) return on_node(node, message, *path);
  if (type == res::kNodeStatus) return on_node_status(node, message, *path);
  if (type == res::kNodePatch) return on_patch(node, message, *path, kind("Node"));
  if (type == res::kPodPatch) return on_patch(node, message, *path, kind("Pod"));
  if (type == res::kPod) return on_pod(node, message, *path);
  if (type == res::kPodStatus) return on_pod_status(node, message, *path);
  if (type == res::kLease) return on_lease(node, message, *path);
  if (type == res::kServiceAccountToken) return on_token(node, message, *path);
  if (type == res::kCertificateSigningRequest) return on_certificate_request(node, message, *path);
  if (type == res::kConfigMap) return query(node, message, *path, kind("ConfigMap"), true);
  if (type == res::kSecret) return query(node, message, *path, kind("Secret"), true);
  if (type == res::kPersistentVolume) return query(node, message, *path, kind("PersistentVolume"), false);
  if (type == res::kPersistentVolumeClaim)
    return query(node, message, *path, kind("PersistentVolumeClaim"), false);
  if (type == res::kVolumeAttachment) return query(node, message, *path, kind("VolumeAttachment"), false);
  throw BadInput("No controller of the cloud handles the type " + type + ".");
}

void Upstream::wrap(const std::string& node, const Message& message, const std::string& kind,
                    bool with_version, const std::function<Object()>& call) {
  Object object;
  try {
    object = call();
  } catch (const ApiError& error) {
    Json content = wrapped_error(kind, api_error_content(error.status()));
    downlink_.send(node, edge_answer(message, std::move(content)));
    return;
  }
  const std::string version = with_version ? kube::string_or(*object, "metadata.resourceVersion") : "";
  downlink_.send(node, edge_answer(message, wrapped(*object), version));
}

void Upstream::query(const std::string& node, const Message& message, const Path& path,
                     const ResourceKind& kind, bool from_cache) {
  if (message.route.operation != op::kQuery) throw BadInput("Only query is known for this type.");
  if (const Object object = cluster_.find(kind, path.ns, path.name)) {
    downlink_.send(node, edge_answer(message, *object, kube::string_or(*object, "metadata.resourceVersion")));
    return;
  }
  Json content = from_cache ? cache_miss_content(std::string(kind.singular), path.name)
                            : api_error_content(kube::Status::not_found(resource_name(kind), path.name));
  downlink_.send(node, edge_answer(message, std::move(content), "", true));
}

void Upstream::on_node(const std::string& node, const Message& message, const Path& path) {
  const ResourceKind& kind = kind_named("Node");
  if (message.route.operation == op::kQuery) return query(node, message, path, kind, true);
  if (message.route.operation == op::kInsert) {
    Json object = object_content(message);
    object["metadata"]["name"] = path.name;
    return wrap(node, message, "Node", false, [&] { return cluster_.create(kind, "", object); });
  }
  if (message.route.operation != op::kUpdate)
    throw BadInput("Only insert, query and update are known for nodes.");
  const Json sent = object_content(message);
  Json patch = Json::object();
  for (const char* field : {"labels", "annotations"}) {
    if (const Json* value = kube::find_keys(sent, {"metadata", field})) patch["metadata"][field] = *value;
  }
  cluster_.patch(kind, "", path.name, PatchType::kMerge, patch);
  downlink_.send(node, edge_answer(message, names::content::kOk));
}

void Upstream::on_node_status(const std::string& node, const Message& message, const Path& path) {
  const ResourceKind& kind = kind_named("Node");
  Downstream answer = edge_answer(message, names::content::kOk);
  answer.message.route.resource = beehive::resource_path(path.ns, res::kNode, path.name);
  const Json sent = object_content(message);
  if (message.route.operation == op::kInsert) {
    try {
      Json object = sent;
      object["metadata"]["name"] = path.name;
      cluster_.create(kind, "", std::move(object));
    } catch (const ApiError& error) {
      answer.message.content = error.what();
    }
  } else {
    const Json patch = {{"status", kube::object_or_empty(sent, "Status")}};
    cluster_.patch(kind, "", path.name, PatchType::kMerge, patch, "status");  // a failure is not answered
  }
  downlink_.send(node, std::move(answer));
}

void Upstream::on_patch(const std::string& node, const Message& message, const Path& path,
                        const ResourceKind& kind) {
  const Json patch = object_content(message);
  wrap(node, message, std::string(kind.kind), true,
       [&] { return cluster_.patch(kind, path.ns, path.name, PatchType::kStrategic, patch, "status"); });
}

void Upstream::on_pod(const std::string& node, const Message& message, const Path& path) {
  const ResourceKind& kind = kind_named("Pod");
  if (message.route.operation == op::kInsert) {
    const Json object = object_content(message);
    return wrap(node, message, "Pod", true, [&] { return cluster_.create(kind, path.ns, object); });
  }
  if (message.route.operation != op::kDelete) throw BadInput("Only insert and delete are known for pods.");
  const DeleteOptions options = delete_options(message);
  try {
    cluster_.remove(kind, path.ns, path.name, options);
  } catch (const ApiError& error) {
    const bool gone = error.status().is(kube::reason::kNotFound);
    const bool another = error.status().is(kube::reason::kConflict) && !options.uid.empty();
    if (!gone && !another) {
      Json content = api_error_content(error.status());
      downlink_.send(node, edge_answer(message, std::move(content), "", true));
      return;
    }
  }
  downlink_.send(node, edge_answer(message, names::content::kOk));
}

void Upstream::on_pod_status(const std::string& node, const Message& message, const Path& path) {
  const ResourceKind& kind = kind_named("Pod");
  const Json sent = object_content(message);
  const Json reports = sent.is_array() ? sent : Json::array({sent});
  for (const Json& report : reports) {
    const std::string name = kube::string_or(report, "Name", path.name);
    const Object pod = cluster_.find(kind, path.ns, name);
    if (!pod || uid_of(*pod) != kube::string_or(report, "UID")) {
      Json gone = {{"metadata", {{"name", name}, {"namespace", path.ns}}}};
      const std::string resource = beehive::resource_path(path.ns, res::kPod, name);
      downlink_.send(node, push(names::source::kEdgeController, op::kDelete, resource, std::move(gone)));
    } else {
      Json after = *pod;
      after["status"] = kube::object_or_empty(report, "Status");
      cluster_.update(kind, path.ns, name, std::move(after), "status");
    }
    downlink_.send(node, edge_answer(message, names::content::kOk));
  }
}

void Upstream::on_lease(const std::string& node, const Message& message, const Path& path) {
  const ResourceKind& kind = kind_named("Lease");
  if (message.route.operation == op::kQuery) {
    const Object lease = cluster_.find(kind, path.ns, path.name);
    Json content = lease ? wrapped(*lease, true)
                         : wrapped_error("", cache_miss_content("lease.coordination.k8s.io", path.name));
    downlink_.send(node, edge_answer(message, std::move(content)));
    return;
  }
  const Json lease = object_content(message);
  if (message.route.operation == op::kInsert)
    return wrap(node, message, "Lease", false, [&] { return cluster_.create(kind, path.ns, lease); });
  if (message.route.operation != op::kUpdate)
    throw BadInput("Only query, insert and update are known for leases.");
  wrap(node, message, "Lease", false, [&] { return cluster_.update(kind, path.ns, name_of(lease), lease); });
}

void Upstream::on_token(const std::string& node, const Message& message, const Path& path) {
  if (message.route.operation != op::kQuery) throw BadInput("Only query is known for tokens.");
  const Json request = object_content(message);
  try {
    Json answer = request_token(cluster_, authority_, path.ns, path.name, request);
    downlink_.send(node, edge_answer(message, std::move(answer)));
  } catch (const ApiError& error) {
    Json content = api_error_content(error.status());
    downlink_.send(node, edge_answer(message, std::move(content), "", true));
  }
}

void Upstream::on_certificate_request(const std::string& node, const Message& message, const Path& path) {
  const ResourceKind& kind = kind_named("CertificateSigningRequest");
  if (message.route.operation == op::kQuery) return query(node, message, path, kind, false);
  if (message.route.operation != op::kInsert) throw BadInput("Only insert and query are known for CSRs.");
  const Json request = object_content(message);
  wrap(node, message, "CertificateSigningRequest", false, [&] { return cluster_.create(kind, "", request); });
}

}  // namespace edgecore::cloudsim
