// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/exit_feed.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/sleep.hpp"

namespace edgecore::edged {
namespace {

constexpr std::chrono::milliseconds kFirstFeedPause{1000};
constexpr std::chrono::milliseconds kLongestFeedPause{8000};

}  // namespace

ExitFeed::ExitFeed(cri::Runtime& runtime, log::Logger log, Told told)
    : runtime_(runtime), log_(std::move(log)), told_(std::move(told)) {}

boost::asio::awaitable<void> ExitFeed::run() {
  std::chrono::milliseconds pause = kFirstFeedPause;
  for (;;) {
    const SteadyTime begin = steady_now();
    const Outcome<void> followed = co_await async::attempt(follow());
    const auto error = followed ? std::nullopt : followed.failure().as<cri::CallError>();
    if (error && error->unimplemented()) {
      log_->info("the container runtime has no task events: pods' statuses wait until CRI shows an exit");
      co_return;
    }
    if (steady_now() - begin > kLongestFeedPause) {  // the stream was open
      pause = kFirstFeedPause;
      complaints_.reset();
    }
    if (error) complain(*error);
    co_await async::sleep_for(pause);
    pause = std::min(pause * 2, kLongestFeedPause);
  }
}

/// Ends with the stream.
boost::asio::awaitable<void> ExitFeed::follow() {
  const std::unique_ptr<cri::TaskEventStream> stream = runtime_.task_events();
  while (const std::optional<cri::TaskEvent> event = co_await stream->next()) told_(*event);
}

/// A runtime that is away is logged by RuntimeState.
void ExitFeed::complain(const cri::CallError& error) {
  if (error.unavailable() || !complaints_.now()) return;
  log_->warn(
      "no task events from the container runtime (attempt {}), pods' statuses wait until CRI shows an "
      "exit: {}",
      complaints_.count(), log::quote(error.what(), 1000));
}

}  // namespace edgecore::edged
