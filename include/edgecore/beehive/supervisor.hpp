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

/// One entry of the node: what to run and how.
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
  std::chrono::milliseconds hang_after{30000};    ///< loop not turning for this long = hung
  std::chrono::milliseconds stop_within{5000};    ///< all modules together, from stop()
  /// Of each module's thread. Less than the usual 8 MiB, which a kernel with transparent huge pages may back
  /// with 2 MiB at the first touch; deep enough for TLS handshakes and JSON of the depth messages may have.
  std::size_t stack_bytes = 512U << 10U;
};

/// A message that made its module fail twice (docs/architecture.md, Failure). The receiver stores and acks
/// it. Called on the supervisor's own thread, one at a time, before the module's next life begins; it may
/// block shortly.
using PoisonHandler =
    std::function<void(const std::string& module, const MessagePtr& message, const std::string& reason)>;

/// Starts modules in the order given, each on its own thread, watches and restarts them, and stops them in
/// reverse order. A module fails when its factory or run() throws, run() returns unasked, or its loop stops
/// turning; a hung thread is abandoned (its deliveries become inert, its sends are refused) and a new life
/// starts on a new thread. A module that has failed for good (options.restart off) takes no more messages:
/// senders get kStopping. Owned by `main`; start and stop from one thread.
class Supervisor {
 public:
  Supervisor(Bus& bus, const Clock& clock, SupervisorOptions options, PoisonHandler on_poison);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  /// Stops if still running.
  ~Supervisor();

  /// Makes all mailboxes, then starts the modules in order, each when the one before has taken the first step
  /// of its run() (or has failed, or has not come that far within hang_after). Once only. Throws SystemError
  /// when there is no thread to be had.
  void start(std::vector<ModuleSpec> modules);

  /// Cancels the modules in reverse order and joins their threads, all within options.stop_within; what has
  /// not stopped by then is named in the log and abandoned. True when all stopped and no thread abandoned
  /// earlier is left. When false, such a thread may still use the bus, the clock and what its module refers
  /// to: end the process without destroying these (std::_Exit).
  bool stop();

  struct ModuleState {
    std::string name;
    enum class Life { kStarting, kRunning, kBackoff, kFailed, kStopped } life;
    unsigned restarts = 0;
    std::string last_failure;
  };
  /// A snapshot for the log, the watchdog and metrics. Any thread.
  [[nodiscard]] std::vector<ModuleState> states() const;

  /// True while the supervisor itself and every module that is not in back-off turn their loops: what the
  /// systemd watchdog is fed from. A module that stays down for good does not count. False before start and
  /// after stop. Any thread.
  [[nodiscard]] bool healthy() const;

  /// Threads that were given up for hung and have not ended yet. Any thread.
  [[nodiscard]] std::size_t abandoned() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with the threads, of which an abandoned one may live longer
};

}  // namespace edgecore::beehive
