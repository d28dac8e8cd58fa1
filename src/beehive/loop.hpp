// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/require.hpp>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace edgecore::beehive {

/// The event loop of one life of a module. Every copy of its executor shares ownership: another thread (the
/// store's writer, gRPC's, a blocking pool's) may finish work for a life that is over; what it posts then is
/// dropped and does not reach a destroyed io_context.
class Loop : public std::enable_shared_from_this<Loop> {
 public:
  class Executor;

  static std::shared_ptr<Loop> make() { return std::shared_ptr<Loop>(new Loop); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Any thread may copy, keep and use it without a time limit.
  [[nodiscard]] Executor executor();

  /// Runs the loop until stop(), even without work. Rethrows an exception that escapes from a handler.
  void run() { context_.run(); }
  /// Any thread.
  void stop() { context_.stop(); }

  /// Ends the loop: drops everything posted from now on, and destroys its handlers and thus the coroutines
  /// that wait in it. Call it on the loop's thread or after that has ended; call it again after destructors
  /// that may have posted.
  void close();

 private:
  /// Destroys the handlers at a chosen moment, which an io_context does only in its destructor, before its
  /// services.
  class Context : public boost::asio::io_context {
   public:
    Context() : io_context(1) {}
    void destroy_handlers() { shutdown(); }
  };

  Loop() : keep_(context_.get_executor()) {}

  Context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_;
  std::mutex mutex_;  ///< orders posts and close()
  bool closed_ = false;
};

/// An executor like Asio's that shares ownership of its loop. Does not count outstanding work: the loop runs
/// until it is stopped, and a forgotten executor cannot prevent that.
class Loop::Executor {
 public:
  explicit Executor(std::shared_ptr<Loop> loop) noexcept : loop_(std::move(loop)) {}

  [[nodiscard]] boost::asio::io_context& query(boost::asio::execution::context_t) const noexcept {
    return loop_->context_;
  }
  [[nodiscard]] boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) const noexcept {
    if (may_run_at_once_) return boost::asio::execution::blocking.possibly;
    return boost::asio::execution::blocking.never;
  }
  [[nodiscard]] Executor require(boost::asio::execution::blocking_t::possibly_t) const {
    return Executor(loop_, true);
  }
  [[nodiscard]] Executor require(boost::asio::execution::blocking_t::never_t) const {
    return Executor(loop_, false);
  }
  friend bool operator==(const Executor&, const Executor&) noexcept = default;

  /// Posts the function, or destroys it at once if the loop is closed.
  template <typename Function>
  void execute(Function&& function) const {
    namespace execution = boost::asio::execution;
    const auto inner = loop_->context_.get_executor();
    if (may_run_at_once_ && inner.running_in_this_thread()) {
      boost::asio::require(inner, execution::blocking.possibly).execute(std::forward<Function>(function));
      return;
    }
    // A local owner, so that it is destroyed after the unlock: destructors may post, too.
    std::decay_t<Function> owned(std::forward<Function>(function));
    const std::lock_guard lock(loop_->mutex_);
    if (loop_->closed_) return;
    boost::asio::require(inner, execution::blocking.never).execute(std::move(owned));
  }

 private:
  Executor(std::shared_ptr<Loop> loop, bool may_run_at_once) noexcept
      : loop_(std::move(loop)), may_run_at_once_(may_run_at_once) {}

  std::shared_ptr<Loop> loop_;
  bool may_run_at_once_ = true;
};

inline Loop::Executor Loop::executor() {
  return Executor(shared_from_this());
}

}  // namespace edgecore::beehive
