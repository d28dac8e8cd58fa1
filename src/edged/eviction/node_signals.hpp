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

/// Measurements for eviction (protocol/05-edged.md §1.17).
namespace edgecore::edged {

/// memory.available = `capacity` − working set; the working set is usage without inactive file pages. From
/// cgroup v1's memory.usage_in_bytes and memory.stat of the root cgroup; nullopt if they lack the numbers.
/// Pure.
std::optional<Observation> memory_by_cgroup(std::string_view usage, std::string_view stat,
                                            std::int64_t capacity);
/// memory.available from /proc/meminfo: if the root cgroup has no counters (v2), or the kernel runs without
/// the memory controller. Pure.
std::optional<Observation> memory_by_meminfo(std::string_view meminfo, std::int64_t capacity);
/// pid.available: `loadavg` counts processes and threads; the smaller limit is the capacity. Pure.
std::optional<Observation> pids_by_proc(std::string_view loadavg, std::string_view pid_max,
                                        std::string_view threads_max);

/// Measures the eviction signals of the node; a seam for tests. Belongs to edged's thread.
class NodeSignals {
 public:
  virtual ~NodeSignals() = default;
  /// The signals measured now; one that cannot be measured is absent. Throws only when cancelled.
  virtual boost::asio::awaitable<Observations> read() = 0;
};

/// Measures this machine.
class MachineSignals final : public NodeSignals {
 public:
  struct Deps {
    cri::Runtime& runtime;  ///< reports where images are; asked every five minutes
    DiskStats& disks;
    log::Logger log;
    std::filesystem::path root_directory;  ///< nodefs
    std::int64_t memory_capacity = 0;      ///< bytes
    /// nullptr without pod cgroups.
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
