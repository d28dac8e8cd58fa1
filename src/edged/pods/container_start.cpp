// SPDX-License-Identifier: Apache-2.0
#include "edged/pods/container_start.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/semaphore.hpp"
#include "edgecore/async/sleep.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/cri/call_error.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edgecore/edged/edged.hpp"
#include "edged/host/backoff.hpp"
#include "edged/images/image_puller.hpp"
#include "edged/meta/meta_client.hpp"
#include "edged/node/node_addresses.hpp"
#include "edged/node/node_policy.hpp"
#include "edged/pods/pod_stop.hpp"
#include "edged/probes/hooks.hpp"
#include "edged/runtime/pod_cache.hpp"
#include "edged/spec/container_config.hpp"
#include "edged/spec/container_hash.hpp"
#include "edged/spec/crash_loop.hpp"
#include "edged/spec/environment.hpp"
#include "edged/spec/hosts_file.hpp"
#include "edged/spec/log_paths.hpp"
#include "edged/status/status_writer.hpp"
#include "edged/volumes/volume_host.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostConfigBytes = 1 << 20;
constexpr std::size_t kMostHostsBytes = 1 << 20;

/// How long to wait when the runtime is still busy with a call that we abandoned.
constexpr std::chrono::seconds kOtherCallEnds{1};

void check_crash_backoff(const RuntimeServices& services, const kube::Pod& pod,
                         const kube::Container& container, const cri::ContainerStatus* newest) {
  if (newest == nullptr || newest->state != cri::ContainerState::kExited) return;
  const std::string key = container_backoff_key(pod, container);
  const WallTime ended = cri::wall_time(newest->finished_at);
  const WallTime now = services.context.clock.wall();
  if (const auto pause = services.crash_backoff.waiting_since(key, ended)) {
    const auto over = std::chrono::duration_cast<WallTime::duration>(*pause) - (now - ended);
    const auto rest = std::clamp<WallTime::duration>(over, std::chrono::milliseconds(50),
                                                     std::chrono::duration_cast<WallTime::duration>(*pause));
    throw NotStarted({"CrashLoopBackOff", crash_loop_message(*pause, pod, container)}, steady_now() + rest);
  }
  services.crash_backoff.advance(key, ended);
}

std::string write_hosts_file(const PodServices& services, const kube::Pod& pod,
                             const std::vector<std::string>& ips) {
  const fs::path path = services.content.volumes.hosts_path(pod.uid);
  make_directories(path.parent_path(), 0750);
  const std::string host =
      pod.spec.host_network ? read_file("/etc/hosts", kMostHostsBytes).value_or("") : std::string();
  const std::string text = hosts_file(pod, ips, services.node.options.config.kubelet.cluster_domain, host);
  replace_file(path, text, 0644);
  return path.string();
}

boost::asio::awaitable<ConfigObjects> config_objects(const ContentServices& services, const kube::Pod& pod,
                                                     const kube::Container& container) {
  ConfigObjects objects;
  for (const ConfigRef& ref : environment_references(container)) {
    const bool config_map = ref.kind == kube::EnvFrom::Kind::kConfigMap;
    MetaAnswer answer = co_await services.meta.get(
        pod.ns, config_map ? names::resource::kConfigMap : names::resource::kSecret, ref.name);
    if (answer.ok()) {
      objects.emplace(ref, std::move(answer.object));
    } else if (!answer.refused_as(kube::reason::kNotFound)) {
      throw ContainerConfigError(answer.refused->message);
    }
  }
  co_return objects;
}

/// Lets an ephemeral container see the processes of the container that it targets.
void share_processes(const RuntimeServices& services, const kube::Pod& pod, const kube::Container& container,
                     cri::ContainerConfig& config) {
  const std::string target = kube::string_or(container.raw, "targetContainerName");
  auto& namespaces = config.linux.security_context.namespace_options;
  if (target.empty() || !namespaces || namespaces->pid != cri::NamespaceMode::kContainer) return;
  const auto runtime = services.cache.peek(pod.uid);
  const cri::ContainerStatus* other = runtime->find(target);
  if (other == nullptr || other->state != cri::ContainerState::kRunning) {
    throw ContainerConfigError(fmt::format("the target container \"{}\" does not run", target));
  }
  namespaces->pid = cri::NamespaceMode::kTarget;
  namespaces->target_id = other->id;
}

boost::asio::awaitable<cri::ContainerConfig> configure(const PodServices& services, kube::PodPtr pod_ptr,
                                                       const kube::Container& container,
                                                       const SandboxInUse& sandbox,
                                                       const ImagePuller::Local& image,
                                                       std::uint32_t attempt) {
  const kube::Pod& pod = *pod_ptr;
  const ConfigObjects objects = co_await config_objects(services.content, pod, container);
  const PodFacts facts = pod_facts(services.node, sandbox.ips);
  const EnvironmentInput environment{
      pod, container, objects, facts, services.node.options.service_host, services.node.options.service_port};
  std::vector<cri::KeyValue> envs = make_environment(environment);
  std::vector<cri::KeyValue> for_mounts = envs;
  ContainerMounts mounts =
      co_await services.content.volumes.mounts_for(pod_ptr, container, std::move(for_mounts));
  ContainerInput input{pod,
                       container,
                       attempt,
                       image.ref,
                       image.user,
                       std::move(envs),
                       std::move(mounts.volumes),
                       {},
                       std::move(mounts.termination_log),
                       services.node.policy.resources,
                       services.node.policy.security};
  if (wants_hosts_file(container) && (!sandbox.ips.empty() || pod.spec.host_network))
    input.hosts_path = write_hosts_file(services, pod, sandbox.ips);
  cri::ContainerConfig config = make_container_config(input);
  share_processes(services.runtime, pod, container, config);
  co_return config;
}

/// Links the log to where log collectors look. Failures are logged: the pod runs without the link.
void link_log(const PodServices& services, const kube::Pod& pod, const kube::Container& container,
              const std::string& id, const fs::path& log) {
  const fs::path link =
      services.node.options.container_logs / container_log_link(pod.name, pod.ns, container.name, id);
  try {
    make_directories(link.parent_path(), 0755);
    fs::remove(link);
    fs::create_symlink(log, link);
  } catch (const std::exception& error) {
    services.context.log->warn("cannot link {} to its log: {}", link.string(), error.what());
  }
}

boost::asio::awaitable<std::string> create(const RuntimeServices& services, PodRecord& record,
                                           const kube::Container& container, const SandboxInUse& sandbox,
                                           cri::ContainerConfig config) {
  try {
    co_return co_await services.client.create_container(sandbox.id, config, sandbox.config);
  } catch (const cri::CallError& error) {
    const Refusal why{"CreateContainerError", error.message()};
    if (!error.name_reserved()) throw NotStarted(why);
    record.taken_attempts[container.name].refused(config.metadata.attempt, steady_now());
    throw NotStarted(why, steady_now() + kOtherCallEnds);
  }
}

boost::asio::awaitable<void> run(const RuntimeServices& services, const std::string& id) {
  try {
    co_await services.client.start_container(id);
  } catch (const cri::CallError& error) {
    throw NotStarted({"RunContainerError", error.message()});
  }
}

boost::asio::awaitable<void> run_post_start(const RuntimeServices& services, kube::PodPtr pod,
                                            const kube::Container& container, const SandboxInUse& sandbox,
                                            std::string id) {
  if (const auto pause = hook_sleep(container, "postStart"); pause.count() > 0)
    co_await async::sleep_for(pause);
  kube::Handler hook = container.post_start;
  if (std::holds_alternative<std::monostate>(hook)) co_return;
  ProbeTarget target{id, sandbox.ips.empty() ? std::string() : sandbox.ips.front(), &container, pod->uid};
  const std::optional<std::string> failure =
      co_await services.hooks.post_start(std::move(hook), std::move(target));
  if (!failure) co_return;
  cri::ContainerStatus failed;
  failed.id = id;
  failed.metadata.name = container.name;
  failed.state = cri::ContainerState::kRunning;
  const std::int64_t grace = grace_period(*pod, std::nullopt, std::nullopt);
  co_await stop_container(services, pod, std::move(failed), grace);
  throw NotStarted({kPostStartHookError, *failure});
}

/// Removes a container that was created and not started. If the runtime refuses, it may still be starting the
/// container for a call of our former life: the next sync finds it running or ended.
boost::asio::awaitable<void> remove_unstarted(const RuntimeServices& services, std::string id) {
  try {
    co_await services.client.remove_container(id);
  } catch (const cri::CallError& error) {
    throw NotStarted({"CreateContainerError", error.message()}, steady_now() + kOtherCallEnds);
  }
}

/// Runs all steps; throws NotStarted, ContainerConfigError, CallError or Error if one fails.
boost::asio::awaitable<void> start(const PodServices& services, PodRecord& record, const PodRuntime& runtime,
                                   const kube::Container& container, const SandboxInUse& sandbox,
                                   const Keyring& keys) {
  const kube::PodPtr pod = record.pod;
  if (!container.problem.empty()) throw ContainerConfigError(container.problem);
  const cri::ContainerStatus* newest = runtime.find(container.name);
  check_crash_backoff(services.runtime, *pod, container, newest);
  const ImagePuller::Local image =
      co_await services.content.images.ensure(*pod, container, keys, sandbox.config);

  const fs::path logs = fs::path(sandbox.config.log_directory) / container.name;
  make_directories(logs, 0755);
  std::uint32_t attempt = next_attempt(newest, logs);
  if (newest != nullptr && newest->state == cri::ContainerState::kCreated) {
    // Created but never started, because this program ended in between: replaced under the same number, so
    // that the restart count stays.
    co_await remove_unstarted(services.runtime, newest->id);
    attempt = newest->metadata.attempt;
  }
  if (newest == nullptr)
    attempt =
        std::max(attempt, next_attempt_reported(services.status.writer.known(pod->uid), container.name));
  attempt = record.taken_attempts[container.name].choose(attempt, steady_now());
  cri::ContainerConfig config = co_await configure(services, pod, container, sandbox, image, attempt);
  const fs::path log = fs::path(sandbox.config.log_directory) / config.log_path;

  std::string id;
  {
    const async::Semaphore::Permit permit = co_await services.runtime.creations.acquire();
    id = co_await create(services.runtime, record, container, sandbox, std::move(config));
    co_await run(services.runtime, id);
  }
  services.context.log->info("pod {}: container {} started as {} (attempt {})", pod->full_name(),
                             container.name, id, attempt);
  link_log(services, *pod, container, id, log);
  co_await run_post_start(services.runtime, pod, container, sandbox, id);
}

NotStarted reason_of(const Failure& failure) {
  if (auto not_started = failure.as<NotStarted>()) return *not_started;
  if (const auto refused = failure.as<cri::CallError>())
    return NotStarted({"CreateContainerError", refused->message()});
  return NotStarted({"CreateContainerConfigError", failure.message()});
}

}  // namespace

PodFacts pod_facts(const NodeServices& services, std::vector<std::string> pod_ips) {
  PodFacts facts;
  const std::vector<std::string>& host_ips = services.addresses.current();
  if (!host_ips.empty()) facts.host_ip = host_ips.front();
  facts.pod_ips = std::move(pod_ips);
  facts.allocatable = services.policy.allocatable;
  return facts;
}

fs::path log_directory(const EdgedOptions& options, const kube::Pod& pod) {
  return options.pod_logs / fs::path(pod_log_directory(pod)).filename();
}

std::uint32_t next_attempt(const cri::ContainerStatus* newest, const fs::path& logs) {
  if (newest != nullptr)
    return static_cast<std::uint32_t>(std::max(0, read_annotations(newest->annotations).restart_count)) + 1;
  std::uint32_t next = 0;
  std::error_code failed;
  for (const auto& file : fs::directory_iterator(logs, failed)) {
    const std::string name = file.path().filename().string();
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && std::string_view(end).starts_with(".log") && number < UINT32_MAX)
      next = std::max(next, number + 1);
  }
  return next;
}

std::uint32_t next_attempt_reported(const Json& status, const std::string& container) {
  for (const char* list : {"containerStatuses", "initContainerStatuses"}) {
    for (const auto& one : kube::array_or_empty(status, list)) {
      if (kube::string_or(one, "name") != container) continue;
      const auto reported = std::clamp<std::int64_t>(kube::int_or(one, "restartCount", 0), 0, INT32_MAX - 1);
      const bool ran = kube::find_path(one, "state.running") != nullptr ||
                       kube::find_path(one, "state.terminated") != nullptr;
      return static_cast<std::uint32_t>(reported) + (ran ? 1U : 0U);
    }
  }
  return 0;
}

boost::asio::awaitable<Keyring> pull_credentials(const PodServices& services, kube::PodPtr pod) {
  Keyring keys;
  for (const std::string& name : pod->spec.image_pull_secrets) {
    const MetaAnswer answer = co_await services.content.meta.get(pod->ns, names::resource::kSecret, name);
    if (answer.ok()) {
      keys.add_secret(answer.object);
    } else {
      services.context.log->warn("pod {}: cannot get pull secret {}, images are pulled without it: {}",
                                 pod->full_name(), name, answer.refused->message);
    }
  }
  const char* home = std::getenv("HOME");
  const fs::path root = services.node.options.config.root_directory;
  for (const fs::path& directory :
       {root, fs::path("."), fs::path(home != nullptr ? home : "/root") / ".docker", fs::path("/")}) {
    for (const char* file : {"config.json", ".dockercfg"}) {
      try {
        if (const auto text = read_file(directory / file, kMostConfigBytes)) keys.add_config(*text);
      } catch (const Error& error) {
        services.context.log->debug("{}", error.what());
      }
    }
  }
  co_return keys;
}

boost::asio::awaitable<std::optional<NotStarted>> start_container(
    const PodServices& services, PodRecord& record, const PodRuntime& runtime,
    const kube::Container& container, const SandboxInUse& sandbox, const Keyring& keys) {
  const Outcome<void> started =
      co_await async::attempt(start(services, record, runtime, container, sandbox, keys));
  if (started) {
    record.failures.erase(container.name);
    record.taken_attempts.erase(container.name);
    co_return std::nullopt;
  }
  const NotStarted not_started = reason_of(started.failure());
  auto& known = record.failures[container.name];
  if (known != not_started.why()) {
    known = not_started.why();
    if (known.reason != kImagePullBackOff)  // follows a failed pull, which was logged
      services.context.log->warn("pod {}: container {} is not started: {}: {}", record.pod->full_name(),
                                 container.name, known.reason, log::quote(known.message));
  }
  co_return not_started;
}

}  // namespace edgecore::edged
