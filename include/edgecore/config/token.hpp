// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace edgecore::config {

/// The join token that keadm writes to the bootstrap file, without surrounding white space; nullopt if the
/// file is missing or empty. Throws if it cannot be read (protocol/06-config-cli-tasks.md §2.2).
std::optional<std::string> read_bootstrap_token(const std::filesystem::path& path);

/// Replaces the value of `modules.edgeHub.token` in `text` by "" and keeps every other byte; nullopt if there
/// is no token. Throws Error if the token cannot be edited without changing other settings.
std::optional<std::string> without_token(std::string_view text);

/// Removes the token from the machine once the certificate replaces it (§2.3): edits the token's line in the
/// configuration file, atomically and with the file's mode, and unlinks the bootstrap file. Called once by
/// the owner of the certificate; blocks on the disk. Throws on failure; then the old file is unchanged.
void clean_up_token(const std::filesystem::path& config_path, const std::filesystem::path& bootstrap_path);

}  // namespace edgecore::config
