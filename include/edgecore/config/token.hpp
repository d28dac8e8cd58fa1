// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace edgecore::config {

/// The join token that keadm leaves in the bootstrap file, without the white space around it; nullopt when
/// the file is missing or holds nothing. Throws when it cannot be read (protocol/06-config-cli-tasks.md
/// §2.2).
std::optional<std::string> read_bootstrap_token(const std::filesystem::path& path);

/// `text` with the value of `modules.edgeHub.token` made "" and every other byte kept; nullopt when there is
/// nothing to remove. Throws Error when the token is written in a way that cannot be edited without touching
/// other settings.
std::optional<std::string> without_token(std::string_view text);

/// Removes the token from the machine once the certificate made it worthless (§2.3): edits the token's line
/// in the configuration file, atomically and with the file's mode kept, and unlinks the bootstrap file.
/// Called once by the owner of the certificate; blocks on the disk. Throws on failure; the old file is then
/// untouched.
void clean_up_token(const std::filesystem::path& config_path, const std::filesystem::path& bootstrap_path);

}  // namespace edgecore::config
