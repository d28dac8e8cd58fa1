// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/application.hpp"

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/application.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "metamanager/objects/object.hpp"

namespace edgecore::metamanager {

namespace {

/// The key of a type's objects, or of one (protocol/03-metaserver.md §3.1).
std::string application_key(std::string_view type, const std::string& ns, const std::string& name) {
  const kube::ResourceKind* kind = kube::find_type(type);
  if (kind == nullptr) throw Error("no API resource is known for the type " + std::string(type));
  const kube::MetaKey key{std::string(kind->group), std::string(kind->version), std::string(kind->plural), ns,
                          name};
  return key.text();
}

std::string body_of(std::string_view type, const beehive::ApplicationAnswer& said) {
  if (said.approved) return said.body;
  throw BadInput("The cloud refused to read the resource " + std::string(type) + ": " +
                 log::quote(said.status.message) + ".");
}

}  // namespace

beehive::Message list_request(std::string_view type, std::string_view node_name,
                              std::string_view continuation, int limit) {
  Json options = {{"limit", limit}};
  if (type == names::resource::kPod) options["fieldSelector"] = "spec.nodeName=" + std::string(node_name);
  if (!continuation.empty()) options["continue"] = std::string(continuation);
  beehive::Application call;
  call.node_name = std::string(node_name);
  call.key = application_key(type, "", "");
  call.verb = "list";
  call.option = kube::dump_json(options);
  return beehive::application_request(call);
}

ObjectPage read_page(std::string_view type, const Json& answer, std::string_view node_name) {
  const beehive::ApplicationAnswer said = beehive::read_application_answer(answer);
  if (!said.approved && said.status.is(kube::reason::kNotFound)) return {};  // a cluster without the resource
  const Json list = kube::parse_json(body_of(type, said), "The list");
  if (!list.contains("items"))
    throw BadInput("The cloud's answer to a request for a list of the resource " + std::string(type) +
                   " is not a list.");
  ObjectPage page;
  page.continuation = kube::string_or(list, "metadata.continue");
  for (const Json& item : kube::array_or_empty(list, "items")) {
    if (kube::string_or(item, "spec.nodeName") != node_name) continue;
    Json object = item;
    fill_kind(object, type);
    if (!is_servable(object) || kube::string_or(object, "metadata.namespace").empty()) continue;
    page.objects.push_back(std::move(object));
  }
  return page;
}

beehive::Message get_request(const beehive::ResourcePath& path, std::string_view node_name) {
  beehive::Application call;
  call.node_name = std::string(node_name);
  call.key = application_key(path.type, path.ns, path.name);
  call.verb = "get";
  return beehive::application_request(call);
}

std::optional<Json> read_object(const beehive::ResourcePath& path, const Json& answer) {
  const beehive::ApplicationAnswer said = beehive::read_application_answer(answer);
  if (!said.approved && said.status.is(kube::reason::kNotFound)) return std::nullopt;
  Json object = kube::parse_json(body_of(path.type, said), "The object");
  fill_kind(object, path.type);
  if (!is_servable(object) || kube::string_or(object, "metadata.name") != path.name)
    throw BadInput("The cloud's answer to a request for " + log::quote(path.name) + " is another object.");
  return object;
}

}  // namespace edgecore::metamanager
