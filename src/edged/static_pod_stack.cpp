// SPDX-License-Identifier: Apache-2.0
#include "edged/static_pod_stack.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "edgecore/base/clock.hpp"

namespace edgecore::edged {
namespace {

/// A static pod continues from the status of its mirror, so the mirrors are listed first. If the database
/// does not answer within this time, static pods start anyway.
constexpr std::chrono::seconds kMirrorPatience{3};
constexpr std::chrono::milliseconds kShortestLookPeriod{1000};

std::chrono::milliseconds look_period(const config::TailoredKubeletConfig& config) {
  return std::max(kShortestLookPeriod,
                  std::chrono::duration_cast<std::chrono::milliseconds>(config.file_check_frequency));
}

}  // namespace

StaticPodStack::StaticPodStack(beehive::ModuleContext& context, const EdgedOptions& options,
                               const EdgedDeps& deps, const NodeReporting& node, PodStack& pods,
                               Listener& listener)
    : log_(context.log),
      workers_(pods.workers()),
      listener_(listener),
      listed_(context.executor),
      source_("file", context.clock),
      mirrors_({context, pods.meta(), pods.status(), options.config.hostname_override,
                [&node] { return node.uid(); },
                [this](const std::string& full_name) { return workers_.static_pod_stops(full_name); },
                [this](const kube::PodPtr& mirror) { listener_.mirror_learned(mirror); }}),
      directory_({deps.pool, context.executor, context.log, options.config.kubelet.static_pod_path,
                  options.config.hostname_override,
                  [this](const std::vector<kube::PodPtr>& read) { take(read); },
                  look_period(options.config.kubelet)}) {}

void StaticPodStack::start(async::TaskGroup& tasks) {
  tasks.spawn("static pods", watch_directory());
  tasks.spawn("mirror pods", mirrors_.run());
}

void StaticPodStack::api_listed() {
  mirrors_.api_ready();
  listed_.notify();
}

boost::asio::awaitable<void> StaticPodStack::watch_directory() {
  co_await listed_.sleep_until(steady_now() + kMirrorPatience);
  co_await directory_.run();
}

void StaticPodStack::take(const std::vector<kube::PodPtr>& pods) {
  const std::vector<PodChange> changes = source_.set(pods);
  mirrors_.set_static_pods(source_.pods());
  workers_.apply(changes);
  workers_.files_ready();
  listener_.static_pods_read();
  if (!changes.empty()) log_->info("{} static pods", pods.size());
}

}  // namespace edgecore::edged
