// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "beehive/fault.hpp"
#include "beehive/life_token.hpp"
#include "beehive/loop.hpp"
#include "beehive/thread.hpp"
#include "edgecore/base/listeners.hpp"
#include "edgecore/beehive/module.hpp"

namespace edgecore::beehive {

/// One life of a module: a thread, its loop and the Module object made by the factory on that thread. Shared
/// by the Supervisor and the thread, so that an abandoned thread keeps the objects that it uses.
class Life : public std::enable_shared_from_this<Life> {
 public:
  /// Called on the life's thread. The Supervisor must not hold its lock when it calls Life.
  struct Events {
    std::function<void()> running;             ///< run() has taken its first step
    std::function<void(const Fault&)> failed;  ///< coroutines and deliveries still exist
    std::function<void()> ended;               ///< everything is destroyed; the thread ends
  };

  Life(ModuleContext context, ModuleFactory make, Events events);
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;
  ~Life();

  /// Starts the thread. Throws SystemError.
  void start(std::size_t stack_bytes);
  /// Asks run() to stop; returns at once.
  void cancel();
  /// Abandons the thread: it cannot use the bus any more, its listening sockets are shut down, and it ends
  /// when its current step returns.
  void abandon();
  /// Waits for the thread, which has called `ended`.
  void join() { thread_->join(); }

  /// Posts a heartbeat and returns how many previous ones are unanswered. Only for the Supervisor's thread.
  unsigned beat();
  /// Cpu time of the thread since the last heartbeat that was answered. Only for the Supervisor's thread.
  [[nodiscard]] std::chrono::nanoseconds computed() const;

 private:
  void live();
  void begin_run();
  boost::asio::awaitable<void> run_module();
  void settle(const std::exception_ptr& why);
  void turn_loop();

  std::shared_ptr<Loop> loop_ = Loop::make();
  std::shared_ptr<LifeToken> token_ = std::make_shared<LifeToken>();
  std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
  ModuleContext context_;
  ModuleFactory make_;
  Events events_;
  std::unique_ptr<Module> module_;
  boost::asio::cancellation_signal signal_;
  std::optional<Thread> thread_;
  std::atomic<bool> cancelled_{false};
  bool started_ = false;
  bool settled_ = false;
  std::optional<Fault> failure_;
  std::atomic<bool> beat_answered_{true};
  unsigned unanswered_ = 0;
  std::chrono::nanoseconds cpu_at_beat_{0};
};

}  // namespace edgecore::beehive
