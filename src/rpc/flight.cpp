// SPDX-License-Identifier: Apache-2.0
#include "edgecore/rpc/flight.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/thread.hpp"
#include "edgecore/rpc/grpc_log.hpp"

namespace edgecore::rpc {

void Flight::arrive(bool ok) {
  const auto self = std::move(self_);  // the last reference if the caller is gone
  const Landing::Sender arrived = std::move(*arrived_);
  arrived(ok);
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

Ticket::~Ticket() {
  // A stream between two reads has no operation under way but must be cancelled, too.
  if (landing_ || flight_->stream) flight_->context.TryCancel();
}

bool Ticket::begin(CompletionLoop& loop, const std::function<void(void*)>& operation) {
  landing_.emplace(executor_);
  flight_->arrived_ = landing_->sender();
  if (loop.begin(*flight_, operation)) return true;
  landing_.reset();
  return false;
}

boost::asio::awaitable<bool> Ticket::landed() {
  const async::Woken woken = co_await landing_->wait_until(SteadyTime::max());
  if (woken == async::Woken::kCancelled) {
    flight_->context.TryCancel();
    throw boost::system::system_error(boost::asio::error::operation_aborted);
  }
  const bool ok = landing_->take();
  landing_.reset();
  co_return ok;
}

}  // namespace edgecore::rpc
