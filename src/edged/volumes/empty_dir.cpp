// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/empty_dir.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/kube/quantity.hpp"

namespace edgecore::edged {
namespace {

constexpr std::string_view kHugePages = "HugePages";
constexpr mode_t kEmptyDirMode = 0777;

bool is_real_directory(const std::filesystem::path& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

std::uint64_t page_size(std::string_view medium) {
  if (medium == kHugePages) return 0;
  const auto size = kube::Quantity::try_parse(medium.substr(kHugePages.size() + 1));
  if (!size || size->value() <= 0) throw Error(fmt::format("emptyDir has the unknown medium \"{}\"", medium));
  return static_cast<std::uint64_t>(size->value());
}

void mount_medium(Mounter& mounter, const EmptyDirPlan& plan) {
  if (plan.medium == "Memory") {
    mounter.mount_tmpfs(plan.path, plan.bytes);
  } else if (plan.medium == kHugePages || plan.medium.starts_with("HugePages-")) {
    mounter.mount_hugetlbfs(plan.path, page_size(plan.medium));
  } else {
    throw Error(fmt::format("emptyDir has the unknown medium \"{}\"", plan.medium));
  }
}

std::int64_t limit_of(const kube::Container& container) {
  const auto limit = container.resources.limits.find("memory");
  return limit == container.resources.limits.end() ? 0 : kube::Quantity::parse(limit->second).value();
}

/// The sum of the containers' memory limits in bytes; 0 = not limited.
std::int64_t pod_memory_limit(const kube::Pod& pod) {
  std::int64_t sum = 0;
  for (const auto& container : pod.spec.containers) {
    const auto limit = limit_of(container);
    if (limit <= 0) return 0;
    sum += limit;
  }
  for (const auto& container : pod.spec.init_containers) {
    const auto limit = limit_of(container);
    if (limit <= 0) return 0;
    sum = std::max(sum, limit);
  }
  return sum;
}

}  // namespace

bool make_empty_dir(Mounter& mounter, const EmptyDirPlan& plan) {
  const bool mounted = mounter.is_mount_point(plan.path);
  const bool there = plan.medium.empty() ? is_real_directory(plan.path) : mounted;
  // Without a marker, an existing directory counts as set up: the writer of its content checks it anyway.
  if (there && (plan.ready.empty() || is_real_directory(plan.ready))) return false;
  make_directories(plan.path, 0750);
  if (!plan.medium.empty() && !mounted) mount_medium(mounter, plan);
  if (::chmod(plan.path.c_str(), kEmptyDirMode) != 0)
    throw SystemError("cannot set the mode of " + plan.path.string(), errno);
  if (plan.fs_group) apply_fs_group(plan.path, *plan.fs_group, false);
  if (!plan.ready.empty()) make_directories(plan.ready, 0750);
  return true;
}

std::uint64_t memory_volume_bytes(const kube::Pod& pod, const std::optional<std::string>& size_limit,
                                  const PodFacts& facts) {
  std::int64_t smallest = 0;
  const auto consider = [&](std::int64_t bytes) {
    if (bytes > 0 && (smallest == 0 || bytes < smallest)) smallest = bytes;
  };
  if (const auto node = facts.allocatable.find("memory"); node != facts.allocatable.end()) {
    if (const auto bytes = kube::Quantity::try_parse(node->second)) consider(bytes->value());
  }
  consider(pod_memory_limit(pod));
  if (size_limit) {
    if (const auto bytes = kube::Quantity::try_parse(*size_limit)) consider(bytes->value());
  }
  return static_cast<std::uint64_t>(smallest);
}

}  // namespace edgecore::edged
