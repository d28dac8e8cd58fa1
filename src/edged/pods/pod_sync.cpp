// SPDX-License-Identifier: Apache-2.0
#include "edged/pods/pod_sync.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/semaphore.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/cri/call_error.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edgecore/edged/edged.hpp"
#include "edgecore/kube/time.hpp"
#include "edged/cgroups/pod_cgroups.hpp"
#include "edged/images/image_policy.hpp"
#include "edged/node/node_addresses.hpp"
#include "edged/node/node_policy.hpp"
#include "edged/pods/container_start.hpp"
#include "edged/pods/pod_stop.hpp"
#include "edged/probes/probe_manager.hpp"
#include "edged/runtime/dead_containers.hpp"
#include "edged/runtime/pod_actions.hpp"
#include "edged/runtime/pod_cache.hpp"
#include "edged/runtime/runtime_state.hpp"
#include "edged/spec/admission.hpp"
#include "edged/spec/pod_containers.hpp"
#include "edged/spec/sandbox_config.hpp"
#include "edged/status/pod_phase.hpp"
#include "edged/status/pod_status.hpp"
#include "edged/status/status_writer.hpp"
#include "edged/volumes/volume_host.hpp"

namespace edgecore::edged {
namespace {

using RuntimePtr = std::shared_ptr<const PodRuntime>;

/// Waiting reasons that concern all containers of a pod.
constexpr const char* kCreating = "ContainerCreating";
constexpr const char* kNoSandbox = "CreatePodSandboxError";

/// Pause after a container did not start, unless its failure names a time.
constexpr std::chrono::seconds kStartRetry{10};
constexpr std::chrono::milliseconds kVolumeRetry{1000};
/// While containers start one after the other, running ones are reported this often.
constexpr std::chrono::seconds kReportWithin{1};

std::vector<std::string> addresses(const NodeServices& services, const kube::Pod& pod,
                                   const PodRuntime& runtime) {
  const std::vector<std::string>& host = services.addresses.current();
  const bool v6 = !host.empty() && host.front().find(':') != std::string::npos;
  return pod_ips(pod, runtime, host.empty() ? std::string() : host.front(), v6);
}

void watch_probes(const PodServices& services, const PodRecord& record, const PodRuntime& runtime) {
  const auto ips = addresses(services.node, *record.pod, runtime);
  services.status.probes.update(record.pod, runtime, ips.empty() ? std::string() : ips.front());
}

/// The runtime's records of the pod, adjusted for an operator's restarts (with_restarts).
boost::asio::awaitable<RuntimePtr> get_runtime(const RuntimeServices& services, const PodRecord& record) {
  const kube::PodPtr pod = record.pod;
  RuntimePtr runtime = co_await services.cache.get(pod->uid);
  co_return with_restarts(*pod, std::move(runtime), record.restarted);
}

/// Drops the ids of containers that the runtime has removed.
void forget_restarts(PodRecord& record, const PodRuntime& runtime) {
  std::erase_if(record.restarted, [&](const std::string& id) {
    return std::none_of(runtime.containers.begin(), runtime.containers.end(),
                        [&](const auto& one) { return one.id == id; });
  });
}

/// Computes the status, hands it to the writer and returns it.
Json report(const PodServices& services, const PodRecord& record, const PodRuntime& runtime, bool over) {
  Json status = status_of(services, record, runtime, over);
  if (!record.unreported) services.status.writer.set(record.pod, status);
  return status;
}

cri::PodSandboxConfig sandbox_config(const PodServices& services, const kube::Pod& pod,
                                     std::uint32_t attempt) {
  const SandboxInput input{pod,
                           attempt,
                           services.runtime.cgroups.parent(pod),
                           services.node.policy.dns,
                           services.node.policy.resources,
                           services.node.policy.security};
  cri::PodSandboxConfig config = make_sandbox_config(input);
  config.log_directory = log_directory(services.node.options, pod).string();
  return config;
}

boost::asio::awaitable<SandboxInUse> make_sandbox(const PodServices& services, PodRecord& record,
                                                  std::uint32_t attempt) {
  const kube::PodPtr pod = record.pod;
  SandboxInUse sandbox;
  sandbox.config = sandbox_config(services, *pod, record.taken_sandbox_attempt.choose(attempt, steady_now()));
  make_directories(sandbox.config.log_directory, 0755);
  try {
    const async::Semaphore::Permit permit = co_await services.runtime.creations.acquire();
    sandbox.id = co_await services.runtime.client.run_pod_sandbox(sandbox.config, "");
  } catch (const cri::CallError& error) {
    services.runtime.cache.mark_stale(pod->uid);
    if (error.name_reserved())
      record.taken_sandbox_attempt.refused(sandbox.config.metadata.attempt, steady_now());
    throw Error(fmt::format("its sandbox cannot be made: {}", error.message()));
  }
  services.context.log->info("pod {}: sandbox {} made (attempt {})", pod->full_name(), sandbox.id,
                             sandbox.config.metadata.attempt);
  const RuntimePtr runtime = co_await services.runtime.cache.refresh(pod->uid);
  sandbox.ips = addresses(services.node, *pod, *runtime);
  if (sandbox.ips.empty() && !pod->spec.host_network) throw Error("the runtime gave its sandbox no address");
  co_return sandbox;
}

/// In a new sandbox all init containers run again. Removes the records of earlier runs, which would count as
/// done (protocol/05-edged.md §1.6).
boost::asio::awaitable<void> forget_init_runs(const RuntimeServices& services, kube::PodPtr pod) {
  if (pod->spec.init_containers.empty()) co_return;
  const RuntimePtr runtime = co_await services.cache.get(pod->uid);
  for (const auto& container : runtime->containers) {
    if (find_container(pod->spec.init_containers, container.metadata.name) == nullptr) continue;
    cri::ContainerStatus done = container;
    co_await services.container_gc.remove_container(std::move(done));
  }
}

/// The sandbox in use, or a new one.
boost::asio::awaitable<SandboxInUse> ensure_sandbox(const PodServices& services, PodRecord& record,
                                                    const PodActions& actions) {
  const kube::PodPtr pod = record.pod;
  if (actions.create_sandbox) {
    co_await forget_init_runs(services.runtime, pod);
    co_await services.runtime.cgroups.ensure(pod);
    co_return co_await make_sandbox(services, record, actions.attempt);
  }
  const RuntimePtr now = co_await get_runtime(services.runtime, record);
  SandboxInUse sandbox;
  sandbox.id = actions.sandbox_id;
  sandbox.config = sandbox_config(services, *pod, actions.attempt);
  sandbox.ips = addresses(services.node, *pod, *now);
  co_return sandbox;
}

boost::asio::awaitable<void> carry_out_kills(const RuntimeServices& services, PodRecord& record,
                                             RuntimePtr runtime, const PodActions& actions) {
  for (const PodActions::Kill& kill : actions.kills) {
    const auto found = std::find_if(runtime->containers.begin(), runtime->containers.end(),
                                    [&](const auto& one) { return one.id == kill.id; });
    if (found == runtime->containers.end()) continue;
    std::optional<std::int64_t> probe_grace;
    for (const auto* list : {&record.pod->spec.containers, &record.pod->spec.init_containers}) {
      const kube::Container* spec = find_container(*list, kill.name);
      if (spec == nullptr) continue;
      const auto& probe = kill.reason == PodActions::KillReason::kStartup ? spec->startup : spec->liveness;
      const bool by_probe =
          kill.reason == PodActions::KillReason::kLiveness || kill.reason == PodActions::KillReason::kStartup;
      if (by_probe && probe) probe_grace = probe->termination_grace_period_seconds;
    }
    services.context.log->info("pod {}: {}", record.pod->full_name(), kill.message);
    cri::ContainerStatus container = *found;
    const std::int64_t grace = grace_period(*record.pod, std::nullopt, probe_grace);
    co_await stop_container(services, record.pod, std::move(container), grace);
  }
}

/// Starts the containers of one list, one after the other.
class Starts {
 public:
  Starts(const PodServices& services, PodRecord& record, const SandboxInUse& sandbox, const Keyring& keys)
      : services_(services), record_(record), sandbox_(sandbox), keys_(keys) {}

  /// False if a container did not start and `must` is set: the rest of the list is not started.
  boost::asio::awaitable<bool> run(const std::vector<std::string>& names,
                                   const std::vector<kube::Container>& specs, bool must) {
    for (const std::string& name : names) {
      const kube::Container* spec = find_container(specs, name);
      if (spec == nullptr) continue;
      const RuntimePtr runtime = services_.runtime.cache.peek(record_.pod->uid);
      const std::optional<NotStarted> failed =
          co_await start_container(services_, record_, *runtime, *spec, sandbox_, keys_);
      services_.runtime.cache.mark_stale(record_.pod->uid);
      if (!failed) continue;
      const SteadyTime retry = failed->again().value_or(steady_now() + kStartRetry);
      again_ = again_ ? std::min(*again_, retry) : retry;
      if (must) co_return false;
      if (steady_now() - reported_ > kReportWithin) co_await report_now();
    }
    co_return true;
  }
  [[nodiscard]] std::optional<SteadyTime> again() const { return again_; }

 private:
  boost::asio::awaitable<void> report_now() {
    services_.runtime.cache.mark_stale(record_.pod->uid);
    const RuntimePtr runtime = co_await get_runtime(services_.runtime, record_);
    report(services_, record_, *runtime, false);
    reported_ = steady_now();
  }

  const PodServices& services_;
  PodRecord& record_;
  const SandboxInUse& sandbox_;
  const Keyring& keys_;
  std::optional<SteadyTime> again_;
  SteadyTime reported_ = steady_now();
};

boost::asio::awaitable<std::optional<SteadyTime>> start_containers(const PodServices& services,
                                                                   PodRecord& record,
                                                                   const PodActions& actions,
                                                                   SandboxInUse sandbox) {
  const kube::PodPtr pod = record.pod;
  const Keyring keys = co_await pull_credentials(services, pod);
  Starts starts(services, record, sandbox, keys);
  co_await starts.run(actions.ephemeral, pod->spec.ephemeral_containers, false);
  const bool go_on = co_await starts.run(actions.init, pod->spec.init_containers, true);
  if (go_on) co_await starts.run(actions.containers, pod->spec.containers, false);
  co_return starts.again();
}

bool does_nothing(const PodActions& actions) {
  return !actions.kill_pod && !actions.create_sandbox && actions.kills.empty() && actions.ephemeral.empty() &&
         actions.init.empty() && actions.containers.empty();
}

/// At each sync, also of a running pod, so that its volumes follow the API.
boost::asio::awaitable<bool> set_up_volumes(const PodServices& services, PodRecord& record,
                                            const PodRuntime& runtime) {
  PodFacts facts = pod_facts(services.node, addresses(services.node, *record.pod, runtime));
  const Outcome<bool> volumes = co_await services.content.volumes.set_up(record.pod, std::move(facts));
  const std::string problem = volumes ? std::string() : volumes.failure().message();
  if (record.volume_problem != problem) {
    record.volume_problem = problem;
    if (!problem.empty())
      services.context.log->warn("pod {}: {}", record.pod->full_name(), log::quote(problem, 1000));
  }
  co_return volumes.ok();
}

/// The time to compare the pod's deadline with. A node without RTC starts in 1970; setting its clock must not
/// end the pods started before (pains.md row 14).
WallTime deadline_clock(PodRecord& record, const Clock& clock, const Json& status) {
  const PodRecord::FirstLook now{clock.wall(), clock.steady()};
  if (!record.first_look) record.first_look = now;
  const auto start = kube::time_at(status, "startTime");
  // The start is well after the first look: it was recorded by a correct clock, when this one was wrong.
  if (start && *start - record.first_look->wall > std::chrono::minutes(1)) return now.wall;
  return record.first_look->wall + (now.steady - record.first_look->steady);
}

/// When to sync the pod without an event: at its deadline, or to renew a token.
std::optional<SteadyTime> next_date(const PodServices& services, PodRecord& record, const Json& status) {
  const kube::Pod& pod = *record.pod;
  std::optional<WallTime::duration> wait;
  if (const auto renewal = services.content.volumes.next_refresh(pod.uid))
    wait = *renewal - services.context.clock.wall();
  const auto start = kube::time_at(status, "startTime");
  if (pod.spec.active_deadline_seconds && start) {
    const auto left = *start + std::chrono::seconds(*pod.spec.active_deadline_seconds) -
                      deadline_clock(record, services.context.clock, status);
    wait = wait ? std::min<WallTime::duration>(*wait, left) : left;
  }
  if (!wait) return std::nullopt;
  // At most an hour, because the wall clock may jump.
  return steady_now() +
         std::clamp<WallTime::duration>(*wait, std::chrono::milliseconds(100), std::chrono::hours(1));
}

void sooner(std::optional<SteadyTime>& time, const std::optional<SteadyTime>& other) {
  if (other) time = time ? std::min(*time, *other) : other;
}

/// Shows `why` as the waiting reason of every container.
void refuse_all(PodRecord& record, const Refusal& why) {
  for (const auto* list : {&record.pod->spec.init_containers, &record.pod->spec.containers}) {
    for (const auto& container : *list) record.failures[container.name] = why;
  }
}

/// Reports `why` for every container and throws the failure: the worker tries again.
[[noreturn]] void fail_all(const PodServices& services, PodRecord& record, const Refusal& why,
                           const Failure& failure) {
  refuse_all(record, why);
  report(services, record, *services.runtime.cache.peek(record.pod->uid), false);
  failure.raise();
}

/// The sandbox for containers about to be started, which show why there is none.
boost::asio::awaitable<SandboxInUse> sandbox_or_reason(const PodServices& services, PodRecord& record,
                                                       const PodActions& actions) {
  Outcome<SandboxInUse> sandbox = co_await async::attempt(ensure_sandbox(services, record, actions));
  if (!sandbox) fail_all(services, record, {kNoSandbox, sandbox.failure().message()}, sandbox.failure());
  co_return std::move(*sandbox);
}

boost::asio::awaitable<SyncOutcome> act(const PodServices& services, PodRecord& record, RuntimePtr runtime,
                                        PodActions actions) {
  SyncOutcome outcome;
  const kube::PodPtr pod = record.pod;
  const bool starts = actions.create_sandbox || !actions.init.empty() || !actions.containers.empty() ||
                      !actions.ephemeral.empty();
  const bool volumes_ready = co_await set_up_volumes(services, record, *runtime);
  if (starts && !volumes_ready) {
    refuse_all(record, {kCreating, record.volume_problem});
    report(services, record, *runtime, false);
    outcome.again = steady_now() + kVolumeRetry;
    co_return outcome;
  }
  if (!record.volume_problem.empty() || starts) {
    std::erase_if(record.failures, [](const auto& one) {
      return one.second.reason == kCreating || one.second.reason == kNoSandbox;
    });
  }
  if (actions.kill_pod && (may_run(*runtime) || !runtime->sandboxes.empty())) {
    co_await stop_pod(services.runtime, pod, runtime, std::nullopt);
    services.runtime.cache.mark_stale(pod->uid);
  } else if (!actions.kills.empty()) {
    co_await carry_out_kills(services.runtime, record, runtime, actions);
    services.runtime.cache.mark_stale(pod->uid);
  }
  if (starts) {
    SandboxInUse sandbox = co_await sandbox_or_reason(services, record, actions);
    outcome.again = co_await start_containers(services, record, actions, std::move(sandbox));
  }
  const RuntimePtr now = co_await get_runtime(services.runtime, record);
  watch_probes(services, record, *now);
  const Json status = report(services, record, *now, false);
  outcome.ended = has_final_phase(status) && now->settling.empty();
  // A container that ended before this look raises no event: sync again now.
  if (starts && !outcome.ended && !outcome.again) {
    const ProbeVerdicts verdicts = services.status.probes.verdicts(pod->uid);
    if (!does_nothing(compute_pod_actions(*pod, *now, verdicts))) outcome.again = steady_now();
  }
  co_return outcome;
}

}  // namespace

Json status_of(const PodServices& services, const PodRecord& record, const PodRuntime& runtime, bool over) {
  const std::vector<std::string>& host = services.node.addresses.current();
  const Json known = services.status.writer.known(record.pod->uid);
  PodStatusInput input{.pod = *record.pod,
                       .runtime = runtime,
                       .old_status = known,
                       .host_ip = {},
                       .now = services.context.clock.wall()};
  input.failures = record.failures;
  input.readiness = services.status.probes.readiness(record.pod->uid);
  if (!host.empty()) {
    input.host_ip = host.front();
    input.prefer_ipv6 = host.front().find(':') != std::string::npos;
  }
  if (!services.runtime.state.name().empty()) input.runtime_name = services.runtime.state.name();
  input.is_terminal = over;
  input.failed = record.failed;
  return make_pod_status(input);
}

namespace {

/// Why nothing of the pod is started, and its status shows it. A pod without containers has none that could
/// show it, so it fails.
std::optional<Refusal> refuse_to_start(PodRecord& record, const PodRuntime& runtime) {
  std::optional<Refusal> why = unsupported(*record.pod);
  if (!why || !runtime.containers.empty()) return why;
  refuse_all(record, *why);
  if (record.pod->spec.containers.empty() && !record.failed) record.failed = why;
  return why;
}

/// The pod cannot be read, not even which containers it has: those that run, and their last status, stay.
bool names_none_of(const kube::Pod& pod, const PodRuntime& runtime) {
  return !pod.spec.problem.empty() && pod.spec.containers.empty() && !runtime.containers.empty();
}

/// Containers of a pod that cannot be read (any more) run on unchanged.
bool stays_as_it_is(const kube::Pod& pod, const PodRuntime& runtime) {
  return runtime.containers.empty() || !pod.spec.problem.empty();
}

}  // namespace

boost::asio::awaitable<SyncOutcome> sync_pod(const PodServices& services, PodRecord& record) {
  const kube::PodPtr pod = record.pod;
  const RuntimePtr runtime = co_await get_runtime(services.runtime, record);
  forget_restarts(record, *runtime);
  SyncOutcome outcome;
  if (!record.failed) {
    const Json known = services.status.writer.known(pod->uid);
    record.failed = past_deadline(*pod, known, deadline_clock(record, services.context.clock, known));
  }
  watch_probes(services, record, *runtime);
  if (names_none_of(*pod, *runtime)) co_return outcome;
  const std::optional<Refusal> refused = refuse_to_start(record, *runtime);
  const Json status = report(services, record, *runtime, false);
  if (record.failed || (has_final_phase(status) && runtime->settling.empty())) {
    outcome.ended = true;
    co_return outcome;
  }
  if (refused && stays_as_it_is(*pod, *runtime)) co_return outcome;
  if (!services.runtime.state.network_ready() && !pod->spec.host_network) {
    const NetworkNotReady problem("network is not ready: " + services.runtime.state.network_trouble());
    if (runtime->containers.empty()) refuse_all(record, {kCreating, problem.what()});
    report(services, record, *runtime, false);
    throw problem;
  }

  const ProbeVerdicts verdicts = services.status.probes.verdicts(pod->uid);
  PodActions actions = compute_pod_actions(*pod, *runtime, verdicts);
  if (does_nothing(actions)) {
    record.failures.clear();
    const bool ready = co_await set_up_volumes(services, record, *runtime);
    if (!ready) outcome.again = steady_now() + kVolumeRetry * 10;
  } else {
    outcome = co_await act(services, record, runtime, std::move(actions));
  }
  sooner(outcome.again, next_date(services, record, status));
  co_return outcome;
}

namespace {

/// Reports a pod that stops at each change: a readiness probe that fails, a container that has ended.
boost::asio::awaitable<void> report_changes(const PodServices& services, const PodRecord& record,
                                            async::Event& changed, const bool& stopped) {
  const std::string uid = record.pod->uid;
  for (;;) {
    co_await changed.sleep();
    if (stopped) co_return;
    const auto runtime = co_await async::attempt(services.runtime.cache.get(uid));
    if (runtime && may_run(**runtime)) report(services, record, **runtime, false);  // else its end follows
  }
}

boost::asio::awaitable<void> stop_and_notify(const PodServices& services, const PodRecord& record,
                                             RuntimePtr runtime, async::Event& changed, bool& stopped) {
  co_await stop_pod(services.runtime, record.pod, std::move(runtime), record.grace);
  stopped = true;
  changed.notify();
}

boost::asio::awaitable<void> stop_reported(const PodServices& services, const PodRecord& record,
                                           RuntimePtr runtime, async::Event& changed) {
  bool stopped = false;
  async::TaskGroup both(services.context.executor);
  both.spawn("the stop of pod " + record.pod->full_name(),
             stop_and_notify(services, record, std::move(runtime), changed, stopped));
  if (!record.unreported) both.spawn("its status", report_changes(services, record, changed, stopped));
  co_await both.join();
}

}  // namespace

boost::asio::awaitable<void> sync_terminating_pod(const PodServices& services, PodRecord& record,
                                                  async::Event& changed) {
  const kube::PodPtr pod = record.pod;
  RuntimePtr runtime = co_await services.runtime.cache.refresh(pod->uid);
  services.status.probes.stop_disruptive(pod->uid);
  if (!record.unreported) report(services, record, *runtime, false);
  co_await stop_reported(services, record, runtime, changed);
  services.status.probes.remove_pod(pod->uid);
  runtime = co_await services.runtime.cache.refresh(pod->uid);
  if (may_run(*runtime)) throw Error("a container still runs after it was stopped");
  if (!record.unreported) report(services, record, *runtime, true);
}

boost::asio::awaitable<void> sync_terminated_pod(const PodServices& services, PodRecord& record) {
  const kube::PodPtr pod = record.pod;
  if (!record.unreported) {
    const RuntimePtr runtime = co_await services.runtime.cache.get(pod->uid);
    report(services, record, *runtime, true);
  }
  if (!services.node.options.config.keep_terminated_pod_volumes || pod->deleting() || record.unreported)
    co_await services.content.volumes.tear_down(pod->uid);
  co_await services.runtime.cgroups.remove(pod);
  if (!record.unreported) services.status.writer.finished(pod);
}

}  // namespace edgecore::edged
