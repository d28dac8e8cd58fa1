// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/pod_requests.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <variant>

#include "edgecore/async/attempt.hpp"
#include "edgecore/beehive/names.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/body.hpp"
#include "metaserver/logs/pod_log_options.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::size_t kMostRestarts = 100;
constexpr std::chrono::seconds kRestartWithin{15};

Done follow_until_gone(PodLog& log, LogSink sink, net::Responder& responder, OpenStreams::Stream& stream) {
  using boost::asio::experimental::awaitable_operators::operator||;
  // As a value, because `||` waits for the client when the log's end is an exception.
  const auto first =
      co_await (async::attempt(log.run(std::move(sink))) || responder.client_gone() || stream.ended());
  if (const auto* followed = std::get_if<0>(&first)) followed->value();
}

}  // namespace

boost::asio::awaitable<ObjectPtr> PodRequests::own_pod(Call& call) {
  const std::string& name = call.info.name;
  ObjectPtr pod = parts_.cache.open(call.resource)->find(call.info.ns, name);
  if (!pod) pod = co_await reader_.current(call);
  if (!pod) throw ApiError(kube::Status::not_found("pods", name));
  if (reader_.is_own_pod(*call.resource, pod)) co_return pod;
  bad_request("pod " + name + " runs on node " + std::string(pod->string_at({"spec", "nodeName"})) +
              ", and only this node's logs are here");
}

PodLogRequest PodRequests::log_request(const Call& call, const CachedObject& pod,
                                       PodLogOptions options) const {
  PodLogRequest request;
  request.target = find_log_target(pod.json(), options);
  request.options = std::move(options);
  request.now = parts_.context.clock.wall();
  request.pod_logs = parts_.options.pod_logs;
  request.runs = [pods = parts_.cache.open(call.resource), ns = call.info.ns, name = call.info.name,
                  target = request.target] {
    const ObjectPtr now = pods->find(ns, name);
    return still_runs(now ? now->json() : Json(), target);
  };
  return request;
}

Done PodRequests::log(Call& call) {
  if (call.info.verb != "get")
    throw ApiError(kube::Status::method_not_allowed("pods/log", call.request.method));
  PodLogOptions options = parse_log_options(call.info.target, call.info.name);
  const ObjectPtr pod = co_await own_pod(call);
  PodLogRequest request = log_request(call, *pod, std::move(options));
  PodLog log(parts_.context.executor, parts_.directory_watches, std::move(request));
  call.code = 200;
  net::Headers headers = answers_.headers_for(call, "text/plain");
  co_await call.responder.start(200, std::move(headers));
  net::Responder& responder = call.responder;
  LogSink sink = [&responder](std::string piece) -> boost::asio::awaitable<void> {
    co_await responder.write(std::move(piece));
  };
  OpenStreams::Stream stream(streams_, parts_.context.executor,
                             [this, &call] { return identity_.may_go_on(call); });
  co_await follow_until_gone(log, std::move(sink), responder, stream);
  co_await responder.finish();
}

Done PodRequests::restart(Call& call) {
  Json errors = Json::array();
  Json done = Json::array();
  for (std::string& pod : read_names(call.request.body, kMostRestarts)) {
    const std::string shown = call.info.ns + "/" + pod;
    const ObjectPtr known = parts_.cache.open(call.resource)->find(call.info.ns, pod);
    if (!known || !reader_.is_own_pod(*call.resource, known)) {
      errors.push_back("not found pod:\"/" + shown + "\"");
      continue;
    }
    const Outcome<void> restarted = co_await restart_one(call, std::move(pod));
    if (restarted) {
      done.push_back("the pod \"" + shown + "\" restart successful");
    } else {
      errors.push_back("pod \"" + shown + "\": " + restarted.failure().message());
    }
  }
  Json answer = Json::object();
  if (!errors.empty()) answer["errMessages"] = errors;
  if (!done.empty()) answer["LogMessages"] = done;
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kDocument);
  co_await answers_.send_json(call, 200, answer, wanted);
}

boost::asio::awaitable<Outcome<void>> PodRequests::restart_one(const Call& call, std::string pod) {
  beehive::Message question =
      beehive::make_message(names::module::kMetaServer, names::group::kMeta, names::operation::kRestart,
                            beehive::resource_path(call.info.ns, names::resource::kPod, pod), nullptr);
  const auto answer = co_await async::attempt<beehive::RequestFailed>(
      parts_.context.bus.request(names::module::kEdged, std::move(question), kRestartWithin));
  if (!answer) co_return answer.failure();
  const beehive::Message& said = **answer;
  if (said.route.operation != names::operation::kError) co_return Outcome<void>();
  co_return Failure(kube::string_or(said.content, "message", "it could not be restarted"));
}

void PodRequests::refuse_stream(const Call& call) {
  kube::Status status;
  status.code = 501;
  status.reason = "NotImplemented";
  status.message = "pods/" + call.info.subresource +
                   " is not served by the node's API server in this version; ask the cloud's.";
  throw ApiError(std::move(status));
}

}  // namespace edgecore::metaserver
