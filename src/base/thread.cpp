// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/thread.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace edgecore {
namespace {

constexpr std::size_t kMaxName = 15;  // the kernel's limit

}  // namespace

std::thread start_quiet_thread(const std::string& name, std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // the new thread inherits it
  std::thread thread([name = name.substr(0, kMaxName), body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.c_str());
    body();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace edgecore
