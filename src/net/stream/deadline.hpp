// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"

namespace edgecore::net {

/// Runs a function when the time is up, unless it is disarmed, armed again or destroyed before. One executor.
///
/// Arming and disarming is cheap: the timer is moved only if it would fire too late. If it fires too early,
/// it waits for the rest.
class Deadline {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Deadline(const boost::asio::any_io_executor& executor, std::function<void()> on_expiry)
      : state_(std::make_shared<State>(executor, std::move(on_expiry))) {}
  ~Deadline() {
    state_->on_expiry = nullptr;
    state_->timer.cancel();
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Zero disarms: no time-out.
  void arm(std::chrono::milliseconds after) {
    if (after > std::chrono::milliseconds(0)) {
      arm_at(steady_now() + after);
    } else {
      disarm();
    }
  }
  void arm_at(TimePoint when) {
    state_->due = when;
    if (when < state_->wakes) wake_at(state_, when);
  }
  void disarm() { state_->due = TimePoint::max(); }
  [[nodiscard]] bool expired() const { return state_->expired; }

 private:
  struct State {
    State(const boost::asio::any_io_executor& executor, std::function<void()> action)
        : timer(executor), on_expiry(std::move(action)) {}
    SteadyTimer timer;
    std::function<void()> on_expiry;
    TimePoint due = TimePoint::max();
    TimePoint wakes = TimePoint::max();  ///< when the timer fires
    unsigned long turn = 0;              ///< number of the latest wait; earlier ones do nothing
    bool expired = false;
  };

  static void wake_at(const std::shared_ptr<State>& state, TimePoint when) {
    state->wakes = when;
    state->timer.expires_at(when);
    state->timer.async_wait([state, turn = ++state->turn](const boost::system::error_code&) {
      if (turn != state->turn || !state->on_expiry) return;
      state->wakes = TimePoint::max();
      if (state->due == TimePoint::max()) return;
      if (state->due > steady_now()) return wake_at(state, state->due);
      state->due = TimePoint::max();
      state->expired = true;
      state->on_expiry();
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace edgecore::net
