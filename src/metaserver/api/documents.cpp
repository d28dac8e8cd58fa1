// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/documents.hpp"

#include "edgecore/store/meta_v2.hpp"
#include "metaserver/api/cloud_price.hpp"
#include "metaserver/api/health.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/metrics.hpp"
#include "metaserver/schema/discovery.hpp"
#include "metaserver/schema/openapi.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::chrono::minutes kVersionHolds{5};
constexpr std::chrono::seconds kVersionPatience{5};
constexpr char kVersionKey[] = "/version";
/// How long discovery and unknown resources wait for the cloud's definitions.
constexpr std::chrono::seconds kDefinitionPatience{3};

bool is_openapi_path(std::string_view path) {
  return path == "/openapi/v2" || path == "/openapi/v3" || path.starts_with("/openapi/v3/");
}

kube::ApiResourcePtr crds_of(const kube::ApiResources& resources) {
  return resources.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
}

}  // namespace

kube::Status no_such_path() {
  kube::Status status;
  status.code = 404;
  status.reason = kube::reason::kNotFound;
  status.message = "the server could not find the requested resource";
  return status;
}

Done Documents::serve(Call& call) {
  const std::string& path = call.info.target.path;
  const std::string& method = call.request.method;
  if (method != "GET" && method != "HEAD") throw ApiError(no_such_path());
  if (is_health_path(path)) {
    co_await serve_health(call);
  } else if (path == "/version" || path == "/version/") {
    co_await serve_version(call);
  } else if (is_discovery_path(path)) {
    co_await serve_discovery(call);
  } else if (is_openapi_path(path)) {
    co_await serve_openapi(call);
  } else if (path == "/metrics") {
    std::string text = parts_.metrics.text();
    co_await answers_.send_plain(call, 200, std::move(text), "text/plain; version=0.0.4; charset=utf-8");
  } else if (path == "/" || path.empty()) {
    co_await serve_root(call);
  } else {
    throw ApiError(no_such_path());
  }
}

Done Documents::serve_health(Call& call) const {
  auto answer =
      health_answer(call.info.target, parts_.modules ? parts_.modules() : std::vector<ModuleHealth>());
  if (!answer) throw ApiError(no_such_path());
  co_await answers_.send_plain(call, answer->status, std::move(answer->text), "text/plain; charset=utf-8");
}

Done Documents::serve_root(Call& call) const {
  const Json paths = {{"paths",
                       {"/api", "/api/v1", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v2",
                        "/openapi/v3", "/readyz", "/version"}}};
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kDocument);
  co_await answers_.send_json(call, 200, paths, wanted);
}

Done Documents::serve_version(Call& call) {
  const bool is_old = parts_.context.clock.steady() - version_at_ > kVersionHolds;
  if (version_text_.empty() || (parts_.cloud.usable() && is_old)) co_await fetch_version(call);
  if (version_text_.empty())
    throw ApiError(kube::Status::service_unavailable(
        "the version of the cluster is not known before the first connection"));
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kDocument);
  std::string text = version_text_ + "\n";
  co_await answers_.send_text(call, 200, std::move(text), wanted);
}

/// Asks the cloud; without an answer the last stored version is used.
Done Documents::fetch_version(const Call& call) {
  if (parts_.cloud.usable()) pay(parts_, call);
  beehive::Application question = parts_.cloud.make(kVersionKey, "get", "");
  const CloudAnswer answer = co_await parts_.cloud.call(std::move(question), kVersionPatience);
  if (!answer.ok() || !Json::accept(answer.body)) {
    const auto row = store::meta_v2::find(parts_.reader, kVersionKey);
    if (row && Json::accept(row->value)) version_text_ = row->value;
    co_return;
  }
  version_text_ = answer.body;
  version_at_ = parts_.context.clock.steady();
  store::meta_v2::Row row;
  row.key = kVersionKey;
  row.value = answer.body;
  parts_.store.submit_and_wait_turn([row](store::Transaction& into) { store::meta_v2::upsert(into, row); },
                                    [](std::exception_ptr) {}, row.value.size());
}

Done Documents::fetch_definitions(const Call& call) const {
  const auto crds = crds_of(parts_.resources);
  if (parts_.scopes.covers(*crds, "", "") || !parts_.cloud.usable()) co_return;
  pay(parts_, call, kSyncMessages);
  ScopeKey all{crds, "", ""};
  co_await parts_.scopes.bring_current(std::move(all), kDefinitionPatience);
}

Done Documents::serve_discovery(Call& call) {
  co_await fetch_definitions(call);
  const std::string& path = call.info.target.path;
  const Representation wanted = representation(call.request.headers, call.info.target, discovery_offer(path));
  Freshness now;
  now.offline = !parts_.cloud.is_up();
  now.as_of = now.offline ? parts_.scopes.as_of(*crds_of(parts_.resources), "", "") : std::nullopt;
  const std::string key =
      std::string(document_key(path)) + " " + wanted.content_type + (now.offline ? " offline" : "");
  std::string text = documents_.find_or_make(key, parts_.resources.revision(), [&] {
    const Json made = discovery_document(parts_.resources, path, wanted, now, parts_.options.config.server);
    return kube::dump_json(made) + "\n";
  });
  co_await answers_.send_text(call, 200, std::move(text), wanted);
}

Done Documents::serve_openapi(Call& call) {
  co_await fetch_definitions(call);
  const std::string& path = call.info.target.path;
  const bool v2 = path == "/openapi/v2";
  const Representation wanted =
      representation(call.request.headers, call.info.target, v2 ? Offer::kOpenApi : Offer::kDocument);
  const bool proto = wanted.form == Form::kOpenApiProto;
  const std::string key = std::string(document_key(path)) + (proto ? " proto" : "");
  std::string text = documents_.find_or_make(key, parts_.resources.revision(), [&] {
    const Json made = v2 ? openapi_v2(parts_.resources) : openapi_v3(parts_.resources, path);
    return proto ? openapi_v2_proto(made) : kube::dump_json(made) + "\n";
  });
  co_await answers_.send_text(call, 200, std::move(text), wanted);
}

}  // namespace edgecore::metaserver
