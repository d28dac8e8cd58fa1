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

/// Several ask for the same thing, one piece of work answers all of them. The first who asks for a key starts
/// the work; who comes while it is going on waits for the same end; who comes after that starts anew (nothing
/// is cached).
///
/// The work belongs to the task group, not to the one who asked first: a caller that is cancelled, or whose
/// time is up, leaves the others alone. When nobody is left the work still goes on to its end, for the next
/// one who asks, and because it mostly cannot be taken back (a question is with the cloud, a thread is in the
/// kernel); what it throws then is dropped. It is cancelled with its group; callers that wait in spite of
/// that get an Error.
///
/// Thread: one, the group's. Lifetime: callers and work may outlive the SingleFlight. Every caller gets a
/// copy of T: share what is large.
template <class Key, class T>
class SingleFlight {
 public:
  using Work = std::function<boost::asio::awaitable<T>()>;

  /// `name` begins the names of its tasks.
  SingleFlight(TaskGroup& tasks, std::string name) : tasks_(tasks), name_(std::move(name)) {}
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

  /// What the work for `key` gives, or throws; nullopt when that is not there at `until`. `work` is called
  /// when none is going on. Throws boost::system::system_error(operation_aborted) when the caller is
  /// cancelled. Name the work before the co_await (g++ 12 mishandles temporaries there).
  boost::asio::awaitable<std::optional<T>> get(Key key, Work work, SteadyTime until = SteadyTime::max()) {
    return wait_for(join(std::move(key), std::move(work)), until);
  }

  /// When the work for `key` that is going on was begun; nullopt: none is.
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

  /// Held by the coroutine of the work: lands the flight also when that is destroyed, or never started.
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
    if (failure) co_await throw_when_cancelled();  // then `landing` tells those who wait
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
