// SPDX-License-Identifier: Apache-2.0
#include "edgehub/inbound.hpp"

#include <limits>
#include <utility>

namespace edgecore::edgehub {

Inbound::Inbound(beehive::ModuleContext& context, async::TaskGroup& tasks, std::size_t max_bytes)
    : context_(context),
      lanes_(context.executor, tasks,
             {.messages = std::numeric_limits<std::size_t>::max(), .bytes = max_bytes},
             [this](std::string module, beehive::MessagePtr message) {
               return hand_over(std::move(module), std::move(message));
             }) {}

bool Inbound::deliver(const std::string& module, beehive::MessagePtr message) {
  if (!context_.bus.has_module(module)) {
    report_dropped(module, "it is not enabled on this node");
    return true;
  }
  const std::size_t weight = beehive::weigh(*message);
  return lanes_.put(module, std::move(message), weight);
}

bool Inbound::deliver_to_group(const std::string& group, const beehive::MessagePtr& message) {
  for (const auto& member : context_.bus.members(group)) {
    if (!deliver(member, message)) return false;
  }
  return true;
}

boost::asio::awaitable<void> Inbound::hand_over(std::string module, beehive::MessagePtr message) {
  try {
    co_await context_.bus.send(module, std::move(message));
  } catch (const beehive::RequestFailed& error) {
    report_dropped(module, error.what());
  }
}

void Inbound::report_dropped(const std::string& module, const std::string& why) {
  if (!dropping_.insert(module).second) return;
  context_.log->warn("messages from the cloud for module {} are dropped from now on: {}", module, why);
}

}  // namespace edgecore::edgehub
