// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edgecore/edged/edged.hpp"
#include "edged/cgroups/cgroups.hpp"
#include "edged/host/backoff.hpp"
#include "edged/host/turnstile.hpp"
#include "edged/images/image_puller.hpp"
#include "edged/meta/meta_client.hpp"
#include "edged/node/node_policy.hpp"
#include "edged/probes/hooks.hpp"
#include "edged/probes/probe_manager.hpp"
#include "edged/runtime/dead_containers.hpp"
#include "edged/runtime/pod_cache.hpp"
#include "edged/runtime/runtime_state.hpp"
#include "edged/status/pod_status.hpp"
#include "edged/status/status_writer.hpp"
#include "edged/volumes/volume_host.hpp"

namespace edgecore::edged {

/// What pod workers work with; one for all of them. Owned by the module, outlives the workers.
struct PodServices {
  beehive::ModuleContext& context;
  const EdgedOptions& options;
  BlockingPool& pool;
  cri::Runtime& runtime;
  const NodePolicy& policy;
  MetaClient& meta;
  PodCache& cache;
  StatusWriter& status;
  ImagePuller& images;
  RuntimeState& runtime_state;
  ProbeManager& probes;
  Hooks& hooks;
  VolumeHost& volumes;
  ContainerGc& garbage;
  Backoff& crash_backoff;
  /// How many sandboxes and containers are being made at a time.
  Turnstile& making;
  /// Cgroups are looked after one call at a time.
  std::shared_ptr<Cgroups> cgroups;
  Turnstile& cgroup_line;
  /// The node's addresses, primary first; empty while there is no network.
  std::function<std::vector<std::string>()> host_ips;
};

/// Attempt numbers of sandboxes and containers that the runtime has taken for a call whose caller is gone:
/// this program before it was killed, or one whose answer was lost. It gives such a number back within a
/// second or shows what was made, which is then used. Another number at once could make a twin of what is
/// about to show; but containerd has also been seen to keep one for ever.
class TakenNumber {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  [[nodiscard]] std::uint32_t choose(std::uint32_t wanted, SteadyTime now) const {
    if (!since_ || wanted > number_) return wanted;
    return now - *since_ >= kPatience ? number_ + 1 : number_;
  }
  /// The runtime says that `number` is taken.
  void refused(std::uint32_t number, SteadyTime now) {
    if (since_ && number_ == number) return;
    number_ = number;
    since_ = now;
  }

 private:
  std::uint32_t number_ = 0;
  std::optional<SteadyTime> since_;
};

/// What is known of one pod between its syncs, besides what the runtime and the API know.
struct PodRecord {
  kube::PodPtr pod;
  /// What the last attempt to start a container ended with, by its name.
  std::map<std::string, Refusal> failures;
  std::map<std::string, TakenNumber> taken_attempts;  ///< by the container's name
  TakenNumber taken_sandbox_attempt;
  /// Ids of containers that an operator had stopped, to be started again.
  std::set<std::string> restarted;
  /// Seconds, while the pod is being stopped; only ever shrinks.
  std::optional<std::int64_t> grace;
  /// When it was first looked at in this life: what has passed since then is counted by the clock that never
  /// jumps.
  struct FirstLook {
    WallTime wall;
    SteadyTime steady;
  };
  std::optional<FirstLook> first_look;
  /// The pod has failed as a whole: evicted, past its deadline.
  std::optional<Refusal> failed;
  /// Only the runtime knows it, or the API has dropped it: there is nobody to report to.
  bool unreported = false;
  /// What its volumes lacked when they were last looked at.
  std::string volume_problem;
};

}  // namespace edgecore::edged
