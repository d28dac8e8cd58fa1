// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/task_group.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <list>

#include "edgecore/async/cancellation.hpp"
#include "edgecore/async/condition.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore::async {

namespace asio = boost::asio;

struct TaskGroup::State {
  struct Child {
    std::string name;
    asio::cancellation_signal signal;
    bool started = false;
    bool ended = false;
  };
  struct Ended;

  explicit State(asio::any_io_executor on) : executor(std::move(on)) {}

  void cancel();
  void fail(const Child& child, std::exception_ptr why);
  void end(const std::shared_ptr<Child>& child);
  static asio::awaitable<void> run(std::shared_ptr<State> state, std::shared_ptr<Child> child,
                                   asio::awaitable<void> body);
  static asio::awaitable<void> join(std::shared_ptr<State> state);

  asio::any_io_executor executor;
  std::list<std::shared_ptr<Child>> children;
  Condition emptied;
  std::exception_ptr failure;
  bool cancelled = false;
};

/// The completion handler of a child. Removes the child from the group, even if the loop ends and the handler
/// is destroyed without a call. Has no executor, so that cancellation reaches the child at once.
struct TaskGroup::State::Ended {
  using cancellation_slot_type = asio::cancellation_slot;
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return child->signal.slot(); }

  Ended(std::shared_ptr<State> of, std::shared_ptr<Child> who)
      : state(std::move(of)), child(std::move(who)) {}
  Ended(Ended&&) noexcept = default;
  Ended& operator=(Ended&&) = delete;
  Ended(const Ended&) = delete;
  Ended& operator=(const Ended&) = delete;
  ~Ended() {
    if (child) child->ended = true;
  }
  void operator()(const std::exception_ptr&) { state->end(child); }

  std::shared_ptr<State> state;
  std::shared_ptr<Child> child;
};

void TaskGroup::State::cancel() {
  cancelled = true;
  const auto present = children;  // a copy: children may end or be added meanwhile
  for (const auto& child : present) {
    // Asio lets operation_aborted escape from the loop when a coroutine is cancelled before its first step;
    // such a child finds `cancelled` set instead.
    if (child->started && !child->ended) child->signal.emit(asio::cancellation_type::terminal);
  }
}

void TaskGroup::State::fail(const Child& child, std::exception_ptr why) {
  try {
    std::rethrow_exception(why);
  } catch (const boost::system::system_error& error) {
    if (cancelled && error.code() == asio::error::operation_aborted) return;
    log::get("async")->debug("task {} failed: {}", child.name, error.what());
  } catch (const std::exception& error) {
    log::get("async")->debug("task {} failed: {}", child.name, error.what());
  } catch (...) {
    log::get("async")->debug("task {} failed with an unknown exception", child.name);
  }
  if (!failure) failure = std::move(why);
  cancel();
}

void TaskGroup::State::end(const std::shared_ptr<Child>& child) {
  child->ended = true;
  children.remove(child);
  if (children.empty()) emptied.notify_all();
}

asio::awaitable<void> TaskGroup::State::run(std::shared_ptr<State> state, std::shared_ptr<Child> child,
                                            asio::awaitable<void> body) {
  std::exception_ptr why;
  child->started = true;
  try {
    if (!state->cancelled) co_await std::move(body);
  } catch (...) {
    why = std::current_exception();
  }
  // Cancel the siblings in the same step as the failure, so that none starts something new in between.
  child->ended = true;
  if (why) state->fail(*child, why);
  // co_spawn's last step must not throw if this child was cancelled: its handler would be lost.
  co_await asio::this_coro::throw_if_cancelled(false);
}

asio::awaitable<void> TaskGroup::State::join(std::shared_ptr<State> state) {
  // Pass cancellation of the caller on to the children, but still await them.
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  bool aborted = false;
  while (!state->children.empty()) {
    const asio::cancellation_state asked = co_await asio::this_coro::cancellation_state;
    if (!aborted && asked.cancelled() != asio::cancellation_type::none) {
      aborted = true;
      state->cancel();
    }
    co_await state->emptied.wait_until(SteadyTime::max());
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (state->failure) std::rethrow_exception(state->failure);
  co_await throw_when_cancelled();
}

TaskGroup::TaskGroup(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() {
  state_->cancel();
}

void TaskGroup::spawn(std::string name, asio::awaitable<void> child) {
  if (state_->cancelled) return;
  auto entry = std::make_shared<State::Child>();
  entry->name = std::move(name);
  state_->children.push_back(entry);
  State::Ended ended(state_, entry);
  asio::co_spawn(state_->executor, State::run(state_, entry, std::move(child)), std::move(ended));
}

void TaskGroup::cancel() {
  state_->cancel();
}

asio::awaitable<void> TaskGroup::join() {
  return State::join(state_);
}

std::size_t TaskGroup::running() const {
  return state_->children.size();
}

}  // namespace edgecore::async
