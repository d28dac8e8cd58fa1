// SPDX-License-Identifier: Apache-2.0
#include "edgecore/beehive/task_group.hpp"

#include <algorithm>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <list>
#include <vector>

#include "edgecore/base/log.hpp"
#include "edgecore/base/steady_timer.hpp"

namespace edgecore::beehive {

namespace asio = boost::asio;

struct TaskGroup::State {
  struct Child {
    std::string name;
    asio::cancellation_signal signal;
    bool started = false;
    bool ended = false;
  };
  struct Ended;
  struct Joiner;

  explicit State(asio::any_io_executor on) : executor(std::move(on)) {}

  void cancel();
  void fail(const Child& child, std::exception_ptr why);
  void end(const std::shared_ptr<Child>& child);
  static asio::awaitable<void> run(std::shared_ptr<State> state, std::shared_ptr<Child> child,
                                   asio::awaitable<void> body);
  static asio::awaitable<void> join(std::shared_ptr<State> state);

  asio::any_io_executor executor;
  std::list<std::shared_ptr<Child>> children;
  std::vector<SteadyTimer*> joiners;
  std::exception_ptr failure;
  bool cancelled = false;
};

/// The completion handler of a child. Takes the child off the group also when the loop is torn down and the
/// handler is destroyed without being called. It names no executor, so that cancelling reaches the child at
/// once.
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

/// What a join() waits on, listed while it waits.
struct TaskGroup::State::Joiner {
  explicit Joiner(State& of) : state(of), timer(of.executor, SteadyTime::max()) {
    state.joiners.push_back(&timer);
  }
  Joiner(const Joiner&) = delete;
  Joiner& operator=(const Joiner&) = delete;
  ~Joiner() { std::erase(state.joiners, &timer); }

  State& state;
  SteadyTimer timer;
};

void TaskGroup::State::cancel() {
  cancelled = true;
  const auto present = children;  // a child may end, or another be asked for, while this goes on
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
    log::get("beehive")->debug("Task {} failed: {}", child.name, error.what());
  } catch (const std::exception& error) {
    log::get("beehive")->debug("Task {} failed: {}", child.name, error.what());
  } catch (...) {
    log::get("beehive")->debug("Task {} failed with an unknown exception", child.name);
  }
  if (!failure) failure = std::move(why);
  cancel();
}

void TaskGroup::State::end(const std::shared_ptr<Child>& child) {
  child->ended = true;
  children.remove(child);
  if (!children.empty()) return;
  for (auto* timer : joiners) timer->cancel();
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
  // In the same step as the failure, so that no sibling takes up something new in between.
  child->ended = true;
  if (why) state->fail(*child, why);
  // co_spawn's own last step must not throw because this child was cancelled: its handler would be lost.
  co_await asio::this_coro::throw_if_cancelled(false);
}

asio::awaitable<void> TaskGroup::State::join(std::shared_ptr<State> state) {
  // Cancellation of the caller goes on to the children; they are awaited all the same.
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  bool aborted = false;
  while (!state->children.empty()) {
    const asio::cancellation_state asked = co_await asio::this_coro::cancellation_state;
    if (!aborted && asked.cancelled() != asio::cancellation_type::none) {
      aborted = true;
      state->cancel();
    }
    Joiner joiner(*state);
    boost::system::error_code ignored;
    co_await joiner.timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (state->failure) std::rethrow_exception(state->failure);
  const asio::cancellation_state asked = co_await asio::this_coro::cancellation_state;
  if (asked.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
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

}  // namespace edgecore::beehive
