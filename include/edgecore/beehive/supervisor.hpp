// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/module.hpp"

namespace edgecore::beehive {

/// One module of the node: what to run and how.
struct ModuleSpec {
  std::string name;
  std::string group;
  MailboxLimits limits;
  ModuleFactory make;
};

/// How the Supervisor treats failures. Times are on the steady clock.
struct SupervisorOptions {
  bool restart = true;                            ///< gate `moduleRestart`; false: a failed module stays down
  std::chrono::milliseconds first_backoff{1000};  ///< doubled after each failure …
  std::chrono::milliseconds max_backoff{30000};   ///< … up to this
  std::chrono::milliseconds stable_after{60000};  ///< a life this long resets the back-off
  std::chrono::milliseconds hang_after{30000};    ///< hung if the loop has not turned for this long
  std::chrono::milliseconds stop_within{5000};    ///< all modules together, from stop()
  /// Stack of each module's thread. Smaller than the usual 8 MiB, because with transparent huge pages the
  /// kernel may commit 2 MiB of those at the first touch; large enough for TLS handshakes and JSON of the
  /// permitted depth.
  std::size_t stack_bytes = 512U << 10U;
};

/// A message that made its module fail twice (docs/architecture.md, Failure). The receiver stores and acks
/// it. Called on the supervisor's thread, one at a time, before the module restarts; it may block briefly.
using PoisonHandler =
    std::function<void(const std::string& module, const MessagePtr& message, const std::string& reason)>;

/// Starts modules in the order given, each on its own thread, watches and restarts them, and stops them in
/// reverse order. A module fails if its factory or run() throws, run() returns without cancellation, or its
/// loop stops turning. A hung thread is abandoned (its deliveries become inert, its sends are refused, its
/// listening sockets are shut down) and the module restarts on a new thread. A module that has failed for
/// good (options.restart off) accepts no more messages: senders get kStopping. Owned by `main`; start and
/// stop from one thread.
class Supervisor {
 public:
  Supervisor(Bus& bus, const Clock& clock, SupervisorOptions options, PoisonHandler on_poison);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  /// Calls stop() if it is still running.
  ~Supervisor();

  /// Creates all mailboxes, then starts the modules in order, each after the previous one has executed the
  /// first step of its run(), has failed, or has hung for hang_after. Call it once. Throws SystemError if a
  /// thread cannot be started.
  void start(std::vector<ModuleSpec> modules);

  /// Cancels the modules in reverse order and joins their threads within options.stop_within; logs and
  /// abandons those that have not stopped by then. True if all stopped and no abandoned thread is left. If
  /// false, an abandoned thread may still use the bus, the clock and what its module refers to: end the
  /// process without destroying these (std::_Exit).
  bool stop();

  struct ModuleState {
    std::string name;
    enum class Life { kStarting, kRunning, kBackoff, kFailed, kStopped } life;
    unsigned restarts = 0;
    std::string last_failure;
  };
  /// A snapshot for the log, the watchdog and metrics. Any thread.
  [[nodiscard]] std::vector<ModuleState> states() const;

  /// True while the supervisor and every module that is not in back-off turn their loops; the systemd
  /// watchdog depends on it. Also false while a module was cut off and its next lives have failed several
  /// times. Ignores modules that have failed for good. False before start and after stop.
  /// Any thread.
  [[nodiscard]] bool healthy() const;

  /// Abandoned threads that have not ended yet. Any thread.
  [[nodiscard]] std::size_t abandoned() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with the threads, because an abandoned one may live longer
};

}  // namespace edgecore::beehive
