// SPDX-License-Identifier: Apache-2.0
#include "edged/eviction/node_signals.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"

namespace edgecore::edged {
namespace {

constexpr std::size_t kMostFileBytes = 1 << 20;
constexpr std::chrono::minutes kFindImages{5};
constexpr std::chrono::seconds kFindImagesRetry{10};

/// The number at the beginning of the text, after blanks.
std::optional<std::int64_t> number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && value >= 0 ? std::optional(value) : std::nullopt;
}

/// The number after `name` at the beginning of a line.
std::optional<std::int64_t> entry(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (text.starts_with(name)) return number(text.substr(0, end).substr(name.size()));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

Observation available_memory(std::int64_t capacity, std::int64_t used, std::int64_t inactive_file) {
  const std::int64_t working_set = std::max<std::int64_t>(0, used - inactive_file);
  return {std::max<std::int64_t>(0, capacity - working_set), capacity};
}

std::string text_of(const std::filesystem::path& path) {
  try {
    return read_file(path, kMostFileBytes).value_or("");
  } catch (const Error&) {
    return {};  // a missing file is not measured
  }
}

std::int64_t clamped(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}

}  // namespace

std::optional<Observation> memory_by_cgroup(std::string_view usage, std::string_view stat,
                                            std::int64_t capacity) {
  const auto used = number(usage);
  const auto inactive_file = entry(stat, "total_inactive_file ");
  if (!used || !inactive_file || capacity <= 0) return std::nullopt;
  return available_memory(capacity, *used, *inactive_file);
}

std::optional<Observation> memory_by_meminfo(std::string_view meminfo, std::int64_t capacity) {
  const auto total = entry(meminfo, "MemTotal:"), free = entry(meminfo, "MemFree:"),
             inactive_file = entry(meminfo, "Inactive(file):");
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1024;
  if (!total || !free || !inactive_file || capacity <= 0) return std::nullopt;
  if (std::max({*total, *free, *inactive_file}) > kMost) return std::nullopt;
  return available_memory(capacity, (*total - *free) * 1024, *inactive_file * 1024);
}

std::optional<Observation> pids_by_proc(std::string_view loadavg, std::string_view pid_max,
                                        std::string_view threads_max) {
  // "0.05 0.10 0.09 2/312 4711": 2 of 312 threads are running
  const auto slash = loadavg.find('/');
  const auto limit = number(pid_max), threads = number(threads_max);
  if (slash == std::string_view::npos || !limit) return std::nullopt;
  const auto there = number(loadavg.substr(slash + 1));
  if (!there) return std::nullopt;
  const std::int64_t capacity = threads ? std::min(*limit, *threads) : *limit;
  return Observation{std::max<std::int64_t>(0, capacity - *there), capacity};
}

boost::asio::awaitable<Observations> MachineSignals::read() {
  Observations out;
  if (const auto seen = memory()) out[EvictionSignal::kMemory] = *seen;
  if (const auto seen = pids()) out[EvictionSignal::kPids] = *seen;
  co_await read_disk(deps_.root_directory, EvictionSignal::kNodeFs, EvictionSignal::kNodeFsInodes, out);
  co_await find_images();
  if (!image_mount_.empty())
    co_await read_disk(image_mount_, EvictionSignal::kImageFs, EvictionSignal::kImageFsInodes, out);
  co_return out;
}

std::optional<Observation> MachineSignals::memory() const {
  CgroupFiles* files = deps_.cgroups();
  if (files != nullptr && !files->v2()) {
    try {
      if (const auto hierarchy = files->hierarchy_of("memory")) {
        const auto usage = files->read(*hierarchy, "/", "memory.usage_in_bytes");
        const auto stat = files->read(*hierarchy, "/", "memory.stat");
        if (usage && stat) return memory_by_cgroup(*usage, *stat, deps_.memory_capacity);
      }
    } catch (const Error& error) {
      deps_.log->debug("the memory of the root cgroup: {}", error.what());
    }
  }
  return memory_by_meminfo(text_of(deps_.proc / "meminfo"), deps_.memory_capacity);
}

std::optional<Observation> MachineSignals::pids() const {
  return pids_by_proc(text_of(deps_.proc / "loadavg"), text_of(deps_.proc / "sys/kernel/pid_max"),
                      text_of(deps_.proc / "sys/kernel/threads-max"));
}

/// Never guess the file system: with another one's figures, pods would be evicted (pains row 45).
boost::asio::awaitable<void> MachineSignals::find_images() {
  const SteadyTime now = steady_now();
  if (now < find_images_again_) co_return;
  find_images_again_ = now + kFindImagesRetry;
  try {
    const auto filesystems = co_await deps_.runtime.image_fs_info();
    const bool told = !filesystems.empty() && filesystems.front().mountpoint.starts_with('/');
    image_mount_ = told ? filesystems.front().mountpoint : std::string();
    find_images_again_ = now + kFindImages;
  } catch (const cri::CallError& error) {
    deps_.log->debug("where the images are is not known: {}", error.what());
  }
}

boost::asio::awaitable<void> MachineSignals::read_disk(std::string path, EvictionSignal bytes,
                                                       EvictionSignal inodes, Observations& into) {
  try {
    const DiskUsage usage = co_await deps_.disks.read(path);
    if (usage.capacity > 0) into[bytes] = {clamped(usage.available), clamped(usage.capacity)};
    if (usage.inodes > 0) into[inodes] = {clamped(usage.inodes_free), clamped(usage.inodes)};
    disk_complaints_.reset();
  } catch (const Error& error) {
    if (disk_complaints_.now()) deps_.log->warn("{}", error.what());
  }
}

}  // namespace edgecore::edged
