// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "edgecore/async/single_flight.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/blocking_pool.hpp"

namespace edgecore::edged {

/// The statfs numbers of a file system. Bytes are those available to an unprivileged process.
struct DiskUsage {
  std::uint64_t capacity = 0;   ///< bytes
  std::uint64_t available = 0;  ///< bytes, never more than `capacity`
  std::uint64_t used = 0;       ///< bytes
  std::uint64_t inodes = 0;     ///< 0 if the file system does not count them (btrfs, vfat)
  std::uint64_t inodes_free = 0;
  std::uint64_t device = 0;  ///< st_dev: equal for two paths of one file system
  bool operator==(const DiskUsage&) const = default;
};

/// Calls statfs. May block for ever on a dead network file system: BlockingPool only. Throws SystemError if
/// the path does not exist.
DiskUsage statfs_usage(const std::filesystem::path& path);

/// Reads how full file systems are (image garbage collection, eviction, /stats/summary); a seam for tests.
/// Belongs to the module's thread.
class DiskStats {
 public:
  virtual ~DiskStats() = default;
  /// The file system that holds `path`. Throws SystemError if it cannot be read, Error if it does not answer
  /// in time, boost::system::system_error(operation_aborted) when cancelled.
  virtual boost::asio::awaitable<DiskUsage> read(std::string path) = 0;
};

/// Single flight for each path: statfs on the pool, one call at a time. Callers share an answer if its call
/// began after they asked. A file system that does not answer takes one thread of the pool: once the first
/// caller's patience is over, others for its path fail at once.
class SystemDiskStats final : public DiskStats {
 public:
  using Ask = std::function<DiskUsage(const std::filesystem::path&)>;
  /// `ask` is called on the pool's threads, also after this object is gone.
  SystemDiskStats(BlockingPool& pool, boost::asio::any_io_executor executor,
                  std::chrono::milliseconds patience = std::chrono::seconds(10), Ask ask = statfs_usage);
  boost::asio::awaitable<DiskUsage> read(std::string path) override;

 private:
  using Flights = async::SingleFlight<std::string, DiskUsage>;

  BlockingPool& pool_;
  std::chrono::milliseconds patience_;
  Ask ask_;
  async::TaskGroup tasks_;
  Flights flights_;  ///< by path
};

/// For tests, by path. A path that is not in `disks` fails like a missing one.
class FakeDiskStats final : public DiskStats {
 public:
  std::map<std::string, DiskUsage> disks;
  boost::asio::awaitable<DiskUsage> read(std::string path) override;
};

}  // namespace edgecore::edged
