// SPDX-License-Identifier: Apache-2.0
#include "metaserver/cache/cloud_calls.hpp"

#include "edgecore/async/attempt.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::metaserver {
namespace {

constexpr unsigned kUnansweredToRest = 2;

CloudAnswer unreachable(std::string why) {
  CloudAnswer answer;
  answer.status = kube::Status::service_unavailable(why);
  return answer;
}

}  // namespace

beehive::Application CloudCalls::make(std::string key, std::string verb, std::string option) const {
  beehive::Application call;
  call.node_name = node_name_;
  call.key = std::move(key);
  call.verb = std::move(verb);
  call.option = std::move(option);
  return call;
}

std::string CloudCalls::nonce() {
  return uuid_v4();
}

void CloudCalls::set_link(bool up) {
  link_ = up ? Link::kUp : Link::kDown;
  if (up) ++session_;
  unanswered_ = 0;
  rests_until_ = {};
}

bool CloudCalls::usable() const {
  return is_up() && context_.clock.steady() >= rests_until_;
}

boost::asio::awaitable<CloudAnswer> CloudCalls::call(beehive::Application call) {
  return this->call(std::move(call), kAnswerWithin);
}

boost::asio::awaitable<CloudAnswer> CloudCalls::call(beehive::Application call,
                                                     std::chrono::milliseconds within) {
  return ask(beehive::application_request(call), within);
}

boost::asio::awaitable<CloudAnswer> CloudCalls::sync_watches(Json live) {
  beehive::Message message = beehive::make_message(
      names::source::kMetaServer, names::group::kDynamicController, "null", "watchapp/sync", std::move(live));
  return ask(std::move(message), kAnswerWithin);
}

boost::asio::awaitable<CloudAnswer> CloudCalls::ask(beehive::Message question,
                                                    std::chrono::milliseconds within) {
  if (!is_up()) co_return unreachable("the node is not connected to the cloud");
  if (!usable()) co_return unreachable("the cloud did not answer the last API calls");
  const bool is_sync = question.route.resource == "watchapp/sync";
  const auto said = co_await async::attempt<beehive::RequestFailed>(
      context_.bus.request(names::module::kEdgeHub, std::move(question), within));
  if (said) {
    unanswered_ = 0;
    co_return read(**said, is_sync);
  }
  count(*said.failure().as<beehive::RequestFailed>());
  co_return unreachable(said.failure().message());
}

CloudAnswer CloudCalls::read(const beehive::Message& said, bool is_sync) {
  if (said.route.operation == names::operation::kError) {
    // The module may have been restarted and has no connection notice yet.
    if (link_ == Link::kUnknown) link_ = Link::kDown;
    return unreachable(kube::string_or(said.content, "message", "the tunnel refused the request"));
  }
  link_ = Link::kUp;
  CloudAnswer answer;
  if (is_sync) {
    answer.kind = CloudAnswer::Kind::kApproved;
    answer.body = kube::dump_json(said.content);
    return answer;
  }
  try {
    beehive::ApplicationAnswer given = beehive::read_application_answer(said.content);
    answer.kind = given.approved ? CloudAnswer::Kind::kApproved : CloudAnswer::Kind::kRefused;
    answer.body = std::move(given.body);
    answer.status = std::move(given.status);
    return answer;
  } catch (const BadInput& bad) {
    return unreachable(bad.what());
  }
}

/// Begins the pause after too many calls without an answer.
void CloudCalls::count(const beehive::RequestFailed& failure) {
  const bool is_silent = failure.kind() == beehive::RequestFailed::Kind::kTimeout;
  unanswered_ = is_silent ? unanswered_ + 1 : 0;
  if (unanswered_ < kUnansweredToRest || !is_up()) return;
  rests_until_ = context_.clock.steady() + kRest;
  if (silence_.now())
    context_.log->warn(
        "the cloud answers no API calls (is dynamicController enabled in cloudcore.yaml?); the node answers "
        "from its own copy for {} s",
        kRest.count());
}

}  // namespace edgecore::metaserver
