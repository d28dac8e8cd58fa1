// SPDX-License-Identifier: Apache-2.0
#include "edged/eviction/pod_usage.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "edgecore/async/on_pool.hpp"
#include "edgecore/base/error.hpp"
#include "edged/spec/sandbox_config.hpp"
#include "edged/spec/string_map.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

std::int64_t signed_bytes(const std::optional<std::uint64_t>& bytes) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  return static_cast<std::int64_t>(std::min(bytes.value_or(0), kMost));
}

/// A directory to walk, and its owner.
struct UsageWalk {
  std::string uid, name;
  bool volume = false;  ///< an emptyDir; otherwise the logs of a container
  fs::path path;
  std::int64_t bytes = 0;
};

std::vector<UsageWalk> walks_of(const kube::Pod& pod, const fs::path& logs, const fs::path& directory) {
  std::vector<UsageWalk> walks;
  for (const auto& volume : pod.spec.volumes) {
    const auto* source = std::get_if<kube::EmptyDirSource>(&volume.source);
    if (source == nullptr || !source->medium.empty()) continue;  // other media are memory
    walks.push_back(
        {pod.uid, volume.name, true, directory / "volumes" / "kubernetes.io~empty-dir" / volume.name});
  }
  for (const auto* list : {&pod.spec.init_containers, &pod.spec.containers}) {
    for (const auto& container : *list)
      walks.push_back({pod.uid, container.name, false, logs / container.name});
  }
  return walks;
}

void take_stats(const cri::ContainerStats& stats, PodFootprints& into) {
  const auto found = into.find(value_or_empty(stats.labels, kPodUidLabel));
  if (found == into.end()) return;
  const std::string name = value_or_empty(stats.labels, kContainerNameLabel);
  auto& [usage, storage] = found->second;
  if (stats.memory) {
    const std::int64_t bytes = signed_bytes(stats.memory->working_set_bytes);
    usage.memory += bytes;
    usage.container_memory[name] += bytes;
  }
  if (stats.writable_layer) {
    const std::int64_t bytes = signed_bytes(stats.writable_layer->used_bytes);
    usage.disk += bytes;
    usage.container_disk[name] += bytes;
    storage.containers[name] += bytes;
  }
}

void take_walk(const UsageWalk& walk, PodFootprints& into) {
  auto& [usage, storage] = into.at(walk.uid);
  usage.disk += walk.bytes;
  if (walk.volume) {
    storage.empty_dirs[walk.name] += walk.bytes;
  } else {
    usage.container_disk[walk.name] += walk.bytes;
    storage.containers[walk.name] += walk.bytes;
  }
}

}  // namespace

std::int64_t bytes_below(const fs::path& path) {
  struct ::stat top {};
  if (::lstat(path.c_str(), &top) != 0 || !S_ISDIR(top.st_mode)) return 0;
  std::int64_t sum = static_cast<std::int64_t>(top.st_blocks) * 512;
  std::error_code error;
  fs::recursive_directory_iterator one(path, fs::directory_options::skip_permission_denied, error);
  for (; !error && one != fs::recursive_directory_iterator(); one.increment(error)) {
    struct ::stat about {};
    if (::lstat(one->path().c_str(), &about) != 0) continue;
    if (about.st_dev != top.st_dev) {
      one.disable_recursion_pending();
      continue;
    }
    // A file with several hard links counts a fraction for each of them.
    const auto names =
        S_ISDIR(about.st_mode) ? 1 : std::max<std::int64_t>(1, static_cast<std::int64_t>(about.st_nlink));
    sum += static_cast<std::int64_t>(about.st_blocks) * 512 / names;
  }
  return sum;
}

bool limits_local_storage(const kube::Pod& pod) {
  const bool volumes = std::any_of(pod.spec.volumes.begin(), pod.spec.volumes.end(), [](const auto& volume) {
    const auto* source = std::get_if<kube::EmptyDirSource>(&volume.source);
    return source != nullptr && source->medium.empty() && source->size_limit.has_value();
  });
  return volumes || std::any_of(pod.spec.containers.begin(), pod.spec.containers.end(), [](const auto& one) {
           return one.resources.limits.contains("ephemeral-storage");
         });
}

boost::asio::awaitable<PodFootprints> MachinePodUsage::read(std::vector<kube::PodPtr> pods, bool disk) {
  PodFootprints out;
  for (const auto& pod : pods) out[pod->uid].usage.pids = processes(*pod);
  const cri::ContainerStatsFilter everything;
  const auto stats = co_await deps_.runtime.list_container_stats(everything);
  for (const auto& one : stats) take_stats(one, out);
  if (!disk) co_return out;
  std::vector<UsageWalk> walks;
  for (const auto& pod : pods) {
    const fs::path logs = deps_.pod_logs / fs::path(pod_log_directory(*pod)).filename();
    const auto own = walks_of(*pod, logs, deps_.pod_directory(pod->uid));
    walks.insert(walks.end(), own.begin(), own.end());
  }
  auto work = [walks = std::move(walks)]() mutable {
    for (auto& walk : walks) walk.bytes = bytes_below(walk.path);
    return std::move(walks);
  };
  const auto walked = co_await async::on_pool(deps_.pool, std::move(work));
  for (const auto& walk : walked) take_walk(walk, out);
  co_return out;
}

std::int64_t MachinePodUsage::processes(const kube::Pod& pod) const {
  CgroupFiles* files = deps_.cgroups();
  const std::string cgroup = files == nullptr ? std::string() : deps_.cgroup_of(pod);
  if (cgroup.empty()) return 0;
  try {
    const auto hierarchy = files->hierarchy_of("pids");
    const auto text = hierarchy ? files->read(*hierarchy, cgroup, "pids.current") : std::nullopt;
    std::int64_t count = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), count);
    return count;
  } catch (const Error& error) {
    deps_.log->debug("pod {}: cannot count its processes: {}", pod.full_name(), error.what());
    return 0;
  }
}

}  // namespace edgecore::edged
