// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/object_reader.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "metaserver/api/cloud_price.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/subresources.hpp"

namespace edgecore::metaserver {
namespace {

/// An object that is asked for again within this time is kept current from then on.
constexpr std::chrono::seconds kAskedAgain{60};
constexpr std::size_t kAskedRemembered = 4096;
constexpr std::chrono::seconds kOwnNodeEvery{5};

std::string cloud_key(const kube::ApiResource& resource, std::string_view ns, std::string_view name) {
  return kube::MetaKey{resource.group, resource.version, resource.plural, std::string(ns), std::string(name)}
      .text();
}

/// Without a time to wait: client-go would try ten times before its user sees an error.
kube::Status not_known_here(const kube::ApiResource& resource, std::string_view name) {
  return kube::Status::service_unavailable(resource.qualified() + " \"" + std::string(name) +
                                           "\" is not known on this node, and the cloud cannot be asked");
}

}  // namespace

bool ObjectReader::is_own_pod(const kube::ApiResource& resource, const ObjectPtr& object) const {
  return object && resource.group.empty() && resource.plural == "pods" &&
         object->string_at({"spec", "nodeName"}) == parts_.options.node_name;
}

bool ObjectReader::is_of_own_node(const ObjectFilter& filter, const kube::ApiResource& resource) const {
  return resource.group.empty() && resource.plural == "pods" &&
         filter.fields.required_value("spec.nodeName") == parts_.options.node_name;
}

boost::asio::awaitable<ObjectPtr> ObjectReader::current(const Call& call) {
  const kube::ApiResource& resource = *call.resource;
  const std::string ns = call.ns();
  const std::string& name = call.info.name;
  ObjectPtr object = parts_.cache.open(call.resource, parts_.context.clock.steady())->find(ns, name);
  if (parts_.cloud.is_up() && (is_own_pod(resource, object) || parts_.scopes.covers(resource, ns, name)))
    co_return object;
  if (parts_.cloud.usable()) co_return co_await fetch(call);
  if (!object && !parts_.scopes.as_of(resource, ns, name)) throw ApiError(not_known_here(resource, name));
  co_return object;
}

boost::asio::awaitable<ObjectPtr> ObjectReader::fetch(const Call& call) {
  const kube::ApiResourcePtr resource = call.resource;
  const std::string ns = call.ns(), name = call.info.name;
  const std::string key = cloud_key(*resource, ns, name);
  const CollectionPtr collection = parts_.cache.open(resource);
  const bool has_copy = collection->find(ns, name) != nullptr;
  if (!has_copy && missing_.contains(key, parts_.context.clock.steady())) co_return nullptr;
  pay(parts_, call);
  want_if_asked_before(call, key);
  const auto patience = call.patience();
  const auto until = steady_now() + (has_copy ? std::min(patience, kLocalPatience) : patience);
  decltype(gets_)::Work ask = [this, key] { return ask_cloud(key); };
  const std::optional<AnswerPtr> landed = co_await gets_.get(key, std::move(ask), until);

  const AnswerPtr answer = landed.value_or(nullptr);
  if (answer && answer->ok()) co_return keep_answer(resource, "", answer->body);
  const ObjectPtr local = collection->find(ns, name);
  if (answer && answer->refused()) {
    if (answer->status.code != 404) throw ApiError(answer->status);
    if (local && !is_own_pod(*resource, local)) parts_.cache.drop(*collection, local, 0);
    missing_.add(key, parts_.context.clock.steady());
    co_return nullptr;
  }
  if (!local) throw ApiError(not_known_here(*resource, name));
  co_return local;
}

/// A client that has nothing left to pay with gets its object, but no listener for it.
void ObjectReader::want_if_asked_before(const Call& call, const std::string& key) {
  if (!was_asked_before(key)) return;
  try {
    pay(parts_, call, kSyncMessages);
    parts_.scopes.want(ScopeKey{call.resource, call.ns(), call.info.name});
  } catch (const ApiError&) {
    // The get alone was paid for.
  }
}

bool ObjectReader::was_asked_before(const std::string& key) {
  const SteadyTime now = parts_.context.clock.steady();
  if (asked_at_.size() >= kAskedRemembered)
    std::erase_if(asked_at_, [&](const auto& item) { return now - item.second > kAskedAgain; });
  if (asked_at_.size() >= kAskedRemembered) asked_at_.clear();
  const auto [at, is_first] = asked_at_.try_emplace(key, now);
  return !is_first && now - std::exchange(at->second, now) <= kAskedAgain;
}

boost::asio::awaitable<ObjectReader::AnswerPtr> ObjectReader::ask_cloud(std::string key) {
  beehive::Application call = parts_.cloud.make(std::move(key), "get");
  CloudAnswer answer = co_await parts_.cloud.call(std::move(call));
  co_return std::make_shared<const CloudAnswer>(std::move(answer));
}

ObjectPtr ObjectReader::keep_answer(const kube::ApiResourcePtr& resource, const std::string& subresource,
                                    const std::string& body) {
  if (!Json::accept(body)) throw Error("The cloud's answer is not JSON");
  const bool is_typed = kube::find_member(body, "kind") && kube::find_member(body, "apiVersion");
  ObjectPtr object;
  if (is_typed) {
    object = CachedObject::make_checked(body);
  } else {
    Json typed = kube::parse_json(body, "The cloud's answer");
    const Subresource type = body_type(*resource, subresource);
    typed["kind"] = type.kind;
    typed["apiVersion"] = kube::format_api_version(type.group, type.version);
    object = CachedObject::make_checked(kube::dump_json(typed));
  }
  const bool is_whole = subresource.empty() || subresource == "status";
  missing_.remove(cloud_key(*resource, object->ns(), object->name()));
  if (is_whole && object->version() != 0) parts_.cache.keep(*parts_.cache.open(resource), object);
  return object;
}

Done ObjectReader::refresh_own_node(const kube::ApiResource& resource) {
  const bool is_node = resource.group.empty() && resource.plural == "nodes";
  const SteadyTime now = parts_.context.clock.steady();
  if (!is_node || now - own_node_at_ < kOwnNodeEvery) co_return;
  own_node_at_ = now;
  beehive::Message question = beehive::make_message(
      names::module::kMetaServer, names::group::kMeta, names::operation::kQuery,
      beehive::resource_path("default", names::resource::kNode, parts_.options.node_name), nullptr);
  try {
    const beehive::MessagePtr answer =
        co_await parts_.context.bus.request(names::module::kMetaManager, std::move(question), kLocalPatience);
    if (answer->route.operation != names::operation::kResponse) co_return;
    const CollectionPtr nodes = parts_.cache.open(parts_.resources.find("", "v1", "nodes"));
    const ObjectPtr object = CachedObject::make_checked(kube::dump_json(answer->content));
    if (!nodes->overlay(object)) parts_.cache.keep(*nodes, object);
  } catch (const beehive::RequestFailed&) {
    // The stored Node is served.
  } catch (const BadInput&) {
    // The answer is not a Node: the stored one is served.
  }
}

}  // namespace edgecore::metaserver
