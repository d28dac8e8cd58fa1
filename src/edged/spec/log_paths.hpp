// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Names of log directories and links on the host (protocol/05-edged.md §1.6, §1.15). Pure functions.
namespace edgecore::edged {

/// File name of a container's link in /var/log/containers: "<pod>_<ns>_<container>-<id>.log", what stands
/// before the ending cut at 251 bytes.
std::string container_log_link(std::string_view pod_name, std::string_view pod_namespace,
                               std::string_view container_name, std::string_view container_id);

/// The container id at the end of such a name; nullopt when it is not one.
std::optional<std::string> container_id_of_link(std::string_view file_name);

/// The pod's UID of a directory name "<ns>_<pod>_<uid>" in /var/log/pods; nullopt when it is not one of ours.
std::optional<std::string> pod_uid_of_log_directory(std::string_view directory_name);

/// True when `path` is absolute, holds no "." or "..", and lies below `directory`: paths that the runtime
/// tells are only followed there.
bool is_below(const std::filesystem::path& path, const std::filesystem::path& directory);

}  // namespace edgecore::edged
