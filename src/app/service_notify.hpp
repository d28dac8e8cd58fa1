// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace edgecore::app {

/// The service manager's side of life (sd_notify(3)): a datagram to $NOTIFY_SOCKET, and $WATCHDOG_USEC. Does
/// nothing where there is no service manager. One thread.
class ServiceNotify {
 public:
  /// Reads the environment and removes the variables, so that children do not inherit them.
  ServiceNotify();

  /// Sends e.g. "READY=1\nSTATUS=…". Failures are ignored: nobody could do anything about them.
  void send(const std::string& state) const;

  /// How often "WATCHDOG=1" is expected, already halved; nullopt when no watchdog runs for this process.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period() const { return watchdog_; }

 private:
  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace edgecore::app
