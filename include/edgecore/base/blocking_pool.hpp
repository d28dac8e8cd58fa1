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
/// removal. Owned by `main` or a module. Starts a thread when work comes and no thread is idle, up to the
/// limit; names threads after the pool.
class BlockingPool {
 public:
  using Work = std::function<void()>;
  /// Called on the pool's thread with nullptr or the work's exception. Must be short and must not throw (an
  /// exception is logged).
  using Completion = std::function<void(std::exception_ptr)>;

  struct Limits {
    std::size_t threads = 4;
    std::size_t queued = 256;  ///< tasks that wait for a thread; further ones are refused
  };

  BlockingPool(std::string name, Limits limits);
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  /// Calls stop() with 5 s.
  ~BlockingPool();

  /// False if the queue is full or the pool stopped; then `completion` will not be called. Any thread. Work
  /// must own everything that it uses: see stop().
  [[nodiscard]] bool submit(Work work, Completion completion = nullptr);

  /// Drops work that has not started (its completion gets an Error) and waits for running work. Abandons work
  /// that is still in the kernel after `patience`: its thread stays, its completion is never called. True if
  /// nothing was abandoned. Idempotent.
  bool stop(std::chrono::milliseconds patience);

  /// True while work waits or runs, completions included.
  [[nodiscard]] bool busy() const;
  /// Number of threads.
  [[nodiscard]] std::size_t threads() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace edgecore
