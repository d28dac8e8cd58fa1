// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/async/directory_watch.hpp"
#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/sources/static_pod.hpp"

namespace edgecore::edged {

/// In the directory; those beyond, by name, are not read, and a complaint says so.
inline constexpr std::size_t kStaticPodMaxFiles = 1000;

/// What is known of one manifest. Plain values; shared with the pool's threads, never changed.
struct StaticPodFile {
  /// Size, times, inode: when these are the same, the file is not read again.
  struct Stamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified = 0, changed = 0;  ///< unix nanoseconds
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp;
  kube::PodPtr pod;       ///< the last good version; nullptr when there never was one
  std::string complaint;  ///< why the file is not taken as it is now; empty when it is
  std::string shadow;     ///< name of the file that describes this pod already; empty when none does
};
using StaticPodFiles = std::map<std::filesystem::path, StaticPodFile>;

/// A look at `path`, a directory or a single manifest, given the last look. Of a directory plain files count
/// (also behind links) that do not begin with '.'; a file that is there but broken keeps its last good pod, a
/// file that is gone does not. What is not there holds nothing. Blocks; throws SystemError when the directory
/// cannot be listed: then everything stays as it was.
StaticPodFiles scan_static_pods(const std::filesystem::path& path, std::string_view node_name,
                                const StaticPodFiles& before);

/// The pods of a look, by file name; of files that describe a pod of one full name or UID the first counts.
/// Pure.
std::vector<kube::PodPtr> pods_of(const StaticPodFiles& files);

/// Watches the static pod directory, or the single manifest that the path names: by inotify, and by a look
/// every `period`, because some file systems have no events. The path may become the other kind or another
/// link at any time.
/// Part of edged; belongs to its thread.
class StaticPods {
 public:
  struct Deps {
    BlockingPool& pool;
    boost::asio::any_io_executor executor;
    log::Logger log;
    std::filesystem::path path;  ///< a directory is made when there is nothing; empty = no static pods
    std::string node_name;
    /// All static pods there are, after each look that changed something, and after the first. Feeds source
    /// `file` as a SET; an empty list is meant.
    std::function<void(const std::vector<kube::PodPtr>&)> deliver;
    std::chrono::milliseconds period = std::chrono::seconds(20);  ///< fileCheckFrequency
  };
  explicit StaticPods(Deps deps);
  ~StaticPods();

  /// Runs until cancelled. Only cancellation is thrown; what goes wrong is logged and tried again.
  boost::asio::awaitable<void> run();

  /// One look. Throws SystemError when the directory cannot be read.
  boost::asio::awaitable<void> look();

 private:
  bool watch();
  bool watch(async::DirectoryWatch& with, const std::filesystem::path& directory);
  [[nodiscard]] bool concerns_path(std::uint32_t event, std::string_view name) const;
  [[nodiscard]] bool concerns_manifests(std::uint32_t event, std::string_view name) const;
  boost::asio::awaitable<void> try_look();
  void tell_complaints(const StaticPodFiles& now) const;

  Deps deps_;
  async::DirectoryWatches watches_;
  std::filesystem::path entry_;      ///< the path without a slash at its end
  std::filesystem::path manifests_;  ///< the directory, or the single manifest, behind all links
  bool single_ = false;              ///< the path was last seen to be a file
  async::DirectoryWatch above_;      ///< of the directory that has the path
  async::DirectoryWatch inside_;     ///< of that directory, or the one that has the single manifest
  std::shared_ptr<const StaticPodFiles> files_;
  bool delivered_ = false;
  log::Quiet complaints_, watch_complaints_;
};

}  // namespace edgecore::edged
