// SPDX-License-Identifier: Apache-2.0
#include "edgehub/send_queue.hpp"

#include <utility>

#include "edgecore/beehive/names.hpp"

namespace edgecore::edgehub {
namespace {

std::string type_of(const beehive::Message& message) {
  const auto path = beehive::parse_resource(message.route.resource);
  return path ? path->type : std::string();
}

}  // namespace

const char* name_of(SendClass send_class) {
  switch (send_class) {
    case SendClass::kUrgent:
      return "urgent";
    case SendClass::kStatus:
      return "status";
    case SendClass::kBulk:
      return "bulk";
  }
  return "?";
}

SendClass class_of(const beehive::Message& message) {
  const auto& operation = message.route.operation;
  if (operation == names::operation::kResponse || operation == names::operation::kError ||
      operation == names::operation::kKeepalive) {
    return SendClass::kUrgent;
  }
  const std::string type = type_of(message);
  if (type == names::resource::kLease) return SendClass::kUrgent;
  if (operation == names::operation::kUpload || message.route.source == names::module::kTwin ||
      message.route.group == names::group::kUser) {
    return SendClass::kBulk;
  }
  if (operation == names::operation::kQuery || operation == names::operation::kInsert ||
      operation == names::operation::kUpdate || operation == names::operation::kDelete ||
      operation == names::operation::kPatch || message.route.source == names::source::kMetaServer) {
    return SendClass::kStatus;
  }
  return SendClass::kBulk;
}

std::string replace_key(const beehive::Message& message) {
  const auto& operation = message.route.operation;
  const std::string type = type_of(message);
  const bool lease = type == names::resource::kLease && operation == names::operation::kUpdate;
  const bool patch = operation == names::operation::kPatch &&
                     (type == names::resource::kPodPatch || type == names::resource::kNodePatch);
  if (!lease && !patch) return {};
  return message.route.source + '\n' + operation + '\n' + message.route.resource;
}

SendQueue::SendQueue(Limits limits)
    : limits_(limits), bulk_tokens_(limits.bulk_per_second, limits.bulk_burst) {}

SendQueue::Pushed SendQueue::push(beehive::MessagePtr message) {
  Pushed outcome;
  Lane& lane = lanes_[static_cast<std::size_t>(class_of(*message))];
  const std::size_t weight = beehive::weigh(*message);
  std::string key = replace_key(*message);
  if (!key.empty()) {
    if (const auto known = lane.by_key.find(key); known != lane.by_key.end()) {
      bytes_ += weight;
      bytes_ -= beehive::weigh(**known->second);
      outcome.replaced = std::exchange(*known->second, std::move(message));
      return outcome;
    }
  }
  // A full queue still takes acks and leases: they are small, and the cloud's queue waits for them.
  const bool urgent = &lane == &lanes_[static_cast<std::size_t>(SendClass::kUrgent)];
  if (!urgent && (count_ >= limits_.messages || bytes_ + weight > limits_.bytes)) {
    outcome.accepted = false;
    outcome.refused = std::move(message);
    return outcome;
  }
  lane.messages.push_back(std::move(message));
  if (!key.empty()) lane.by_key.emplace(std::move(key), std::prev(lane.messages.end()));
  ++count_;
  bytes_ += weight;
  return outcome;
}

SendQueue::Next SendQueue::pop(SteadyTime now) {
  for (std::size_t i = 0; i < kSendClasses; ++i) {
    Lane& lane = lanes_[i];
    if (lane.messages.empty()) continue;
    if (static_cast<SendClass>(i) == SendClass::kBulk) {
      if (const auto wait = bulk_tokens_.take(now)) return *wait;
    }
    return take_front(lane);
  }
  return Empty{};
}

beehive::MessagePtr SendQueue::take_front(Lane& lane) {
  beehive::MessagePtr message = std::move(lane.messages.front());
  if (const std::string key = replace_key(*message); !key.empty()) lane.by_key.erase(key);
  lane.messages.pop_front();
  --count_;
  bytes_ -= beehive::weigh(*message);
  return message;
}

std::list<beehive::MessagePtr> SendQueue::drain() {
  std::list<beehive::MessagePtr> all;
  for (Lane& lane : lanes_) {
    lane.by_key.clear();
    all.splice(all.end(), lane.messages);
  }
  count_ = 0;
  bytes_ = 0;
  return all;
}

}  // namespace edgecore::edgehub
