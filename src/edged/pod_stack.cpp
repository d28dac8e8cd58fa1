// SPDX-License-Identifier: Apache-2.0
#include "edged/pod_stack.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "edged/host/mounts.hpp"
#include "edged/node/node_policy.hpp"

namespace edgecore::edged {
namespace {

/// Limits how many sandboxes and containers are made at the same time: more would only queue in the runtime.
constexpr std::size_t kCreationsAtOnce = 16;

ContainerGc::Deps container_gc_deps(const beehive::ModuleContext& context, const EdgedOptions& options,
                                    BlockingPool& pool, RuntimeView& runtime, const KnownPods& known) {
  return {runtime.client(),
          pool,
          context.executor,
          context.clock,
          context.log,
          options.pod_logs,
          options.container_logs,
          container_gc_policy(options.config),
          [&known] { return known.all_pods_known(); },
          [&known](const std::string& uid) { return known.pod_fate(uid); },
          [&runtime](const std::string& uid) { runtime.cache().mark_stale(uid); }};
}

}  // namespace

PodStack::PodStack(beehive::ModuleContext& context, const EdgedOptions& options, const EdgedDeps& deps,
                   RuntimeView& runtime, const NodeReporting& node, PodEvents& events, const KnownPods& known,
                   PodWorkers::Listener& listener)
    : context_(context),
      options_(options),
      node_(node),
      meta_(context.bus),
      objects_(meta_),
      status_(context, meta_),
      images_({runtime.client(), options.config.kubelet, context.clock, context.executor, context.log}),
      volumes_({options.config.root_directory},
               {std::make_shared<KernelMounter>(), objects_, deps.pool, context.clock, context.executor}),
      cgroups_(deps.pool, context.log),
      probe_runner_(runtime.client(), runtime.health()),
      probes_({context.executor, context.clock, context.log, probe_runner_,
               [&events](const std::string& uid) { events.pod_changed(uid); }}),
      hooks_(runtime.client(), context.log),
      container_gc_(container_gc_deps(context, options, deps.pool, runtime, known)),
      crash_backoff_(context.clock),
      creations_(kCreationsAtOnce),
      services_{context,
                {context, runtime.client(), runtime.state(), runtime.cache(), hooks_, container_gc_, cgroups_,
                 crash_backoff_, creations_},
                {meta_, images_, volumes_},
                {status_, probes_},
                {options, node.policy(), node.addresses()}},
      workers_(
          services_, [&node] { return node.admission_view(); }, listener),
      restart_(services_.runtime, workers_) {}

boost::asio::awaitable<void> PodStack::prepare_volumes() {
  const Outcome<void> shared = co_await volumes_.prepare();
  if (!shared) context_.log->warn("{}", shared.failure().message());
}

boost::asio::awaitable<void> PodStack::prepare_cgroups() {
  co_await cgroups_.prepare(cgroup_options(options_.config, node_.machine(), node_.policy().resources));
}

void PodStack::start(async::TaskGroup& tasks) {
  tasks.spawn("pod workers", workers_.run());
  tasks.spawn("pod status", status_.run());
  tasks.spawn("probes", probes_.run());
  tasks.spawn("dead containers", container_gc_.run());
}

void PodStack::connection(bool up) {
  status_.connection(up);
  if (up) workers_.look_all();  // objects and images that were missing may be available now
}

void PodStack::object_changed(kube::EnvFrom::Kind kind, const std::string& ns, const std::string& name) {
  for (const std::string& uid : volumes_.object_changed(kind, ns, name)) workers_.look(uid);
}

void PodStack::forget_idle() {
  crash_backoff_.forget_idle();
  images_.forget_idle();
}

}  // namespace edgecore::edged
