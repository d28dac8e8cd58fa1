// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "edgecore/async/task_group.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/edged/edged.hpp"
#include "edged/eviction/evictor.hpp"
#include "edged/eviction/node_signals.hpp"
#include "edged/eviction/pod_usage.hpp"
#include "edged/host/disk_stats.hpp"
#include "edged/images/image_gc.hpp"
#include "edged/logs/log_rotation.hpp"
#include "edged/node_reporting.hpp"
#include "edged/pod_stack.hpp"
#include "edged/runtime_view.hpp"

namespace edgecore::edged {

/// Keeps the node's resources within limits while pods run: eviction, image garbage collection, log rotation,
/// cpu shares of the burstable cgroup. A part of Edged, made after the pods. Belongs to the module's thread.
class Upkeep {
 public:
  Upkeep(beehive::ModuleContext& context, const EdgedOptions& options, const EdgedDeps& deps,
         RuntimeView& runtime, NodeReporting& node, PodStack& pods);
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  void start(async::TaskGroup& tasks);

  /// All sources of pods have delivered for the first time: collect what earlier lives left behind.
  void all_pods_known();

 private:
  boost::asio::awaitable<void> every_minute();
  boost::asio::awaitable<void> make_room();
  [[nodiscard]] std::vector<LogRotation::RunningLog> running_logs() const;
  [[nodiscard]] ImageGc::Deps image_gc_deps();
  [[nodiscard]] MachineSignals::Deps signals_deps();
  [[nodiscard]] MachinePodUsage::Deps usage_deps();
  [[nodiscard]] Evictor::Deps evictor_deps();
  [[nodiscard]] LogRotation::Deps log_rotation_deps();

  beehive::ModuleContext& context_;
  const EdgedOptions& options_;
  const EdgedDeps& deps_;
  RuntimeView& runtime_;
  NodeReporting& node_;
  PodStack& pods_;
  SystemDiskStats disks_;
  ImageGc image_gc_;
  MachineSignals signals_;
  MachinePodUsage usage_;
  Evictor evictor_;
  LogRotation log_rotation_;
};

}  // namespace edgecore::edged
