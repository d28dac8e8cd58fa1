// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// Removal of dead containers' log files (protocol/05-edged.md §1.14). These functions block: BlockingPool
/// only.
namespace edgecore::edged {

/// Names in /var/log/pods and /var/log/containers; the caller finds out whose they are.
struct DeadLogs {
  std::vector<std::string> directories;  ///< log directories of pods, alive or not
  std::vector<std::string> links;        ///< dangling links
};

/// Empty for a directory that does not exist. Throws SystemError.
DeadLogs find_dead_logs(const std::filesystem::path& pod_logs, const std::filesystem::path& container_logs);

/// Removes these directories with their content, and the links that still dangle. Returns a sentence for each
/// that could not be removed. Follows no link.
std::vector<std::string> remove_dead_logs(const DeadLogs& dead, const std::filesystem::path& pod_logs,
                                          const std::filesystem::path& container_logs);

/// Removes a container's log ("" = it has none), its rotated logs and its link. Returns a sentence for each
/// that could not be removed; missing ones are no error.
std::vector<std::string> remove_container_logs(const std::filesystem::path& log,
                                               const std::filesystem::path& container_logs,
                                               const std::string& link);

}  // namespace edgecore::edged
