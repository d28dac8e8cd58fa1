// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Names of log directories and links on the host (protocol/05-edged.md §1.6, §1.15). Pure functions.
namespace edgecore::edged {

/// The link of a container's log in /var/log/containers: "<pod>_<ns>_<container>-<id>.log". The part before
/// ".log" is cut at 251 bytes.
std::string container_log_link(std::string_view pod_name, std::string_view pod_namespace,
                               std::string_view container_name, std::string_view container_id);

/// The container id in the name of such a link; nullopt for another name.
std::optional<std::string> container_id_of_link(std::string_view file_name);

/// The pod's UID in a directory name "<ns>_<pod>_<uid>" of /var/log/pods; nullopt for another name.
std::optional<std::string> pod_uid_of_log_directory(std::string_view directory_name);

/// True if `path` is absolute, has no "." or ".." element, and lies below `directory`. Check paths from the
/// runtime with it before using them.
bool is_below(const std::filesystem::path& path, const std::filesystem::path& directory);

}  // namespace edgecore::edged
