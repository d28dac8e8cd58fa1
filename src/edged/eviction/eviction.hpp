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

/// When the node runs out of something, and which pod has to go (protocol/05-edged.md §1.17). Pure functions
/// and a state that knows no time but what it is given; used by edged's thread.
namespace edgecore::edged {

/// Of what there is too little: "memory.available", "nodefs.available", …
enum class EvictionSignal { kMemory, kNodeFs, kNodeFsInodes, kImageFs, kImageFsInodes, kPids };
/// What a signal speaks of: what messages and rankings are about.
enum class EvictionResource { kMemory, kDisk, kPids };
std::string eviction_signal_name(EvictionSignal signal);
EvictionResource eviction_resource(EvictionSignal signal);

struct EvictionThreshold {
  EvictionSignal signal = EvictionSignal::kMemory;
  std::int64_t quantity = 0;          ///< bytes or counts, when `fraction` is 0
  double fraction = 0;                ///< of the capacity
  std::string text;                   ///< as configured
  std::chrono::nanoseconds grace{0};  ///< soft thresholds have one
  bool hard = true;
  /// What has to be free beyond the threshold before it counts as left behind.
  std::int64_t reclaim_quantity = 0;
  double reclaim_fraction = 0;
};

/// From evictionHard, evictionSoft with its grace periods, and evictionMinimumReclaim. A threshold of "0" or
/// "0%" is switched off. Throws BadInput naming the setting.
std::vector<EvictionThreshold> eviction_thresholds(const config::TailoredKubeletConfig& config);

/// What was measured of a signal.
struct Observation {
  std::int64_t available = 0, capacity = 0;
};
using Observations = std::map<EvictionSignal, Observation>;

struct Pressures {
  bool memory = false, disk = false, pids = false;
  bool operator==(const Pressures&) const = default;
  /// Names of the node conditions that are true, as admission wants them.
  [[nodiscard]] std::vector<std::string> conditions() const;
};

/// Follows the thresholds from one round (10 s) to the next.
class EvictionState {
 public:
  EvictionState(std::vector<EvictionThreshold> thresholds, std::chrono::nanoseconds transition_period)
      : thresholds_(std::move(thresholds)), transition_period_(transition_period) {}

  /// What to do: the threshold that is met for long enough and asks for action, memory before the others and
  /// hard before soft; nullopt = nothing. A signal without observation keeps its state.
  std::optional<EvictionThreshold> observe(const Observations& observations, SteadyTime now);
  /// Conditions of the node: held for the transition period after a threshold was last met.
  [[nodiscard]] const Pressures& pressures() const { return pressures_; }

 private:
  struct Met {
    SteadyTime since;
    bool now = false;
    std::optional<SteadyTime> counted;  ///< when it was last met for long enough
  };
  std::vector<EvictionThreshold> thresholds_;
  std::chrono::nanoseconds transition_period_;
  std::map<std::size_t, Met> met_;  ///< by index of threshold; entries stay until the period is over
  Pressures pressures_;
};

/// What a pod uses, by container where the message tells of it.
struct PodUsage {
  std::int64_t memory = 0, disk = 0, pids = 0;
  std::map<std::string, std::int64_t> container_memory, container_disk;
};

/// The pod to evict: never a critical one; nullopt when there is none. `usage` is by uid, pods without one
/// use nothing. Ranking: usage over request, then lower priority, then more usage beyond the request
/// (memory), more usage (disk), more processes (pids).
kube::PodPtr choose_victim(const std::vector<kube::PodPtr>& active,
                           const std::map<std::string, PodUsage>& usage, EvictionResource resource);

/// Reason and message of the evicted pod's status.
Refusal eviction_refusal(const kube::Pod& pod, const PodUsage& usage, const EvictionThreshold& threshold,
                         const Observation& observation);

/// Usage of local storage, for limits a pod has set on itself.
struct LocalStorageUsage {
  std::map<std::string, std::int64_t> empty_dirs;  ///< by volume, bytes
  std::map<std::string, std::int64_t> containers;  ///< writable layer and logs, bytes
};
/// Why the pod has to go for its own limits (emptyDir sizeLimit, ephemeral-storage); nullopt = it need not.
std::optional<Refusal> over_own_limits(const kube::Pod& pod, const LocalStorageUsage& usage);

}  // namespace edgecore::edged
