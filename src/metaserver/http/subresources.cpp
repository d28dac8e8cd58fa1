// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/subresources.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "metaserver/http/review_groups.hpp"

namespace edgecore::metaserver {
namespace {

bool is_of_review_group(const kube::ApiResource& resource) {
  return resource.group == kAuthenticationGroup || resource.group == kAuthorizationGroup;
}

bool is_core(const kube::ApiResource& resource, std::string_view plural) {
  return resource.group.empty() && resource.plural == plural;
}

}  // namespace

Verbs verbs_of(const kube::ApiResource& resource) {
  if (is_of_review_group(resource)) {
    constexpr std::array kAnswered = {"tokenreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"};
    const bool answered = std::find(kAnswered.begin(), kAnswered.end(), resource.plural) != kAnswered.end();
    return answered ? Verbs{"create"} : Verbs{};
  }
  if (is_core(resource, "bindings")) return {};
  if (is_core(resource, "componentstatuses")) return {"get", "list"};
  if (is_core(resource, "namespaces"))  // one by one, as in every cluster
    return {"create", "delete", "get", "list", "patch", "update", "watch"};
  return {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
}

std::vector<Subresource> subresources_of(const kube::ApiResource& resource) {
  std::vector<Subresource> found;
  const auto add = [&](const char* name, Verbs verbs) {
    Subresource sub = body_type(resource, name);
    sub.name = name;
    sub.verbs = std::move(verbs);
    found.push_back(std::move(sub));
  };
  if (is_core(resource, "pods")) {
    add("eviction", {"create"});
    add("log", {"get"});
  }
  if (resource.has_scale) add("scale", {"get", "patch", "update"});
  if (resource.has_status) add("status", {"get", "patch", "update"});
  if (is_core(resource, "serviceaccounts")) add("token", {"create"});
  return found;
}

Subresource body_type(const kube::ApiResource& resource, std::string_view subresource) {
  if (subresource == "scale") return {"", "autoscaling", "v1", "Scale", {}};
  if (subresource == "eviction" && is_core(resource, "pods")) return {"", "policy", "v1", "Eviction", {}};
  if (subresource == "binding" && is_core(resource, "pods")) return {"", "", "v1", "Binding", {}};
  if (subresource == "token" && is_core(resource, "serviceaccounts"))
    return {"", std::string(kAuthenticationGroup), "v1", "TokenRequest", {}};
  return {"", resource.group, resource.version, resource.kind, {}};
}

}  // namespace edgecore::metaserver
