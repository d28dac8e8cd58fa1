// SPDX-License-Identifier: Apache-2.0
#include "edged/eviction/pod_usage.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/on_pool.hpp"
#include "edgecore/base/error.hpp"
#include "edged/host/directory_tree.hpp"
#include "edged/host/tree_walk.hpp"
#include "edged/spec/sandbox_config.hpp"
#include "edged/spec/string_map.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

/// A walk of ten million files takes about as long. A pod whose walk takes longer is not measured.
constexpr std::chrono::minutes kWalkPatience{2};
/// What a tree counts for that is deeper than anything a program can reach by a path: it hides files.
constexpr std::int64_t kBytesOfTooDeep = std::int64_t{1} << 50;

std::int64_t signed_bytes(const std::optional<std::uint64_t>& bytes) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  return static_cast<std::int64_t>(std::min(bytes.value_or(0), kMost));
}

/// Counts the bytes of a tree.
class UsageWalk final : public TreeVisitor {
 public:
  [[nodiscard]] std::int64_t bytes() const { return std::min(sum_, kBytesOfTooDeep); }

  /// A file with several hard links counts a fraction for each of them.
  void count(const struct ::stat& about) {
    const auto names =
        S_ISDIR(about.st_mode) ? 1 : std::max<std::int64_t>(1, static_cast<std::int64_t>(about.st_nlink));
    sum_ += static_cast<std::int64_t>(about.st_blocks) * 512 / names;
  }

 private:
  void file(const TreeEntry& entry) override { count(entry.about); }
  bool enter(const TreeEntry& entry) override {
    count(entry.about);
    return true;
  }
  void foreign(const TreeEntry&) override {}
  void too_deep(const TreeEntry&) override { sum_ = kBytesOfTooDeep; }
  void unreadable(const char*, int) override {}
  void moved() override {}

  std::int64_t sum_ = 0;
};

/// One walk of a pod's files, and whom it counts for.
struct Measured {
  enum class For { kVolume, kContainer, kWholePod };
  For whom;
  std::string name;  ///< of the volume or container
  std::int64_t bytes = 0;
};

/// The files of one pod on this node's disk; on the pool's thread.
class PodFiles {
 public:
  PodFiles(const kube::Pod& pod, fs::path logs, fs::path directory)
      : pod_(pod), logs_(std::move(logs)), directory_(std::move(directory)) {}

  std::vector<Measured> measure() {
    for (const auto* list : {&pod_.spec.init_containers, &pod_.spec.containers}) {
      for (const auto& container : *list)
        add(Measured::For::kContainer, container.name, logs_ / container.name);
    }
    // Mount points of subPaths may lead to a hostPath, which is not the pod's.
    for (const auto& name : names_in(directory_)) {
      if (name == "volumes") {
        add_volumes();
      } else if (name == "containers") {
        for (const auto& one : names_in(directory_ / name))
          add(Measured::For::kContainer, one, directory_ / name / one);
      } else if (name != "volume-subpaths") {
        add(Measured::For::kWholePod, {}, directory_ / name);
      }
    }
    return std::move(measured_);
  }

 private:
  void add_volumes() {
    struct ::stat own {};
    if (::lstat(directory_.c_str(), &own) != 0) return;
    for (const auto& plugin : names_in(directory_ / "volumes")) {
      for (const auto& name : names_in(directory_ / "volumes" / plugin)) {
        const fs::path path = directory_ / "volumes" / plugin / name;
        struct ::stat about {};
        if (::lstat(path.c_str(), &about) != 0 || about.st_dev != own.st_dev || in_memory(name)) continue;
        add(Measured::For::kVolume, name, path);
      }
    }
  }

  [[nodiscard]] bool in_memory(const std::string& name) const {
    return std::any_of(pod_.spec.volumes.begin(), pod_.spec.volumes.end(), [&](const auto& volume) {
      const auto* source = std::get_if<kube::EmptyDirSource>(&volume.source);
      return volume.name == name && source != nullptr && !source->medium.empty();
    });
  }

  void add(Measured::For whom, const std::string& name, const fs::path& path) {
    measured_.push_back({whom, name, bytes_below(path)});
  }

  static std::vector<std::string> names_in(const fs::path& directory) {
    struct ::stat about {};
    if (::lstat(directory.c_str(), &about) != 0 || !S_ISDIR(about.st_mode)) return {};
    return directory_entries(open_directory(directory));
  }

  const kube::Pod& pod_;
  const fs::path logs_;
  const fs::path directory_;
  std::vector<Measured> measured_;
};

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

void take_files(const std::vector<Measured>& files, PodFootprint& into) {
  auto& [usage, storage] = into;
  for (const Measured& one : files) {
    usage.disk += one.bytes;
    switch (one.whom) {
      case Measured::For::kVolume:
        storage.volumes[one.name] += one.bytes;
        break;
      case Measured::For::kContainer:
        usage.container_disk[one.name] += one.bytes;
        storage.containers[one.name] += one.bytes;
        break;
      case Measured::For::kWholePod:
        storage.pod += one.bytes;
        break;
    }
  }
}

}  // namespace

std::int64_t bytes_below(const fs::path& path) {
  UsageWalk usage;
  const FileDescriptor top(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct ::stat about {};
  if (!top.valid() || ::fstat(top.get(), &about) != 0) return 0;
  usage.count(about);
  if (S_ISDIR(about.st_mode)) walk_tree(top, usage);
  return usage.bytes();
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
  for (const auto& pod : pods) co_await measure_files(pod, out.at(pod->uid));
  co_return out;
}

/// One call for each pod, so that a pod whose files cannot be read does not hide those of the others.
boost::asio::awaitable<void> MachinePodUsage::measure_files(kube::PodPtr pod, PodFootprint& into) {
  std::erase_if(walks_, [](const auto& one) { return one.second.expired(); });
  if (walks_.contains(pod->uid)) co_return;  // that of an earlier round hangs
  auto walking = std::make_shared<int>();
  walks_[pod->uid] = walking;
  auto work = [pod, walking = std::move(walking),
               logs = deps_.pod_logs / fs::path(pod_log_directory(*pod)).filename(),
               directory = deps_.pod_directory(pod->uid)] {
    return PodFiles(*pod, logs, directory).measure();
  };
  const auto files =
      co_await async::attempt(async::on_pool(deps_.pool, std::move(work), async::PoolWait{kWalkPatience}));
  if (files) {
    take_files(*files, into);
  } else {
    deps_.log->warn("pod {}: cannot measure its files, which count as nothing for eviction: {}",
                    pod->full_name(), files.failure().message());
  }
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
