// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace edgecore::app {

/// Notifies the service manager (sd_notify(3)): datagrams to $NOTIFY_SOCKET, and $WATCHDOG_USEC. Does nothing
/// without a service manager. One thread.
class ServiceNotify {
 public:
  /// Reads the environment and removes the variables, so that children do not inherit them.
  ServiceNotify();

  /// Sends e.g. "READY=1\nSTATUS=…". Ignores failures, because the node runs without a service manager, too.
  void send(const std::string& state) const;

  /// How often to send "WATCHDOG=1": half the watchdog's period; nullopt without a watchdog for this process.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period() const { return watchdog_; }

 private:
  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace edgecore::app
