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

/// The event loop of one life of a module. It is shared with every copy of its executor, wherever that went:
/// another thread (the store's writer, gRPC's, a blocking pool's) may finish something for a life that is
/// over, and what it posts then is dropped instead of reaching an io_context that is gone.
class Loop : public std::enable_shared_from_this<Loop> {
 public:
  class Executor;

  static std::shared_ptr<Loop> make() { return std::shared_ptr<Loop>(new Loop); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// May be copied, kept and used by any thread for as long as it likes.
  [[nodiscard]] Executor executor();

  /// Turns the loop until stop(), also when there is nothing to do. Throws what leaves a handler.
  void run() { context_.run(); }
  /// Any thread.
  void stop() { context_.stop(); }

  /// The loop's life is over: nothing that is posted from now on is taken, and what it holds (handlers, and
  /// so the coroutines that wait in it) is destroyed. Called on the loop's thread, or after that has ended;
  /// may be called again for what destructors have left behind since.
  void close();

 private:
  /// An io_context destroys its handlers before its services: we want that at a moment of our choice.
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

/// An executor as Asio's own, except that it owns a share of its loop. It counts no outstanding work: the
/// loop turns until it is stopped, and no forgotten executor keeps it from that.
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

  /// Takes the function, or destroys it here and now when the loop is closed.
  template <typename Function>
  void execute(Function&& function) const {
    namespace execution = boost::asio::execution;
    const auto inner = loop_->context_.get_executor();
    if (may_run_at_once_ && inner.running_in_this_thread()) {
      boost::asio::require(inner, execution::blocking.possibly).execute(std::forward<Function>(function));
      return;
    }
    // Owned here, so that it is destroyed after the lock is lifted: destructors may post, too.
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
