// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "edgecore/base/process.hpp"
#include "edged/host/mounts.hpp"

/// subPath mounts (protocol/05-edged.md §2.8). A container can write into the volume and so change it during
/// the walk. Therefore every step goes from an open directory to the next, this code reads and follows links
/// itself and never out of the volume, and it mounts the very inode that it opened.
namespace edgecore::edged {

/// Opens (O_PATH) `sub_path` inside `volume`. Makes missing directories with `create_mode` if that is given.
/// Follows relative links inside the volume; refuses absolute ones and those that leave it. `volume` itself
/// may be reached through links (the path is the node's). Throws Error or SystemError with a sentence.
FileDescriptor open_beneath(const std::filesystem::path& volume, const std::string& sub_path,
                            std::optional<mode_t> create_mode);

/// Mounts `sub_path` of the volume at `target`, which is made as a directory or file, like the source. Makes
/// missing directories with the volume's own mode. Keeps an existing mount of the same inode, replaces
/// another. True if something was mounted. Blocks.
bool mount_sub_path(Mounter& mounter, const std::filesystem::path& volume, const std::string& sub_path,
                    const std::filesystem::path& target);

}  // namespace edgecore::edged
