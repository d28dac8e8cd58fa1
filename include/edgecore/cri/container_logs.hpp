// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edgecore/base/process.hpp"

/// The log files that the runtime writes for containers (protocol/05-edged.md §1.14, §1.15, §4): their paths,
/// rotated files and line format.
/// `/var/log/pods/<ns>_<pod>_<uid>/<container>/<number>.log` and beside it
/// `<number>.log.<YYYYMMDD-HHMMSS>[.gz]`.
/// edged, which rotates them, and the API, which reads them, share this. Names and lines are pure; files
/// block, shortly.
namespace edgecore::cri {

// ---- Names

/// "<ns>_<pod>_<uid>": the name of a pod's directory.
std::string pod_log_directory(std::string_view ns, std::string_view pod, std::string_view uid);
/// "<number>.log": the log of the container that was started for the number-th time (its restart count).
std::string container_log_name(std::uint32_t number);

/// "20240610-061320" (UTC): the time in a rotated log's name. Stamps sort like times.
std::string log_stamp(std::time_t seconds);
/// The time of a stamp; nullopt if it is malformed.
std::optional<std::time_t> log_stamp_time(const std::string& stamp);
/// "<stamp>" of the name "<log>.<stamp>[.gz]".
std::string rotated_log_stamp(std::string_view name, std::string_view log_name);

/// A log that was moved aside.
struct RotatedLog {
  std::string name;
  std::string stamp;
  bool compressed = false;
  bool operator==(const RotatedLog&) const = default;
};
/// The rotated logs among the names in a log's directory, oldest first. Ignores temporary files; if one
/// exists both plain and compressed, the plain one counts.
std::vector<RotatedLog> rotated_logs(std::string_view log_name, const std::vector<std::string>& names);

// ---- Lines

/// A line is "<RFC3339Nano> <stdout|stderr> <tags> <text>"; the header is the part before the text.
struct LogHeader {
  std::string_view time;
  bool is_stderr = false;
  bool partial = false;  ///< tag P: the text goes on in the next line of the stream
  std::size_t size = 0;  ///< bytes before the text
};
/// Limit of a header's length.
inline constexpr std::size_t kLongestLogHeader = 128;

/// The header at the beginning of `line`; nullopt if there is none, or it is incomplete. `whole`: nothing
/// follows, so the space before an empty text may be missing.
std::optional<LogHeader> parse_log_header(std::string_view line, bool whole = true);

/// The time of a line with nine digits of fraction, as the API prints it; a malformed time stays as it is.
std::string fixed_log_time(std::string_view time);

/// Part of the text of one line.
struct LogPiece {
  std::string_view time;
  bool is_stderr = false;
  bool partial = false;  ///< of the line, not of the piece
  bool begins = false;   ///< the first piece of its line
  bool ends = false;     ///< the last one
  std::string_view text;
};

/// Splits the bytes of log files into pieces of their lines. Buffers a header at most, whatever the length of
/// a line. Skips malformed lines (a power cut leaves such).
class LogScanner {
 public:
  using Take = std::function<void(const LogPiece&)>;
  void feed(std::string_view bytes, const Take& take);
  /// Within the text of a line.
  [[nodiscard]] bool within_line() const { return state_ == State::kText; }
  /// The next byte begins a line.
  void reset();

 private:
  enum class State { kHeader, kText, kPassOver };
  std::size_t feed_header(std::string_view bytes);
  State state_ = State::kHeader;
  std::string header_;
  LogPiece line_;  ///< its time is stored in time_
  std::string time_;
};

// ---- Files

/// An open log file: it can be read to its end after it was renamed, compressed or removed. Opens only plain
/// files, and no links.
class LogFile {
 public:
  explicit LogFile(FileDescriptor fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Throws SystemError, like all functions below.
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] bool is_same_as(const LogFile& other) const;
  /// Bytes read from `offset` on; 0 at the end.
  std::size_t read_at(std::uint64_t offset, char* into, std::size_t most) const;

 private:
  FileDescriptor fd_;
  std::string name_;
};
using LogFilePtr = std::shared_ptr<const LogFile>;

/// Reads a compressed log from front to back. A truncated or damaged file ends early.
class GzipReader {
 public:
  /// Throws Error if there is no memory.
  explicit GzipReader(LogFilePtr file);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;
  /// Bytes put into `into`; 0 at the end. Throws SystemError.
  std::size_t read(char* into, std::size_t most);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The open directory of a container's logs.
class LogDirectory {
 public:
  /// Opens `root`/`pod_directory`/`container`; the last two must not be links. nullopt if it does not exist.
  /// Throws SystemError, and BadInput for invalid names.
  static std::optional<LogDirectory> open(const std::filesystem::path& root, const std::string& pod_directory,
                                          const std::string& container);

  /// Opens a directory by its path.
  static std::optional<LogDirectory> open(const std::filesystem::path& directory);

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Names of plain files that begin with `start`. Throws SystemError.
  [[nodiscard]] std::vector<std::string> files(std::string_view start) const;
  /// nullptr if it does not exist. Throws SystemError, and Error if it is not a plain file.
  [[nodiscard]] LogFilePtr open_file(const std::string& name) const;

 private:
  explicit LogDirectory(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

}  // namespace edgecore::cri
