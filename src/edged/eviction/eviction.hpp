// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/config/kubelet.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/spec/refusal.hpp"

/// Decides when the node is short of a resource, and which pod to evict (protocol/05-edged.md §1.17). Pure
/// functions, and a state machine that gets the time from its caller; used by edged's thread.
namespace edgecore::edged {

/// Eviction signals: "memory.available", "nodefs.available", …
enum class EvictionSignal { kMemory, kNodeFs, kNodeFsInodes, kImageFs, kImageFsInodes, kPids };
/// The resource of a signal, for messages and rankings.
enum class EvictionResource { kMemory, kDisk, kPids };
std::string eviction_signal_name(EvictionSignal signal);
EvictionResource eviction_resource(EvictionSignal signal);

struct EvictionThreshold {
  EvictionSignal signal = EvictionSignal::kMemory;
  std::int64_t quantity = 0;          ///< bytes or counts; used if `fraction` is 0
  double fraction = 0;                ///< of the capacity
  std::string text;                   ///< as configured
  std::chrono::nanoseconds grace{0};  ///< of soft thresholds only
  bool hard = true;
  /// Minimum reclaim: must be free beyond the threshold before it clears.
  std::int64_t reclaim_quantity = 0;
  double reclaim_fraction = 0;
};

/// From evictionHard, evictionSoft with its grace periods, and evictionMinimumReclaim. A threshold of "0" or
/// "0%" is switched off. Throws BadInput naming the setting.
std::vector<EvictionThreshold> eviction_thresholds(const config::TailoredKubeletConfig& config);

/// The measured value of a signal.
struct Observation {
  std::int64_t available = 0, capacity = 0;
};
using Observations = std::map<EvictionSignal, Observation>;

struct Pressures {
  bool memory = false, disk = false, pids = false;
  bool operator==(const Pressures&) const = default;
  /// Names of the true node conditions, for admission.
  [[nodiscard]] std::vector<std::string> conditions() const;
};

/// Tracks the thresholds over the rounds (every 10 s).
class EvictionState {
 public:
  EvictionState(std::vector<EvictionThreshold> thresholds, std::chrono::nanoseconds transition_period)
      : thresholds_(std::move(thresholds)), transition_period_(transition_period) {}

  /// The threshold to act on: met for its grace period; memory before others, hard before soft; nullopt =
  /// none. A signal without an observation keeps its state.
  std::optional<EvictionThreshold> observe(const Observations& observations, SteadyTime now);
  /// The node's pressure conditions: each holds for the transition period after a threshold was last met.
  [[nodiscard]] const Pressures& pressures() const { return pressures_; }

 private:
  struct Met {
    SteadyTime since;
    bool now = false;
    std::optional<SteadyTime> counted;  ///< when it was last met for its grace period
  };
  std::vector<EvictionThreshold> thresholds_;
  std::chrono::nanoseconds transition_period_;
  std::map<std::size_t, Met> met_;  ///< by index of threshold; entries stay until the period is over
  Pressures pressures_;
};

/// A pod's usage; by container where the eviction message lists containers.
struct PodUsage {
  std::int64_t memory = 0, disk = 0, pids = 0;
  std::map<std::string, std::int64_t> container_memory, container_disk;
};

/// The pod to evict, never a critical one; nullopt if there is none. `usage` is by UID; a missing pod uses
/// nothing. Ranking: usage over request, then lower priority, then more usage beyond the request (memory),
/// more usage (disk), more processes (pids).
kube::PodPtr choose_victim(const std::vector<kube::PodPtr>& active,
                           const std::map<std::string, PodUsage>& usage, EvictionResource resource);

/// Reason and message of the evicted pod's status.
Refusal eviction_refusal(const kube::Pod& pod, const PodUsage& usage, const EvictionThreshold& threshold,
                         const Observation& observation);

/// A pod's local storage usage, compared with its own limits.
struct LocalStorageUsage {
  std::map<std::string, std::int64_t> volumes;     ///< on disk, by volume, bytes
  std::map<std::string, std::int64_t> containers;  ///< writable layer, logs and termination logs, bytes
  std::int64_t pod = 0;                            ///< other files of the pod: /etc/hosts
};
/// Why the pod has exceeded its own limits (emptyDir sizeLimit, ephemeral-storage); nullopt = it has not.
std::optional<Refusal> over_own_limits(const kube::Pod& pod, const LocalStorageUsage& usage);

}  // namespace edgecore::edged
