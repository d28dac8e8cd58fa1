// SPDX-License-Identifier: Apache-2.0
#include "edged/host/disk_stats.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/on_pool.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore::edged {
namespace {

std::string cannot_ask(const std::filesystem::path& path) {
  return "The file system of " + log::quote(path.string()) + " could not be asked how full it is";
}

}  // namespace

DiskUsage statfs_usage(const std::filesystem::path& path) {
  struct ::statvfs fs {};
  struct ::stat about {};
  while (::statvfs(path.c_str(), &fs) != 0) {
    if (errno != EINTR) throw SystemError(cannot_ask(path), errno);
  }
  if (::stat(path.c_str(), &about) != 0) throw SystemError(cannot_ask(path), errno);
  DiskUsage out;
  out.capacity = std::uint64_t{fs.f_blocks} * fs.f_frsize;
  out.available = std::min(out.capacity, std::uint64_t{fs.f_bavail} * fs.f_frsize);
  out.used = out.capacity - std::min(out.capacity, std::uint64_t{fs.f_bfree} * fs.f_frsize);
  out.inodes = fs.f_files;
  out.inodes_free = fs.f_ffree;
  out.device = about.st_dev;
  return out;
}

SystemDiskStats::SystemDiskStats(BlockingPool& pool, boost::asio::any_io_executor executor,
                                 std::chrono::milliseconds patience, Ask ask)
    : pool_(pool),
      patience_(patience),
      ask_(std::move(ask)),
      tasks_(std::move(executor)),
      flights_(tasks_, "disk usage") {}

boost::asio::awaitable<DiskUsage> SystemDiskStats::read(std::string path) {
  const SteadyTime asked = steady_now();
  for (;;) {
    Flights::Work work = [&pool = pool_, ask = ask_, path] {
      auto call = [ask, path] { return ask(path); };
      return async::on_pool(pool, std::move(call));
    };
    const std::optional<SteadyTime> begun = flights_.begun(path);
    const SteadyTime until = begun.value_or(steady_now()) + patience_;
    const auto usage = co_await async::attempt(flights_.get(path, std::move(work), until));
    if (usage && !*usage) throw Error(cannot_ask(path) + ": it does not answer");
    // An answer that was begun before may be older than what the caller has just done.
    if (begun && *begun <= asked) continue;
    if (!usage && usage.failure().as<async::PoolFull>())
      throw Error(cannot_ask(path) + ": " + usage.failure().message());
    co_return *usage.value();
  }
}

boost::asio::awaitable<DiskUsage> FakeDiskStats::read(std::string path) {
  const auto found = disks.find(path);
  if (found == disks.end()) throw SystemError(cannot_ask(path), ENOENT);
  co_return found->second;
}

}  // namespace edgecore::edged
