// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace edgecore {

/// Writes `data` to `path` so that after a power cut at any moment either the old or the new content is
/// there: a temporary file of `mode` in the same directory, fsync, rename, fsync of the directory. Throws
/// SystemError; on failure the temporary file is removed and the old file is untouched.
void write_file_atomic(const std::filesystem::path& path, std::string_view data, mode_t mode);

/// Makes `path` hold `data`, for what is made again when it is lost: readers see the old or the new content,
/// but nothing is flushed (a flush makes a runtime on the same disk wait). A file that holds `data` already
/// is left alone: whoever has it mounted keeps seeing it. Throws SystemError.
void replace_file(const std::filesystem::path& path, std::string_view data, mode_t mode);

/// The file's bytes; nullopt when it does not exist. Throws BadInput above `max_bytes`, SystemError
/// otherwise.
std::optional<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes);

/// mkdir -p with `mode` for the directories it makes. Throws SystemError.
void make_directories(const std::filesystem::path& path, mode_t mode = 0755);

/// An advisory lock (flock) on a file, held until destruction. The file holds the owner's pid for a reader's
/// eye.
class LockFile {
 public:
  /// nullopt when another process holds it; throws SystemError when the file cannot be made.
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
