// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/write_requests.hpp"

#include <algorithm>
#include <vector>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/patch.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/net/digest.hpp"
#include "metaserver/access/access_reviews.hpp"
#include "metaserver/api/cloud_price.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/body.hpp"
#include "metaserver/http/subresources.hpp"
#include "metaserver/writes/offline_writes.hpp"

namespace edgecore::metaserver {
namespace {

/// The most objects that one deletecollection deletes.
constexpr std::size_t kMostDeletions = 5000;

std::string key_of(const kube::ApiResource& resource, const std::string& ns, const std::string& name) {
  return kube::MetaKey{resource.group, resource.version, resource.plural, ns, name}.text();
}

/// The options of a write, as the cloud takes them (protocol/03-metaserver.md §3.2).
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
    if (!seconds || *seconds < 0) bad_request("gracePeriodSeconds is not a number of seconds");
    options["gracePeriodSeconds"] = *seconds;
  }
  for (const char* name : {"propagationPolicy", "orphanDependents"})
    if (const auto value = target.find(name); value && !options.contains(name)) {
      options[name] = std::string(name) == "orphanDependents" ? Json(*value == "true") : Json(*value);
    }
  if (is_dry_run(target) && !options.contains("dryRun")) options["dryRun"] = {"All"};
  return options;
}

Json patch_options(PatchType type, const net::Target& target) {
  Json options = write_options("PatchOptions", target);
  if (const auto force = target.find("force")) {
    if (type != PatchType::kApply)
      throw ApiError(kube::Status::invalid(
          "PatchOptions", "",
          {{"FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force"}}));
    options["force"] = *force == "true" || *force == "1";
  }
  if (type == PatchType::kApply && !options.contains("fieldManager"))
    throw ApiError(kube::Status::invalid(
        "PatchOptions", "",
        {{"FieldValueRequired", "Required value: is required for apply patch", "fieldManager"}}));
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

void WriteRequests::refuse_offline(const Call& call, const kube::Status& why) {
  kube::Status status = kube::Status::service_unavailable(
      "this change of " + call.info.resource + " needs the cloud, which cannot be asked: " + why.message);
  // client-go tries ten times: its user does not notice a short cut, and soon learns of a long one.
  status.details.retry_after_seconds = 1;
  throw ApiError(std::move(status));
}

boost::asio::awaitable<CloudAnswer> WriteRequests::write_to_cloud(Call& call,
                                                                  beehive::Application application) {
  pay(parts_, call);
  application.nonce = parts_.cloud.nonce();
  CloudAnswer answer =
      co_await parts_.cloud.call(std::move(application), std::min(call.patience(), kCloudPatience));
  if (answer.refused()) throw ApiError(answer.status);
  co_return answer;
}

Done WriteRequests::send_written(Call& call, const CloudAnswer& answer) {
  if (!answer.ok()) refuse_offline(call, answer.status);
  const ObjectPtr now = is_dry_run(call.info.target)
                            ? CachedObject::make(answer.body)
                            : reader_.keep_answer(call.resource, call.info.subresource, answer.body);
  co_await answers_.send_object(call, 200, now);
}

Done WriteRequests::create(Call& call) {
  const RequestInfo& info = call.info;
  const kube::ApiResource& resource = *call.resource;
  if (!info.name.empty() && info.subresource.empty())
    throw ApiError(kube::Status::method_not_allowed(info.resource, "POST"));
  Json object = prepare_object(read_object(call.request.headers, call.request.body), resource, info);
  const std::string ns = call.ns();
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
    co_await answers_.send_text(call, 201, std::move(body), wanted);
    co_return;
  }
  const ObjectPtr made = reader_.keep_answer(call.resource, info.subresource, answer.body);
  co_await answers_.send_object(call, 201, made);
}

Done WriteRequests::update(Call& call) {
  const RequestInfo& info = call.info;
  Json object = prepare_object(read_object(call.request.headers, call.request.body), *call.resource, info);
  const bool is_status = info.subresource == "status";
  beehive::Application application =
      parts_.cloud.make(key_of(*call.resource, call.ns(), info.name), is_status ? "updatestatus" : "update",
                        kube::dump_json(write_options("UpdateOptions", info.target)));
  application.body = kube::dump_json(object);
  if (!is_status) application.subresource = info.subresource;
  if (co_await answered_by_cloud(call, std::move(application))) co_return;
  Json before = stored_device(call);
  const Json changed = co_await parts_.offline_writes.update_device(std::move(before), std::move(object));
  co_await send_changed(call, changed);
}

Done WriteRequests::patch(Call& call) {
  const RequestInfo& info = call.info;
  PatchBody body = read_patch(call.request.headers, call.request.body);
  const Json patch_info = {{"Name", info.name},
                           {"PatchType", body.content_type},
                           {"Data", net::base64(body.text)},
                           {"Options", patch_options(body.type, info.target)},
                           {"Subresources", {info.subresource}}};
  beehive::Application application =
      parts_.cloud.make(key_of(*call.resource, call.ns(), info.name), "patch", kube::dump_json(patch_info));
  application.subresource = info.subresource;
  if (co_await answered_by_cloud(call, std::move(application))) co_return;
  Json before = stored_device(call);
  const Json changed = co_await parts_.offline_writes.patch_device(
      std::move(before), std::move(body.content_type), std::move(body.text));
  co_await send_changed(call, changed);
}

/// A device can be written without the cloud.
bool WriteRequests::is_offline_device(const Call& call) {
  return call.resource->plural == "devices" && call.info.subresource.empty() && !is_dry_run(call.info.target);
}

/// Sends the write to the cloud and answers. False if this node takes it instead: a device's desired value
/// while the cloud cannot be reached, or while earlier ones are on their way there.
boost::asio::awaitable<bool> WriteRequests::answered_by_cloud(Call& call, beehive::Application application) {
  if (waits_behind_others(call)) co_return false;
  const CloudAnswer answer = co_await write_to_cloud(call, std::move(application));
  if (!answer.ok() && is_offline_device(call)) co_return false;
  co_await send_written(call, answer);
  co_return true;
}

/// Writes of this device that were accepted without the cloud are still on their way there.
bool WriteRequests::waits_behind_others(const Call& call) const {
  if (!is_offline_device(call)) return false;
  const ObjectPtr stored = parts_.cache.open(call.resource)->find(call.ns(), call.info.name);
  return stored && parts_.offline_writes.has_pending(stored->string_at({"metadata", "uid"}));
}

Json WriteRequests::stored_device(const Call& call) const {
  const ObjectPtr stored = parts_.cache.open(call.resource)->find(call.ns(), call.info.name);
  if (!stored) throw ApiError(kube::Status::not_found(call.resource->qualified(), call.info.name));
  return stored->json();
}

Done WriteRequests::send_changed(Call& call, const Json& changed) {
  const ObjectPtr now = CachedObject::make_checked(kube::dump_json(changed));
  co_await answers_.send_object(call, 200, now);
}

Done WriteRequests::remove(Call& call) {
  const RequestInfo& info = call.info;
  const kube::ApiResource& resource = *call.resource;
  if (!info.subresource.empty())
    throw ApiError(kube::Status::method_not_allowed(info.resource + "/" + info.subresource, "DELETE"));
  const std::string ns = call.ns();
  Json options = delete_options(call.request, info.target);
  const ObjectPtr known = parts_.cache.open(call.resource)->find(ns, info.name);
  beehive::Application application =
      parts_.cloud.make(key_of(resource, ns, info.name), "delete", kube::dump_json(options));
  const CloudAnswer answer = co_await write_to_cloud(call, std::move(application));
  if (!answer.ok() && reader_.is_own_pod(resource, known) && !is_dry_run(info.target)) {
    const Json ending = co_await parts_.offline_writes.delete_pod(known->json(), std::move(options));
    co_await send_changed(call, ending);
    co_return;
  }
  if (!answer.ok()) refuse_offline(call, answer.status);
  kube::Status gone =
      kube::Status::deleted(resource.qualified(), info.name, known ? known->uid() : std::string_view());
  co_await answers_.send_status(call, gone);
}

Done WriteRequests::remove_collection(Call& call) {
  const ObjectFilter filter =
      make_filter(*call.resource, call.ns(), "", call.query("labelSelector"), call.query("fieldSelector"));
  const Json options = delete_options(call.request, call.info.target);
  pay(parts_, call);
  co_await bring_current(call, filter);
  const CollectionPtr collection = parts_.cache.open(call.resource);
  std::vector<ObjectPtr> chosen;
  for (const ObjectPtr& object : collection->objects())
    if (filter.matches(*object)) chosen.push_back(object);
  if (chosen.size() > kMostDeletions)
    bad_request("more than " + std::to_string(kMostDeletions) + " objects are not deleted at once");
  for (const ObjectPtr& object : chosen) co_await remove_one(call, *object, options);
  co_await lists_.send_objects(call, std::move(chosen), collection->resume_version());
}

Done WriteRequests::bring_current(Call& call, const ObjectFilter& filter) {
  if (parts_.scopes.covers(*call.resource, filter.ns, filter.name)) co_return;
  ScopeKey key{call.resource, filter.ns, filter.name};
  Scopes::Answer answer;
  if (parts_.cloud.usable()) {
    pay(parts_, call, kSyncMessages);
    answer = co_await parts_.scopes.bring_current(std::move(key), kCloudPatience);
  }
  if (answer.outcome == Scopes::Outcome::kRefused) throw ApiError(answer.why);
  if (answer.outcome == Scopes::Outcome::kLocal)
    refuse_offline(call, kube::Status::service_unavailable("the node does not know all of these objects"));
}

/// An object that is gone or was made anew counts as deleted.
Done WriteRequests::remove_one(Call& call, const CachedObject& object, const Json& options) {
  Json own = options;
  own["preconditions"]["uid"] = std::string(object.uid());
  beehive::Application application =
      parts_.cloud.make(key_of(*call.resource, std::string(object.ns()), std::string(object.name())),
                        "delete", kube::dump_json(own));
  application.nonce = parts_.cloud.nonce();
  parts_.limits.owe_to_cloud(call.client, parts_.context.clock.steady());
  const CloudAnswer answer = co_await parts_.cloud.call(std::move(application), kCloudPatience);
  const bool was_gone = answer.refused() && (answer.status.code == 404 || answer.status.code == 409);
  if (answer.refused() && !was_gone) throw ApiError(answer.status);
  if (!answer.ok() && !was_gone) refuse_offline(call, answer.status);
}

Done WriteRequests::review(Call& call) {
  if (call.info.verb != "create")
    throw ApiError(kube::Status::method_not_allowed(call.info.resource, call.request.method));
  ReviewContext context{*call.user, parts_.rules, nullptr};
  if (parts_.authenticator != nullptr)
    context.check_token = [this](std::string_view token, const std::vector<std::string>& audiences) {
      return parts_.authenticator->check(token, audiences);
    };
  const Json body = read_object(call.request.headers, call.request.body, kMaxReviewBytes);
  const Json answer = answer_review(call.info.resource, call.info.ns, body, context);
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kObject);
  co_await answers_.send_json(call, 201, answer, wanted);
}

Done WriteRequests::issue_token(Call& call) {
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
  pay(parts_, call);
  beehive::MessagePtr answer;
  try {
    answer = co_await parts_.context.bus.request(names::module::kMetaManager, std::move(question),
                                                 std::min(call.patience(), kCloudPatience));
  } catch (const beehive::RequestFailed& failure) {
    refuse_offline(call, kube::Status::timeout(failure.what()));
  }
  if (answer->route.operation == names::operation::kError)
    throw ApiError(kube::Status::from_json(answer->content));
  Json token = answer->content;
  token["kind"] = "TokenRequest";
  token["apiVersion"] = "authentication.k8s.io/v1";
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kObject);
  co_await answers_.send_json(call, 201, token, wanted);
}

Done WriteRequests::scale(Call& call) {
  const RequestInfo& info = call.info;
  const kube::ApiResource& resource = *call.resource;
  if (!resource.has_scale)
    throw ApiError(kube::Status::not_found(resource.qualified() + "/scale", info.name));
  if (info.verb == "get") {
    const ObjectPtr object = co_await reader_.current(call);
    if (!object) throw ApiError(kube::Status::not_found(resource.qualified(), info.name));
    const Representation wanted = representation(call.request.headers, info.target, Offer::kObject);
    const Json document = scale_of(object->json());
    co_await answers_.send_json(call, 200, document, wanted);
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
