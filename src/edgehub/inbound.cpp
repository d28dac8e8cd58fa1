// SPDX-License-Identifier: Apache-2.0
#include "edgehub/inbound.hpp"

#include <utility>

namespace edgecore::edgehub {

bool Inbound::deliver(const std::string& module, beehive::Message message) {
  if (!context_.bus.has_module(module)) {
    Lane& lane = lane_of(module);
    if (!std::exchange(lane.absent_reported, true)) {
      context_.log->warn(
          "the cloud sends messages for {}, which is not enabled on this node; they are dropped", module);
    }
    return true;
  }
  if (bytes_ + message.weight > max_bytes_) return false;
  const bool known = lanes_.contains(module);
  Lane& lane = lane_of(module);
  bytes_ += message.weight;
  lane.waiting.push_back(std::move(message));
  if (!known) {
    tasks_.spawn("deliveries to " + module, pump(module, lanes_.at(module)));
  } else {
    lane.filled.notify();
  }
  return true;
}

bool Inbound::deliver_to_group(const std::string& group, const beehive::Message& message) {
  for (const auto& member : context_.bus.members(group)) {
    if (!deliver(member, message)) return false;
  }
  return true;
}

Inbound::Lane& Inbound::lane_of(const std::string& module) {
  auto& lane = lanes_[module];
  if (!lane) lane = std::make_shared<Lane>(context_.executor);
  return *lane;
}

boost::asio::awaitable<void> Inbound::pump(std::string module, std::shared_ptr<Lane> lane) {
  for (;;) {
    while (!lane->waiting.empty()) {
      beehive::Message message = std::move(lane->waiting.front());
      lane->waiting.pop_front();
      bytes_ -= message.weight;
      std::string refused;
      try {
        co_await context_.bus.send(module, std::move(message));
      } catch (const beehive::RequestFailed& error) {
        refused = error.what();  // the module has failed for good: that stays its own failure
      }
      if (!refused.empty() && !std::exchange(lane->refusal_reported, true)) {
        context_.log->warn("what the cloud sends for {} is dropped from now on: {}", module, refused);
      }
    }
    co_await lane->filled.sleep();
  }
}

}  // namespace edgecore::edgehub
