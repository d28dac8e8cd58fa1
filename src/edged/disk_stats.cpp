#include "edged/disk_stats.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <mutex>
#include <set>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edged/blocking_call.hpp"

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

/// Paths that a thread of the pool is asking about. Shared with the threads, which may outlive the asker.
struct SystemDiskStats::Flights {
  std::mutex mutex;
  std::set<std::string> paths;

  bool begin(const std::string& path) {
    const std::lock_guard lock(mutex);
    return paths.insert(path).second;
  }
  void end(const std::string& path) {
    const std::lock_guard lock(mutex);
    paths.erase(path);
  }
};

SystemDiskStats::SystemDiskStats(BlockingPool& pool, std::chrono::milliseconds patience, Ask ask)
    : pool_(pool), patience_(patience), ask_(std::move(ask)), flights_(std::make_shared<Flights>()) {}

SystemDiskStats::~SystemDiskStats() = default;

boost::asio::awaitable<DiskUsage> SystemDiskStats::read(std::string path) {
  if (!flights_->begin(path)) throw Error(cannot_ask(path) + ": it has not answered the last question yet");
  // Ends the flight when the call is over, or was never begun, wherever the copies of the work are by then.
  std::shared_ptr<void> flight(nullptr, [flights = flights_, path](void*) { flights->end(path); });
  std::function<DiskUsage()> work = [ask = ask_, path, flight = std::move(flight)] { return ask(path); };
  try {
    const CallWait wait{.patience = patience_};
    co_return co_await blocking_call<DiskUsage>(pool_, std::move(work), wait);
  } catch (const BlockingCallTimeout&) {
    throw Error(cannot_ask(path) + ": it does not answer");
  }
}

boost::asio::awaitable<DiskUsage> FakeDiskStats::read(std::string path) {
  const auto found = disks.find(path);
  if (found == disks.end()) throw SystemError(cannot_ask(path), ENOENT);
  co_return found->second;
}

}  // namespace edgecore::edged
