// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "edgecore/base/blocking_pool.hpp"

namespace edgecore::edged {

/// A file system as statfs tells it. Bytes are those an unprivileged process could use.
struct DiskUsage {
  std::uint64_t capacity = 0;   ///< bytes
  std::uint64_t available = 0;  ///< bytes, never more than `capacity`
  std::uint64_t used = 0;       ///< bytes
  std::uint64_t inodes = 0;     ///< 0 where the file system does not count them (btrfs, vfat)
  std::uint64_t inodes_free = 0;
  std::uint64_t device = 0;  ///< st_dev: equal for two paths of one file system
  bool operator==(const DiskUsage&) const = default;
};

/// Asks the kernel. May block for ever on a dead network file system: BlockingPool only. Throws SystemError
/// when the path is not there.
DiskUsage statfs_usage(const std::filesystem::path& path);

/// The seam through which edged asks how full file systems are (image GC, eviction, /stats/summary). Belongs
/// to the module's thread.
class DiskStats {
 public:
  virtual ~DiskStats() = default;
  /// The file system that holds `path`. Throws SystemError when it cannot be asked, Error when it does not
  /// answer in time, boost::system::system_error(operation_aborted) when cancelled.
  virtual boost::asio::awaitable<DiskUsage> read(std::string path) = 0;
};

/// The machine's: statfs on the pool, one call at a time for a path. Callers share an answer that was begun
/// after they asked. A file system that does not answer costs one thread of the pool: once the patience of
/// the first caller is over, further ones for its path fail at once.
class SystemDiskStats final : public DiskStats {
 public:
  using Ask = std::function<DiskUsage(const std::filesystem::path&)>;
  /// `ask` is called on the pool's threads, also after this object is gone.
  explicit SystemDiskStats(BlockingPool& pool, std::chrono::milliseconds patience = std::chrono::seconds(10),
                           Ask ask = statfs_usage);
  ~SystemDiskStats() override;
  boost::asio::awaitable<DiskUsage> read(std::string path) override;

 private:
  struct Flight;
  struct Flights;
  std::shared_ptr<Flight> begin(const boost::asio::any_io_executor& executor, const std::string& path);

  BlockingPool& pool_;
  std::chrono::milliseconds patience_;
  Ask ask_;
  std::shared_ptr<Flights> flights_;
};

/// Disks as a test wants them, by path. A path that is not in `disks` fails as a missing one does.
class FakeDiskStats final : public DiskStats {
 public:
  std::map<std::string, DiskUsage> disks;
  boost::asio::awaitable<DiskUsage> read(std::string path) override;
};

}  // namespace edgecore::edged
