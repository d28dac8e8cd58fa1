// SPDX-License-Identifier: Apache-2.0
#include "eventbus/twin_lane.hpp"

#include <utility>

#include "edgecore/beehive/names.hpp"

namespace edgecore::eventbus {
namespace {

/// An MQTT message as a bus message for the device module.
beehive::Message message_for_twin(std::string_view topic, std::string_view payload, WallTime now) {
  beehive::Message message = beehive::make_message(names::source::kBus, names::group::kTwin,
                                                   names::operation::kResponse, topic, std::string(payload));
  message.header.timestamp = unix_millis(now);
  message.weight = topic.size() + payload.size() + sizeof(beehive::Message);
  return message;
}

}  // namespace

TwinLane::TwinLane(beehive::ModuleContext& context, Limits limits, std::function<void(bool)> on_full)
    : context_(context), limits_(limits), on_full_(std::move(on_full)), lane_(context.executor) {}

void TwinLane::take(std::string_view topic, std::string_view payload) {
  if (given_up_) return;
  if (!context_.bus.has_module(names::module::kTwin)) {
    give_up("deviceTwin is not enabled on this node");
    return;
  }
  beehive::Message message = message_for_twin(topic, payload, context_.clock.wall());
  const std::size_t weight = message.weight;
  lane_.put(std::move(message), weight);
  if (!full_ && (lane_.size() >= limits_.messages || lane_.bytes() >= limits_.bytes)) {
    full_ = true;
    on_full_(true);
  }
}

boost::asio::awaitable<void> TwinLane::run() {
  for (;;) {
    beehive::Message next = co_await lane_.take();
    try {
      co_await context_.bus.send(names::module::kTwin, std::move(next));
    } catch (const beehive::RequestFailed& error) {
      give_up(error.what());  // it has failed for good: that stays its own failure
    }
    if (full_ && lane_.size() <= limits_.messages / 2 && lane_.bytes() <= limits_.bytes / 2) {
      full_ = false;
      on_full_(false);
    }
  }
}

void TwinLane::give_up(const std::string& why) {
  if (std::exchange(given_up_, true)) return;
  context_.log->warn("MQTT messages about devices are dropped from now on: {}", why);
  lane_.clear();
}

}  // namespace edgecore::eventbus
