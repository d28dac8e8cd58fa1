#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace edgecore::net {

/// Runs a function when time is up, unless it is disarmed, armed anew or destroyed before. One executor.
class Deadline {
 public:
  Deadline(const boost::asio::any_io_executor& executor, std::function<void()> on_expiry)
      : state_(std::make_shared<State>(executor, std::move(on_expiry))) {}
  ~Deadline() {
    disarm();
    state_->on_expiry = nullptr;
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Zero disarms: no time-out.
  void arm(std::chrono::milliseconds after) {
    disarm();
    if (after > std::chrono::milliseconds(0)) arm_at(std::chrono::steady_clock::now() + after);
  }
  void arm_at(std::chrono::steady_clock::time_point when) {
    disarm();
    state_->timer.expires_at(when);
    state_->timer.async_wait([state = state_, turn = state_->turn](const boost::system::error_code& error) {
      if (error || turn != state->turn || !state->on_expiry) return;
      state->expired = true;
      state->on_expiry();
    });
  }
  void disarm() {
    ++state_->turn;  // a wait that has completed but not run yet is void, too
    state_->timer.cancel();
  }
  [[nodiscard]] bool expired() const { return state_->expired; }

 private:
  struct State {
    State(const boost::asio::any_io_executor& executor, std::function<void()> action)
        : timer(executor), on_expiry(std::move(action)) {}
    boost::asio::steady_timer timer;
    std::function<void()> on_expiry;
    unsigned long turn = 0;
    bool expired = false;
  };
  std::shared_ptr<State> state_;
};

}  // namespace edgecore::net
