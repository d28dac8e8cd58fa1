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
///
/// Some calls never come back: those on the hostPath of a dead mount. They must not keep everybody else from
/// the pool. So work that concerns one pod names it as its owner: an owner has one call running at a time,
/// further ones wait without a thread. And a call that hangs does not count as running: another thread takes
/// its place.
class BlockingPool {
 public:
  using Work = std::function<void()>;
  /// Called on the pool's thread with nullptr or the work's exception. Must be short and must not throw (an
  /// exception is logged).
  using Completion = std::function<void(std::exception_ptr)>;

  struct Limits {
    std::size_t threads = 4;            ///< calls that run at a time
    std::size_t queued = 256;           ///< tasks that wait for a thread; further ones are refused
    std::size_t queued_per_owner = 16;  ///< of these for one owner
    /// A call that runs longer hangs.
    std::chrono::milliseconds hangs_after{10'000};
    std::size_t most_threads = 64;  ///< those with calls that hang included
  };

  BlockingPool(std::string name, Limits limits);
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  /// Calls stop() with 5 s.
  ~BlockingPool();

  /// False if the queue is full or the pool stopped; then `completion` will not be called. Any thread. Work
  /// must own everything that it uses: see stop(). `owner`: a pod's UID, or "" for work without a quota.
  [[nodiscard]] bool submit(Work work, Completion completion = nullptr, std::string owner = {});

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
