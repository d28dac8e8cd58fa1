#include "edged/container_gc.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "edged/blocking_call.hpp"
#include "edged/container_start.hpp"
#include "edged/dead_logs.hpp"
#include "edged/log_paths.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

/// The log file of a container by its status, or by the rule when the runtime does not tell.
fs::path log_of(const PodServices& services, const kube::Pod& pod, const cri::ContainerStatus& container) {
  const fs::path directory = log_directory(services.options, pod);
  const fs::path told = container.log_path;
  if (told.lexically_normal().string().starts_with(directory.string() + "/")) return told.lexically_normal();
  return directory / container.metadata.name / (std::to_string(container.metadata.attempt) + ".log");
}

bool old_enough(const cri::ContainerStatus& one, const GarbagePolicy& policy, WallTime now) {
  return policy.minimum_age.count() <= 0 || now - cri::wall_time(one.created_at) >= policy.minimum_age;
}

}  // namespace

Garbage pod_garbage(const PodRuntime& runtime, const GarbagePolicy& policy, WallTime now) {
  Garbage garbage;
  std::map<std::string, std::int64_t> kept;
  for (const auto& one : runtime.containers) {  // newest first
    if (one.state != cri::ContainerState::Exited || policy.keep_per_container < 0) continue;
    if (++kept[one.metadata.name] <= policy.keep_per_container) continue;
    if (old_enough(one, policy, now)) garbage.containers.push_back(one);
  }
  for (std::size_t i = 1; i < runtime.sandboxes.size(); ++i) {
    const auto& sandbox = runtime.sandboxes[i];
    // A status does not name its sandbox: while containers remain, only those may be removed.
    const bool empty = garbage.containers.size() == runtime.containers.size();
    if (sandbox.state != cri::PodSandboxState::Ready && empty) garbage.sandboxes.push_back(sandbox.id);
  }
  return garbage;
}

boost::asio::awaitable<void> remove_container(PodServices& services, kube::PodPtr pod,
                                              cri::ContainerStatus container) {
  const fs::path log = log_of(services, *pod, container);
  const std::string link = container_log_link(pod->name, pod->ns, container.metadata.name, container.id);
  std::function<std::vector<std::string>()> work = [log, links = services.options.container_logs, link] {
    return remove_container_logs(log, links, link);
  };
  const auto failures = co_await blocking_call<std::vector<std::string>>(services.pool, std::move(work));
  for (const auto& failure : failures) services.context.log->warn("{}", failure);
  co_await services.runtime.remove_container(container.id);
}

boost::asio::awaitable<void> remove_from_runtime(PodServices& services, kube::PodPtr pod) {
  const auto runtime = co_await services.cache.refresh(pod->uid);
  for (const auto& container : runtime->containers) co_await remove_container(services, pod, container);
  for (const auto& sandbox : runtime->sandboxes) {
    co_await services.runtime.stop_pod_sandbox(sandbox.id);
    co_await services.runtime.remove_pod_sandbox(sandbox.id);
  }
  const fs::path directory = log_directory(services.options, *pod);
  std::function<std::vector<std::string>()> work = [directory] {
    return remove_dead_logs({{directory.filename().string()}, {}}, directory.parent_path(), {});
  };
  const auto failures = co_await blocking_call<std::vector<std::string>>(services.pool, std::move(work));
  for (const auto& failure : failures) services.context.log->warn("{}", failure);
  co_await services.cache.refresh(pod->uid);
}

boost::asio::awaitable<void> collect_garbage(PodServices& services, kube::PodPtr pod) {
  const auto runtime = co_await services.cache.get(pod->uid);
  GarbagePolicy policy;
  policy.keep_per_container = std::max(1, services.options.config.max_per_pod_container_count);
  if (services.options.config.max_per_pod_container_count < 0) policy.keep_per_container = -1;
  policy.minimum_age = services.options.config.minimum_gc_age;
  const Garbage garbage = pod_garbage(*runtime, policy, services.context.clock.wall());
  for (const auto& container : garbage.containers) co_await remove_container(services, pod, container);
  for (const auto& sandbox : garbage.sandboxes) {
    co_await services.runtime.stop_pod_sandbox(sandbox);
    co_await services.runtime.remove_pod_sandbox(sandbox);
  }
  if (!garbage.containers.empty() || !garbage.sandboxes.empty()) co_await services.cache.refresh(pod->uid);
}

}  // namespace edgecore::edged
