// SPDX-License-Identifier: Apache-2.0
#include "edged/pods/pod_stop.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/async/sleep.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/cri/call_error.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/probes/hooks.hpp"
#include "edged/runtime/pod_cache.hpp"
#include "edged/spec/container_config.hpp"
#include "edged/spec/pod_containers.hpp"
#include "edged/status/pod_status.hpp"

namespace edgecore::edged {
namespace {

/// The shortest grace period of a container, in seconds: leaves time for its signal handler.
constexpr std::int64_t kLeastGrace = 2;

/// One of several stops at the same time; the first failure of them stays in `all`.
boost::asio::awaitable<void> stop_and_note(const RuntimeServices& services, kube::PodPtr pod,
                                           cri::ContainerStatus container, std::int64_t grace,
                                           std::shared_ptr<Outcome<void>> all) {
  try {
    co_await stop_container(services, std::move(pod), std::move(container), grace);
  } catch (const cri::CallError& error) {
    if (*all) *all = Failure::of(error);
  }
}

}  // namespace

std::int64_t grace_period(const kube::Pod& pod, std::optional<std::int64_t> override_seconds,
                          std::optional<std::int64_t> probe_seconds) {
  if (override_seconds) return *override_seconds;
  if (pod.deletion_grace_period_seconds) return *pod.deletion_grace_period_seconds;
  if (probe_seconds) return *probe_seconds;
  return pod.spec.termination_grace_period_seconds.value_or(kLeastGrace);
}

std::chrono::seconds hook_sleep(const kube::Container& container, const char* hook) {
  constexpr std::int64_t kMost = 24 * 3600;
  const std::int64_t seconds =
      kube::int_or(container.raw, std::string("lifecycle.") + hook + ".sleep.seconds", 0);
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kMost));
}

boost::asio::awaitable<void> stop_container(const RuntimeServices& services, kube::PodPtr pod,
                                            cri::ContainerStatus container, std::int64_t grace_seconds) {
  const kube::Container* spec = find_container(*pod, container.metadata.name);
  kube::Handler pre_stop =
      spec != nullptr ? spec->pre_stop : parse_hook(read_annotations(container.annotations).pre_stop);
  std::int64_t rest = grace_seconds;
  const bool runs_now = container.state == cri::ContainerState::kRunning;
  if (const auto pause = spec != nullptr ? hook_sleep(*spec, "preStop") : std::chrono::seconds(0);
      pause.count() > 0 && grace_seconds > 0 && runs_now) {
    const std::chrono::seconds within = std::min(pause, std::chrono::seconds(grace_seconds));
    co_await async::sleep_for(within);
    rest -= within.count();
  }
  if (!std::holds_alternative<std::monostate>(pre_stop) && grace_seconds > 0 && runs_now) {
    const auto ips = pod_ips(*pod, *services.cache.peek(pod->uid), {}, false);
    ProbeTarget target{container.id, ips.empty() ? std::string() : ips.front(), spec, pod->uid};
    const auto took = co_await services.hooks.pre_stop(std::move(pre_stop), std::move(target),
                                                       std::chrono::seconds(grace_seconds));
    rest -= std::chrono::duration_cast<std::chrono::seconds>(took).count();
  }
  const std::chrono::seconds grace(std::max(kLeastGrace, rest));
  services.context.log->info("pod {}: stopping container {} within {} s", pod->full_name(),
                             container.metadata.name, grace.count());
  co_await services.client.stop_container(container.id, grace);
}

boost::asio::awaitable<void> stop_pod(const RuntimeServices& services, kube::PodPtr pod,
                                      std::shared_ptr<const PodRuntime> runtime,
                                      std::optional<std::int64_t> grace_seconds) {
  const auto all = std::make_shared<Outcome<void>>();
  async::TaskGroup stopping(services.context.executor);
  for (const auto& container : runtime->containers) {
    if (!may_run(container)) continue;
    const std::int64_t grace = grace_period(*pod, grace_seconds, std::nullopt);
    stopping.spawn("stop " + container.metadata.name, stop_and_note(services, pod, container, grace, all));
  }
  co_await stopping.join();
  for (const auto& sandbox : runtime->sandboxes) {
    try {
      co_await services.client.stop_pod_sandbox(sandbox.id);
    } catch (const cri::CallError& error) {
      if (*all) *all = Failure::of(error);
    }
  }
  all->value();
}

}  // namespace edgecore::edged
