// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"

/// The files of one container's log and what it is rotated to (protocol/05-edged.md §1.14).
namespace edgecore::edged {

/// protocol/05-edged.md §1.14 "Log rotation".
struct LogRotationPolicy {
  std::uint64_t max_size = std::uint64_t{10} << 20;  ///< bytes from which a log is rotated; 0 = never
  std::int32_t max_files = 5;  ///< of one container: the live log and rotated ones; at least 2
};
/// What is to be done with the files "<log>.*" beside a log before it is rotated: leftovers of broken-off
/// work and rotated logs beyond the limit go, rotated ones that are plain text are compressed. File names,
/// not paths. Pure.
struct LogHousekeeping {
  std::vector<std::string> remove;
  std::vector<std::string> compress;
  bool operator==(const LogHousekeeping&) const = default;
};
LogHousekeeping plan_log_housekeeping(std::string_view log_name, std::vector<std::string> beside,
                                      const LogRotationPolicy& policy);

/// "<log>.20240610-061320" for `now` (UTC). Later than every rotated name there is, so that a clock set back
/// neither overwrites a rotated log nor makes the newest look like the oldest. Pure.
std::string rotated_log_name(std::string_view log_name, const std::vector<std::string>& beside, WallTime now);

/// `file` → `file`.gz by way of `file`.tmp; then `file` is gone. At any power cut one of the two is whole.
/// Blocks; throws SystemError or Error.
void compress_log(const std::filesystem::path& file);

/// What became of a log that was moved aside.
struct LogMoved {
  std::filesystem::path path;           ///< where it is now
  std::vector<std::string> complaints;  ///< what could not be done for older ones; tried again the next time
};
/// Moves the log aside after the house was kept. The runtime has to reopen the log next. A full disk keeps
/// old logs from being compressed, not this one from being moved. Blocks; throws SystemError, and Error when
/// the log is no plain file.
LogMoved move_log_aside(const std::filesystem::path& log, const LogRotationPolicy& policy, WallTime now);

/// Puts it back when the runtime did not reopen; does nothing when there is a new log by now. Blocks; throws
/// SystemError.
void move_log_back(const std::filesystem::path& rotated, const std::filesystem::path& log);

}  // namespace edgecore::edged
