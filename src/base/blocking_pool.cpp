// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/blocking_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore {

// Shared with the threads, so that one which is stuck in the kernel keeps its state when the pool is
// destroyed.
struct BlockingPool::State : std::enable_shared_from_this<BlockingPool::State> {
  struct Task {
    Work work;
    Completion completion;
    std::string owner;
  };
  struct Call {
    std::string owner;
    SteadyTime begun;
  };
  using Calls = std::list<Call>;

  State(std::string pool_name, Limits pool_limits) : name(std::move(pool_name)), limits(pool_limits) {}

  const std::string name;
  const Limits limits;
  std::mutex mutex;
  std::condition_variable work_waits;
  std::condition_variable thread_ended;  // or its completion
  std::deque<Task> queue;
  Calls calls;  // that run
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t completing = 0;  // threads inside a completion
  bool stopped = false;
  bool abandoned = false;  // stop() has given up: drop completions

  // All with the mutex held.
  [[nodiscard]] std::size_t hanging() const;
  [[nodiscard]] bool room() const { return calls.size() - hanging() < limits.threads; }
  [[nodiscard]] std::deque<Task>::iterator next_task();
  [[nodiscard]] std::size_t waiting_for(const std::string& owner) const;
  bool start_thread();
  void keep_watch();
  std::optional<Task> wait_for_task(std::unique_lock<std::mutex>& lock);
  void perform(Task task, std::unique_lock<std::mutex>& lock);

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

std::size_t BlockingPool::State::hanging() const {
  const SteadyTime late = steady_now() - limits.hangs_after;
  return static_cast<std::size_t>(
      std::count_if(calls.begin(), calls.end(), [&](const Call& call) { return call.begun <= late; }));
}

/// The first task whose owner has no call running.
std::deque<BlockingPool::State::Task>::iterator BlockingPool::State::next_task() {
  return std::find_if(queue.begin(), queue.end(), [this](const Task& task) {
    return task.owner.empty() || std::none_of(calls.begin(), calls.end(),
                                              [&task](const Call& call) { return call.owner == task.owner; });
  });
}

std::size_t BlockingPool::State::waiting_for(const std::string& owner) const {
  return static_cast<std::size_t>(
      std::count_if(queue.begin(), queue.end(), [&](const Task& task) { return task.owner == owner; }));
}

bool BlockingPool::State::start_thread() {
  try {
    std::thread([shared = shared_from_this()] { shared->serve(); }).detach();
    ++threads;
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

/// While tasks wait, one thread without a call notices when a running call begins to hang.
void BlockingPool::State::keep_watch() {
  if (!queue.empty() && threads == calls.size() && threads < limits.most_threads) start_thread();
}

/// nullopt: the thread is to end.
std::optional<BlockingPool::State::Task> BlockingPool::State::wait_for_task(
    std::unique_lock<std::mutex>& lock) {
  std::optional<Task> task;
  ++idle;
  while (!stopped && !task) {
    const auto next = next_task();
    if (next == queue.end()) {
      if (threads > limits.threads + hanging()) break;  // not needed any more
      work_waits.wait(lock);
    } else if (room()) {
      task = std::move(*next);
      queue.erase(next);
    } else {
      work_waits.wait_for(lock, limits.hangs_after / 4);
    }
  }
  --idle;
  return task;
}

void BlockingPool::State::perform(Task task, std::unique_lock<std::mutex>& lock) {
  const auto call = calls.insert(calls.end(), {task.owner, steady_now()});
  keep_watch();
  lock.unlock();
  std::exception_ptr failure;
  try {
    task.work();
  } catch (...) {
    failure = std::current_exception();
  }
  task.work = nullptr;
  lock.lock();
  calls.erase(call);
  if (abandoned) return;
  work_waits.notify_one();  // its owner's next task may run
  ++completing;
  lock.unlock();
  finish(task, std::move(failure));
  task.completion = nullptr;
  lock.lock();
  --completing;
  thread_ended.notify_all();
}

void BlockingPool::State::serve() {
  ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
  std::unique_lock lock(mutex);
  while (!abandoned) {
    std::optional<Task> task = wait_for_task(lock);
    if (!task) break;
    perform(*std::move(task), lock);
  }
  --threads;
  thread_ended.notify_all();
}

BlockingPool::BlockingPool(std::string name, Limits limits)
    : state_(std::make_shared<State>(std::move(name), limits)) {}

BlockingPool::~BlockingPool() {
  stop(std::chrono::seconds(5));
}

bool BlockingPool::submit(Work work, Completion completion, std::string owner) {
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  if (state.stopped) return false;
  if (!owner.empty() && state.waiting_for(owner) >= state.limits.queued_per_owner) return false;
  // A task that an idle thread will take does not count as waiting.
  const bool free_thread = state.idle > state.queue.size() && state.room();
  const bool may_start = !free_thread && state.threads < state.limits.threads;
  if (!free_thread && !may_start && state.queue.size() >= state.limits.queued) return false;
  if (may_start && !state.start_thread() && state.threads == 0)
    throw Error("no thread can be started for " + state.name);
  state.queue.push_back({std::move(work), std::move(completion), std::move(owner)});
  state.keep_watch();
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
