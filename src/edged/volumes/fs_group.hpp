// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace edgecore::edged {

struct FsGroup {
  gid_t gid = 0;
  bool on_root_mismatch = false;  ///< fsGroupChangePolicy OnRootMismatch
};

/// Gives a volume to the pod's fsGroup (protocol/05-edged.md §2.8): sets the group of every entry, makes
/// files readable and writable (only readable with `read_only`) by it, and directories also setgid and
/// searchable. Sets the group of links themselves and does not follow them; does not enter other file
/// systems. With OnRootMismatch does nothing if the root has the group and the bits. Blocks. Throws
/// SystemError.
void apply_fs_group(const std::filesystem::path& volume, const FsGroup& group, bool read_only);

}  // namespace edgecore::edged
