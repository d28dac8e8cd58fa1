// SPDX-License-Identifier: Apache-2.0
#include "edged/eviction/evictor.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <algorithm>

#include "edgecore/async/sleep.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::edged {
namespace {

constexpr std::chrono::seconds kCleanup{30};
constexpr std::chrono::milliseconds kCleanupLook{500};
constexpr std::int64_t kShortGrace = 1;

}  // namespace

EvictionPolicy eviction_policy(const config::TailoredKubeletConfig& config) {
  EvictionPolicy policy;
  policy.thresholds = eviction_thresholds(config);
  policy.transition_period = config.eviction_pressure_transition_period;
  policy.most_grace = config.eviction_max_pod_grace_period;
  policy.local_limits = config.local_storage_capacity_isolation.value_or(true) &&
                        config.volume_stats_agg_period.count() >= 0;  // below 0: directories are not walked
  if (config.volume_stats_agg_period.count() > 0) policy.local_limits_period = config.volume_stats_agg_period;
  return policy;
}

Evictor::Evictor(Deps deps)
    : deps_(std::move(deps)),
      state_(deps_.policy.thresholds, deps_.policy.transition_period),
      wakeup_(deps_.executor) {}

boost::asio::awaitable<void> Evictor::run() {
  for (;;) {
    try {
      co_await round();
      complaints_.reset();
    } catch (const Error& error) {
      if (complaints_.now())
        deps_.log->warn("cannot measure the usage of pods, none is evicted for now: {}", error.what());
    }
    co_await wakeup_.sleep_until(steady_now() + deps_.period);
  }
}

std::optional<EvictionThreshold> Evictor::observe(const Observations& seen) {
  const Pressures before = state_.pressures();
  auto act = state_.observe(seen, deps_.clock.steady());
  if (state_.pressures() != before) {
    const auto conditions = state_.pressures().conditions();
    if (conditions.empty()) {
      deps_.log->info("the node is no longer under pressure");
    } else {
      deps_.log->warn("the node is under pressure: {}", fmt::join(conditions, ", "));
    }
    deps_.pressures_changed();
  }
  return act;
}

boost::asio::awaitable<void> Evictor::round() {
  Observations seen = co_await deps_.signals.read();
  auto act = observe(seen);
  if (!deps_.sources_ready()) co_return;
  const bool somebody_went = co_await hold_to_own_limits();
  if (somebody_went || !act) co_return;
  if (eviction_resource(act->signal) == EvictionResource::kDisk) {
    co_await deps_.make_room();
    seen = co_await deps_.signals.read();
    act = observe(seen);
    if (!act) co_return;
  }
  const auto found = seen.find(act->signal);
  if (found == seen.end()) co_return;
  const Observation observation = found->second;
  co_await evict_one(*act, observation);
}

/// Evicts a pod that exceeds its own limits; true if there was one.
boost::asio::awaitable<bool> Evictor::hold_to_own_limits() {
  const SteadyTime now = deps_.clock.steady();
  if (!deps_.policy.local_limits || now < limits_next_) co_return false;
  std::vector<kube::PodPtr> limited = deps_.active();
  std::erase_if(limited, [](const kube::PodPtr& pod) { return !limits_local_storage(*pod); });
  limits_next_ = now + deps_.policy.local_limits_period;
  if (limited.empty()) co_return false;
  const PodFootprints footprints = co_await deps_.usage.read(limited, true);
  bool any = false;
  for (const auto& pod : limited) {
    const auto found = footprints.find(pod->uid);
    if (found == footprints.end()) continue;
    const auto why = over_own_limits(*pod, found->second.storage);
    if (!why || !deps_.evict(pod->uid, *why, kShortGrace)) continue;
    any = true;
    deps_.log->warn("pod {} is evicted: {}", pod->full_name(), log::quote(why->message, 1000));
  }
  co_return any;
}

boost::asio::awaitable<void> Evictor::evict_one(EvictionThreshold threshold, Observation seen) {
  const EvictionResource resource = eviction_resource(threshold.signal);
  const std::vector<kube::PodPtr> pods = deps_.active();
  const PodFootprints footprints = co_await deps_.usage.read(pods, resource == EvictionResource::kDisk);
  std::map<std::string, PodUsage> usage;
  for (const auto& [uid, footprint] : footprints) usage[uid] = footprint.usage;
  const kube::PodPtr victim = choose_victim(pods, usage, resource);
  if (victim == nullptr) {
    if (nobody_.now()) {
      deps_.log->warn("the node is low on {} ({} of {} are left), but no pod may be evicted",
                      eviction_signal_name(threshold.signal), seen.available, seen.capacity);
    }
    co_return;
  }
  nobody_.reset();
  const Refusal why = eviction_refusal(*victim, usage[victim->uid], threshold, seen);
  const std::int64_t own = victim->spec.termination_grace_period_seconds.value_or(deps_.policy.most_grace);
  const std::int64_t grace = threshold.hard ? 0 : std::min(own, deps_.policy.most_grace);
  if (!deps_.evict(victim->uid, why, grace)) co_return;
  deps_.log->warn("pod {} is evicted: {}", victim->full_name(), log::quote(why.message, 1000));
  co_await wait_for_end(victim->uid);
}

/// Waits for the pod's end: until then the measurements do not show what its eviction frees.
boost::asio::awaitable<void> Evictor::wait_for_end(std::string uid) {
  const SteadyTime until = steady_now() + kCleanup;
  while (!deps_.stopped(uid) && steady_now() < until) co_await async::sleep_for(kCleanupLook);
}

}  // namespace edgecore::edged
