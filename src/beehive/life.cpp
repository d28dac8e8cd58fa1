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

std::string describe(const std::exception_ptr& why) {
  try {
    std::rethrow_exception(why);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

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

  listeners_->shut_down();
void Life::cancel() {
  asio::post(loop_->executor(), [this] {
    cancelled_ = true;
    if (started_ && !settled_) signal_.emit(asio::cancellation_type::terminal);
  });
}

void Life::abandon() {
  token_->abandon();
  loop_->stop();
  thread_->detach();
}

unsigned Life::beat() {
  if (beat_answered_) {
    unanswered_ = 0;
    beat_answered_ = false;
    asio::post(loop_->executor(), [this] { beat_answered_ = true; });
  } else {
    ++unanswered_;
  }
  return unanswered_;
}

void Life::live() {
  LifeToken::adopt(token_);
  Listeners::adopt(listeners_);
  failure_.clear();
  try {
    module_ = make_(context_);
    if (!module_) failure_ = "its factory returned nullptr";
  } catch (...) {
    failure_ = "it could not be created: " + describe(std::current_exception());
  }
  if (module_) {
    // Start it inside the loop, so that it executes its first step at once: asio must not see it cancelled
    // before that.
    asio::post(loop_->executor(), [this] { begin_run(); });
    failure_ = turn_loop();
  }
  if (!failure_.empty() && !token_->abandoned()) events_.failed(failure_);

  // Destroy in this order, because coroutines refer to the module, and the module's members to the loop's
  Listeners::adopt(nullptr);
  // services. What other threads post from here on is dropped.
  loop_->close();
  module_.reset();
  loop_->close();  // handlers that the module's destructor has posted
  events_.ended();
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
    failure_ = why ? describe(why) : "it returned without cancellation";
  } else if (why) {
    try {
      std::rethrow_exception(why);
    } catch (const boost::system::system_error& error) {
      if (error.code() != asio::error::operation_aborted) {
        context_.log->warn("stopping {} ended with an error: {}", context_.name, error.what());
      }
    } catch (...) {
      context_.log->warn("stopping {} ended with an error: {}", context_.name, describe(why));
    }
  }
  loop_->stop();
}

/// Runs the loop until the life is over; returns the failure, or "" if it was cancelled.
std::string Life::turn_loop() {
  try {
    loop_->run();
  } catch (...) {
    if (!cancelled_) failure_ = "an exception escaped from its loop: " + describe(std::current_exception());
  }
  return failure_;
}

}  // namespace edgecore::beehive
