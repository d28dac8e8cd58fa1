// SPDX-License-Identifier: Apache-2.0
#include "edged/host/disk_stats.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <exception>
#include <map>
#include <optional>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/steady_timer.hpp"

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

/// A question that a thread of the pool is asking, and those who wait for its answer. Belongs to the module's
/// thread.
struct SystemDiskStats::Flight {
  SteadyTime patience_ends;
  std::shared_ptr<std::atomic<bool>> asked = std::make_shared<std::atomic<bool>>(false);  ///< by a thread
  std::optional<DiskUsage> usage;
  std::exception_ptr failure;
  std::vector<SteadyTimer*> waiting;

  /// A waiting coroutine's timer, which landing cancels.
  struct Seat {
    Seat(Flight& in, SteadyTimer& mine) : flight(in), timer(&mine) { flight.waiting.push_back(timer); }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat() { std::erase(flight.waiting, timer); }
    Flight& flight;
    SteadyTimer* timer;
  };
};

/// The questions under way, by path.
struct SystemDiskStats::Flights {
  std::map<std::string, std::shared_ptr<Flight>> by_path;

  void land(const std::string& path, std::optional<DiskUsage> usage, std::exception_ptr failure) {
    const auto found = by_path.find(path);
    if (found == by_path.end()) return;
    const std::shared_ptr<Flight> flight = std::move(found->second);
    by_path.erase(found);
    flight->usage = usage;
    flight->failure = std::move(failure);
    for (SteadyTimer* one : flight->waiting) one->cancel();
  }
};

SystemDiskStats::SystemDiskStats(BlockingPool& pool, std::chrono::milliseconds patience, Ask ask)
    : pool_(pool), patience_(patience), ask_(std::move(ask)), flights_(std::make_shared<Flights>()) {}

SystemDiskStats::~SystemDiskStats() = default;

std::shared_ptr<SystemDiskStats::Flight> SystemDiskStats::begin(const boost::asio::any_io_executor& executor,
                                                                const std::string& path) {
  auto flight = std::make_shared<Flight>();
  flight->patience_ends = steady_now() + patience_;
  const auto usage = std::make_shared<std::optional<DiskUsage>>();
  BlockingPool::Work work = [ask = ask_, path, usage, asked = flight->asked] {
    *asked = true;
    usage->emplace(ask(path));
  };
  BlockingPool::Completion done = [executor, path, usage,
                                   weak = std::weak_ptr<Flights>(flights_)](std::exception_ptr failure) {
    boost::asio::post(executor, [path, usage, weak, failure = std::move(failure)]() mutable {
      if (const auto flights = weak.lock()) flights->land(path, *usage, std::move(failure));
    });
  };
  if (!pool_.submit(std::move(work), std::move(done)))
    throw Error(cannot_ask(path) + ": too many calls that block are waiting for a thread");
  flights_->by_path[path] = flight;  // before the answer, which is posted to this thread
  return flight;
}

boost::asio::awaitable<DiskUsage> SystemDiskStats::read(std::string path) {
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  for (;;) {
    const auto found = flights_->by_path.find(path);
    const bool joins = found != flights_->by_path.end();
    const std::shared_ptr<Flight> flight = joins ? found->second : begin(executor, path);
    // What a thread is asking already may be older than what the caller has just done.
    const bool too_old = joins && *flight->asked;
    SteadyTimer timer(executor, flight->patience_ends);
    const Flight::Seat seat(*flight, timer);
    boost::system::error_code woken;
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    const bool landed = flight->failure || flight->usage;
    if (!landed && woken) throw boost::system::system_error(woken);  // the caller was cancelled
    if (!landed)
      throw Error(cannot_ask(path) + (*flight->asked ? ": it does not answer" : ": no thread is free"));
    if (too_old) continue;
    if (flight->failure) std::rethrow_exception(flight->failure);
    co_return *flight->usage;
  }
}

boost::asio::awaitable<DiskUsage> FakeDiskStats::read(std::string path) {
  const auto found = disks.find(path);
  if (found == disks.end()) throw SystemError(cannot_ask(path), ENOENT);
  co_return found->second;
}

}  // namespace edgecore::edged
