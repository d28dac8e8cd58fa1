// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/nested_mounts.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "edgecore/base/error.hpp"
#include "edged/host/directory_tree.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0755;

/// Without "." and double or trailing slashes; relative paths count from the root, as in the runtime.
std::string cleaned(const std::string& path) {
  std::string clean = (fs::path("/") / path).lexically_normal().string();
  while (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  return clean;
}

void add_points(const kube::Container& container, const std::string& volume, std::set<std::string>& into) {
  std::vector<std::string> all;
  std::vector<std::string> of_volume;
  for (const auto& mount : container.volume_mounts) {
    all.push_back(cleaned(mount.mount_path));
    const bool whole = mount.sub_path.empty() && mount.sub_path_expr.empty();
    if (mount.name == volume && whole) of_volume.push_back(all.back());
  }
  std::sort(all.begin(), all.end());
  for (const auto& base : of_volume) {
    const std::string below = base == "/" ? base : base + "/";
    std::string outermost;
    for (const auto& point : all) {
      if (!point.starts_with(below) || point == base) continue;
      if (!outermost.empty() && point.starts_with(outermost)) continue;
      outermost = point + "/";
      into.insert(point.substr(below.size()));
    }
  }
}

void make_point(const FileDescriptor& volume, const std::string& point) {
  FileDescriptor parent = open_directory_at(volume, ".");
  for (const auto& element : fs::path(point)) {
    const std::string name = element.string();
    if (::mkdirat(parent.get(), name.c_str(), kMode) == 0) {
      // The umask does not count.
      if (::fchmodat(parent.get(), name.c_str(), kMode, 0) != 0)
        throw SystemError("cannot set the mode of the mount point " + point, errno);
    } else if (errno != EEXIST) {
      throw SystemError("cannot make the mount point " + point + " in a volume", errno);
    }
    struct stat about {};
    if (::fstatat(parent.get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(about.st_mode))
      return;  // something else is mounted over there
    parent = open_directory_at(parent, name);
    if (!parent.valid()) return;
  }
}

}  // namespace

std::vector<std::string> nested_mount_points(const kube::Pod& pod, const std::string& volume) {
  std::set<std::string> points;
  for (const auto* list : {&pod.spec.init_containers, &pod.spec.containers, &pod.spec.ephemeral_containers}) {
    for (const auto& container : *list) add_points(container, volume, points);
  }
  return {points.begin(), points.end()};
}

void make_mount_points(const fs::path& volume, const std::vector<std::string>& points) {
  if (points.empty()) return;
  const FileDescriptor directory = open_directory(volume);
  for (const auto& point : points) {
    if (!point.starts_with("..")) make_point(directory, point);  // names of the atomic writer
  }
}

}  // namespace edgecore::edged
