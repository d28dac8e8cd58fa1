// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <string_view>

#include "edgecore/beehive/lane.hpp"
#include "edgecore/beehive/module.hpp"

namespace edgecore::eventbus {

/// The queue of MQTT messages for the device module, in order. Its mailbox is bounded and so is this queue:
/// when both are full, reading from the brokers stops, and they keep their messages (pains row 32). Belongs
/// to the module's thread.
class TwinLane {
 public:
  struct Limits {
    std::size_t messages = 4096;  ///< reading resumes when half of this and of the bytes is free
    std::size_t bytes = 8U << 20U;
  };
  /// `on_full` is called with true when the queue becomes full, and with false when there is room again.
  TwinLane(beehive::ModuleContext& context, Limits limits, std::function<void(bool)> on_full);

  /// Never waits. Messages that were already read are accepted even above the limits.
  void take(std::string_view topic, std::string_view payload);
  /// Passes messages on until cancelled.
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
