// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "edgecore/async/thread_event.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::async {

/// The part of `Oneshot` that does not depend on T: the wait.
class OneshotWait {
 public:
  explicit OneshotWait(const boost::asio::any_io_executor& executor) : event_(executor) {}

  /// Returns when the value has arrived (kNotified, also if earlier), at `until`, or when the caller is
  /// cancelled, without throwing. May be called again.
  boost::asio::awaitable<Woken> wait_until(SteadyTime until);
  /// Waits for the value or `until` even if the caller is cancelled meanwhile; then its next co_await throws.
  /// True if the value has arrived.
  boost::asio::awaitable<bool> wait_through(SteadyTime until);

 protected:
  [[nodiscard]] ThreadEvent::Setter setter() const { return event_.setter(); }

 private:
  ThreadEvent event_;
  bool arrived_ = false;
};

/// A one-shot channel (a promise and its future): one value from another thread to one waiting coroutine. To
/// send errors, T is a std::exception_ptr or an `Outcome`.
///
/// Owner: the frame of the waiting coroutine, on its executor's thread. The `Sender` belongs to the other
/// thread and may outlive the coroutine and its executor; then its value is dropped on that thread.
template <class T>
class Oneshot : public OneshotWait {
  struct Shared {
    std::mutex mutex;
    std::optional<T> value;
  };

 public:
  /// Any thread, any number of copies; only the first value counts.
  class Sender {
   public:
    void operator()(T value) const {
      {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->value) return;
        shared_->value.emplace(std::move(value));
      }
      setter_.set();
    }

   private:
    friend class Oneshot;
    Sender(std::shared_ptr<Shared> shared, ThreadEvent::Setter setter)
        : shared_(std::move(shared)), setter_(std::move(setter)) {}
    std::shared_ptr<Shared> shared_;
    ThreadEvent::Setter setter_;
  };

  explicit Oneshot(const boost::asio::any_io_executor& executor) : OneshotWait(executor) {}

  [[nodiscard]] Sender sender() const { return Sender(shared_, setter()); }

  /// Call it once, after a wait has said that the value has arrived.
  [[nodiscard]] T take() {
    const std::lock_guard lock(shared_->mutex);
    return std::move(*shared_->value);
  }

 private:
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace edgecore::async
