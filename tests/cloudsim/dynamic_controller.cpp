#include "cloudsim/dynamic_controller.hpp"

#include <set>
#include <vector>

#include "cloudsim/replies.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::cloudsim {

namespace {

/// What an Application is about (protocol/03-metaserver.md §3.1).
struct Target {
  const ResourceKind* kind;
  std::string ns;
  std::string name;
};

std::vector<std::string> segments(const std::string& key) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at < key.size()) {
    const std::size_t slash = std::min(key.find('/', at), key.size());
    if (slash > at) parts.push_back(key.substr(at, slash - at));
    at = slash + 1;
  }
  return parts;
}

Target target_of(const Json& application) {
  const std::vector<std::string> parts = segments(kube::get_string(application, "Key"));
  if (parts.size() < 3) throw BadInput("name is required");
  const std::string group = parts[0] == "core" ? "" : parts[0];
  const ResourceKind* kind = kube::find_plural(parts[2], group);
  if (kind == nullptr) throw BadInput("the server could not find the requested resource");
  const auto part = [&](std::size_t index) {
    return parts.size() > index && parts[index] != "null" ? parts[index] : std::string();
  };
  return {kind, part(3), part(4)};
}

/// A []byte member: base64 text or null.
Json bytes_member(const Json& application, const char* member) {
  const std::string text = kube::string_or(application, member);
  if (text.empty()) return nullptr;
  return kube::parse_json(net::base64_decode(text), member);
}

std::string resource_of(const Change& change) {
  return beehive::resource_path(namespace_of(*change.object), change.kind->singular, name_of(*change.object));
}

const char* operation_of(ChangeType type) {
  switch (type) {
    case ChangeType::added:
      return names::operation::kInsert;
    case ChangeType::modified:
      return names::operation::kUpdate;
    case ChangeType::deleted:
      break;
  }
  return names::operation::kDelete;
}

PatchType patch_type(const std::string& content_type) {
  if (content_type == "application/json-patch+json") return PatchType::json;
  if (content_type == "application/merge-patch+json") return PatchType::merge;
  if (content_type == "application/strategic-merge-patch+json" ||
      content_type == "application/apply-patch+yaml")
    return PatchType::strategic;
  throw ApiError(
      kube::Status::unsupported_media_type("the patch type " + content_type + " is not supported"));
}

}  // namespace

void DynamicController::handle(const std::string& node, const beehive::Message& message) {
  if (message.route.resource == "watchapp/sync") {
    sync_watches(node, message);
    return;
  }
  Downstream answer;
  answer.message = beehive::make_message(names::source::kDynamicController, names::group::kResource,
                                         names::operation::kApplicationResponse, "ignore/Application/ignore",
                                         execute(node, message.content));
  answer.message.header.parent_id = message.header.id;
  downlink_.send(node, std::move(answer));
}

Json DynamicController::execute(const std::string& node, Json application) {
  if (!application.is_object()) throw BadInput("The content is no Application.");
  try {
    const Json body = run(node, application);
    application["RespBody"] = body.is_null() ? Json() : Json(net::base64(kube::dump_json(body)));
    application["Status"] = "Approved";
  } catch (const ApiError& error) {
    application["Status"] = "Rejected";
    application["Error"] = api_error_content(error.status());
  } catch (const BadInput& bad) {
    application["Status"] = "Rejected";
    application["Reason"] = bad.what();
  }
  return application;
}

Json DynamicController::run(const std::string& node, const Json& application) {
  const std::string verb = kube::get_string(application, "Verb");
  const std::string key = kube::get_string(application, "Key");
  if (key == "/version")
    return {{"major", "1"}, {"minor", "28"}, {"gitVersion", "v1.28.6"}, {"platform", "linux/amd64"}};
  if (key == "/healthz" || key == "/livez" || key == "/readyz") return "ok";
  const Json options = bytes_member(application, "Option");
  if (options.is_null()) throw BadInput("unexpected end of JSON input");
  if (verb == "watch") {
    watch(node, application);
    return nullptr;
  }
  const Target at = target_of(application);
  const std::string sub = kube::string_or(application, "Subresource");
  if (verb == "get") return *cluster_.get(*at.kind, at.ns, at.name);
  if (verb == "list") {
    const auto labels = kube::LabelSelector::parse(kube::string_or(options, "labelSelector"));
    const auto fields = kube::FieldSelector::parse(kube::string_or(options, "fieldSelector"));
    Json items = Json::array();
    for (const Object& object : cluster_.list(*at.kind, at.ns)) {
      if (labels.matches_object(*object) && fields.matches(*object)) items.push_back(*object);
    }
    return {{"apiVersion", at.kind->api_version()},
            {"kind", std::string(at.kind->kind) + "List"},
            {"metadata", {{"resourceVersion", std::to_string(cluster_.version())}}},
            {"items", std::move(items)}};
  }
  if (verb == "create") return *cluster_.create(*at.kind, at.ns, bytes_member(application, "ReqBody"));
  if (verb == "update" || verb == "updatestatus") {
    return *cluster_.update(*at.kind, at.ns, at.name, bytes_member(application, "ReqBody"),
                            verb == "updatestatus" ? "status" : sub);
  }
  if (verb == "delete") {
    DeleteOptions wanted;
    wanted.grace_seconds = kube::optional_int(options, "gracePeriodSeconds");
    wanted.uid = kube::string_or(options, "preconditions.uid");
    cluster_.remove(*at.kind, at.ns, at.name, wanted);
    return nullptr;
  }
  if (verb == "patch") {
    const Json& subs = kube::array_or_empty(options, "Subresources");
    const std::string part =
        subs.empty() || !subs[0].is_string() ? std::string() : subs[0].get<std::string>();
    return *cluster_.patch(*at.kind, at.ns, kube::get_string(options, "Name"),
                           patch_type(kube::get_string(options, "PatchType")), bytes_member(options, "Data"),
                           part);
  }
  throw BadInput("unsupported Application Verb type :" + verb);
}

void DynamicController::watch(const std::string& node, const Json& application) {
  const Target at = target_of(application);
  const Json options = bytes_member(application, "Option");
  Listener listener{at.kind, at.ns, kube::LabelSelector::parse(kube::string_or(options, "labelSelector")),
                    kube::FieldSelector::parse(kube::string_or(options, "fieldSelector"))};
  for (const Object& object : cluster_.list(*at.kind)) {
    if (!matches(listener, *object)) continue;
    const std::string resource =
        beehive::resource_path(namespace_of(*object), at.kind->singular, name_of(*object));
    downlink_.send(node,
                   push(names::source::kDynamicController, names::operation::kInsert, resource, *object));
  }
  listeners_.insert_or_assign(Id(node, kube::get_string(application, "ID")), std::move(listener));
}

bool DynamicController::matches(const Listener& listener, const Json& object) {
  if (!listener.ns.empty()) {
    // The filter of all known versions looks at a field pods do not have, so that a namespaced watch of pods
    // is silent (protocol/03-metaserver.md §3.5).
    if (listener.kind->kind == "Pod" || namespace_of(object) != listener.ns) return false;
  }
  return listener.labels.matches_object(object) && listener.fields.matches(object);
}

void DynamicController::changed(const Change& change) {
  std::set<std::string> nodes;
  for (const auto& [id, listener] : listeners_) {
    if (listener.kind == change.kind && matches(listener, *change.object)) nodes.insert(id.first);
  }
  for (const std::string& node : nodes) {
    downlink_.send(node, push(names::source::kDynamicController, operation_of(change.type),
                              resource_of(change), *change.object));
  }
}

void DynamicController::sync_watches(const std::string& node, const beehive::Message& message) {
  if (!message.content.is_object()) throw BadInput("The content of a watch sync is no object.");
  std::erase_if(listeners_, [&](const auto& entry) {
    return entry.first.first == node && !message.content.contains(entry.first.second);
  });
  Json failed = Json::object();
  for (const auto& [id, application] : message.content.items()) {
    if (listeners_.contains(Id(node, id))) continue;
    Json done = execute(node, application);
    if (kube::string_or(done, "Status") == "Rejected") failed[id] = std::move(done);
  }
  Downstream answer;
  answer.message =
      beehive::make_message(names::source::kDynamicController, names::group::kResource,
                            names::operation::kApplicationResponse, "watchapp/sync", std::move(failed));
  answer.message.header.parent_id = message.header.id;
  downlink_.send(node, std::move(answer));
}

}  // namespace edgecore::cloudsim
