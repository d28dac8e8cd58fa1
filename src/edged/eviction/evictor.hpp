// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/wakeup.hpp"
#include "edgecore/config/model.hpp"
#include "edged/eviction/eviction.hpp"
#include "edged/eviction/node_signals.hpp"
#include "edged/eviction/pod_usage.hpp"

namespace edgecore::edged {

struct EvictionPolicy {
  std::vector<EvictionThreshold> thresholds;
  std::chrono::nanoseconds transition_period = std::chrono::minutes(5);
  std::int64_t most_grace = 0;  ///< seconds a pod gets at a soft threshold; at a hard one none
  bool local_limits = true;     ///< pods are held to their own limits on local storage
  std::chrono::nanoseconds local_limits_period = std::chrono::minutes(1);
};
/// Throws BadInput naming the setting that makes no sense.
EvictionPolicy eviction_policy(const config::TailoredKubeletConfig& config);

/// Watches what the node runs out of, tells it as pressures, and ends pods when nothing else helps
/// (protocol/05-edged.md §1.17): one at a time, so that each has the chance to be enough. Part of edged;
/// belongs to its thread.
class Evictor {
 public:
  struct Deps {
    NodeSignals& signals;
    PodUsageReader& usage;
    boost::asio::any_io_executor executor;
    const Clock& clock;
    log::Logger log;
    EvictionPolicy policy;
    /// Whether all pods of the node are known; before that nobody is evicted.
    std::function<bool()> sources_ready;
    /// Removes what nobody uses from the disks: dead containers, images. Failures are its own to log.
    std::function<boost::asio::awaitable<void>()> make_room;
    std::function<std::vector<kube::PodPtr>()> active;
    /// False when there is no such pod (any more).
    std::function<bool(const std::string& uid, const Refusal& why, std::int64_t grace_seconds)> evict;
    /// Nothing of the pod runs any more.
    std::function<bool(const std::string& uid)> stopped;
    /// `pressures` says something else than before.
    std::function<void()> pressures_changed;
    std::chrono::milliseconds period = std::chrono::seconds(10);
  };
  explicit Evictor(Deps deps);

  /// A round every `period` until cancelled. Only cancellation is thrown.
  boost::asio::awaitable<void> run();
  /// A round now instead of when it is due.
  void look_now() { wakeup_.notify(); }

  /// One round: measures, and where a threshold asks for it makes room or evicts a pod and waits for its end
  /// (30 s at most). Throws CallError and Error when what pods use cannot be learnt.
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
  beehive::Wakeup wakeup_;
  log::Quiet complaints_, nobody_;
};

}  // namespace edgecore::edged
