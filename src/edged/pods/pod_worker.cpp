// SPDX-License-Identifier: Apache-2.0
#include "edged/pods/pod_worker.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/cri/call_error.hpp"
#include "edgecore/edged/edged.hpp"
#include "edged/pods/pod_stop.hpp"
#include "edged/runtime/pod_cache.hpp"
#include "edged/runtime/runtime_state.hpp"
#include "edged/status/pod_phase.hpp"

namespace edgecore::edged {
namespace {

constexpr std::chrono::milliseconds kFirstPodRetry{1000};
constexpr std::chrono::milliseconds kLongestPodRetry{10000};
/// Longest pause between attempts to remove a pod, for which nobody waits.
constexpr std::chrono::milliseconds kLongestRemovalRetry{300000};
constexpr std::chrono::milliseconds kNetworkRetry{1000};
/// A pod that may not start yet is woken when it may; this is for a lost wake-up.
constexpr std::chrono::seconds kHeldUpRetry{30};

/// `time` plus up to half of it, so that pods do not retry at the same moment.
SteadyTime::duration jittered_pause(SteadyTime::duration time) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<SteadyTime::rep> more(0, std::max<SteadyTime::rep>(1, time.count() / 2));
  return time + SteadyTime::duration(more(random));
}

const char* name_of(PodWorker::State state) {
  switch (state) {
    case PodWorker::State::kSync:
      return "running";
    case PodWorker::State::kTerminating:
      return "terminating";
    case PodWorker::State::kTerminated:
      return "terminated";
    case PodWorker::State::kFinished:
      break;
  }
  return "finished";
}

}  // namespace

PodWorker::PodWorker(const PodServices& services, kube::PodPtr pod, Hooks hooks)
    : services_(services), hooks_(std::move(hooks)), wakeup_(services.context.executor) {
  record_.pod = std::move(pod);
  if (record_.pod->deleting()) begin_stop(std::nullopt);
}

boost::asio::awaitable<void> PodWorker::run() {
  co_await start_where_it_stands();
  while (state_ != State::kFinished) {
    if (next_ <= steady_now() && services_.runtime.state.usable() &&
        (stopping() || hooks_.may_start(*this))) {
      co_await step();
    } else {
      const SteadyTime now = steady_now();
      co_await wakeup_.sleep_until(next_ > now ? next_ : now + kHeldUpRetry);
      next_ = {};
    }
  }
}

/// Skips the stop of a pod that has a final phase in the API and no running containers.
boost::asio::awaitable<void> PodWorker::start_where_it_stands() {
  if (!has_final_phase(record_.pod->status)) co_return;
  state_ = State::kTerminating;
  std::optional<bool> runs;
  try {
    const std::shared_ptr<const PodRuntime> runtime = co_await services_.runtime.cache.get(record_.pod->uid);
    runs = may_run(*runtime) ||
           std::any_of(runtime->sandboxes.begin(), runtime->sandboxes.end(),
                       [](const auto& one) { return one.state == cri::PodSandboxState::kReady; });
  } catch (const cri::CallError&) {
    // It is unknown what runs: the pod is stopped.
  }
  if (runs == false) state_ = State::kTerminated;
}

boost::asio::awaitable<void> PodWorker::attempt(Attempt& result) {
  result.state = state_;
  result.interrupted = false;
  try {
    switch (state_) {
      case State::kSync:
        result.outcome = co_await sync_pod(services_, record_);
        break;
      case State::kTerminating:
        co_await sync_terminating_pod(services_, record_, wakeup_);
        break;
      case State::kTerminated:
        co_await sync_terminated_pod(services_, record_);
        break;
      case State::kFinished:
        break;
    }
  } catch (const boost::system::system_error& error) {
    result.interrupted = error.code() == boost::asio::error::operation_aborted;
    result.failure = error.what();
  } catch (const NetworkNotReady& error) {
    result.network_not_ready = true;
    result.failure = error.what();
  } catch (const std::exception& error) {
    result.failure = error.what();  // any error: the failure of one pod must not end the others
  }
}

boost::asio::awaitable<void> PodWorker::step() {
  Attempt result;
  async::TaskGroup group(services_.context.executor);
  group.spawn("pod " + record_.pod->full_name(), attempt(result));
  current_ = &group;
  try {
    co_await group.join();
  } catch (...) {
    current_ = nullptr;
    throw;
  }
  current_ = nullptr;
  judge(result);
}

SteadyTime PodWorker::after_failure() {
  retry_ =
      std::clamp(retry_ * 2, kFirstPodRetry, record_.unreported ? kLongestRemovalRetry : kLongestPodRetry);
  return steady_now() + jittered_pause(retry_);
}

void PodWorker::judge(const Attempt& result) {
  if (result.interrupted || result.state != state_) {
    services_.runtime.cache.mark_stale(
        record_.pod->uid);  // the interrupted call may or may not have taken effect
    next_ = {};
    return;
  }
  if (!result.failure.empty()) {
    services_.runtime.cache.mark_stale(record_.pod->uid);
    next_ = after_failure();
    if (result.network_not_ready) next_ = steady_now() + jittered_pause(kNetworkRetry);
    if (complaints_.now()) {
      services_.context.log->warn("pod {} ({}, attempt {}): {}", record_.pod->full_name(), name_of(state_),
                                  complaints_.count(), log::quote(result.failure, 1000));
    }
    return;
  }
  retry_ = {};
  complaints_.reset();
  switch (state_) {
    case State::kSync:
      if (result.outcome.ended) {
        begin_stop(std::nullopt);
      } else {
        next_ = steady_now() + jittered_pause(services_.node.options.config.kubelet.sync_frequency);
        if (result.outcome.again) next_ = std::min(next_, *result.outcome.again);
      }
      break;
    case State::kTerminating:
      enter(State::kTerminated);
      break;
    case State::kTerminated:
      enter(State::kFinished);
      break;
    case State::kFinished:
      break;
  }
}

void PodWorker::enter(State state) {
  state_ = state;
  next_ = {};
  services_.context.log->debug("pod {} ({}) is {}", record_.pod->full_name(), record_.pod->uid,
                               name_of(state));
  hooks_.state_changed(*this);
}

void PodWorker::begin_stop(std::optional<std::int64_t> grace_override) {
  std::int64_t grace = std::max<std::int64_t>(1, grace_period(*record_.pod, grace_override, std::nullopt));
  if (record_.grace) grace = std::min(grace, *record_.grace);
  const bool shorter = record_.grace && grace < *record_.grace;
  record_.grace = grace;
  next_ = {};
  if (state_ == State::kSync || (state_ == State::kTerminating && shorter)) {
    state_ = State::kTerminating;
    if (current_ != nullptr) current_->cancel();
  }
  wakeup_.notify();
}

void PodWorker::update(const kube::PodPtr& pod) {
  record_.pod = pod;
  if (pod->deleting() || has_final_phase(pod->status)) {
    begin_stop(std::nullopt);
  } else {
    next_ = {};
    wakeup_.notify();
  }
}

void PodWorker::kill(const Kill& kill) {
  record_.unreported = record_.unreported || kill.unreported;
  if (kill.failed && !record_.failed) record_.failed = kill.failed;
  begin_stop(kill.grace_seconds);
}

}  // namespace edgecore::edged
