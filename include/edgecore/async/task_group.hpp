// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <string>

namespace edgecore::async {

/// Child coroutines with an owner. The first child that throws (other than by cancellation) cancels its
/// siblings, and join() rethrows its exception. One executor's thread. Typical use:
///
///     TaskGroup tasks(context.executor);
///     tasks.spawn("keepalive", keepalive_loop());
///     tasks.spawn("reader", read_loop());
///     co_await tasks.join();
///
/// Cancelling the coroutine in join() cancels the children; join() still awaits them. Destroying a group
/// whose children have not all ended cancels them; their frames are destroyed with the io_context, so what
/// they use must outlive it: prefer join().
class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::any_io_executor executor);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  /// Starts a child. `name` appears in its error text. After cancel() a spawn is ignored.
  void spawn(std::string name, boost::asio::awaitable<void> child);

  /// Asks all children to stop (terminal cancellation). Does not wait.
  void cancel();

  /// Waits until every child has ended. Rethrows the first failure. May be called again after more spawns.
  boost::asio::awaitable<void> join();

  [[nodiscard]] std::size_t running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace edgecore::async
