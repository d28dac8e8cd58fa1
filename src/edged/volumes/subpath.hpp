// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "edgecore/base/process.hpp"
#include "edged/host/mounts.hpp"

/// subPath mounts (protocol/05-edged.md §2.8). A container may write into the volume and so may change it
/// while we look: every step goes from an open directory to the next, links are read and followed by us and
/// never lead out of the volume, and what is mounted is the very inode that was opened.
namespace edgecore::edged {

/// Opens (O_PATH) what `sub_path` names inside `volume`; missing directories of it are made with
/// `create_mode` when that is given. Relative links inside the volume are followed, absolute ones and those
/// that leave it refused. `volume` itself may be reached through links (it is the node's). Throws Error or
/// SystemError with a sentence.
FileDescriptor open_beneath(const std::filesystem::path& volume, const std::string& sub_path,
                            std::optional<mode_t> create_mode);

/// Mounts `sub_path` of the volume at `target` (which is made: a directory or a file, as the source is);
/// missing directories get the volume's own mode. A mount of the same inode that is already there stays,
/// another one is replaced. Returns whether anything was mounted. Blocks.
bool mount_sub_path(Mounter& mounter, const std::filesystem::path& volume, const std::string& sub_path,
                    const std::filesystem::path& target);

}  // namespace edgecore::edged
