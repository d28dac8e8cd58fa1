// SPDX-License-Identifier: Apache-2.0
#include "edgecore/rpc/flight.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "edgecore/base/thread.hpp"
#include "edgecore/rpc/grpc_log.hpp"

namespace edgecore::rpc {

void Flight::arrive(bool ok) {
  const auto self = std::move(self_);  // the last reference, when the asker is gone
  const std::lock_guard lock(mutex_);
  if (!executor_) return;
  boost::asio::post(executor_, [weak = waiter_, ok] {
    const auto waiter = weak.lock();
    if (!waiter) return;
    waiter->waiting = false;
    waiter->ok = ok;
    waiter->alarm.cancel();
  });
}

void Flight::abandon() {
  const std::lock_guard lock(mutex_);
  executor_ = {};
}

CompletionLoop::CompletionLoop(const std::string& name) {
  take_over_log();
  thread_ = start_quiet_thread(name, [this] { run(); });
}

bool CompletionLoop::begin(Flight& flight, const std::function<void(void*)>& operation) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  flight.self_ = flight.shared_from_this();
  flying_.insert(&flight);
  operation(&flight);
  return true;
}

void CompletionLoop::shut_down() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    for (auto* flight : flying_) flight->context.TryCancel();
    queue_.Shutdown();
  }
  thread_.join();
}

void CompletionLoop::run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    auto* flight = static_cast<Flight*>(tag);
    {
      const std::lock_guard lock(mutex_);
      flying_.erase(flight);
    }
    flight->arrive(ok);
  }
}

Ticket::Ticket(const boost::asio::any_io_executor& executor)
    : waiter_(std::make_shared<Waiter>(executor)), flight_(std::make_shared<Flight>(executor, waiter_)) {}

Ticket::~Ticket() {
  flight_->abandon();
  // A stream between two reads has nothing in flight and still has to be ended.
  if (waiter_->waiting || flight_->stream) flight_->context.TryCancel();
}

bool Ticket::begin(CompletionLoop& loop, const std::function<void(void*)>& operation) {
  if (!loop.begin(*flight_, operation)) return false;
  // Only now, and still before the completion can be seen: that is posted to the executor we are running on.
  waiter_->waiting = true;
  waiter_->alarm.expires_at(std::chrono::steady_clock::time_point::max());
  return true;
}

boost::asio::awaitable<std::optional<bool>> Ticket::landed() {
  if (waiter_->waiting) {
    boost::system::error_code woken;  // always "aborted": by arrive(), or by cancellation
    co_await waiter_->alarm.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
  }
  if (waiter_->waiting) {
    flight_->context.TryCancel();
    co_return std::nullopt;
  }
  co_return waiter_->ok;
}

}  // namespace edgecore::rpc
