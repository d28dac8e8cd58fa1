// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <string_view>

#include "edgecore/beehive/lane.hpp"
#include "edgecore/beehive/module.hpp"

namespace edgecore::eventbus {

/// MQTT messages on their way to the device module, in order. Its mailbox is bounded and this queue is too:
/// when both are full the brokers are not read any more, and keep what they have for us (pains row 32).
/// Belongs to the module's thread.
class TwinLane {
 public:
  struct Limits {
    std::size_t messages = 4096;  ///< reading goes on when half of this and of the bytes is free again
    std::size_t bytes = 8U << 20U;
  };
  /// `on_full` is told true when the lane has become full, and false when there is room again.
  TwinLane(beehive::ModuleContext& context, Limits limits, std::function<void(bool)> on_full);

  /// Never waits. What is read already is taken also above the limits.
  void take(std::string_view topic, std::string_view payload);
  /// Hands over until cancelled.
  boost::asio::awaitable<void> run();

  [[nodiscard]] std::size_t size() const { return lane_.size(); }

 private:
  void give_up(const std::string& why);

  beehive::ModuleContext& context_;
  Limits limits_;
  std::function<void(bool)> on_full_;
  beehive::Lane<beehive::Message> lane_;
  bool full_ = false;
  bool given_up_ = false;
};

}  // namespace edgecore::eventbus
