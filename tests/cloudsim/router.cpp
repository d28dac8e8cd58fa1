// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/router.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>

#include "cloudsim/responses.hpp"
#include "edgecore/base/ascii.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/net/http_client.hpp"

namespace edgecore::cloudsim {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kBodyBytes = std::size_t{12} << 20;
constexpr std::size_t kAnswerBytes = std::size_t{1} << 20;
constexpr std::chrono::seconds kPostTime{60};
constexpr std::int64_t kErrorsKept = 10;

net::HttpServer::Options router_options(std::uint16_t port) {
  net::HttpServer::Options made;
  made.port = port;
  made.limits.body_bytes = kBodyBytes;
  return made;
}

/// The headers as Go's http.Header.
Json header_map(const net::Headers& headers) {
  Json map = Json::object();
  for (const auto& [name, value] : headers) {
    if (!iequals(name, "Host")) map[name].push_back(value);
  }
  return map;
}

/// The bytes of a content, like GetContentData.
std::string content_bytes(const Json& content) {
  if (content.is_null()) return {};
  return content.is_string() ? content.get<std::string>() : kube::dump_json(content);
}

/// Throws BadInput.
net::Response service_response(const Json& content) {
  net::Response response;
  const std::int64_t status = kube::get_int(content, "status_code");
  if (status < 200 || status > 599) throw BadInput("The node's answer has no valid HTTP status.");
  response.status = static_cast<int>(status);
  for (const auto& [name, values] : kube::object_or_empty(content, "header").items()) {
    for (const Json& value : values) {
      if (value.is_string()) response.headers.add(name, value.get<std::string>());
    }
  }
  response.body = net::base64_decode(kube::string_or(content, "body"));
  return response;
}

}  // namespace

/// A call that waits for the node's answer.
struct Router::Waiting {
  Waiting(std::map<std::string, Waiting*>& among, std::string message_id,
          const asio::any_io_executor& executor, std::chrono::milliseconds patience)
      : all(among), id(std::move(message_id)), timer(executor, patience) {
    all[id] = this;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { all.erase(id); }

  std::map<std::string, Waiting*>& all;
  std::string id;
  SteadyTimer timer;
  std::optional<Json> answer;
};

Router::Router(asio::any_io_executor executor, Cluster& cluster, Downlink& downlink, const Faults& faults,
               std::uint16_t port)
    : executor_(executor),
      cluster_(cluster),
      downlink_(downlink),
      faults_(faults),
      server_(executor, router_options(port),
              [this](net::Request& request, net::Responder& responder) { return serve(request, responder); }),
      posts_(executor) {}

asio::awaitable<void> Router::stop() {
  co_await server_.stop();
  posts_.cancel();
  co_await posts_.join();
}

void Router::changed(const Change& change) {
  if (change.kind->kind != "Rule") return;
  if (change.type == ChangeType::kAdded) add(*change.object);
  if (change.type == ChangeType::kDeleted) remove({namespace_of(*change.object), name_of(*change.object)});
}

void Router::replay() {
  for (const Object& rule : cluster_.list(kind_named("Rule"))) add(*rule);
}

void Router::add(const Json& object) {
  try {
    const Rule rule = read_rule(cluster_, object);
    rules_[{rule.ns, rule.name}] = rule;
    tell(rule, true);
  } catch (const BadInput& bad) {
    log::get("cloudsim")
        ->error("rule {}/{} is not in force: {}", namespace_of(object), name_of(object), bad.what());
  }
}

void Router::remove(const Key& key) {
  const auto found = rules_.find(key);
  if (found == rules_.end()) return;
  tell(found->second, false);
  rules_.erase(found);
}

void Router::tell(const Rule& rule, bool begin) {
  if (rule.source == Rule::End::kRest) return;
  const bool mqtt = rule.source == Rule::End::kEventbus;
  const char* source = mqtt ? names::source::kRouterEventBus : names::source::kRouterServiceBus;
  const char* operation = mqtt    ? (begin ? names::operation::kSubscribe : names::operation::kUnsubscribe)
                          : begin ? names::operation::kStart
                                  : names::operation::kStop;
  // Only a `start` carries the URL uncleaned.
  const std::string resource = !mqtt && begin ? rule.source_place : source_key(rule);
  downlink_.send(rule.node,
                 {beehive::make_message(source, names::group::kUser, operation, resource, nullptr)});
}

/// Counts in the rule's status, like CloudCore.
void Router::count(const Rule& rule, const std::string& failure) {
  const ResourceKind& kind = kind_named("Rule");
  const Object now = cluster_.find(kind, rule.ns, rule.name);
  if (!now) return;
  Json status = kube::object_or_empty(*now, "status");
  const char* member = failure.empty() ? "successMessages" : "failMessages";
  status[member] = kube::int_or(status, member, 0) + 1;
  if (!failure.empty()) {
    Json errors = kube::array_or_empty(status, "errors");
    errors.push_back(failure);
    while (errors.size() > kErrorsKept) errors.erase(errors.begin());
    status["errors"] = std::move(errors);
  }
  cluster_.patch(kind, rule.ns, rule.name, PatchType::kMerge, {{"status", std::move(status)}});
}

asio::awaitable<void> Router::serve(net::Request& request, net::Responder& responder) {
  const Rule* rule = nullptr;
  RestCall call;
  for (const auto& [key, each] : rules_) {
    const auto matched = match(each, request.target);
    if (!matched || (rule != nullptr && each.source_place.size() <= rule->source_place.size())) continue;
    rule = &each;
    call = *matched;
  }
  net::Response response = text_response(404, "no rule for " + request.target);
  if (rule != nullptr && rule->target == Rule::End::kEventbus) {
    publish(*rule, call, request.body);
    response = text_response(200, "message delivered");
  } else if (rule != nullptr) {
    Rule copy = *rule;
    response = co_await call_service(std::move(copy), std::move(call), request);
  }
  co_await responder.send(std::move(response));
}

void Router::publish(const Rule& rule, const RestCall& call, const std::string& body) {
  const std::string topic =
      call.param.empty() ? rule.target_place : clean(rule.target_place + "/" + call.param);
  downlink_.send(call.node, {beehive::make_message(names::source::kRouterEventBus, names::group::kUser,
                                                   names::operation::kPublish, topic, body)});
  count(rule, "");
}

asio::awaitable<net::Response> Router::call_service(Rule rule, RestCall call, net::Request& request) {
  const std::string path = clean("/" + rule.target_place + "/" + call.param);
  Json content = {{"header", header_map(request.headers)},
                  {"body", net::base64(request.body)},
                  {"method", request.method},
                  {"url", ""}};
  beehive::Message message =
      beehive::make_message(names::source::kRouterServiceBus, names::group::kUser, request.method,
                            rule.service_port + ":" + path, std::move(content));
  Waiting waiting(waiting_, message.header.id, executor_, faults_.router_timeout);
  downlink_.send(call.node, {std::move(message)});
  boost::system::error_code woken;
  co_await waiting.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (!waiting.answer) {
    count(rule, "the node " + call.node + " did not answer in time");
    co_return text_response(408, "the node did not answer in time");
  }
  try {
    net::Response response = service_response(*waiting.answer);
    count(rule, "");
    co_return response;
  } catch (const BadInput& bad) {
    count(rule, bad.what());
  }
  co_return text_response(500, "the node's answer is malformed");
}

void Router::uploaded(const std::string& node, const beehive::Message& message) {
  if (!message.header.parent_id.empty()) {
    const auto found = waiting_.find(message.header.parent_id);
    if (found == waiting_.end()) return;
    found->second->answer = message.content;
    found->second->timer.cancel();
    return;
  }
  // The key must match exactly: a rule for a topic with wildcards never gets a message
  // (protocol/04-devices.md §5.3).
  const std::string key = clean(message.route.resource);
  const bool mqtt = message.route.source == "bus";
  if (!mqtt && message.route.source != names::module::kServiceBus) return;
  for (const auto& [name, rule] : rules_) {
    const bool same_end = rule.source == (mqtt ? Rule::End::kEventbus : Rule::End::kServicebus);
    if (!same_end || rule.node != node || source_key(rule) != key) continue;
    posts_.spawn("post of an upload", post(rule, node, message));
    return;
  }
  log::get("cloudsim")->info("node {}: no rule for the upload {}", node, log::quote(message.route.resource));
}

asio::awaitable<void> Router::post(Rule rule, std::string node, beehive::Message message) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = rule.target_place;
  request.body = content_bytes(message.content);
  request.timeout = kPostTime;
  std::string failure = request.body.empty() ? "the message is empty" : "";
  net::ClientResponse response;
  if (failure.empty()) {
    try {
      response = co_await net::fetch(std::move(request));
    } catch (const Error& error) {
      failure = error.what();
    }
  }
  count(rule, failure);
  if (!failure.empty()) {
    log::get("cloudsim")->warn("rule {}/{}: {}", rule.ns, rule.name, failure);
    co_return;
  }
  if (rule.source != Rule::End::kServicebus) co_return;
  response.body.resize(std::min(response.body.size(), kAnswerBytes));
  Downstream answer;
  answer.message = beehive::make_response(message, std::move(response.body));
  downlink_.send(node, std::move(answer));
}

}  // namespace edgecore::cloudsim
