// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace edgecore::beehive {

/// A thread with a given stack size and a name for `top -H`. Not copyable or movable; the owner joins or
/// detaches it, the destructor joins.
class Thread {
 public:
  /// Throws SystemError if the thread cannot be started. `body` must not throw.
  Thread(const std::string& name, std::size_t stack_bytes, std::function<void()> body);
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { join(); }

  void join();
  void detach();
  /// Cpu time that the thread has used; it has not been joined or detached.
  [[nodiscard]] std::chrono::nanoseconds cpu_time() const;

 private:
  pthread_t handle_{};
  bool joinable_ = false;
};

}  // namespace edgecore::beehive
