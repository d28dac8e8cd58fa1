// SPDX-License-Identifier: Apache-2.0
#include "metamanager/pushes/push.hpp"

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/names.hpp"
#include "edgecore/kube/reply.hpp"

namespace edgecore::metamanager {
namespace {

namespace op = names::operation;
namespace type = names::resource;

Push unusable(std::string why) {
  Push push;
  push.complaint = std::move(why);
  return push;
}

Push nothing_to_store(const beehive::ResourcePath& path) {
  Push push;
  push.path = path;
  return push;
}

/// The module that acts on objects of a type.
std::string target_of(const std::string& token) {
  if (token == type::kPod || token == type::kConfigMap || token == type::kSecret) {
    return names::module::kEdged;
  }
  if (token == type::kDevice || token == type::kDeviceModel) return names::module::kTwin;
  return {};
}

/// Pods bound to other nodes come through MetaServer's watches: kept, but not this kubelet's.
bool concerns_this_node(const std::string& token, const Json& object, std::string_view node_name) {
  return token != type::kPod || kube::string_or(object, "spec.nodeName") == node_name;
}

beehive::Message forwarded(const beehive::Message& message, const char* operation, Json object) {
  beehive::Message copy;
  copy.header = message.header;
  copy.header.parent_id.clear();
  copy.route = message.route;
  copy.route.operation = operation;
  copy.content = std::move(object);
  return copy;
}

/// "" when the object may stand under its resource.
std::string mismatch(const Json& object, const beehive::ResourcePath& path) {
  const std::string name = kube::string_or(object, "metadata.name");
  if (!name.empty() && !path.name.empty() && name != path.name) {
    return "its object is called " + log::quote(name);
  }
  const std::string ns = kube::string_or(object, "metadata.namespace");
  if (path.type == type::kPod && !ns.empty() && ns != path.ns) {
    return "its object is of namespace " + log::quote(ns);
  }
  return {};
}

Push plan_store(ServedKinds& kinds, const beehive::Message& message, const beehive::ResourcePath& path,
                Json object, std::string_view node_name) {
  if (!object.is_object() || !kube::object_or_empty(object, "metadata").size()) {
    return unusable("it carries no object");
  }
  if (std::string why = mismatch(object, path); !why.empty()) return unusable(std::move(why));
  kinds.fill(object, path.type);
  Push push;
  push.kind = Push::Kind::kStore;
  push.path = path;
  push.write = make_write(kinds, path, object);
  push.target = acting_module(path.type, object, node_name);
  const char* operation = message.route.operation == op::kInsert ? op::kInsert : op::kUpdate;
  if (!push.target.empty()) push.forward = forwarded(message, operation, std::move(object));
  return push;
}

Push plan_remove(ServedKinds& kinds, const beehive::Message& message, const beehive::ResourcePath& path,
                 Json object) {
  if (!object.is_object() || !kube::object_or_empty(object, "metadata").size()) {
    return unusable("a deletion without an object deletes nothing");
  }
  const std::string uid = kube::string_or(object, "metadata.uid");
  if (path.type == type::kPod && uid.empty()) return unusable("a pod is deleted by its uid only");
  if (uid.empty() && kube::string_or(object, "metadata.name") != path.name) {
    return unusable("a deletion that names no object deletes nothing");
  }
  if (std::string why = mismatch(object, path); !why.empty()) return unusable(std::move(why));
  if (path.type == type::kVolumeAttachment && kube::find_path(object, "spec") == nullptr) {
    return nothing_to_store(path);
  }
  fill_kind(object, path.type);
  Push push;
  push.kind = Push::Kind::kRemove;
  push.path = path;
  push.removal = make_removal(kinds, path, object);
  push.target = target_of(path.type);
  if (!push.target.empty()) push.forward = forwarded(message, op::kDelete, std::move(object));
  return push;
}

/// A reply nobody waits for any more: its object is as good as a pushed one (protocol/02-metamanager.md
/// §5.5). What was asked is not known, so tokens, which are kept under the request, are left out.
Push plan_late_reply(ServedKinds& kinds, const beehive::Message& message, const beehive::ResourcePath& path,
                     std::string_view node_name) {
  kube::CloudReply reply = kube::classify_reply(decoded_content(message.content));
  if (reply.kind != kube::ReplyKind::kObject) return nothing_to_store(path);
  beehive::ResourcePath object_path = path;
  if (path.type == type::kPodPatch) object_path.type = type::kPod;
  if (path.type == type::kNodePatch) object_path.type = type::kNode;
  const bool kept = object_path.type == type::kPod || object_path.type == type::kNode ||
                    object_path.type == type::kConfigMap || object_path.type == type::kSecret ||
                    object_path.type == type::kPersistentVolume ||
                    object_path.type == type::kPersistentVolumeClaim ||
                    object_path.type == type::kVolumeAttachment;
  if (!kept) return nothing_to_store(path);
  fill_kind(reply.object, object_path.type);
  Push push = plan_store(kinds, message, object_path, reply.object, node_name);
  if (!push.write) return push;
  if (path.type == type::kPodPatch) push.write = make_write(kinds, object_path, reply.object, true);
  // The kubelet reads pods' and nodes' status replies itself or not at all.
  if (object_path.type == type::kPod) push.target.clear();
  return push;
}

}  // namespace

bool is_volume_operation(std::string_view operation) {
  return operation == op::kCreateVolume || operation == op::kDeleteVolume ||
         operation == op::kControllerPublishVolume || operation == op::kControllerUnpublishVolume;
}

std::string acting_module(const std::string& token, const Json& object, std::string_view node_name) {
  return concerns_this_node(token, object, node_name) ? target_of(token) : std::string();
}

Push plan_push(ServedKinds& kinds, const beehive::Message& message, std::string_view node_name) {
  const auto& operation = message.route.operation;
  if (is_volume_operation(operation)) {
    Push push;
    push.kind = Push::Kind::kVolume;
    return push;
  }
  if (operation == op::kError) return Push();
  const auto path = beehive::parse_resource(message.route.resource);
  if (!path) return unusable("its resource is not of the form namespace/type/name");
  for (const std::string& part : {path->ns, path->type, path->name}) {
    if (!part.empty() && !kube::is_path_segment(part))
      return unusable("its resource holds strange characters");
  }
  if (operation == op::kResponse) return plan_late_reply(kinds, message, *path, node_name);
  if (path->name.empty()) return unusable("its resource names no object");
  Json object = decoded_content(message.content);
  if (operation == op::kInsert || operation == op::kUpdate) {
    return plan_store(kinds, message, *path, std::move(object), node_name);
  }
  if (operation == op::kDelete) return plan_remove(kinds, message, *path, std::move(object));
  return unusable("its operation " + log::quote(operation) + " is not known here");
}

}  // namespace edgecore::metamanager
