// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace edgecore {

/// Writes `data` to `path` so that after a power cut the file has either the old or the new content: a
/// temporary file of `mode` in the same directory, fsync, rename, fsync of the directory. Throws SystemError;
/// on failure the temporary file is removed and the old file is untouched.
void write_file_atomic(const std::filesystem::path& path, std::string_view data, mode_t mode);

/// Replaces the content of `path` by `data` without a flush, for files that can be made again after a power
/// cut. Readers see the old or the new content. Does not flush because that would delay a runtime on the same
/// disk. Leaves a file with this content alone, so that containers that have it mounted keep seeing it.
/// Throws SystemError.
void replace_file(const std::filesystem::path& path, std::string_view data, mode_t mode);

/// The file's bytes; nullopt if it does not exist. Throws BadInput above `max_bytes`, SystemError otherwise.
std::optional<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes);

/// As mkdir, but the new directory has exactly `mode` whatever the umask is (and the set-group-ID bit of its
/// parent). False if the name exists already, which is left alone. Throws SystemError.
bool make_directory(const std::filesystem::path& path, mode_t mode);

/// As mkdir -p; new directories get exactly `mode`, whatever the umask is. Throws SystemError.
void make_directories(const std::filesystem::path& path, mode_t mode);

/// An advisory lock (flock) on a file, held until destruction. The file holds the owner's pid, for
/// information.
class LockFile {
 public:
  /// nullopt if another process holds it; throws SystemError if the file cannot be created.
  static std::optional<LockFile> acquire(const std::filesystem::path& path);
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace edgecore
