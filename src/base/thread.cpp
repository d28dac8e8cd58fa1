// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/thread.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace edgecore {
namespace {

constexpr std::size_t kMaxName = 15;  // the kernel's limit

/// Blocks all signals for the calling thread until it is destroyed.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

std::thread start_quiet_thread(const std::string& name, std::function<void()> body) {
  const SignalsBlocked inherited_by_the_new_thread;
  return std::thread([name = name.substr(0, kMaxName), body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.c_str());
    body();
  });
}

}  // namespace edgecore
