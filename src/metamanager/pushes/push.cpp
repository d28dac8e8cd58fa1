// SPDX-License-Identifier: Apache-2.0
#include "metamanager/pushes/push.hpp"

#include <optional>

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

/// Pods of other nodes come by MetaServer's watches. They are stored, but edged does not get them.
bool concerns_this_node(const std::string& token, const Json& object, std::string_view node_name) {
  return token != type::kPod || kube::string_or(object, "spec.nodeName") == node_name;
}

/// What the acting module gets: the message as it came, or one with the object as it was completed.
beehive::MessagePtr forwarded(const beehive::MessagePtr& message, const char* operation,
                              PushedObject& object) {
  if (object.is_original() && message->route.operation == operation && message->header.parent_id.empty())
    return message;
  beehive::Message made;
  made.header = message->header;
  made.header.parent_id.clear();
  made.route = message->route;
  made.route.operation = operation;
  made.content = object.release();
  return beehive::share(std::move(made));
}

/// Why the object does not belong to its resource; nullopt if it does.
std::optional<std::string> mismatch(const Json& object, const beehive::ResourcePath& path) {
  const std::string name = kube::string_or(object, "metadata.name");
  if (!name.empty() && !path.name.empty() && name != path.name) {
    return "its object is called " + log::quote(name);
  }
  const std::string ns = kube::string_or(object, "metadata.namespace");
  if (path.type == type::kPod && !ns.empty() && ns != path.ns) {
    return "its object is of namespace " + log::quote(ns);
  }
  return std::nullopt;
}

bool has_metadata(const Json& object) {
  return object.is_object() && !kube::object_or_empty(object, "metadata").empty();
}

Push plan_store(ServedKinds& kinds, const beehive::MessagePtr& message, const beehive::ResourcePath& path,
                PushedObject object, std::string_view node_name, bool only_if_present = false) {
  if (!has_metadata(*object)) return unusable("it carries no object");
  if (auto why = mismatch(*object, path)) return unusable(std::move(*why));
  if (kube::string_or(*object, "kind").empty()) kinds.fill(object.edit(), path.type);
  Push push;
  push.kind = Push::Kind::kStore;
  push.path = path;
  push.write = make_write(kinds, path, *object, only_if_present);
  push.target = acting_module(path.type, *object, node_name);
  const char* operation = message->route.operation == op::kInsert ? op::kInsert : op::kUpdate;
  if (!push.target.empty()) push.forward = forwarded(message, operation, object);
  return push;
}

Push plan_remove(ServedKinds& kinds, const beehive::MessagePtr& message, const beehive::ResourcePath& path,
                 PushedObject object) {
  if (!has_metadata(*object)) return unusable("a deletion without an object deletes nothing");
  const std::string uid = kube::string_or(*object, "metadata.uid");
  if (path.type == type::kPod && uid.empty()) return unusable("a pod is deleted by its uid only");
  if (uid.empty() && kube::string_or(*object, "metadata.name") != path.name) {
    return unusable("a deletion that names no object deletes nothing");
  }
  if (auto why = mismatch(*object, path)) return unusable(std::move(*why));
  if (path.type == type::kVolumeAttachment && kube::find_path(*object, "spec") == nullptr) {
    return nothing_to_store(path);
  }
  if (kube::string_or(*object, "kind").empty()) fill_kind(object.edit(), path.type);
  Push push;
  push.kind = Push::Kind::kRemove;
  push.path = path;
  push.removal = make_removal(kinds, path, *object);
  push.target = target_of(path.type);
  if (!push.target.empty()) push.forward = forwarded(message, op::kDelete, object);
  return push;
}

/// The types whose objects are stored from a late reply. Not tokens: their row's key is made from the
/// request, which is not known here.
bool is_kept_from_late_reply(const std::string& token) {
  return token == type::kPod || token == type::kNode || token == type::kConfigMap || token == type::kSecret ||
         token == type::kPersistentVolume || token == type::kPersistentVolumeClaim ||
         token == type::kVolumeAttachment;
}

/// A reply for which nobody waits any more: its object is treated like a pushed one
/// (protocol/02-metamanager.md §5.5).
Push plan_late_reply(ServedKinds& kinds, const beehive::MessagePtr& message,
                     const beehive::ResourcePath& path, std::string_view node_name) {
  kube::CloudReply reply = kube::classify_reply(decoded_content(message->content));
  if (reply.kind != kube::ReplyKind::kObject) return nothing_to_store(path);
  beehive::ResourcePath object_path = path;
  if (path.type == type::kPodPatch) object_path.type = type::kPod;
  if (path.type == type::kNodePatch) object_path.type = type::kNode;
  if (!is_kept_from_late_reply(object_path.type)) return nothing_to_store(path);
  fill_kind(reply.object, object_path.type);
  Push push = plan_store(kinds, message, object_path, PushedObject::of(std::move(reply.object)), node_name,
                         path.type == type::kPodPatch);
  // edged reads replies about pods itself, and it was no longer waiting for this one.
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

Push plan_push(ServedKinds& kinds, const beehive::MessagePtr& message, std::string_view node_name) {
  const auto& operation = message->route.operation;
  if (is_volume_operation(operation)) {
    Push push;
    push.kind = Push::Kind::kVolume;
    return push;
  }
  if (operation == op::kError) return Push();
  const auto path = beehive::parse_resource(message->route.resource);
  if (!path) return unusable("its resource is not of the form namespace/type/name");
  for (const std::string& part : {path->ns, path->type, path->name}) {
    if (!part.empty() && !kube::is_path_segment(part))
      return unusable("its resource holds characters that no name may have");
  }
  if (operation == op::kResponse) return plan_late_reply(kinds, message, *path, node_name);
  if (path->name.empty()) return unusable("its resource names no object");
  PushedObject object(message->content);
  if (operation == op::kInsert || operation == op::kUpdate)
    return plan_store(kinds, message, *path, std::move(object), node_name);
  if (operation == op::kDelete) return plan_remove(kinds, message, *path, std::move(object));
  return unusable("its operation " + log::quote(operation) + " is not known here");
}

}  // namespace edgecore::metamanager
