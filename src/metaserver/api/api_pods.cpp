// SPDX-License-Identifier: Apache-2.0
// How Api answers what only pods have: logs and restarts (protocol/03-metaserver.md §5).
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "metaserver/api/api.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/logs/pod_log_options.hpp"
#include "metaserver/logs/pod_logs.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::size_t kMostRestarts = 100;
constexpr std::chrono::seconds kRestartWithin{15};

}  // namespace

Api::Done Api::follow_until_gone(PodLog& log, LogSink sink, net::Responder& responder) {
  using boost::asio::experimental::awaitable_operators::operator||;
  co_await (log.run(std::move(sink)) || responder.client_gone());
}

Api::Done Api::pod_log(Call& call) {
  if (call.info.verb != "get")
    throw ApiError(kube::Status::method_not_allowed("pods/log", call.request.method));
  const PodLogOptions options = parse_log_options(call.info.target, call.info.name);
  ObjectPtr pod = parts_.cache.open(call.resource)->find(call.info.ns, call.info.name);
  if (!pod) pod = co_await current_object(call.resource, call.info.ns, call.info.name, patience_of(call));
  if (!pod) throw ApiError(kube::Status::not_found("pods", call.info.name));
  if (!is_own_pod(*call.resource, pod)) {
    bad_request("pod " + call.info.name + " runs on node " +
                std::string(pod->string_at({"spec", "nodeName"})) + ", and only this node's logs are here");
  }
  PodLogRequest request;
  request.target = find_log_target(pod->json(), options);
  request.options = options;
  request.now = parts_.context.clock.wall();
  request.pod_logs = parts_.options.pod_logs;
  const LogTarget target = request.target;
  const std::string ns = call.info.ns, name = call.info.name;
  request.runs = [this, resource = call.resource, ns, name, target] {
    const ObjectPtr now = parts_.cache.open(resource)->find(ns, name);
    return still_runs(now ? now->json() : Json(), target);
  };
  PodLog log(parts_.context.executor, std::move(request));
  call.code = 200;
  net::Headers headers = headers_for(call, "text/plain");
  co_await call.responder.start(200, std::move(headers));
  net::Responder& responder = call.responder;
  LogSink sink = [&responder](std::string piece) -> boost::asio::awaitable<void> {
    co_await responder.write(std::move(piece));
  };
  co_await follow_until_gone(log, std::move(sink), responder);
  co_await responder.finish();
}

Api::Done Api::restart_pods(Call& call) {
  const Json names = Json::parse(call.request.body, nullptr, false);
  if (!names.is_array() || names.size() > kMostRestarts)
    bad_request("the body is no list of at most 100 names of pods");
  Json errors = Json::array();
  Json done = Json::array();
  for (const Json& name : names) {
    if (!name.is_string()) bad_request("a pod's name is a string");
    const std::string pod = name.get<std::string>();
    const std::string shown = call.info.ns + "/" + pod;
    const ObjectPtr known = parts_.cache.open(call.resource)->find(call.info.ns, pod);
    if (!known || !is_own_pod(*call.resource, known)) {
      errors.push_back("not found pod:\"/" + shown + "\"");
      continue;
    }
    beehive::Message question =
        beehive::make_message(names::module::kMetaServer, names::group::kMeta, names::operation::kRestart,
                              beehive::resource_path(call.info.ns, names::resource::kPod, pod), nullptr);
    std::string failure;
    try {
      const beehive::MessagePtr answer =
          co_await parts_.context.bus.request(names::module::kEdged, std::move(question), kRestartWithin);
      if (answer->route.operation == names::operation::kError)
        failure = kube::string_or(answer->content, "message", "it could not be restarted");
    } catch (const beehive::RequestFailed& failed) {
      failure = failed.what();
    }
    if (failure.empty()) {
      done.push_back("the pod \"" + shown + "\" restart successful");
    } else {
      errors.push_back("pod \"" + shown + "\": " + failure);
    }
  }
  Json answer = Json::object();
  if (!errors.empty()) answer["errMessages"] = errors;
  if (!done.empty()) answer["LogMessages"] = done;
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kDocument);
  co_await send_json(call, 200, answer, wanted);
}

}  // namespace edgecore::metaserver
