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

/// Gives a volume to the pod's fsGroup (protocol/05-edged.md §2.8): the group of every entry, files
/// readable and writable (only readable with `read_only`) by it, directories also setgid and searchable.
/// Links are not followed, their own group is set; other file systems are not entered. Nothing is done under
/// OnRootMismatch when the root has its group and bits. Blocks. Throws SystemError.
void apply_fs_group(const std::filesystem::path& volume, const FsGroup& group, bool read_only);

}  // namespace edgecore::edged
