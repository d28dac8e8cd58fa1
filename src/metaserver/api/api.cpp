// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/api.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/net/x509.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "metaserver/access/access_reviews.hpp"
#include "metaserver/access/authorization.hpp"
#include "metaserver/access/token_claims.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/metrics.hpp"
#include "metaserver/http/subresources.hpp"
#include "metaserver/schema/openapi.hpp"
#include "metaserver/serving/serving_files.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::chrono::minutes kVersionHolds{5};
constexpr char kVersionKey[] = "/version";
/// How long discovery and unknown resources wait for the cloud's CRDs.
constexpr std::chrono::seconds kCrdPatience{3};
/// How long a request of an account without known rights waits for them.
constexpr std::chrono::seconds kAccountPatience{3};

kube::Status no_such_path() {
  kube::Status status;
  status.code = 404;
  status.reason = kube::reason::kNotFound;
  status.message = "the server could not find the requested resource";
  return status;
}

bool is_health_path(std::string_view path) {
  return path == "/healthz" || path == "/livez" || path == "/readyz" || path.starts_with("/healthz/") ||
         path.starts_with("/livez/") || path.starts_with("/readyz/");
}

}  // namespace

bool Api::Call::query_is_true(std::string_view name) const {
  const auto value = info.target.find(name);
  return value && *value != "0" && *value != "false" && *value != "False";
}

Api::Api(ApiParts parts) : parts_(std::move(parts)) {
  User admin;
  admin.name = "system:admin";
  admin.groups = {group::kMasters, group::kAuthenticated};
  admin_ = std::make_shared<const User>(std::move(admin));
}

Api::~Api() = default;

boost::asio::awaitable<void> Api::handle(net::Request& request, net::Responder& responder) {
  const SteadyTime begin = parts_.context.clock.steady();
  Call call{request, responder, {}, nullptr, {}, nullptr, 0};
  std::optional<kube::Status> refusal;
  try {
    co_await serve(call);
  } catch (const ApiError& error) {
    refusal = error.status();
  } catch (const BadInput& bad) {
    refusal = kube::Status::bad_request(bad.what());
  } catch (const net::NetError&) {
    throw;  // the client is gone
  } catch (const boost::system::system_error& failure) {
    if (failure.code() == boost::asio::error::operation_aborted) throw;
    refusal = kube::Status::internal(failure.what());
  } catch (const Error& failure) {
    parts_.context.log->error("{} {} failed: {}", request.method, log::quote(request.target), failure.what());
    refusal = kube::Status::internal(failure.what());
  }
  if (refusal && !responder.answered()) co_await send_status(call, *refusal);
  if (refusal) call.code = refusal->code;
  parts_.metrics.request(metric_verb(call.info.verb), call.code, parts_.context.clock.steady() - begin);
}

Api::Done Api::serve(Call& call) {
  co_await identify(call);
  call.info = parse_request(call.request.method, call.request.target);
  permit(call);
  enter(call);
  if (!call.info.is_resource) {
    co_await serve_path(call);
  } else {
    co_await serve_resource(call);
  }
}

std::shared_ptr<const User> Api::user_of_certificate(const net::Certificate& certificate) {
  const std::string der = certificate.der();
  if (der == certificate_seen_) return certificate_user_;
  certificate_seen_ = der;
  certificate_user_ = nullptr;
  const auto ca = read_file(parts_.options.node_ca, kMaxPemFileBytes);
  if (!ca) return nullptr;
  const auto flaw = net::verify(certificate, net::Certificate::all_from_pem(*ca),
                                net::CertificatePurpose::kClient, parts_.context.clock.wall());
  if (flaw || certificate.common_name() != "system:node:" + parts_.options.node_name) return nullptr;
  certificate_user_ = std::make_shared<const User>(node_admin(certificate.common_name()));
  return certificate_user_;
}

Api::Done Api::identify(Call& call) {
  if (parts_.authenticator == nullptr) {
    call.user = admin_;
    co_return;
  }
  const net::Request& request = call.request;
  const std::string_view authorization = request.headers.get("Authorization");
  if (authorization.empty() && request.peer_certificate)
    call.user = user_of_certificate(*request.peer_certificate);
  if (call.user) co_return;
  ConnectionIdentity identity;
  if (!authorization.empty()) call.user = parts_.authenticator->remembered(authorization, identity);
  if (call.user) co_return;
  std::string why = "no token";
  if (!authorization.empty()) {
    const SteadyTime now = parts_.context.clock.steady();
    if (!parts_.limits.may_log_in(request.peer_address, now))
      throw ApiError(kube::Status::too_many_requests("too many bad tokens came from this address", 5));
    parts_.look_at_tokens();
    Authentication found = parts_.authenticator->authenticate(authorization, identity);
    if (!found.user) {
      const bool news = co_await look_for_account(authorization);
      if (news) found = parts_.authenticator->authenticate(authorization, identity);
    }
    call.user = found.user;
    why = found.reason;
    if (!call.user) parts_.limits.failed_login(request.peer_address, now);
  }
  if (call.user) co_return;
  Denial denial;
  denial.code = 401;
  denial.attributes.verb = request.method;  // nothing else was looked at
  denial.attributes.path = request.target;
  denial.attributes.is_resource = false;
  denial.peer_address = request.peer_address;
  denial.why = why;
  deny(denial);
  throw ApiError(kube::Status::unauthorized());
}

/// CloudCore v1.17 does not send the rights of an account to a further node before something else changes:
/// they are asked for.
boost::asio::awaitable<bool> Api::look_for_account(std::string_view authorization) {
  const auto token = bearer_token(authorization);
  if (!token || !parts_.cloud.usable()) co_return false;
  std::string ns;
  try {
    const ServiceAccountToken claimed = ServiceAccountToken::parse(*token);
    if (parts_.rules->account_uid(claimed.claims.ns, claimed.claims.service_account.name)) co_return false;
    ns = claimed.claims.ns;
  } catch (const BadInput&) {
    co_return false;
  }
  const auto accesses = parts_.resources.find("policy.kubeedge.io", "v1alpha1", "serviceaccountaccesses");
  ScopeKey key{accesses, ns, ""};
  const Scopes::Answer answer = co_await parts_.scopes.bring_current(std::move(key), kAccountPatience);
  co_return answer.outcome == Scopes::Outcome::kCurrent;
}

void Api::deny(const Denial& denial) {
  parts_.metrics.denied();
  if (const auto line = parts_.denials.line(denial, parts_.context.clock.steady()))
    parts_.context.log->warn("{}", *line);
}

void Api::permit(Call& call) {
  if (parts_.rules == nullptr) return;
  Attributes attributes;
  attributes.verb = call.info.verb;
  attributes.is_resource = call.info.is_resource;
  attributes.group = call.info.group;
  attributes.resource = call.info.resource;
  attributes.subresource = call.info.subresource;
  attributes.ns = call.info.ns;
  attributes.name = call.info.name;
  attributes.path = call.info.target.path;
  const Decision decision = authorize(*parts_.rules, *call.user, attributes);
  if (decision.allowed) return;
  Denial denial;
  denial.user = call.user.get();
  denial.attributes = attributes;
  denial.peer_address = call.request.peer_address;
  denial.why = decision.reason;
  deny(denial);
  throw ApiError(forbidden_status(*call.user, attributes, decision.reason));
}

std::string Api::client_of(const Call& call) const {
  return parts_.authenticator == nullptr ? call.request.peer_address : call.user->name;
}

void Api::enter(Call& call) {
  const bool follows = call.info.subresource == "log" && call.query_is_true("follow");
  const bool stream = call.info.verb == "watch" || follows;
  call.ticket = parts_.limits.enter(client_of(call),
                                    stream ? ClientLimits::Kind::kStream : ClientLimits::Kind::kRequest,
                                    call.request.body.size(), parts_.context.clock.steady());
}

Api::Done Api::serve_path(Call& call) {
  const std::string& path = call.info.target.path;
  const std::string& method = call.request.method;
  if (method != "GET" && method != "HEAD") throw ApiError(no_such_path());
  if (is_health_path(path)) {
    co_await send_plain(call, 200, "ok", "text/plain; charset=utf-8");
  } else if (path == "/version" || path == "/version/") {
    co_await serve_version(call);
  } else if (is_discovery_path(path)) {
    co_await serve_discovery(call);
  } else if (path == "/openapi/v2" || path == "/openapi/v3" || path.starts_with("/openapi/v3/")) {
    co_await serve_openapi(call);
  } else if (path == "/metrics") {
    std::string text = parts_.metrics.text();
    co_await send_plain(call, 200, std::move(text), "text/plain; version=0.0.4; charset=utf-8");
  } else if (path == "/" || path.empty()) {
    const Json paths = {{"paths",
                         {"/api", "/api/v1", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v2",
                          "/openapi/v3", "/readyz", "/version"}}};
    const Representation wanted = representation(call.request.headers, call.info.target, Offer::kDocument);
    co_await send_json(call, 200, paths, wanted);
  } else {
    throw ApiError(no_such_path());
  }
}

Api::Done Api::serve_version(Call& call) {
  const SteadyTime now = parts_.context.clock.steady();
  if (version_text_.empty() || (parts_.cloud.usable() && now - version_at_ > kVersionHolds)) {
    beehive::Application question = parts_.cloud.make(kVersionKey, "get", "");
    const CloudAnswer answer = co_await parts_.cloud.call(std::move(question), std::chrono::seconds(5));
    if (answer.ok() && Json::accept(answer.body)) {
      version_text_ = answer.body;
      version_at_ = now;
      store::meta_v2::Row row;
      row.key = kVersionKey;
      row.value = answer.body;
      parts_.store.submit_and_wait_turn(
          [row](store::Transaction& into) { store::meta_v2::upsert(into, row); }, [](std::exception_ptr) {},
          row.value.size());
    } else if (const auto row = store::meta_v2::find(parts_.reader, kVersionKey);
               row && Json::accept(row->value)) {
      version_text_ = row->value;
    }
  }
  if (version_text_.empty())
    throw ApiError(kube::Status::service_unavailable(
        "the version of the cluster is not known before the first connection"));
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kDocument);
  std::string text = version_text_ + "\n";
  co_await send_text(call, 200, std::move(text), wanted);
}

Api::Done Api::find_resource(Call& call) {
  const RequestInfo& info = call.info;
  call.resource = parts_.resources.find(info.group, info.version, info.resource);
  if (call.resource) co_return;
  co_await look_for_definitions();
  call.resource = parts_.resources.find(info.group, info.version, info.resource);
  if (!call.resource) throw ApiError(no_such_path());
}

std::string Api::document(const std::string& key, const std::function<std::string()>& make) {
  if (documents_revision_ != parts_.resources.revision()) documents_.clear();
  documents_revision_ = parts_.resources.revision();
  if (const auto at = documents_.find(key); at != documents_.end()) return at->second;
  std::string text = make();
  documents_.emplace(key, text);
  return text;
}

Api::Done Api::look_for_definitions() {
  const auto crds = parts_.resources.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  if (parts_.scopes.covers(*crds, "", "") || !parts_.cloud.usable()) co_return;
  ScopeKey all{crds, "", ""};
  co_await parts_.scopes.bring_current(std::move(all), kCrdPatience);
}

Api::Done Api::serve_discovery(Call& call) {
  co_await look_for_definitions();
  const std::string& path = call.info.target.path;
  const Representation wanted = representation(call.request.headers, call.info.target, discovery_offer(path));
  Freshness now = freshness();
  const auto crds = parts_.resources.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  now.as_of = now.offline ? parts_.scopes.as_of(*crds, "", "") : std::nullopt;
  const std::string key = path + " " + wanted.content_type + (now.offline ? " offline" : "");
  std::string text = document(key, [&] {
    return kube::dump_json(
               discovery_document(parts_.resources, path, wanted, now, parts_.options.config.server)) +
           "\n";
  });
  co_await send_text(call, 200, std::move(text), wanted);
}

Api::Done Api::serve_openapi(Call& call) {
  co_await look_for_definitions();
  const std::string& path = call.info.target.path;
  const bool v2 = path == "/openapi/v2";
  const Representation wanted =
      representation(call.request.headers, call.info.target, v2 ? Offer::kOpenApi : Offer::kDocument);
  const bool proto = wanted.form == Form::kOpenApiProto;
  std::string text = document(path + (proto ? " proto" : ""), [&] {
    const Json made = v2 ? openapi_v2(parts_.resources) : openapi_v3(parts_.resources, path);
    return proto ? openapi_v2_proto(made) : kube::dump_json(made) + "\n";
  });
  co_await send_text(call, 200, std::move(text), wanted);
}

Api::Done Api::serve_resource(Call& call) {
  const RequestInfo& info = call.info;
  const bool restart =
      info.verb == "create" && info.name == "restart" && info.resource == "pods" && info.group.empty();
  co_await find_resource(call);
  if (restart) {
    co_await restart_pods(call);
    co_return;
  }
  if (call.resource->namespaced == false && !info.ns.empty() && info.resource != "namespaces")
    throw ApiError(no_such_path());
  if (is_review(info.group, info.resource)) {
    co_await review(call);
    co_return;
  }
  if (info.resource == "pods" && info.group.empty() && !info.subresource.empty()) {
    const std::string& sub = info.subresource;
    if (sub == "exec" || sub == "attach" || sub == "portforward" || sub == "proxy") {
      kube::Status status;
      status.code = 501;
      status.reason = "NotImplemented";
      status.message =
          "pods/" + sub + " is not served by the node's API server in this version; ask the cloud's.";
      throw ApiError(std::move(status));
    }
    if (sub == "log") {
      co_await pod_log(call);
      co_return;
    }
  }
  if (info.subresource == "scale") {
    co_await scale(call);
  } else if (info.resource == "serviceaccounts" && info.subresource == "token" && info.verb == "create") {
    co_await issue_token(call);
  } else if (info.verb == "get") {
    co_await get(call);
  } else if (info.verb == "list") {
    co_await list(call);
  } else if (info.verb == "watch") {
    co_await watch(call);
  } else if (info.verb == "create") {
    co_await create(call);
  } else if (info.verb == "update") {
    co_await update(call);
  } else if (info.verb == "patch") {
    co_await patch(call);
  } else if (info.verb == "delete") {
    co_await remove(call);
  } else if (info.verb == "deletecollection") {
    co_await remove_collection(call);
  } else {
    throw ApiError(kube::Status::method_not_allowed(info.resource, call.request.method));
  }
}

}  // namespace edgecore::metaserver
