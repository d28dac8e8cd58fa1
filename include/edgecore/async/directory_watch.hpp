// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/outcome.hpp"

namespace edgecore::async {

/// The inotify instance of one module. A user has only some 128 instances (fs.inotify.max_user_instances), so
/// all watches of a module share one. It is opened by the first watch and closed with the last one.
///
/// Owner: the module; watches may outlive it, and see nothing then. Thread: its executor's.
class DirectoryWatches {
 public:
  explicit DirectoryWatches(boost::asio::any_io_executor executor);
  DirectoryWatches(const DirectoryWatches&) = delete;
  DirectoryWatches& operator=(const DirectoryWatches&) = delete;
  ~DirectoryWatches();

 private:
  friend class DirectoryWatch;
  struct Inotify;
  std::shared_ptr<Inotify> inotify_;
};

/// Wakes a coroutine when something happens in one directory. It only says that something happened: the
/// sleeper looks what. One sleeper. Several watches may have the same directory.
///
/// Owner: whoever sleeps. Thread: that of its DirectoryWatches.
class DirectoryWatch {
 public:
  /// Tells whether an event (IN_… of inotify(7), and the name of the file) concerns the sleeper. Not asked
  /// when the directory itself has gone or when the kernel lost events: both always wake. Must not start or
  /// destroy watches.
  using Filter = std::function<bool(std::uint32_t event, std::string_view name)>;

  /// `events` are those of inotify(7), such as IN_CREATE | IN_DELETE. No filter: all of them wake.
  DirectoryWatch(const DirectoryWatches& watches, std::uint32_t events, Filter filter = nullptr);
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;
  ~DirectoryWatch();

  /// Watches the directory that has this path now. Cheap if it is watched already, so a caller that follows a
  /// path calls this before each look. Fails if the kernel refuses: the directory does not exist, or a limit
  /// of inotify is reached; the sentence names the sysctl.
  Outcome<void> start(const std::filesystem::path& directory);

  /// False before start(), when that failed, and when the directory was removed, renamed or unmounted.
  [[nodiscard]] bool is_watching() const { return number_ >= 0; }

  /// Returns at `until`, or when something has happened since the last call; true if so. Without a watch it
  /// returns at `until`: callers look again then. Throws boost::system::system_error(operation_aborted) when
  /// the sleeper is cancelled.
  boost::asio::awaitable<bool> sleep_until(SteadyTime until);

 private:
  friend struct DirectoryWatches::Inotify;
  class Sleep;

  void stop();
  void wake();

  std::shared_ptr<DirectoryWatches::Inotify> inotify_;
  std::uint32_t events_;
  Filter filter_;
  Event event_;
  int number_ = -1;  ///< inotify's watch descriptor; -1: not watching
  bool asleep_ = false;
};

}  // namespace edgecore::async
