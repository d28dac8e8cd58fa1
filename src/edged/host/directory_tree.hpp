// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "edgecore/base/process.hpp"

/// Directories reached by descriptor, so that nobody who may write into a volume can lead us elsewhere with a
/// symbolic link. All throw SystemError; none follows a link.
namespace edgecore::edged {

/// Nobody nests deeper on purpose; each level costs a descriptor and a stack frame.
inline constexpr int kMaxTreeDepth = 256;
/// Bytes of the longest path that the kernel takes.
inline constexpr std::size_t kMaxPath = 4096;

/// Opens a directory that is ours by its path; only the last element must not be a link.
FileDescriptor open_directory(const std::filesystem::path& path);
/// A directory inside an open one. Not valid when there is none of the name.
FileDescriptor open_directory_at(const FileDescriptor& parent, const std::string& name);

/// The names inside, sorted, without "." and "..".
std::vector<std::string> directory_entries(const FileDescriptor& directory);

/// Removes what is called `name` in `parent`, with everything below it. Refuses (throws Error) to enter
/// another file system than `device`. What is not there is no error.
void remove_tree_at(const FileDescriptor& parent, const std::string& name, dev_t device);
/// remove_tree_at for a path, staying on the file system of its parent directory.
void remove_tree(const std::filesystem::path& path);

}  // namespace edgecore::edged
