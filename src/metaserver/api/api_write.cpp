// SPDX-License-Identifier: Apache-2.0
// How Api answers what changes something: the cloud does it, and its answer is kept
// (protocol/03-metaserver.md §2.5, §3).
#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/patch.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/net/digest.hpp"
#include "metaserver/access/access_reviews.hpp"
#include "metaserver/api/api.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/body.hpp"
#include "metaserver/http/subresources.hpp"
#include "metaserver/writes/offline_writes.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::chrono::milliseconds kCloudPatience{10'000};
/// Deletions of one deletecollection.
constexpr std::size_t kMostDeletions = 5000;

std::string key_of(const kube::ApiResource& resource, const std::string& ns, const std::string& name) {
  return kube::MetaKey{resource.group, resource.version, resource.plural, ns, name}.text();
}

/// Options that go along with a write (§3.2).
Json write_options(const char* kind, const net::Target& target) {
  Json options = {{"kind", kind}, {"apiVersion", "meta.k8s.io/v1"}};
  Json dry = Json::array();
  for (const auto& [name, value] : target.query)
    if (name == "dryRun") dry.push_back(value);
  for (const Json& value : dry)
    if (value != "All") bad_request("dryRun: only All is known");
  if (!dry.empty()) options["dryRun"] = dry;
  for (const char* name : {"fieldManager", "fieldValidation"})
    if (const auto value = target.find(name); value && !value->empty()) options[name] = *value;
  return options;
}

bool is_dry_run(const net::Target& target) {
  return target.find("dryRun").has_value();
}

Json delete_options(const net::Request& request, const net::Target& target) {
  Json options = read_delete_options(request.headers, request.body);
  options["kind"] = "DeleteOptions";
  options["apiVersion"] = "meta.k8s.io/v1";
  if (const auto grace = target.find("gracePeriodSeconds");
      grace && !options.contains("gracePeriodSeconds")) {
    const auto seconds = to_number<std::int64_t>(*grace);
    if (!seconds || *seconds < 0) bad_request("gracePeriodSeconds is no number of seconds");
    options["gracePeriodSeconds"] = *seconds;
  }
  for (const char* name : {"propagationPolicy", "orphanDependents"})
    if (const auto value = target.find(name); value && !options.contains(name)) {
      options[name] = std::string(name) == "orphanDependents" ? Json(*value == "true") : Json(*value);
    }
  if (is_dry_run(target) && !options.contains("dryRun")) options["dryRun"] = {"All"};
  return options;
}

Json scale_of(const Json& object) {
  Json scale = {{"kind", "Scale"}, {"apiVersion", "autoscaling/v1"}};
  Json& metadata = scale["metadata"];
  for (const char* name : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
    if (const std::string value = kube::string_or(object, std::string("metadata.") + name); !value.empty())
      metadata[name] = value;
  scale["spec"]["replicas"] = kube::int_or(object, "spec.replicas", 0);
  scale["status"]["replicas"] = kube::int_or(object, "status.replicas", 0);
  std::string selector;
  for (const auto& [label, value] : kube::object_or_empty(object, "spec.selector.matchLabels").items())
    selector +=
        (selector.empty() ? "" : ",") + label + "=" + (value.is_string() ? value.get<std::string>() : "");
  if (!selector.empty()) scale["status"]["selector"] = selector;
  return scale;
}

}  // namespace

void Api::refuse_offline(const Call& call, const kube::Status& why) {
  kube::Status status = kube::Status::service_unavailable(
      "this change of " + call.info.resource + " needs the cloud, which cannot be asked: " + why.message);
  status.details.retry_after_seconds =
      1;  // client-go tries ten times: a short cut is not noticed, a long one soon
  throw ApiError(std::move(status));
}

boost::asio::awaitable<CloudAnswer> Api::write_to_cloud(Call& call, beehive::Application application) {
  parts_.limits.cloud_write(client_of(call), parts_.context.clock.steady());
  application.nonce = parts_.cloud.nonce();
  CloudAnswer answer =
      co_await parts_.cloud.call(std::move(application), std::min(patience_of(call), kCloudPatience));
  if (answer.refused()) throw ApiError(answer.status);
  co_return answer;
}

ObjectPtr Api::take_answer(const kube::ApiResourcePtr& resource, const std::string& subresource,
                           const std::string& body) {
  if (!Json::accept(body)) throw Error("The cloud's answer is no JSON");
  std::string text = body;
  if (!find_member(text, "kind") || !find_member(text, "apiVersion")) {
    Json object = kube::parse_json(text, "The cloud's answer");
    const Subresource type = body_type(*resource, subresource);
    object["kind"] = type.kind;
    object["apiVersion"] = kube::format_api_version(type.group, type.version);
    text = kube::dump_json(object);
  }
  ObjectPtr object = CachedObject::make_checked(text);
  const bool whole = subresource.empty() || subresource == "status";
  if (whole && object->version() != 0) parts_.cache.keep(*parts_.cache.open(resource), object);
  return object;
}

Api::Done Api::send_written(Call& call, const CloudAnswer& answer) {
  if (!answer.ok()) refuse_offline(call, answer.status);
  const ObjectPtr now = is_dry_run(call.info.target)
                            ? CachedObject::make(answer.body)
                            : take_answer(call.resource, call.info.subresource, answer.body);
  co_await send_object(call, 200, now);
}

Api::Done Api::create(Call& call) {
  const RequestInfo& info = call.info;
  const kube::ApiResource& resource = *call.resource;
  if (!info.name.empty() && info.subresource.empty())
    throw ApiError(kube::Status::method_not_allowed(info.resource, "POST"));
  Json object = prepare_object(read_object(call.request.headers, call.request.body), resource, info);
  const std::string ns = resource.namespaced ? info.ns : std::string();
  if (resource.namespaced && ns.empty()) bad_request("an empty namespace may not be set during creation");
  beehive::Application application =
      parts_.cloud.make(key_of(resource, ns, info.name), "create",
                        kube::dump_json(write_options("CreateOptions", info.target)));
  application.body = kube::dump_json(object);
  application.subresource = info.subresource;
  const CloudAnswer answer = co_await write_to_cloud(call, std::move(application));
  if (!answer.ok()) refuse_offline(call, answer.status);
  const Representation wanted = representation(call.request.headers, info.target, Offer::kObject);
  if (is_dry_run(info.target) || (!info.subresource.empty() && info.subresource != "status")) {
    std::string body = answer.body.empty() ? kube::dump_json(object) : answer.body;
    body += "\n";
    co_await send_text(call, 201, std::move(body), wanted);
    co_return;
  }
  const ObjectPtr made = take_answer(call.resource, info.subresource, answer.body);
  co_await send_object(call, 201, made);
}

Api::Done Api::update(Call& call) {
  const RequestInfo& info = call.info;
  const kube::ApiResource& resource = *call.resource;
  Json object = prepare_object(read_object(call.request.headers, call.request.body), resource, info);
  const bool status = info.subresource == "status";
  beehive::Application application = parts_.cloud.make(
      key_of(resource, resource.namespaced ? info.ns : std::string(), info.name),
      status ? "updatestatus" : "update", kube::dump_json(write_options("UpdateOptions", info.target)));
  application.body = kube::dump_json(object);
  if (!status) application.subresource = info.subresource;
  const bool device = resource.plural == "devices" && info.subresource.empty();
  const CloudAnswer answer = co_await write_to_cloud(call, std::move(application));
  if (!answer.ok() && device && !is_dry_run(info.target)) {
    const ObjectPtr stored = parts_.cache.open(call.resource)->find(info.ns, info.name);
    if (!stored) throw ApiError(kube::Status::not_found(resource.qualified(), info.name));
    Json before = stored->json();
    const Json changed = co_await parts_.offline_writes.update_device(std::move(before), std::move(object));
    const ObjectPtr now = CachedObject::make_checked(kube::dump_json(changed));
    co_await send_object(call, 200, now);
    co_return;
  }
  co_await send_written(call, answer);
}

Api::Done Api::patch(Call& call) {
  const RequestInfo& info = call.info;
  const kube::ApiResource& resource = *call.resource;
  PatchBody body = read_patch(call.request.headers, call.request.body);
  const std::string ns = resource.namespaced ? info.ns : std::string();
  Json options = write_options("PatchOptions", info.target);
  if (const auto force = info.target.find("force")) {
    if (body.type != PatchType::kApply)
      throw ApiError(kube::Status::invalid(
          "PatchOptions", "",
          {{"FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force"}}));
    options["force"] = *force == "true" || *force == "1";
  }
  if (body.type == PatchType::kApply && !options.contains("fieldManager"))
    throw ApiError(kube::Status::invalid(
        "PatchOptions", "",
        {{"FieldValueRequired", "Required value: is required for apply patch", "fieldManager"}}));
  const bool device = resource.plural == "devices" && info.subresource.empty();
  const Json patch_info = {{"Name", info.name},
                           {"PatchType", body.content_type},
                           {"Data", net::base64(body.text)},
                           {"Options", options},
                           {"Subresources", {info.subresource}}};
  beehive::Application application =
      parts_.cloud.make(key_of(resource, ns, info.name), "patch", kube::dump_json(patch_info));
  application.subresource = info.subresource;
  const CloudAnswer answer = co_await write_to_cloud(call, std::move(application));
  if (!answer.ok() && device && !is_dry_run(info.target)) {
    const ObjectPtr stored = parts_.cache.open(call.resource)->find(ns, info.name);
    if (!stored) throw ApiError(kube::Status::not_found(resource.qualified(), info.name));
    const Json changed = co_await parts_.offline_writes.patch_device(
        stored->json(), std::move(body.content_type), std::move(body.text));
    const ObjectPtr now = CachedObject::make_checked(kube::dump_json(changed));
    co_await send_object(call, 200, now);
    co_return;
  }
  co_await send_written(call, answer);
}

Api::Done Api::remove(Call& call) {
  const RequestInfo& info = call.info;
  const kube::ApiResource& resource = *call.resource;
  if (!info.subresource.empty())
    throw ApiError(kube::Status::method_not_allowed(info.resource + "/" + info.subresource, "DELETE"));
  const std::string ns = resource.namespaced ? info.ns : std::string();
  Json options = delete_options(call.request, info.target);
  const ObjectPtr known = parts_.cache.open(call.resource)->find(ns, info.name);
  beehive::Application application =
      parts_.cloud.make(key_of(resource, ns, info.name), "delete", kube::dump_json(options));
  const CloudAnswer answer = co_await write_to_cloud(call, std::move(application));
  if (!answer.ok() && is_own_pod(resource, known) && !is_dry_run(info.target)) {
    const Json ending = co_await parts_.offline_writes.delete_pod(known->json(), std::move(options));
    const ObjectPtr now = CachedObject::make_checked(kube::dump_json(ending));
    co_await send_object(call, 200, now);
    co_return;
  }
  if (!answer.ok()) refuse_offline(call, answer.status);
  kube::Status gone =
      kube::Status::deleted(resource.qualified(), info.name, known ? known->uid() : std::string_view());
  co_await send_status(call, gone);
}

Api::Done Api::remove_collection(Call& call) {
  const RequestInfo& info = call.info;
  const kube::ApiResource& resource = *call.resource;
  const std::string ns = resource.namespaced ? info.ns : std::string();
  const ObjectFilter filter =
      make_filter(resource, ns, "", call.query("labelSelector"), call.query("fieldSelector"));
  const Json options = delete_options(call.request, info.target);
  if (!parts_.scopes.covers(resource, filter.ns, filter.name)) {
    ScopeKey key{call.resource, filter.ns, filter.name};
    Scopes::Answer answer;
    if (parts_.cloud.usable()) answer = co_await parts_.scopes.bring_current(std::move(key), kCloudPatience);
    if (answer.outcome == Scopes::Outcome::kRefused) throw ApiError(answer.why);
    if (answer.outcome == Scopes::Outcome::kLocal)
      refuse_offline(call, kube::Status::service_unavailable("what there is to delete is not known"));
  }
  std::vector<ObjectPtr> chosen;
  for (const ObjectPtr& object : parts_.cache.open(call.resource)->objects())
    if (filter.matches(*object)) chosen.push_back(object);
  if (chosen.size() > kMostDeletions)
    bad_request("more than " + std::to_string(kMostDeletions) + " objects are not deleted at once");
  for (const ObjectPtr& object : chosen) {
    Json own = options;
    own["preconditions"]["uid"] = std::string(object->uid());
    beehive::Application application =
        parts_.cloud.make(key_of(resource, std::string(object->ns()), std::string(object->name())), "delete",
                          kube::dump_json(own));
    application.nonce = parts_.cloud.nonce();
    const CloudAnswer answer = co_await parts_.cloud.call(std::move(application), kCloudPatience);
    const bool was_gone = answer.refused() && (answer.status.code == 404 || answer.status.code == 409);
    if (answer.refused() && !was_gone) throw ApiError(answer.status);
    if (!answer.ok() && !was_gone) refuse_offline(call, answer.status);
  }
  co_await send_objects(call, std::move(chosen), parts_.cache.open(call.resource)->resume_version(), "", 0);
}

Api::Done Api::review(Call& call) {
  if (call.info.verb != "create")
    throw ApiError(kube::Status::method_not_allowed(call.info.resource, call.request.method));
  ReviewContext context{*call.user, parts_.rules, nullptr};
  if (parts_.authenticator != nullptr)
    context.check_token = [this](std::string_view token, const std::vector<std::string>& audiences) {
      return parts_.authenticator->check(token, audiences);
    };
  const Json body = read_object(call.request.headers, call.request.body);
  const Json answer = answer_review(call.info.resource, call.info.ns, body, context);
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kObject);
  co_await send_json(call, 201, answer, wanted);
}

Api::Done Api::issue_token(Call& call) {
  Json body = prepare_object(read_object(call.request.headers, call.request.body), *call.resource, call.info);
  Json spec = kube::object_or_empty(body, "spec");
  Json ask = {{"metadata", {{"creationTimestamp", nullptr}}},
              {"spec", spec},
              {"status", {{"token", ""}, {"expirationTimestamp", nullptr}}}};
  if (!ask["spec"].contains("audiences")) ask["spec"]["audiences"] = nullptr;
  if (!ask["spec"].contains("expirationSeconds")) ask["spec"]["expirationSeconds"] = 3600;
  if (!ask["spec"].contains("boundObjectRef")) ask["spec"]["boundObjectRef"] = nullptr;
  beehive::Message question = beehive::make_message(
      names::module::kMetaServer, names::group::kMeta, names::operation::kQuery,
      beehive::resource_path(call.info.ns, names::resource::kServiceAccountToken, call.info.name),
      std::move(ask));
  beehive::MessagePtr answer;
  try {
    answer = co_await parts_.context.bus.request(names::module::kMetaManager, std::move(question),
                                                 std::min(patience_of(call), kCloudPatience));
  } catch (const beehive::RequestFailed& failure) {
    refuse_offline(call, kube::Status::timeout(failure.what()));
  }
  if (answer->route.operation == names::operation::kError)
    throw ApiError(kube::Status::from_json(answer->content));
  Json token = answer->content;
  token["kind"] = "TokenRequest";
  token["apiVersion"] = "authentication.k8s.io/v1";
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kObject);
  co_await send_json(call, 201, token, wanted);
}

Api::Done Api::scale(Call& call) {
  const RequestInfo& info = call.info;
  const kube::ApiResource& resource = *call.resource;
  if (!resource.has_scale)
    throw ApiError(kube::Status::not_found(resource.qualified() + "/scale", info.name));
  if (info.verb == "get") {
    const ObjectPtr object = co_await current_object(call.resource, info.ns, info.name, patience_of(call));
    if (!object) throw ApiError(kube::Status::not_found(resource.qualified(), info.name));
    const Representation wanted = representation(call.request.headers, info.target, Offer::kObject);
    const Json document = scale_of(object->json());
    co_await send_json(call, 200, document, wanted);
    co_return;
  }
  if (info.verb != "update" && info.verb != "patch")
    throw ApiError(kube::Status::method_not_allowed(info.resource + "/scale", call.request.method));
  if (info.verb == "update") {
    co_await update(call);
  } else {
    co_await patch(call);
  }
}

}  // namespace edgecore::metaserver
