// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "edgecore/base/error.hpp"

namespace edgecore::test {

/// The umask of this process while it lives.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { ::umask(before_); }

 private:
  mode_t before_;
};

/// What a shell without a umask, and one of a careful administrator, start edgecore with.
inline constexpr std::array<mode_t, 2> kExtremeUmasks{0, 077};

/// The permission bits of a file or folder, not of what a link leads to.
inline unsigned mode_of(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) throw SystemError("cannot look at " + path.string(), errno);
  return info.st_mode & 07777U;
}

}  // namespace edgecore::test
