// SPDX-License-Identifier: Apache-2.0
#include "metamanager/cloud/cloud.hpp"

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/names.hpp"
#include "metamanager/objects/object.hpp"

namespace edgecore::metamanager {
namespace {

kube::CloudReply broken(kube::Status status) {
  kube::CloudReply reply;
  reply.kind = kube::ReplyKind::kBroken;
  reply.status = std::move(status);
  return reply;
}

kube::CloudReply not_connected() {
  return broken(kube::Status::service_unavailable("the node is not connected to the cloud"));
}

kube::CloudReply no_answer(const beehive::RequestFailed& failure) {
  if (failure.kind() == beehive::RequestFailed::Kind::kTimeout) {
    return broken(kube::Status::timeout(failure.what()));
  }
  return broken(kube::Status::service_unavailable(failure.what()));
}

}  // namespace

kube::CloudReply classify_answer(const beehive::Message& answer) {
  const Json& content = answer.content;
  if (answer.route.operation == names::operation::kError) {
    // A Status object is an error of edgehub itself (docs/messages.md): the cloud did not answer.
    if (content.is_object() && kube::string_or(content, "kind") == "Status") {
      return broken(kube::Status::from_json(content));
    }
    return kube::classify_error(content);
  }
  if (!content.is_string()) return kube::classify_reply(content);
  Json decoded = decoded_content(content);
  return kube::classify_reply(decoded.is_object() ? std::move(decoded) : content);
}

boost::asio::awaitable<Cloud::Answer> Cloud::ask(beehive::Message question) {
  return ask(std::move(question), timeout_);
}

boost::asio::awaitable<Cloud::Answer> Cloud::ask(beehive::Message question,
                                                 std::chrono::milliseconds timeout) {
  Answer answer;
  if (is_down()) {
    answer.reply = not_connected();
    co_return answer;
  }
  try {
    answer.message = co_await context_.bus.request(names::module::kEdgeHub, std::move(question), timeout);
    answer.reply = classify_answer(*answer.message);
  } catch (const beehive::RequestFailed& failure) {
    answer.reply = no_answer(failure);
  }
  co_return answer;
}

boost::asio::awaitable<void> Cloud::tell(beehive::Message message) {
  const std::string resource = message.route.resource;
  try {
    co_await context_.bus.send(names::module::kEdgeHub, std::move(message));
  } catch (const beehive::RequestFailed& failure) {
    context_.log->debug("a message for the cloud about {} could not be sent: {}", log::quote(resource),
                        failure.what());
  }
}

}  // namespace edgecore::metamanager
