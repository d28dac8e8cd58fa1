// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/replies.hpp"

#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {
namespace {

Json zero_object(const std::string& kind) {
  if (kind.empty()) return nullptr;
  Json zero = {{"metadata", {{"creationTimestamp", nullptr}}}, {"spec", Json::object()}};
  if (kind == "Pod") {
    zero["spec"]["containers"] = nullptr;
    zero["status"] = Json::object();
  }
  if (kind == "Node") {
    Json info = Json::object();
    for (const char* field :
         {"machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion",
          "kubeletVersion", "kubeProxyVersion", "operatingSystem", "architecture"})
      info[field] = "";
    zero["status"] = {{"daemonEndpoints", {{"kubeletEndpoint", {{"Port", 0}}}}},
                      {"nodeInfo", std::move(info)}};
  }
  if (kind == "CertificateSigningRequest") {
    zero["spec"] = {{"request", nullptr}, {"signerName", ""}};
    zero["status"] = Json::object();
  }
  return zero;
}

}  // namespace

Json api_error_content(const kube::Status& status) {
  Json json = status.to_json();
  if (!json.contains("metadata")) json["metadata"] = Json::object();
  return {{"ErrStatus", std::move(json)}};
}

Json cache_miss_content(const std::string& type, const std::string& name) {
  Json content = api_error_content(kube::Status::not_found(type, name));
  content["ErrStatus"].erase("kind");
  content["ErrStatus"].erase("apiVersion");
  return content;
}

Json wrapped(Json object, bool keep_kind) {
  if (!keep_kind) {
    object.erase("kind");
    object.erase("apiVersion");
  }
  return {{"Object", std::move(object)}, {"Err", nullptr}};
}

Json wrapped_error(const std::string& kind, Json error) {
  return {{"Object", zero_object(kind)}, {"Err", std::move(error)}};
}

Downstream edge_answer(const beehive::Message& request, Json content, const std::string& version,
                       bool error_content) {
  Downstream answer;
  answer.message =
      beehive::make_message(names::source::kEdgeController, names::group::kResource,
                            names::operation::kResponse, request.route.resource, std::move(content));
  answer.message.header.parent_id = request.header.id;
  answer.message.header.resource_version = version;
  answer.error_content = error_content;
  return answer;
}

const char* operation_of(ChangeType type) {
  switch (type) {
    case ChangeType::kAdded:
      return names::operation::kInsert;
    case ChangeType::kModified:
      return names::operation::kUpdate;
    case ChangeType::kDeleted:
      break;
  }
  return names::operation::kDelete;
}

Downstream push(const char* source, const char* operation, const std::string& resource, Json object) {
  Downstream pushed;
  const std::string version = kube::string_or(object, "metadata.resourceVersion");
  pushed.message =
      beehive::make_message(source, names::group::kResource, operation, resource, std::move(object));
  pushed.message.header.resource_version = version;
  return pushed;
}

}  // namespace edgecore::cloudsim
