// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"

/// The files of one container's log, live and rotated (protocol/05-edged.md §1.14).
namespace edgecore::edged {

/// protocol/05-edged.md §1.14 "Log rotation".
struct LogRotationPolicy {
  std::uint64_t max_size = std::uint64_t{10} << 20;  ///< bytes; a larger log is rotated; 0 = never
  std::int32_t max_files = 5;                        ///< per container, live log included; at least 2
};
/// What to do with the files "<log>.*" beside a log before it is rotated: remove temporary files of
/// interrupted work and rotated logs beyond the limit, compress rotated logs that are plain text. File names,
/// not paths. Pure.
struct LogHousekeeping {
  std::vector<std::string> remove;
  std::vector<std::string> compress;
  bool operator==(const LogHousekeeping&) const = default;
};
LogHousekeeping plan_log_housekeeping(std::string_view log_name, std::vector<std::string> beside,
                                      const LogRotationPolicy& policy);

/// "<log>.20240610-061320" for `now` (UTC). Later than every existing rotated name, so that a clock set back
/// neither overwrites a rotated log nor makes the newest look like the oldest. Pure.
std::string rotated_log_name(std::string_view log_name, const std::vector<std::string>& beside, WallTime now);

/// Compresses `file` to `file`.gz through `file`.tmp, then removes `file`. At any power cut one of the two is
/// complete. Blocks; throws SystemError or Error.
void compress_log(const std::filesystem::path& file);

/// The result of move_log_aside.
struct LogMoved {
  std::filesystem::path path;           ///< where it is now
  std::vector<std::string> complaints;  ///< failures with older logs; tried again next time
};
/// Cleans up older logs, then renames the log. The caller has the runtime reopen it next. A full disk
/// prevents older logs from being compressed, but not this one from being renamed. Blocks; throws
/// SystemError, and Error if the log is not a plain file.
LogMoved move_log_aside(const std::filesystem::path& log, const LogRotationPolicy& policy, WallTime now);

/// Renames the log back if the runtime did not reopen it; does nothing if there is a new log by now. Blocks;
/// throws SystemError.
void move_log_back(const std::filesystem::path& rotated, const std::filesystem::path& log);

}  // namespace edgecore::edged
