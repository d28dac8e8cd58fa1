// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace edgecore {

/// A few threads for calls that may block for long: mount, statfs on a dead server, getaddrinfo, cgroup
/// removal. Owned by `main` or a module. Threads start when there is work and none is free, up to the limit,
/// and carry the pool's name.
class BlockingPool {
 public:
  using Work = std::function<void()>;
  /// Called on the pool's thread with nullptr, or with what the work threw. Must be short and not throw
  /// (logged).
  using Completion = std::function<void(std::exception_ptr)>;

  struct Limits {
    std::size_t threads = 4;
    std::size_t queued = 256;  ///< waiting for a thread; one more is refused
  };

  BlockingPool(std::string name, Limits limits);
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  /// `stop` with 5 s.
  ~BlockingPool();

  /// False when the queue is full or the pool stopped: nothing was taken, `completion` will not be called.
  /// Any thread. Work must own what it touches: see stop.
  [[nodiscard]] bool submit(Work work, Completion completion = nullptr);

  /// Drops what has not begun (its completions are called with an Error) and waits for what has. Work that
  /// the kernel does not let go within `patience` is left behind on its thread, and its completion is never
  /// called. True when nothing was left behind. Idempotent.
  bool stop(std::chrono::milliseconds patience);

  /// Whether work waits for a thread or is under way, its completion included.
  [[nodiscard]] bool busy() const;
  /// Threads started and not ended.
  [[nodiscard]] std::size_t threads() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace edgecore
