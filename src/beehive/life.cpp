// SPDX-License-Identifier: Apache-2.0
#include "beehive/life.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace edgecore::beehive {

namespace asio = boost::asio;

namespace {

/// The completion handler of run(); has no executor, so that cancellation acts at once.
struct RunEnded {
  using cancellation_slot_type = asio::cancellation_slot;
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return slot; }
  void operator()(const std::exception_ptr& why) const { then(why); }

  asio::cancellation_slot slot;
  std::function<void(const std::exception_ptr&)> then;
};

}  // namespace

Life::Life(ModuleContext context, ModuleFactory make, Events events)
    : context_(std::move(context)), make_(std::move(make)), events_(std::move(events)) {
  context_.executor = loop_->executor();
}

Life::~Life() {
  loop_->close();  // if it was never started
}

void Life::start(std::size_t stack_bytes) {
  thread_.emplace(context_.name, stack_bytes, [self = shared_from_this()] { self->live(); });
}

void Life::cancel() {
  asio::post(loop_->executor(), [this] {
    cancelled_ = true;
    if (started_ && !settled_) signal_.emit(asio::cancellation_type::terminal);
  });
}

void Life::abandon() {
  token_->abandon();
  loop_->stop();
  listeners_->shut_down();
  thread_->detach();
}

unsigned Life::beat() {
  if (beat_answered_) {
    unanswered_ = 0;
    beat_answered_ = false;
    cpu_at_beat_ = thread_->cpu_time();
    asio::post(loop_->executor(), [this] { beat_answered_ = true; });
  } else {
    ++unanswered_;
  }
  return unanswered_;
}

std::chrono::nanoseconds Life::computed() const {
  return thread_->cpu_time() - cpu_at_beat_;
}

void Life::live() {
  LifeToken::adopt(token_);
  Listeners::adopt(listeners_);
  failure_.reset();
  try {
    module_ = make_(context_);
    if (!module_) failure_ = Fault{"its factory returned nullptr"};
  } catch (...) {
    failure_ = fault_of(std::current_exception(), "it could not be created: ");
  }
  if (module_) {
    // Start it inside the loop, so that it executes its first step at once: asio must not see it cancelled
    // before that.
    asio::post(loop_->executor(), [this] { begin_run(); });
    turn_loop();
  }
  if (failure_ && !token_->abandoned()) events_.failed(*failure_);

  // Destroy in this order, because coroutines refer to the module, and the module's members to the loop's
  // services. What other threads post from here on is dropped.
  loop_->close();
  module_.reset();
  loop_->close();  // handlers that the module's destructor has posted
  events_.ended();
  Listeners::adopt(nullptr);
  LifeToken::adopt(nullptr);
}

void Life::begin_run() {
  if (cancelled_) {
    settle(nullptr);
    return;
  }
  started_ = true;
  RunEnded ended{signal_.slot(), [this](const std::exception_ptr& why) { settle(why); }};
  asio::co_spawn(context_.executor, run_module(), std::move(ended));  // executes the first step
  if (!settled_) events_.running();
}

asio::awaitable<void> Life::run_module() {
  std::exception_ptr why;
  try {
    co_await module_->run();
  } catch (...) {
    why = std::current_exception();
  }
  // Otherwise co_spawn's last step throws into the loop if run() was cancelled and ended without waiting.
  co_await asio::this_coro::throw_if_cancelled(false);
  if (why) std::rethrow_exception(why);
}

void Life::settle(const std::exception_ptr& why) {
  settled_ = true;
  if (!cancelled_) {
    failure_ = why ? fault_of(why) : Fault{"it returned without cancellation"};
  } else if (why) {
    try {
      std::rethrow_exception(why);
    } catch (const boost::system::system_error& error) {
      if (error.code() != asio::error::operation_aborted) {
        context_.log->warn("stopping {} ended with an error: {}", context_.name, error.what());
      }
    } catch (...) {
      context_.log->warn("stopping {} ended with an error: {}", context_.name, fault_of(why).reason);
    }
  }
  loop_->stop();
}

/// Runs the loop until the life is over; sets the failure unless it was cancelled.
void Life::turn_loop() {
  try {
    loop_->run();
  } catch (...) {
    if (!cancelled_) failure_ = fault_of(std::current_exception(), "an exception escaped from its loop: ");
  }
}

}  // namespace edgecore::beehive
