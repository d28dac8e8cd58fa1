// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/rest_api.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "cloudsim/discovery.hpp"
#include "cloudsim/responses.hpp"
#include "cloudsim/subresources.hpp"
#include "cloudsim/table.hpp"
#include "cloudsim/validation.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/selector.hpp"
#include "support/objects.hpp"

namespace edgecore::cloudsim {

namespace asio = boost::asio;

namespace {

/// The query's selection; the name in the path of a watch is one more condition.
Selection selection_of(const net::Target& target, const ApiPath& path) {
  Selection selection = Selection::parse(*path.kind, target.find("labelSelector").value_or(""),
                                         target.find("fieldSelector").value_or(""));
  if (!path.name.empty()) selection.fields = kube::FieldSelector::parse("metadata.name=" + path.name);
  return selection;
}

bool wants_table(const net::Request& request) {
  return request.headers.get("Accept").find("as=Table") != std::string_view::npos;
}

net::Response status_response(const kube::Status& status) {
  return json_response(status.code, status.to_json());
}

bool is_true(const std::optional<std::string>& value) {
  return value == "true" || value == "1" || value == "True";
}

DeleteOptions delete_options(const net::Request& request, const net::Target& target) {
  DeleteOptions options;
  if (!request.body.empty()) {
    const Json body = kube::parse_json(request.body, "The request body");
    options.grace_seconds = test::optional_int(body, "gracePeriodSeconds");
    options.uid = kube::string_or(body, "preconditions.uid");
    options.resource_version = kube::string_or(body, "preconditions.resourceVersion");
  }
  if (const auto grace = target.find("gracePeriodSeconds"))
    options.grace_seconds =
        kube::get_int(kube::parse_json("{\"g\":" + *grace + "}", "gracePeriodSeconds"), "g");
  return options;
}

/// kubectl sends dryRun in the query, but for deletions in the body.
bool is_rehearsal(const net::Request& request, const net::Target& target) {
  if (target.find("dryRun").value_or("") == "All") return true;
  if (request.method != "DELETE" || request.body.empty()) return false;
  const Json body = kube::parse_json(request.body, "The request body");
  return !kube::array_or_empty(body, "dryRun").empty();
}

std::vector<std::string> path_segments(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t at = 1;
  while (at < path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    parts.push_back(net::percent_decode(path.substr(at, slash - at)).value_or(""));
    at = slash + 1;
  }
  return parts;
}

/// One event of a watch as a line; nullopt if the selection does not see the change.
std::optional<Json> event_of(const Change& change, const Selection& selection, const std::string& ns) {
  if (!ns.empty() && namespace_of(*change.object) != ns) return std::nullopt;
  const bool now = change.type != ChangeType::kDeleted && selection.matches(*change.object);
  const bool before = change.before && selection.matches(*change.before);
  if (!now && !before) return std::nullopt;
  const char* type = now ? (before ? "MODIFIED" : "ADDED") : "DELETED";
  return Json{{"type", type}, {"object", *change.object}};
}

asio::awaitable<void> wait_for_change(SteadyTimer& timer, SteadyTime until) {
  timer.expires_at(until);
  constexpr auto kQuiet = asio::as_tuple(asio::use_awaitable);
  co_await timer.async_wait(kQuiet);
}

std::string line_of(Json event, const ResourceKind& kind, bool as_table, WallTime now) {
  event["object"]["apiVersion"] = kind.api_version();
  if (as_table) {
    const auto object = std::make_shared<const Json>(std::move(event["object"]));
    event["object"] = table(kind, {object}, now);
  }
  return kube::dump_json(event) + "\n";
}

/// The progress of a watch.
struct WatchState {
  const ResourceKind* kind;
  std::string ns;
  Selection selection;
  bool as_table;
  bool replay;  ///< begin with everything there is
  std::uint64_t version;
  SteadyTime until;
};

asio::awaitable<void> run_watch(Cluster& cluster, WatchState state, SteadyTimer& timer,
                                net::Responder& responder) {
  std::string lines;
  if (state.replay) {
    for (const Object& object : cluster.list(*state.kind, state.ns)) {
      if (!state.selection.matches(*object)) continue;
      Json event = {{"type", "ADDED"}, {"object", *object}};
      lines += line_of(std::move(event), *state.kind, state.as_table, cluster.now());
    }
  }
  while (steady_now() < state.until) {
    const auto changes = cluster.since(state.version, *state.kind);
    if (!changes) {
      const Json gone = kube::Status::expired("too old resource version").to_json();
      const Json event = {{"type", "ERROR"}, {"object", gone}};
      std::string line = kube::dump_json(event) + "\n";
      co_await responder.write(std::move(line));
      break;
    }
    state.version = std::max(state.version, cluster.version());
    for (const Change& change : *changes) {
      if (auto event = event_of(change, state.selection, state.ns))
        lines += line_of(std::move(*event), *state.kind, state.as_table, cluster.now());
    }
    if (!lines.empty()) {
      std::string piece = std::exchange(lines, {});
      co_await responder.write(std::move(piece));
    } else {
      co_await wait_for_change(timer, state.until);
    }
  }
  co_await responder.finish();
}

std::string_view content_type_of(const net::Request& request) {
  const std::string_view type = request.headers.get("Content-Type");
  return type.substr(0, type.find(';'));
}

PatchType requested_patch(const net::Request& request) {
  if (const auto type = patch_type(content_type_of(request))) return *type;
  throw ApiError(kube::Status::unsupported_media_type(
      "the body of the request was in an unknown format - accepted media types include: "
      "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"));
}

/// The body of a POST or PUT. A client without a Content-Type sends JSON.
Json object_body(const net::Request& request) {
  const std::string_view type = content_type_of(request);
  if (!type.empty() && type != "application/json")
    throw ApiError(kube::Status::unsupported_media_type(
        "the body of the request was in an unknown format - accepted media types include: application/json"));
  return kube::parse_json(request.body, "The request body");
}

/// An object that says what it is has to be of the path's kind and version; one of a custom resource has to
/// say it.
void check_kind(const ApiPath& path, const Json& object) {
  const std::string kind = kube::string_or(object, "kind");
  const std::string version = kube::string_or(object, "apiVersion");
  if (is_custom(*path.kind) && (kind.empty() || version.empty()))
    throw ApiError(kube::Status::bad_request("Object 'Kind' or 'apiVersion' is missing in the object"));
  if (!kind.empty() && kind != path.kind->kind)
    throw ApiError(kube::Status::bad_request("the object provided is unrecognized (must be of type " +
                                             std::string(path.kind->kind) + ")"));
  if (!version.empty() && version != path.kind->api_version())
    throw ApiError(kube::Status::bad_request("the API version in the data (" + version +
                                             ") does not match the expected API version (" +
                                             path.kind->api_version() + ")"));
}

}  // namespace

std::optional<ApiPath> parse_api_path(const std::string& path, const Kinds& kinds) {
  std::vector<std::string> parts = path_segments(path);
  std::string group;
  std::string version;
  if (parts.size() >= 3 && parts[0] == "api") {
    version = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    group = parts[1];
    version = parts[2];
    parts.erase(parts.begin(), parts.begin() + 3);
  } else {
    return std::nullopt;
  }
  ApiPath found;
  if (parts[0] == "namespaces" && parts.size() >= 3 && parts[2] != "status" && parts[2] != "finalize") {
    found.ns = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  found.kind = kinds.find_plural(parts[0], group, version);
  if (found.kind == nullptr || parts.size() > 3) return std::nullopt;
  if (parts.size() > 1) found.name = parts[1];
  if (parts.size() > 2) found.subresource = parts[2];
  return found;
}

RestApi::RestApi(asio::any_io_executor executor, Cluster& cluster, const Authority& authority,
                 std::uint16_t port, Extra extra)
    : executor_(executor),
      cluster_(cluster),
      authority_(authority),
      pages_(cluster),
      extra_(std::move(extra)),
      server_(
          executor,
          [port] {
            net::HttpServer::Options options;
            options.port = port;
            return options;
          }(),
          [this](net::Request& request, net::Responder& responder) { return serve(request, responder); }) {
  cluster_.observe([this](const Change&) {
    for (const auto& [id, timer] : watchers_) timer->cancel();
  });
}

asio::awaitable<void> RestApi::stop() {
  co_await server_.stop();
}

asio::awaitable<void> RestApi::serve(const net::Request& request, net::Responder& responder) {
  std::optional<ApiPath> watched;
  const net::Target target = net::Target::parse(request.target);
  if (request.method == "GET" && is_true(target.find("watch")))
    watched = parse_api_path(target.path, cluster_.kinds());
  if (watched) {
    const bool as_table = wants_table(request);
    co_await watch(*watched, target, as_table, responder);
    co_return;
  }
  net::Response response = answer(request);
  co_await responder.send(std::move(response));
}

asio::awaitable<void> RestApi::watch(const ApiPath& path, const net::Target& target, bool as_table,
                                     net::Responder& responder) {
  using namespace asio::experimental::awaitable_operators;
  const std::string from = target.find("resourceVersion").value_or("");
  const bool replay = from.empty() || from == "0";
  WatchState state{path.kind,          path.ns,          selection_of(target, path), as_table, replay,
                   cluster_.version(), SteadyTime::max()};
  if (!replay) {
    const Json number = kube::parse_json("{\"v\":" + from + "}", "The resourceVersion");
    state.version = static_cast<std::uint64_t>(kube::get_int(number, "v"));
  }
  if (const auto seconds = target.find("timeoutSeconds")) {
    const Json number = kube::parse_json("{\"v\":" + *seconds + "}", "timeoutSeconds");
    state.until = steady_now() + std::chrono::seconds(kube::get_int(number, "v"));
  }
  const auto timer = std::make_shared<SteadyTimer>(executor_);
  const int id = next_watcher_++;
  watchers_[id] = timer;
  try {
    net::Headers headers;
    headers.add("Content-Type", "application/json");
    co_await responder.start(200, std::move(headers));
    auto events = run_watch(cluster_, std::move(state), *timer, responder);
    auto gone = responder.client_gone();
    co_await (std::move(events) || std::move(gone));
  } catch (...) {
    watchers_.erase(id);
    throw;
  }
  watchers_.erase(id);
}

net::Response RestApi::answer(const net::Request& request) {
  try {
    if (extra_) {
      if (auto response = extra_(request)) return *response;
    }
    const net::Target target = net::Target::parse(request.target);
    if (target.path == "/healthz" || target.path == "/livez" || target.path == "/readyz") {
      net::Response ok;
      ok.headers.add("Content-Type", "text/plain");
      ok.body = "ok";
      return ok;
    }
    std::string bare = target.path;
    while (bare.size() > 1 && bare.back() == '/') bare.pop_back();
    if (request.method == "GET") {
      if (const auto document = cluster_.kinds().discovery(bare, discovery(bare)))
        return json_response(200, *document);
    }
    if (const auto path = parse_api_path(bare, cluster_.kinds())) return resource(request, *path, target);
    kube::Status missing = kube::Status::not_found("resources", bare);
    missing.message = "the server could not find the requested resource";
    return status_response(missing);
  } catch (const ApiError& error) {
    return status_response(error.status());
  } catch (const BadInput& bad) {
    return status_response(kube::Status::bad_request(bad.what()));
  }
}

net::Response RestApi::resource(const net::Request& request, const ApiPath& path, const net::Target& target) {
  if (!path.subresource.empty() && !cluster_.has_subresource(*path.kind, path.subresource)) {
    return status_response(unknown_resource(resource_name(*path.kind)));
  }
  std::optional<Cluster::Rehearsal> rehearsal;
  if (is_rehearsal(request, target)) rehearsal.emplace(cluster_);
  if (request.method == "GET" || request.method == "HEAD") {
    if (path.subresource == "log" || path.subresource == "exec") {
      kube::Status refusal = kube::Status::service_unavailable(
          "the test cloud has no stream tunnel: read the logs on the node, under /var/log/pods");
      return status_response(refusal);
    }
    return json_response(200, get(request, path, target));
  }
  if (request.method == "POST") return post(request, path);
  if (request.method == "PUT") {
    return json_response(200, put(request, path));
  }
  if (request.method == "PATCH") {
    int status = 200;
    const Json patched = patch(request, path, status);
    return json_response(status, patched);
  }
  if (request.method == "DELETE") return json_response(200, remove(request, path, target));
  return status_response(kube::Status::method_not_allowed(resource_name(*path.kind), request.method));
}

Json RestApi::get(const net::Request& request, const ApiPath& path, const net::Target& target) {
  if (!path.name.empty()) {
    const Object object = cluster_.get(*path.kind, path.ns, path.name);
    if (path.subresource == "scale") return scale_of(*path.kind, *object);
    if (wants_table(request)) return table(*path.kind, {object}, cluster_.now());
    return in_version(*path.kind, *object);
  }
  Pages::Request wanted;
  wanted.kind = path.kind;
  wanted.ns = path.ns;
  wanted.label_selector = target.find("labelSelector").value_or("");
  wanted.field_selector = target.find("fieldSelector").value_or("");
  wanted.token = target.find("continue").value_or("");
  if (const auto limit = target.find("limit"))
    wanted.limit = kube::get_int(kube::parse_json("{\"v\":" + *limit + "}", "The limit"), "v");
  const Pages::Page page = pages_.read(wanted);
  if (!wants_table(request)) return list_document(*path.kind, page);
  Json shown = table(*path.kind, page.objects, cluster_.now());
  shown["metadata"] = page.metadata;
  return shown;
}

net::Response RestApi::post(const net::Request& request, const ApiPath& path) {
  Json body = object_body(request);
  if (path.name.empty()) check_kind(path, body);
  if (path.name.empty() && path.kind->group == "authorization.k8s.io") {
    body["status"] = {{"allowed", true}};  // all callers have all rights here
    return json_response(201, body);
  }
  if (path.name.empty()) return json_response(201, *cluster_.create(*path.kind, path.ns, body));
  return json_response(
      201, create_subresource(cluster_, authority_, *path.kind, path.ns, path.name, path.subresource, body));
}

Json RestApi::put(const net::Request& request, const ApiPath& path) {
  const Json body = object_body(request);
  if (path.subresource == "scale") return rescale(cluster_, *path.kind, path.ns, path.name, body);
  check_kind(path, body);
  return *cluster_.update(*path.kind, path.ns, path.name, body, path.subresource);
}

Json RestApi::patch(const net::Request& request, const ApiPath& path, int& status) {
  const PatchType type = requested_patch(request);
  const Json body = kube::parse_json(request.body, "The patch");
  if (type == PatchType::kApply && path.subresource.empty() &&
      !cluster_.find(*path.kind, path.ns, path.name)) {
    status = 201;
    return *cluster_.create(*path.kind, path.ns, body);
  }
  if (path.subresource == "scale") return patch_scale(cluster_, *path.kind, path.ns, path.name, type, body);
  return *cluster_.patch(*path.kind, path.ns, path.name, type, body, path.subresource);
}

Json RestApi::remove(const net::Request& request, const ApiPath& path, const net::Target& target) {
  const DeleteOptions options = delete_options(request, target);
  if (path.name.empty()) {
    const Selection selection = selection_of(target, path);
    for (const Object& object : cluster_.list(*path.kind, path.ns)) {
      if (selection.matches(*object))
        cluster_.remove(*path.kind, namespace_of(*object), name_of(*object), options);
    }
    return kube::Status::deleted(resource_name(*path.kind), "", "").to_json();
  }
  const Deletion deletion = cluster_.remove(*path.kind, path.ns, path.name, options);
  // A deleted pod is answered with the object, other kinds with a Status, like an API server.
  if (!deletion.removed || path.kind->kind == "Pod") return *deletion.object;
  return kube::Status::deleted(resource_name(*path.kind), path.name, uid_of(*deletion.object)).to_json();
}

}  // namespace edgecore::cloudsim
