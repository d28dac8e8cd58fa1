// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// The files of dead containers (protocol/05-edged.md §1.14). These block: BlockingPool only.
namespace edgecore::edged {

/// File names in /var/log/pods and /var/log/containers; whose they are is for the caller to judge.
struct DeadLogs {
  std::vector<std::string> directories;  ///< log directories of pods, alive or not
  std::vector<std::string> links;        ///< links that point to nothing
};

/// A directory that is not there holds nothing. Throws SystemError.
DeadLogs find_dead_logs(const std::filesystem::path& pod_logs, const std::filesystem::path& container_logs);

/// Removes these directories with all that is in them, and those of the links that still point to nothing. A
/// sentence for each that could not be removed. Follows no link.
std::vector<std::string> remove_dead_logs(const DeadLogs& dead, const std::filesystem::path& pod_logs,
                                          const std::filesystem::path& container_logs);

/// Removes a container's log ("" = it has none), what it was rotated to, and its link. A sentence for each
/// that could not be removed; what is not there is none.
std::vector<std::string> remove_container_logs(const std::filesystem::path& log,
                                               const std::filesystem::path& container_logs,
                                               const std::string& link);

}  // namespace edgecore::edged
