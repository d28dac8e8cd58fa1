// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/identity.hpp"

#include <algorithm>

#include "edgecore/base/error.hpp"
#include "metaserver/access/authorization.hpp"
#include "metaserver/api/cloud_price.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/metrics.hpp"

namespace edgecore::metaserver {
namespace {

/// How long a request of an account without known rights waits for them.
constexpr std::chrono::seconds kAccountPatience{3};

Attributes action_of(const RequestInfo& info) {
  Attributes attributes;
  attributes.verb = info.verb;
  attributes.is_resource = info.is_resource;
  attributes.group = info.group;
  attributes.resource = info.resource;
  attributes.subresource = info.subresource;
  attributes.ns = info.ns;
  attributes.name = info.name;
  attributes.path = info.target.path;
  return attributes;
}

}  // namespace

Identity::Identity(const ApiParts& parts)
    : parts_(parts),
      certificates_(parts.options.node_ca, "system:node:" + parts.options.node_name, parts.trusted) {
  User admin;
  admin.name = "system:admin";
  admin.groups = {group::kMasters, group::kAuthenticated};
  admin_ = std::make_shared<const User>(std::move(admin));
}

boost::asio::awaitable<UserPtr> Identity::identify(const net::Request& head) {
  if (parts_.authenticator == nullptr) co_return admin_;
  const std::string_view authorization = head.headers.get("Authorization");
  if (authorization.empty()) {
    UserPtr user;
    if (head.peer_certificate) user = user_of_certificate(head);
    if (!user) refuse_unknown(head, "no token");
    co_return user;
  }
  if (UserPtr known = parts_.authenticator->remembered(authorization)) co_return known;
  const Authentication found = co_await authenticate(head);
  if (!found.user) refuse_unknown(head, found.reason);
  co_return found.user;
}

boost::asio::awaitable<Authentication> Identity::authenticate(const net::Request& request) {
  const std::string_view authorization = request.headers.get("Authorization");
  expect_may_log_in(request);
  parts_.look_at_tokens();
  Authentication found = parts_.authenticator->authenticate(authorization);
  if (!found.user) {
    const bool is_news = co_await fetch_account(authorization);
    if (is_news) found = parts_.authenticator->authenticate(authorization);
  }
  if (!found.user) parts_.limits.failed_login(request.peer_address, parts_.context.clock.steady());
  co_return found;
}

/// CloudCore v1.17 does not send the rights of an account to a further node until something else changes, so
/// the node asks for them. True if they came. A token that nobody signed asks for nothing, nor does one of a
/// namespace without pods here: the cloud is asked about what this node runs, not about what a client says.
boost::asio::awaitable<bool> Identity::fetch_account(std::string_view authorization) {
  if (!parts_.cloud.usable()) co_return false;
  const auto claims = parts_.authenticator->genuine(authorization);
  if (!claims || !runs_pods_of(claims->ns)) co_return false;
  if (parts_.rules->account_uid(claims->ns, claims->service_account.name)) co_return false;
  const auto accesses = parts_.resources.find("policy.kubeedge.io", "v1alpha1", "serviceaccountaccesses");
  parts_.limits.to_cloud("system:serviceaccount:" + claims->ns + ":" + claims->service_account.name,
                         parts_.context.clock.steady(), kSyncMessages);
  ScopeKey key{accesses, claims->ns, ""};
  const Scopes::Answer answer = co_await parts_.scopes.bring_current(std::move(key), kAccountPatience);
  co_return answer.outcome == Scopes::Outcome::kCurrent;
}

bool Identity::runs_pods_of(std::string_view ns) const {
  const CollectionPtr pods = parts_.cache.open(parts_.resources.find("", "v1", "pods"));
  const auto first = pods->objects().lower_bound(ObjectOrder::Name(ns, ""));
  return std::any_of(first, pods->objects().end(), [&](const ObjectPtr& pod) {
    return pod->ns() == ns && pod->string_at({"spec", "nodeName"}) == parts_.options.node_name;
  });
}

/// Throws ApiError (429) after too many bad certificates or tokens: each costs the check of a signature.
UserPtr Identity::user_of_certificate(const net::Request& request) {
  if (auto known = certificates_.remembered(*request.peer_certificate)) return known;
  expect_may_log_in(request);
  auto user = certificates_.user_of(*request.peer_certificate);
  if (!user) parts_.limits.failed_login(request.peer_address, parts_.context.clock.steady());
  return user;
}

void Identity::expect_may_log_in(const net::Request& request) const {
  if (parts_.limits.may_log_in(request.peer_address, parts_.context.clock.steady())) return;
  throw ApiError(kube::Status::too_many_requests("too many bad tokens came from this address", 5));
}

void Identity::permit(const net::Request& head, const RequestInfo& info, const User& user) {
  if (parts_.rules == nullptr) return;
  const Attributes attributes = action_of(info);
  const Decision decision = authorize(*parts_.rules, user, attributes);
  if (decision.allowed) return;
  Denial denial;
  denial.user = &user;
  denial.attributes = attributes;
  denial.peer_address = head.peer_address;
  denial.why = decision.reason;
  deny(denial);
  throw ApiError(forbidden_status(user, attributes, decision.reason));
}

bool Identity::may_go_on(const Call& call) {
  if (parts_.authenticator == nullptr) return true;
  const net::Request& head = call.request;
  const std::string_view authorization = head.headers.get("Authorization");
  UserPtr user;
  if (!authorization.empty()) {
    user = parts_.authenticator->authenticate(authorization).user;
  } else if (head.peer_certificate) {
    user = certificates_.user_of(*head.peer_certificate);
  }
  return user && authorize(*parts_.rules, *user, action_of(call.info)).allowed;
}

void Identity::refuse_unknown(const net::Request& request, std::string_view why) {
  Denial denial;
  denial.code = 401;
  denial.attributes.verb = request.method;  // the request of an unknown client is not parsed
  denial.attributes.path = request.target;
  denial.attributes.is_resource = false;
  denial.peer_address = request.peer_address;
  denial.why = why;
  deny(denial);
  throw ApiError(kube::Status::unauthorized());
}

void Identity::deny(const Denial& denial) {
  parts_.metrics.denied();
  if (const auto line = parts_.denials.line(denial, parts_.context.clock.steady()))
    parts_.context.log->warn("{}", *line);
}

std::string Identity::client_of(const net::Request& head, const User& user) const {
  return parts_.authenticator == nullptr ? head.peer_address : user.name;
}

}  // namespace edgecore::metaserver
