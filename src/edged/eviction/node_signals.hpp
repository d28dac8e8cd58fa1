// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/cgroups/cgroup_files.hpp"
#include "edged/eviction/eviction.hpp"
#include "edged/host/disk_stats.hpp"

/// What eviction judges the node by, measured (protocol/05-edged.md §1.17).
namespace edgecore::edged {

/// memory.available = `capacity` − working set, which is what is used but for file pages nobody has touched
/// lately. Of cgroup v1 from the root cgroup's memory.usage_in_bytes and memory.stat; nullopt when the texts
/// do not tell. Pure.
std::optional<Observation> memory_by_cgroup(std::string_view usage, std::string_view stat,
                                            std::int64_t capacity);
/// The same from /proc/meminfo, where the root cgroup counts nothing (v2) or the kernel was started without
/// the memory controller. Pure.
std::optional<Observation> memory_by_meminfo(std::string_view meminfo, std::int64_t capacity);
/// pid.available: `loadavg` counts processes and threads, the smaller one of the limits is the capacity.
/// Pure.
std::optional<Observation> pids_by_proc(std::string_view loadavg, std::string_view pid_max,
                                        std::string_view threads_max);

/// The seam through which eviction learns how the node is. Belongs to edged's thread.
class NodeSignals {
 public:
  virtual ~NodeSignals() = default;
  /// What can be measured now; a signal that cannot be is absent. Throws only what cancellation throws.
  virtual boost::asio::awaitable<Observations> read() = 0;
};

/// The machine's.
class MachineSignals final : public NodeSignals {
 public:
  struct Deps {
    cri::Runtime& runtime;  ///< knows where images are; asked every five minutes
    DiskStats& disks;
    log::Logger log;
    std::filesystem::path root_directory;  ///< nodefs
    std::int64_t memory_capacity = 0;      ///< bytes
    /// nullptr when there are none.
    std::function<CgroupFiles*()> cgroups;
    std::filesystem::path proc = "/proc";
  };
  explicit MachineSignals(Deps deps) : deps_(std::move(deps)) {}
  boost::asio::awaitable<Observations> read() override;

 private:
  [[nodiscard]] std::optional<Observation> memory() const;
  [[nodiscard]] std::optional<Observation> pids() const;
  boost::asio::awaitable<void> find_images();
  boost::asio::awaitable<void> read_disk(std::string path, EvictionSignal bytes, EvictionSignal inodes,
                                         Observations& into);

  Deps deps_;
  std::string image_mount_;
  SteadyTime find_images_again_{};
  log::Quiet disk_complaints_;
};

}  // namespace edgecore::edged
