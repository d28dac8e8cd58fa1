// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/dynamic_controller.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "cloudsim/discovery.hpp"
#include "cloudsim/replies.hpp"
#include "cloudsim/subresources.hpp"
#include "cloudsim/validation.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/net/digest.hpp"
#include "support/objects.hpp"

namespace edgecore::cloudsim {

/// The object or objects of an Application (protocol/03-metaserver.md §3.1).
struct DynamicController::Target {
  const ResourceKind* kind = nullptr;  ///< null: the cluster serves no such resource
  std::string group;
  std::string plural;
  std::string ns;
  std::string name;
};

namespace {

constexpr char kUser[] = "system:serviceaccount:kubeedge:cloudcore";
constexpr char kUnknown[] = "the server could not find the requested resource";
constexpr std::size_t kWaiting = 10'000;

std::vector<std::string> key_segments(const std::string& key) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at < key.size()) {
    const std::size_t slash = std::min(key.find('/', at), key.size());
    if (slash > at) parts.push_back(key.substr(at, slash - at));
    at = slash + 1;
  }
  return parts;
}

/// A []byte member: base64 text, or null.
Json bytes_member(const Json& application, const char* member) {
  const std::string text = kube::string_or(application, member);
  if (text.empty()) return nullptr;
  return kube::parse_json(net::base64_decode(text), member);
}

PatchType supported_patch(const std::string& content_type) {
  if (const auto type = patch_type(content_type)) return *type;
  throw ApiError(
      kube::Status::unsupported_media_type("the patch type " + content_type + " is not supported"));
}

}  // namespace

std::string guessed_type(std::string plural) {
  for (const std::string_view same :
       {"endpoints", "podstatus", "nodestatus", "customresourcedefinitionlist"}) {
    if (plural == same) return plural;
  }
  const auto replace = [&](std::size_t length, const char* with) {
    return plural.substr(0, plural.size() - length) + with;
  };
  if (plural.ends_with("ies")) return replace(3, "y");
  // v1.17 has a table of these kinds, for which the rules below would be wrong.
  if (plural == "nodes" || plural == "namespaces" || plural == "services" || plural == "endpointslices")
    return replace(1, "");
  if (plural.ends_with("ses")) return replace(3, "s");
  if (plural.ends_with("s")) return replace(1, "");
  return plural;
}

void DynamicController::handle(const std::string& node, const beehive::Message& message) {
  if (!faults_.dynamic_controller) return;
  if (!message.content.is_object()) throw BadInput("The content is not an Application.");
  if (waiting_.size() >= kWaiting) waiting_.pop_back();
  waiting_.emplace_back(node, message);
  if (!hanging_) work();
}

void DynamicController::faults_changed() {
  if (!hanging_) return;
  const auto& [node, message] = waiting_.front();
  if (message.route.resource == "watchapp/sync" ? sync_hangs(node, message) : hangs(message.content)) return;
  hanging_ = false;
  work();
}

void DynamicController::work() {
  while (!waiting_.empty()) {
    const auto [node, message] = waiting_.front();
    if (!process(node, message)) {
      hanging_ = true;
      traffic_.harmful_watch(node, false,
                             "Watched what CloudCore may not list: it answers no Application any more.");
      return;
    }
    waiting_.pop_front();
  }
}

bool DynamicController::process(const std::string& node, const beehive::Message& message) {
  if (message.route.resource == "watchapp/sync") return sync_watches(node, message);
  if (hangs(message.content)) return false;
  Json done = execute(node, message.content);
  answer(node, message, "ignore/Application/ignore", std::move(done));
  return true;
}

void DynamicController::answer(const std::string& node, const beehive::Message& request, const char* resource,
                               Json content) {
  Downstream reply;
  reply.message = beehive::make_message(names::source::kDynamicController, names::group::kResource,
                                        names::operation::kApplicationResponse, resource, std::move(content));
  reply.message.header.parent_id = request.header.id;
  downlink_.send(node, std::move(reply));
}

DynamicController::Target DynamicController::target_of(const Json& application) const {
  const std::vector<std::string> parts = key_segments(kube::get_string(application, "Key"));
  if (parts.size() < 3) throw BadInput("name is required");
  const auto part = [&](std::size_t index) {
    return parts.size() > index && parts[index] != "null" ? parts[index] : std::string();
  };
  Target at;
  at.group = parts[0] == "core" ? "" : parts[0];
  at.plural = parts[2];
  at.kind = cluster_.kinds().find_plural(at.plural, at.group, parts[1]);
  at.ns = part(3);
  at.name = part(4);
  return at;
}

/// Whether the informer behind a watch would never sync.
bool DynamicController::hangs(const Json& application) const {
  if (kube::string_or(application, "Verb") != "watch") return false;
  try {
    const Target at = target_of(application);
    return at.kind != nullptr && faults_.forbidden.contains(at.plural);
  } catch (const BadInput&) {
    return false;
  }
}

bool DynamicController::sync_hangs(const std::string& node, const beehive::Message& message) const {
  for (const auto& [id, application] : message.content.items()) {
    if (!listeners_.contains(Id(node, id)) && hangs(application)) return true;
  }
  return false;
}

void DynamicController::check_rights(const Target& at, const std::string& verb) const {
  if (!faults_.forbidden.contains(at.plural)) return;
  const std::string where = at.ns.empty() ? " at the cluster scope" : " in the namespace \"" + at.ns + "\"";
  const std::string why = std::string("User \"") + kUser + "\" cannot " + verb + " resource \"" + at.plural +
                          "\" in API group \"" + at.group + "\"" + where;
  const std::string resource = at.group.empty() ? at.plural : at.plural + "." + at.group;
  throw ApiError(kube::Status::forbidden(resource, at.name, why));
}

Json DynamicController::execute(const std::string& node, Json application) {
  if (!application.is_object()) throw BadInput("The content is not an Application.");
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
  if (key == "/version") return version_document();
  if (key == "/healthz" || key == "/livez" || key == "/readyz") return "ok";
  const Json options = bytes_member(application, "Option");
  if (options.is_null()) throw BadInput("unexpected end of JSON input");
  if (verb == "watch") {
    watch(node, application);
    return nullptr;
  }
  const Target at = target_of(application);
  if (verb == "list") return list(at, options);
  if (at.kind == nullptr) throw ApiError(unknown_resource(at.plural));
  check_rights(at, verb == "updatestatus" ? "update" : verb);
  std::optional<Cluster::Rehearsal> rehearsal;
  const Json& dry = kube::array_or_empty(options, verb == "patch" ? "Options.dryRun" : "dryRun");
  if (!dry.empty()) rehearsal.emplace(cluster_);
  if (verb == "get") return in_version(*at.kind, *cluster_.get(*at.kind, at.ns, at.name));
  if (verb == "patch") return patch(at, options);
  return write(verb, at, options, application);
}

/// A failed list loses its Status: only a sentence arrives (protocol/03-metaserver.md §3.4).
Json DynamicController::list(const Target& at, const Json& options) {
  try {
    if (at.kind == nullptr) throw ApiError(unknown_resource(at.plural));
    check_rights(at, "list");
    Pages::Request request;
    request.kind = at.kind;
    request.ns = at.ns;
    request.label_selector = kube::string_or(options, "labelSelector");
    request.field_selector = kube::string_or(options, "fieldSelector");
    request.limit = kube::int_or(options, "limit", 0);
    request.token = kube::string_or(options, "continue");
    return list_document(*at.kind, pages_.read(request));
  } catch (const Error& error) {
    throw BadInput(std::string("get current list error: ") + error.what());
  }
}

/// As an API server reads a body with fieldValidation=Strict.
void DynamicController::check_fields(const Target& at, const Json& options, const Json& body) {
  if (kube::string_or(options, "fieldValidation") != "Strict") return;
  const auto unknown = unknown_field(*at.kind, body);
  if (!unknown) return;
  const std::string kind(at.kind->kind);
  throw ApiError(kube::Status::bad_request(kind + " in version \"" + std::string(at.kind->version) +
                                           "\" cannot be handled as a " + kind +
                                           ": strict decoding error: unknown field \"" + *unknown + "\""));
}

Json DynamicController::write(const std::string& verb, const Target& at, const Json& options,
                              const Json& application) {
  const std::string sub = kube::string_or(application, "Subresource");
  if (verb == "create") {
    const Json body = bytes_member(application, "ReqBody");
    check_fields(at, options, body);
    if (!sub.empty()) return create_subresource(cluster_, authority_, *at.kind, at.ns, at.name, sub, body);
    return *cluster_.create(*at.kind, at.ns, body);
  }
  if (verb == "update" || verb == "updatestatus") {
    const Json body = bytes_member(application, "ReqBody");
    check_fields(at, options, body);
    if (sub == "scale") return rescale(cluster_, *at.kind, at.ns, at.name, body);
    return *cluster_.update(*at.kind, at.ns, at.name, body, verb == "updatestatus" ? "status" : sub);
  }
  if (verb == "delete") {
    DeleteOptions wanted;
    wanted.grace_seconds = test::optional_int(options, "gracePeriodSeconds");
    wanted.uid = kube::string_or(options, "preconditions.uid");
    wanted.resource_version = kube::string_or(options, "preconditions.resourceVersion");
    cluster_.remove(*at.kind, at.ns, at.name, wanted);
    return nullptr;
  }
  throw BadInput("unsupported Application Verb type :" + verb);
}

Json DynamicController::patch(const Target& at, const Json& options) {
  const Json& subs = kube::array_or_empty(options, "Subresources");
  const std::string sub = subs.empty() || !subs[0].is_string() ? std::string() : subs[0].get<std::string>();
  const std::string name = kube::get_string(options, "Name");
  const std::string type = kube::get_string(options, "PatchType");
  const Json change = bytes_member(options, "Data");
  if (type == "application/apply-patch+yaml" && sub.empty() && !cluster_.find(*at.kind, at.ns, name))
    return *cluster_.create(*at.kind, at.ns, change);
  if (sub == "scale") return patch_scale(cluster_, *at.kind, at.ns, name, supported_patch(type), change);
  return *cluster_.patch(*at.kind, at.ns, name, supported_patch(type), change, sub);
}

void DynamicController::watch(const std::string& node, const Json& application) {
  const Target at = target_of(application);
  const Json options = bytes_member(application, "Option");
  if (at.kind == nullptr) {
    traffic_.harmful_watch(node, true,
                           "Watched " + at.plural + ", which is unknown: CloudCore would have ended.");
    throw BadInput(kUnknown);
  }
  Listener listener{at.kind, at.ns, {}, {}};
  try {
    listener.labels = kube::LabelSelector::parse(kube::string_or(options, "labelSelector"));
    listener.fields = kube::FieldSelector::parse(kube::string_or(options, "fieldSelector"));
  } catch (const BadInput& bad) {
    traffic_.harmful_watch(node, true,
                           "Watched with a selector nobody can parse: CloudCore would have ended.");
    throw;
  }
  for (const Object& object : cluster_.list(*at.kind)) {
    if (!matches(listener, *object)) continue;
    const std::string resource = beehive::resource_path(
        namespace_of(*object), guessed_type(std::string(at.kind->plural)), name_of(*object));
    downlink_.send(node, push(names::source::kDynamicController, names::operation::kInsert, resource,
                              in_version(*at.kind, *object)));
  }
  listeners_.insert_or_assign(Id(node, kube::get_string(application, "ID")), std::move(listener));
}

bool DynamicController::matches(const Listener& listener, const Json& object) {
  // The filter of all known versions compares only name and namespace, and a pod watch of one namespace has a
  // name that matches no pod, so it is silent (protocol/03-metaserver.md §3.5).
  const bool pod = listener.kind->kind == "Pod" && listener.kind->group.empty();
  if (!listener.ns.empty() && (pod || namespace_of(object) != listener.ns)) return false;
  Json seen = {{"metadata", {{"name", name_of(object)}}}};
  if (!pod) seen["metadata"]["namespace"] = namespace_of(object);
  return test::matches_object(listener.labels, object) && listener.fields.matches(seen);
}

Json DynamicController::content_of(const ResourceKind& kind, const Change& change) const {
  Json content = in_version(kind, *change.object);
  if (change.type != ChangeType::kDeleted || faults_.deletion_version == "own") return content;
  if (faults_.deletion_version == "last") return in_version(kind, *change.before);
  Json bare = {{"metadata", {{"name", name_of(content)}, {"uid", uid_of(content)}}}};
  if (kind.namespaced) bare["metadata"]["namespace"] = namespace_of(content);
  return bare;
}

void DynamicController::changed(const Change& change) {
  std::map<std::string, const ResourceKind*> nodes;
  for (const auto& [id, listener] : listeners_) {
    if (same_resource(*listener.kind, *change.kind) && matches(listener, *change.object))
      nodes.emplace(id.first, listener.kind);
  }
  if (nodes.empty()) return;
  const std::string resource = beehive::resource_path(
      namespace_of(*change.object), guessed_type(std::string(change.kind->plural)), name_of(*change.object));
  for (const auto& [node, kind] : nodes) {
    downlink_.send(node, push(names::source::kDynamicController, operation_of(change.type), resource,
                              content_of(*kind, change)));
  }
}

bool DynamicController::sync_watches(const std::string& node, const beehive::Message& message) {
  if (sync_hangs(node, message)) return false;
  std::erase_if(listeners_, [&](const auto& entry) {
    return entry.first.first == node && !message.content.contains(entry.first.second);
  });
  Json failed = Json::object();
  for (const auto& [id, application] : message.content.items()) {
    if (listeners_.contains(Id(node, id))) continue;
    Json done = execute(node, application);
    if (kube::string_or(done, "Status") == "Rejected") failed[id] = std::move(done);
  }
  answer(node, message, "watchapp/sync", std::move(failed));
  return true;
}

}  // namespace edgecore::cloudsim
