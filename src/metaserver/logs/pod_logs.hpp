// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/async/directory_watch.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/cri/container_logs.hpp"
#include "metaserver/logs/pod_log_options.hpp"
#include "metaserver/logs/pod_log_writer.hpp"

namespace edgecore::metaserver {

/// Sends one piece of the answer, at most kLogSlice bytes; the next one is made after it has returned.
using LogSink = std::function<boost::asio::awaitable<void>(std::string piece)>;

struct PodLogRequest {
  LogTarget target;
  PodLogOptions options;
  WallTime now;  ///< the time that sinceSeconds is counted back from
  /// Whether the container still runs, for `follow`. Called when everything was sent, at each change in the
  /// directory and every `look`.
  std::function<bool()> runs;
  std::filesystem::path pod_logs = "/var/log/pods";
  std::chrono::milliseconds look{1000};
  /// How long the runtime may write into the old file after it has opened the new one.
  std::chrono::milliseconds settle{200};
};

/// Sends one container's log to a client, in the format of `kubectl logs` (text/plain): the newest file, as
/// the kubelet does; with `tailLines` and since… also rotated files, as far back as needed. A line is sent in
/// pieces, so memory does not depend on its length.
///
/// `follow` ends when the container has ended and everything is sent. It reads a file until the runtime has
/// opened the next one. The stamps of rotated files tell which ones come between the two, so none is left out
/// or read twice, however slow the client is. Owned by one request, on its thread. Reads a slice at a time;
/// other coroutines get a turn in between.
class PodLog {
 public:
  /// Opens the files. Throws ApiError: 404 if there is no log (unless it is followed), 500 if it cannot be
  /// opened, 503 if that is for want of descriptors.
  PodLog(boost::asio::any_io_executor executor, const async::DirectoryWatches& watches,
         PodLogRequest request);
  ~PodLog();
  PodLog(const PodLog&) = delete;
  PodLog& operator=(const PodLog&) = delete;

  /// Sends the log, once. Throws what the sink throws, Error for files, and system_error if cancelled.
  boost::asio::awaitable<void> run(LogSink sink);

 private:
  struct Source {
    cri::LogFilePtr file;
    std::string stamp;  ///< files with a stamp up to this one come before it, or are this file
    bool compressed = false;
    bool newest = false;  ///< it had the log's own name when it was opened
    std::uint64_t offset = 0;
    std::unique_ptr<cri::GzipReader> unpacked;
  };
  enum class Place { kCurrent, kMovedAside, kReplaced };

  void open();
  bool open_files();
  void open_directory();
  void take_newest_only();
  boost::asio::awaitable<void> find_beginning();
  boost::asio::awaitable<void> send_all(Source& source, const LogSink& sink);
  boost::asio::awaitable<void> send_ready(const LogSink& sink);
  boost::asio::awaitable<void> follow(const LogSink& sink);
  boost::asio::awaitable<bool> leave_replaced_file(const LogSink& sink);
  void watch_directory();
  boost::asio::awaitable<void> turn();
  [[nodiscard]] Place place() const;
  bool go_to_next();
  bool try_next(bool& again);
  void start_over_if_cut();
  std::size_t read(Source& source);
  [[nodiscard]] bool became(const cri::RotatedLog& one, const cri::LogFile& file) const;

  boost::asio::any_io_executor executor_;
  async::DirectoryWatch watch_;
  PodLogRequest request_;
  std::string name_;  ///< of the newest file
  LogTail tail_;
  LogWriter writer_;
  std::optional<cri::LogDirectory> directory_;
  std::vector<Source> sources_;  ///< oldest first; the last one is followed
  std::string buffer_;
  std::optional<SteadyTime> settled_;  ///< when the runtime has stopped writing into the replaced file
  log::Quiet complaints_;
};

}  // namespace edgecore::metaserver
