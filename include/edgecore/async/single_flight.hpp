// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "edgecore/async/cancellation.hpp"
#include "edgecore/async/condition.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::async {

/// Single flight: concurrent calls for the same key share one piece of work. The first call starts it, calls
/// during the work wait for its result, a later call starts it again (results are not cached).
///
/// The work belongs to the task group, not to the first caller: a caller that is cancelled or times out does
/// not affect the others. Without callers the work still runs to its end, for the next caller, and because
/// most work cannot be undone (a request is with the cloud, a thread is in the kernel); then its exception is
/// dropped. The work is cancelled with its group; callers that still wait get an Error.
///
/// Thread: one, the group's. Lifetime: callers and work may outlive the SingleFlight. Every caller gets a
/// copy of T: use a shared pointer for large values.
template <class Key, class T>
class SingleFlight {
 public:
  using Work = std::function<boost::asio::awaitable<T>()>;

  /// `name` is the prefix of the names of its tasks.
  SingleFlight(TaskGroup& tasks, std::string name) : tasks_(tasks), name_(std::move(name)) {}
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

  /// The result of the work for `key`, or its exception; nullopt at `until`. Calls `work` unless it is
  /// running for this key. Throws boost::system::system_error(operation_aborted) if the caller is cancelled.
  /// Name the work before the co_await (g++ 12 mishandles temporaries there).
  boost::asio::awaitable<std::optional<T>> get(Key key, Work work, SteadyTime until = SteadyTime::max()) {
    return wait_for(join(std::move(key), std::move(work)), until);
  }

  /// When the running work for `key` started; nullopt if it is not running.
  [[nodiscard]] std::optional<SteadyTime> begun(const Key& key) const {
    const auto found = air_->find(key);
    if (found == air_->end()) return std::nullopt;
    return found->second->begun;
  }

 private:
  struct Flight {
    SteadyTime begun = steady_now();
    bool landed = false;
    std::optional<T> value;
    std::exception_ptr failure;
    Condition landing;
  };
  using FlightPtr = std::shared_ptr<Flight>;
  using Air = std::map<Key, FlightPtr>;

  /// Held by the coroutine of the work; ends the flight even if the coroutine is destroyed or never started.
  class Landing {
   public:
    Landing(std::weak_ptr<Air> air, Key key, FlightPtr flight)
        : air_(std::move(air)), key_(std::move(key)), flight_(std::move(flight)) {}
    Landing(Landing&&) noexcept = default;
    Landing(const Landing&) = delete;
    Landing& operator=(const Landing&) = delete;
    Landing& operator=(Landing&&) = delete;
    ~Landing() {
      if (flight_) land(std::nullopt, std::make_exception_ptr(Error("it was stopped before it had ended")));
    }

    void land(std::optional<T> value, std::exception_ptr failure) {
      const FlightPtr flight = std::move(flight_);
      flight->value = std::move(value);
      flight->failure = std::move(failure);
      flight->landed = true;
      flight->landing.notify_all();
      if (const auto air = air_.lock()) air->erase(key_);
    }

   private:
    std::weak_ptr<Air> air_;
    Key key_;
    FlightPtr flight_;
  };

  FlightPtr join(Key key, Work work) {
    if (const auto found = air_->find(key); found != air_->end()) return found->second;
    const auto flight = std::make_shared<Flight>();
    air_->emplace(key, flight);
    tasks_.spawn(name_, fly(Landing(air_, std::move(key), flight), std::move(work)));
    return flight;
  }

  static boost::asio::awaitable<void> fly(Landing landing, Work work) {
    std::optional<T> value;
    std::exception_ptr failure;
    try {
      value.emplace(co_await work());
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) co_await throw_when_cancelled();  // if cancelled, `landing` informs the waiters
    landing.land(std::move(value), std::move(failure));
  }

  static boost::asio::awaitable<std::optional<T>> wait_for(FlightPtr flight, SteadyTime until) {
    while (!flight->landed) {
      const bool notified = co_await flight->landing.sleep_until(until);
      if (!notified) co_return std::nullopt;
    }
    if (flight->failure) std::rethrow_exception(flight->failure);
    co_return flight->value;
  }

  TaskGroup& tasks_;
  std::string name_;
  std::shared_ptr<Air> air_ = std::make_shared<Air>();
};

}  // namespace edgecore::async
