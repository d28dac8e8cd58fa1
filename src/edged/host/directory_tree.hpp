// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "edgecore/base/process.hpp"
#include "edged/host/tree_walk.hpp"

/// Directory operations by descriptor, so that a container which may write into a volume cannot redirect them
/// with a symbolic link. All throw SystemError; none follows a link.
namespace edgecore::edged {

/// Longest path that the kernel accepts, in bytes.
inline constexpr std::size_t kMaxPath = 4096;

/// Opens a trusted directory by its path; only the last element must not be a link.
FileDescriptor open_directory(const std::filesystem::path& path);
/// Opens a directory inside an open one; the descriptor is not valid if there is none of that name.
FileDescriptor open_directory_at(const FileDescriptor& parent, const std::string& name);

/// The names inside, sorted, without "." and "..". For directories that the node fills: holds all names at
/// once. What a container fills is walked with walk_tree.
std::vector<std::string> directory_entries(const FileDescriptor& directory);

/// Removes `name` in `parent` with everything below it, of any depth and any number of entries. Nobody works
/// in it any more. Throws Error instead of entering another file system than `device`. No error if it does
/// not exist. A directory deeper than `most_levels` is first moved up into `name`.
void remove_tree_at(const FileDescriptor& parent, const std::string& name, dev_t device,
                    std::size_t most_levels = kMostLevels);
/// remove_tree_at for a path, staying on the file system of its parent directory.
void remove_tree(const std::filesystem::path& path);

}  // namespace edgecore::edged
