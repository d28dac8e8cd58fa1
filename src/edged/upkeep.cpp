// SPDX-License-Identifier: Apache-2.0
#include "edged/upkeep.hpp"

#include <chrono>
#include <cstdint>
#include <string>

#include "edgecore/async/sleep.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::edged {
namespace {

/// The configured policy, or the default if the setting is invalid.
LogRotationPolicy log_rotation_policy_or_default(const config::TailoredKubeletConfig& config,
                                                 const log::Logger& log) {
  try {
    return log_rotation_policy(config);
  } catch (const BadInput& error) {
    log->error("invalid setting, rotating container logs by the defaults: {}", error.what());
    return {};
  }
}

/// The configured thresholds, or the default ones if a setting is invalid.
EvictionPolicy eviction_policy_or_default(const config::TailoredKubeletConfig& config,
                                          const log::Logger& log) {
  try {
    return eviction_policy(config);
  } catch (const BadInput& error) {
    log->error("invalid setting, evicting pods by the default thresholds: {}", error.what());
    return eviction_policy({});
  }
}

}  // namespace

Upkeep::Upkeep(beehive::ModuleContext& context, const EdgedOptions& options, const EdgedDeps& deps,
               RuntimeView& runtime, NodeReporting& node, PodStack& pods)
    : context_(context),
      options_(options),
      deps_(deps),
      runtime_(runtime),
      node_(node),
      pods_(pods),
      disks_(deps.pool, context.executor),
      image_gc_(image_gc_deps()),
      signals_(signals_deps()),
      usage_(usage_deps()),
      evictor_(evictor_deps()),
      log_rotation_(log_rotation_deps()) {}

ImageGc::Deps Upkeep::image_gc_deps() {
  return {runtime_.client(),
          disks_,
          context_.executor,
          context_.clock,
          context_.log,
          image_gc_policy(options_.config),
          [this] { return pods_.workers().ready(); },
          [this] { return images_of(pods_.workers().active()); }};
}

MachineSignals::Deps Upkeep::signals_deps() {
  return {runtime_.client(),
          disks_,
          context_.log,
          options_.config.root_directory,
          node_.machine().memory_kib * 1024,
          [this] { return pods_.cgroups().files(); }};
}

MachinePodUsage::Deps Upkeep::usage_deps() {
  return {runtime_.client(),
          deps_.pool,
          context_.log,
          options_.pod_logs,
          [this](const std::string& uid) { return pods_.volumes().pod_directory(uid); },
          [this] { return pods_.cgroups().files(); },
          [this](const kube::Pod& pod) { return pods_.cgroups().parent(pod); }};
}

Evictor::Deps Upkeep::evictor_deps() {
  PodWorkers& workers = pods_.workers();
  return {signals_,
          usage_,
          context_.executor,
          context_.clock,
          context_.log,
          eviction_policy_or_default(options_.config.kubelet, context_.log),
          [&workers] { return workers.ready(); },
          [this] { return make_room(); },
          [&workers] { return workers.active(); },
          [&workers](const std::string& uid, const Refusal& why, std::int64_t grace) {
            return workers.evict(uid, why, grace);
          },
          [&workers](const std::string& uid) { return !workers.is_running(uid); },
          [this] { node_.set_pressures(evictor_.pressures()); }};
}

LogRotation::Deps Upkeep::log_rotation_deps() {
  return {runtime_.client(),
          deps_.pool,
          context_.executor,
          context_.clock,
          context_.log,
          log_rotation_policy_or_default(options_.config.kubelet, context_.log),
          [this] { return running_logs(); },
          options_.pod_logs};
}

void Upkeep::start(async::TaskGroup& tasks) {
  tasks.spawn("log rotation", log_rotation_.run());
  tasks.spawn("unused images", image_gc_.run());
  tasks.spawn("eviction", evictor_.run());
  tasks.spawn("upkeep", every_minute());
}

void Upkeep::all_pods_known() {
  pods_.container_gc().something_died();
  image_gc_.look_now();
  evictor_.look_now();
}

boost::asio::awaitable<void> Upkeep::every_minute() {
  for (;;) {
    co_await async::sleep_for(std::chrono::minutes(1));
    pods_.forget_idle();
    co_await pods_.cgroups().update_qos(pods_.workers().active());
  }
}

/// Under disk pressure: removes unused containers and images before a pod is evicted.
boost::asio::awaitable<void> Upkeep::make_room() {
  try {
    co_await pods_.container_gc().collect(true);
    co_await image_gc_.remove_unused();
  } catch (const Error& error) {
    context_.log->warn("cannot remove all unused containers and images from the disks: {}", error.what());
  }
}

std::vector<LogRotation::RunningLog> Upkeep::running_logs() const {
  const PodCache& cache = runtime_.cache();
  std::vector<LogRotation::RunningLog> logs;
  for (const std::string& uid : cache.uids()) {
    for (const auto& one : cache.peek(uid)->containers) {
      if (one.state == cri::ContainerState::kRunning) logs.push_back({one.id, one.log_path});
    }
  }
  return logs;
}

}  // namespace edgecore::edged
