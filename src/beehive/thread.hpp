// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>
#include <string>

namespace edgecore::beehive {

/// A thread with a stack of our choice and a name for `top -H`. Not copyable or movable; its owner joins or
/// detaches it, its destructor joins.
class Thread {
 public:
  /// Throws SystemError when the system gives no thread. `body` must not throw.
  Thread(const std::string& name, std::size_t stack_bytes, std::function<void()> body);
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { join(); }

  void join();
  void detach();

 private:
  pthread_t handle_{};
  bool joinable_ = false;
};

}  // namespace edgecore::beehive
