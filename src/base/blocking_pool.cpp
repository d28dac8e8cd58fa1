// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/blocking_pool.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore {

// Shared with the threads, so that one which is stuck in the kernel keeps its state when the pool is
// destroyed.
struct BlockingPool::State {
  struct Task {
    Work work;
    Completion completion;
  };

  State(std::string pool_name, Limits pool_limits) : name(std::move(pool_name)), limits(pool_limits) {}

  const std::string name;
  const Limits limits;
  std::mutex mutex;
  std::condition_variable work_waits;
  std::condition_variable thread_ended;  // or its completion
  std::deque<Task> queue;
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t completing = 0;  // threads inside a completion
  bool stopped = false;
  bool abandoned = false;  // stop() has given up: drop completions

  void serve();
  /// Moves `failure` to the completion, so that only one thread uses the exception.
  void finish(const Task& task, std::exception_ptr failure) const;
};

void BlockingPool::State::finish(const Task& task, std::exception_ptr failure) const {
  if (!task.completion) {
    if (failure) log::get(name)->warn("a blocking call without a completion failed");
    return;
  }
  try {
    task.completion(std::move(failure));
  } catch (const std::exception& error) {
    log::get(name)->error("the completion of a blocking call failed: {}", error.what());
  } catch (...) {
    log::get(name)->error("the completion of a blocking call failed with an unknown exception");
  }
}

void BlockingPool::State::serve() {
  ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
  std::unique_lock lock(mutex);
  for (;;) {
    ++idle;
    work_waits.wait(lock, [this] { return stopped || !queue.empty(); });
    --idle;
    if (queue.empty()) break;  // stopped
    Task task = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    std::exception_ptr failure;
    try {
      task.work();
    } catch (...) {
      failure = std::current_exception();
    }
    task.work = nullptr;
    lock.lock();
    if (abandoned) break;
    ++completing;
    lock.unlock();
    finish(task, std::move(failure));
    task.completion = nullptr;
    lock.lock();
    --completing;
    thread_ended.notify_all();
  }
  --threads;
  thread_ended.notify_all();
}

BlockingPool::BlockingPool(std::string name, Limits limits)
    : state_(std::make_shared<State>(std::move(name), limits)) {}

BlockingPool::~BlockingPool() {
  stop(std::chrono::seconds(5));
}

bool BlockingPool::submit(Work work, Completion completion) {
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  if (state.stopped) return false;
  // A task that an idle thread will take does not count as waiting.
  const bool free_thread = state.idle > state.queue.size();
  const bool may_start = !free_thread && state.threads < state.limits.threads;
  if (!free_thread && !may_start && state.queue.size() >= state.limits.queued) return false;
  if (may_start) {
    try {
      std::thread([shared = state_] { shared->serve(); }).detach();
      ++state.threads;
    } catch (const std::system_error&) {
      if (state.threads == 0) throw Error("no thread can be started for " + state.name);
    }
  }
  state.queue.push_back({std::move(work), std::move(completion)});
  state.work_waits.notify_one();
  return true;
}

bool BlockingPool::stop(std::chrono::milliseconds patience) {
  State& state = *state_;
  std::deque<State::Task> dropped;
  {
    const std::lock_guard lock(state.mutex);
    state.stopped = true;
    dropped.swap(state.queue);
    state.work_waits.notify_all();
  }
  const auto reason = std::make_exception_ptr(Error(state.name + " was stopped before the call began"));
  for (const auto& task : dropped) state.finish(task, reason);
  std::unique_lock lock(state.mutex);
  if (state.abandoned) return state.threads == 0;
  const bool all = state.thread_ended.wait_for(lock, patience, [&] { return state.threads == 0; });
  if (!all) {
    state.abandoned = true;
    // Completions are short. After this none runs and none starts.
    state.thread_ended.wait(lock, [&] { return state.completing == 0; });
    log::get(state.name)->warn("{} blocking calls hang in the kernel and are abandoned", state.threads);
  }
  return all;
}

bool BlockingPool::busy() const {
  const std::lock_guard lock(state_->mutex);
  return !state_->queue.empty() || state_->threads > state_->idle;
}

std::size_t BlockingPool::threads() const {
  const std::lock_guard lock(state_->mutex);
  return state_->threads;
}

}  // namespace edgecore
