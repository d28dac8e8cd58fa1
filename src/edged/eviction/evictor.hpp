// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/config/model.hpp"
#include "edged/eviction/eviction.hpp"
#include "edged/eviction/node_signals.hpp"
#include "edged/eviction/pod_usage.hpp"

namespace edgecore::edged {

struct EvictionPolicy {
  std::vector<EvictionThreshold> thresholds;
  std::chrono::nanoseconds transition_period = std::chrono::minutes(5);
  std::int64_t most_grace =
      0;                     ///< longest grace period in seconds at a soft threshold; a hard one grants none
  bool local_limits = true;  ///< evict pods that exceed their own limits on local storage
  std::chrono::nanoseconds local_limits_period = std::chrono::minutes(1);
};
/// Throws BadInput that names the invalid setting.
EvictionPolicy eviction_policy(const config::TailoredKubeletConfig& config);

/// Watches the node's resources, reports pressure, and evicts pods when nothing else helps
/// (protocol/05-edged.md §1.17): one at a time, as each may be enough. Part of edged; belongs to its thread.
class Evictor {
 public:
  struct Deps {
    NodeSignals& signals;
    PodUsageReader& usage;
    boost::asio::any_io_executor executor;
    const Clock& clock;
    log::Logger log;
    EvictionPolicy policy;
    /// Whether all pods of the node are known; until then nothing is evicted.
    std::function<bool()> sources_ready;
    /// Frees disk space: removes dead containers and unused images. Logs its own failures.
    std::function<boost::asio::awaitable<void>()> make_room;
    std::function<std::vector<kube::PodPtr>()> active;
    /// False if there is no such pod (any more).
    std::function<bool(const std::string& uid, const Refusal& why, std::int64_t grace_seconds)> evict;
    /// True when nothing of the pod runs any more.
    std::function<bool(const std::string& uid)> stopped;
    /// Called when `pressures` has changed.
    std::function<void()> pressures_changed;
    std::chrono::milliseconds period = std::chrono::seconds(10);
  };
  explicit Evictor(Deps deps);

  /// A round every `period` until cancelled. Throws only when cancelled.
  boost::asio::awaitable<void> run();
  /// Starts a round now.
  void look_now() { wakeup_.notify(); }

  /// One round: measures, and if a threshold asks for it, frees space, or evicts a pod and waits for its end
  /// (30 s at most). Throws CallError and Error if usage cannot be measured.
  boost::asio::awaitable<void> round();

  [[nodiscard]] const Pressures& pressures() const { return state_.pressures(); }

 private:
  std::optional<EvictionThreshold> observe(const Observations& seen);
  boost::asio::awaitable<bool> hold_to_own_limits();
  boost::asio::awaitable<void> evict_one(EvictionThreshold threshold, Observation seen);
  boost::asio::awaitable<void> wait_for_end(std::string uid);

  Deps deps_;
  EvictionState state_;
  SteadyTime limits_next_{};
  async::Event wakeup_;
  log::Quiet complaints_, nobody_;
};

}  // namespace edgecore::edged
