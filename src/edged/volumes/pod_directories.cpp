// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/pod_directories.hpp"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/kube/names.hpp"
#include "edged/host/directory_tree.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPodDirectoryMode = 0750;
constexpr std::size_t kOldLogs = 7;
constexpr const char* kPrefix = "kubernetes.io~";
/// Plugins whose volumes hold the pod's own files, which are removed with it.
constexpr std::array<std::string_view, 5> kOwned = {"empty-dir", "configmap", "secret", "projected",
                                                    "downward-api"};

const std::string& checked(const std::string& name, const char* what) {
  if (!kube::is_path_segment(name) || name.size() > 255) {
    throw BadInput(fmt::format("The {} \"{}\" cannot be the name of a directory", what, name));
  }
  return name;
}

/// The entries of a directory; empty if it does not exist.
std::vector<std::string> names_in(const fs::path& directory) {
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(directory, error))) return {};
  return directory_entries(open_directory(directory));
}

void remove_empty(const fs::path& directory) {
  if (::rmdir(directory.c_str()) != 0 && errno != ENOENT) {
    throw SystemError(fmt::format("cannot remove the directory {}", directory.string()), errno);
  }
}

void unmount_below(Mounter& mounter, const fs::path& directory) {
  auto mounts = mounter.below(directory);
  std::stable_sort(mounts.begin(), mounts.end(),
                   [](const auto& a, const auto& b) { return a.path.size() > b.path.size(); });
  std::string problem;
  for (const auto& one : mounts) {
    try {
      mounter.unmount(one.path);
    } catch (const Error& error) {
      if (problem.empty()) problem = error.what();
    }
  }
  if (!problem.empty()) throw Error(problem);
  const auto left = mounter.below(directory);
  if (!left.empty()) throw Error(fmt::format("{} is still mounted; nothing was removed", left.front().path));
}

/// An unmounted mount point is empty: one with content belongs to somebody else and stays.
void remove_sub_path_targets(const fs::path& directory) {
  for (const auto& volume : names_in(directory)) {
    for (const auto& container : names_in(directory / volume)) {
      for (const auto& index : names_in(directory / volume / container)) {
        const fs::path target = directory / volume / container / index;
        struct stat about {};
        if (::lstat(target.c_str(), &about) != 0) continue;
        if (S_ISDIR(about.st_mode)) {
          remove_empty(target);
        } else if (about.st_size > 0 && S_ISREG(about.st_mode)) {
          throw Error(fmt::format("The mount point {} is not empty and is left as it is", target.string()));
        } else if (::unlink(target.c_str()) != 0 && errno != ENOENT) {
          throw SystemError("cannot remove " + target.string(), errno);
        }
      }
      remove_empty(directory / volume / container);
    }
    remove_empty(directory / volume);
  }
  remove_empty(directory);
}

void remove_volume_directories(const fs::path& volumes) {
  for (const auto& plugin : names_in(volumes)) {
    const std::string_view kind =
        plugin.starts_with(kPrefix) ? std::string_view(plugin).substr(std::string_view(kPrefix).size()) : "";
    const bool owned = std::find(kOwned.begin(), kOwned.end(), kind) != kOwned.end();
    for (const auto& volume : names_in(volumes / plugin)) {
      const fs::path path = volumes / plugin / volume;
      if (owned) {
        remove_tree(path);
      } else {
        remove_empty(path);
      }
    }
    remove_empty(volumes / plugin);
  }
  remove_empty(volumes);
}

void drop_old_logs(const fs::path& directory) {
  std::vector<std::pair<fs::file_time_type, fs::path>> logs;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    logs.emplace_back(entry.last_write_time(ignored), entry.path());
  }
  std::sort(logs.rbegin(), logs.rend());
  for (std::size_t i = kOldLogs; i < logs.size(); ++i) fs::remove(logs[i].second, ignored);
}

}  // namespace

std::string plugin_of(const kube::Volume& volume) {
  struct Name {
    std::string operator()(const kube::EmptyDirSource&) const { return "empty-dir"; }
    std::string operator()(const kube::ConfigMapSource&) const { return "configmap"; }
    std::string operator()(const kube::SecretSource&) const { return "secret"; }
    std::string operator()(const kube::ProjectedSource&) const { return "projected"; }
    std::string operator()(const kube::DownwardApiSource&) const { return "downward-api"; }
    std::string operator()(const kube::HostPathSource&) const { return {}; }
    std::string operator()(const kube::UnsupportedSource&) const { return {}; }
  };
  return std::visit(Name{}, volume.source);
}

fs::path PodDirectories::pod(const std::string& uid) const {
  return pods() / checked(uid, "pod uid");
}

fs::path PodDirectories::volume(const std::string& uid, const kube::Volume& volume) const {
  if (const auto* host = std::get_if<kube::HostPathSource>(&volume.source)) return host->path;
  const std::string plugin = plugin_of(volume);
  if (plugin.empty()) throw Error(fmt::format("Volume \"{}\" is of an unsupported kind", volume.name));
  return pod(uid) / "volumes" / (kPrefix + plugin) / checked(volume.name, "volume name");
}

fs::path PodDirectories::ready(const std::string& uid, const std::string& volume) const {
  return pod(uid) / "plugins" / fmt::format("{}empty-dir", kPrefix) / checked(volume, "volume name") /
         "ready";
}

fs::path PodDirectories::sub_path(const std::string& uid, const std::string& volume,
                                  const std::string& container, std::size_t index) const {
  return pod(uid) / "volume-subpaths" / checked(volume, "volume name") /
         checked(container, "container name") / std::to_string(index);
}

fs::path PodDirectories::make_termination_log(const std::string& uid, const std::string& container) const {
  const fs::path directory = pod(uid) / "containers" / checked(container, "container name");
  make_directories(directory, kPodDirectoryMode);
  drop_old_logs(directory);
  const fs::path path = directory / uuid_v4().substr(0, 8);
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid() || ::fchmod(file.get(), 0666) != 0) {
    throw SystemError("cannot make the termination log " + path.string(), errno);
  }
  return path;
}

std::vector<std::string> PodDirectories::unknown(const std::set<std::string>& known) const {
  std::vector<std::string> out;
  for (auto& name : names_in(pods())) {
    if (!known.contains(name) && kube::is_path_segment(name)) out.push_back(std::move(name));
  }
  return out;
}

void PodDirectories::remove_volumes(Mounter& mounter, const std::string& uid) const {
  const fs::path directory = pod(uid);
  unmount_below(mounter, directory);
  // The markers first: a half-removed volume must not count as set up.
  remove_tree(directory / "plugins");
  remove_sub_path_targets(directory / "volume-subpaths");
  remove_volume_directories(directory / "volumes");
}

void PodDirectories::remove_pod(Mounter& mounter, const std::string& uid) const {
  remove_volumes(mounter, uid);
  remove_tree(pod(uid));
}

}  // namespace edgecore::edged
