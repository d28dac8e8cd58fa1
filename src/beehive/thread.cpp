// SPDX-License-Identifier: Apache-2.0
#include "beehive/thread.hpp"

#include <time.h>

#include <algorithm>
#include <memory>

#include "edgecore/base/error.hpp"

namespace edgecore::beehive {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kSmallestStack = 4U << 20U;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::size_t kSmallestStack = 4U << 20U;  // for sanitizers, whose frames are several times as large
#else
constexpr std::size_t kSmallestStack = 128U << 10U;
#endif
#else
constexpr std::size_t kSmallestStack = 128U << 10U;
#endif
constexpr std::size_t kLongestName = 15;  // the kernel's limit

struct Start {
  std::string name;
  std::function<void()> body;
};

void* begin(void* given) {
  const std::unique_ptr<Start> start(static_cast<Start*>(given));
  static_cast<void>(pthread_setname_np(pthread_self(), start->name.c_str()));
  start->body();
  return nullptr;
}

}  // namespace

Thread::Thread(const std::string& name, std::size_t stack_bytes, std::function<void()> body) {
  auto start = std::make_unique<Start>(Start{name.substr(0, kLongestName), std::move(body)});
  pthread_attr_t attributes;
  int failed = pthread_attr_init(&attributes);
  if (failed != 0) throw SystemError("Cannot start a thread for " + name, failed);
  failed = pthread_attr_setstacksize(&attributes, std::max(stack_bytes, kSmallestStack));
  if (failed == 0) failed = pthread_create(&handle_, &attributes, &begin, start.get());
  pthread_attr_destroy(&attributes);
  if (failed != 0) throw SystemError("Cannot start a thread for " + name, failed);
  static_cast<void>(start.release());
  joinable_ = true;
}

void Thread::join() {
  if (!joinable_) return;
  joinable_ = false;
  pthread_join(handle_, nullptr);
}

void Thread::detach() {
  if (!joinable_) return;
  joinable_ = false;
  pthread_detach(handle_);
}

std::chrono::nanoseconds Thread::cpu_time() const {
  clockid_t clock{};
  timespec used{};
  if (::pthread_getcpuclockid(handle_, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    return std::chrono::nanoseconds(0);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace edgecore::beehive
