// SPDX-License-Identifier: Apache-2.0
#include "servicebus/service_calls.hpp"

#include <utility>
#include <variant>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "servicebus/service_exchange.hpp"

namespace edgecore::servicebus {
namespace {

/// Memory of a call besides its bodies.
constexpr std::size_t kCallBytes = 4096;

std::size_t bytes_of(const ServiceRequest& request) {
  std::size_t bytes = kCallBytes + request.url.target.size() + request.body.size();
  for (const auto& [name, value] : request.headers) bytes += name.size() + value.size();
  return bytes;
}

beehive::Message answer_message(const std::string& id, const ServiceAnswer& answer) {
  beehive::Message message = beehive::make_message(names::module::kServiceBus, names::group::kUser,
                                                   names::operation::kUpload, "", answer_content(answer));
  message.header.parent_id = id;
  return message;
}

ServiceAnswer busy() {
  return refusal(503, "this node has too many calls of services under way, try again later");
}

}  // namespace

ServiceCalls::ServiceCalls(beehive::ModuleContext& context, async::TaskGroup& tasks,
                           const ServiceBusTuning& tuning)
    : context_(context), tasks_(tasks), tuning_(tuning), budget_(tuning.call_bytes) {}

void ServiceCalls::take(const beehive::Message& message) {
  const std::string& id = message.header.id;
  auto read = read_service_request(message);
  if (auto* answer = std::get_if<ServiceAnswer>(&read)) {
    context_.log->warn("refusing the cloud's call of {}: {}", log::quote_url(message.route.resource),
                       log::quote(answer->body));
    return refuse(id, *answer);
  }
  auto call = std::make_unique<Call>(id, std::move(std::get<ServiceRequest>(read)), budget_);
  if (waiting_ >= tuning_.waiting_calls || !call->share.grow(bytes_of(call->request))) {
    if (refused_.now())
      context_.log->warn(
          "the cloud calls services on this node faster than they answer ({} calls refused so far); the last "
          "one was of port {}",
          refused_.count(), call->request.url.port);
    return refuse(id, busy());
  }
  ++waiting_;
  const std::uint16_t port = call->request.url.port;
  lanes_[port].waiting.push_back(std::move(call));
  begin_what_may();
}

/// The next call to start; the ports take turns (round robin). nullptr if none may start.
ServiceCalls::CallPtr ServiceCalls::next() {
  if (running_ >= tuning_.calls) return nullptr;
  auto at = lanes_.upper_bound(last_port_);
  for (std::size_t looked = 0; looked < lanes_.size(); ++looked, ++at) {
    if (at == lanes_.end()) at = lanes_.begin();
    Lane& lane = at->second;
    if (lane.waiting.empty() || lane.running >= tuning_.calls_per_port) continue;
    CallPtr call = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    last_port_ = at->first;
    ++lane.running;
    ++running_;
    --waiting_;
    return call;
  }
  return nullptr;
}

void ServiceCalls::begin_what_may() {
  while (CallPtr call = next()) tasks_.spawn("call of a service", run(std::move(call)));
}

boost::asio::awaitable<void> ServiceCalls::run(CallPtr call) {
  const std::uint16_t port = call->request.url.port;
  co_await make(std::move(call));
  ended(port);
}

boost::asio::awaitable<void> ServiceCalls::make(CallPtr call) {
  ServiceAnswer answer = busy();
  if (steady_now() - call->arrived < tuning_.call_patience) {
    ServiceRequest request = std::move(call->request);
    answer = co_await ask_service(std::move(request), call->share, tuning_.call_timeout);
  }
  context_.log->debug("answered a call of the cloud with status {}", answer.status);
  co_await send(call->id, std::move(answer));
}

void ServiceCalls::ended(std::uint16_t port) {
  --running_;
  const auto lane = lanes_.find(port);
  --lane->second.running;
  if (lane->second.running == 0 && lane->second.waiting.empty()) lanes_.erase(lane);
  begin_what_may();
}

void ServiceCalls::refuse(const std::string& id, const ServiceAnswer& answer) {
  if (!context_.bus.try_send(names::module::kEdgeHub, answer_message(id, answer)))
    context_.log->warn("dropping a call of the cloud without an answer: too many answers wait to be sent");
}

boost::asio::awaitable<void> ServiceCalls::send(const std::string& id, ServiceAnswer answer) {
  beehive::Message message = answer_message(id, answer);
  answer = {};
  try {
    co_await context_.bus.send(names::module::kEdgeHub, std::move(message));
  } catch (const beehive::RequestFailed& error) {
    context_.log->warn("the answer to a call of the cloud is lost: {}", error.what());
  }
}

}  // namespace edgecore::servicebus
