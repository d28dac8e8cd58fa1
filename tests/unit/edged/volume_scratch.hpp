// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "edged/host/mounts.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::edged {

/// A directory for one test; at the end everything mounted in it is unmounted and it is removed.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    auto mounts = KernelMounter().below(path());
    std::reverse(mounts.begin(), mounts.end());
    for (const auto& one : mounts) ::umount2(one.path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    if (!KernelMounter().below(path()).empty()) directory_.leave();
  }
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }
  std::filesystem::path operator/(const std::string& name) const { return directory_ / name; }

  std::filesystem::path directory(const std::string& name) const {
    std::filesystem::create_directories(directory_ / name);
    return directory_ / name;
  }

 private:
  edgecore::test::TemporaryDirectory directory_;
};

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) return "(no file)";
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

inline struct stat look(const std::filesystem::path& path) {
  struct stat about {};
  EXPECT_EQ(::lstat(path.c_str(), &about), 0) << path;
  return about;
}
inline unsigned mode_of_file(const std::filesystem::path& path) {
  return look(path).st_mode & 07777U;
}

/// Whether this process may mount; the tests with real mounts are skipped otherwise.
inline bool may_mount() {
  const Scratch scratch;
  try {
    KernelMounter().mount_tmpfs(scratch.path(), 65536);
    return true;
  } catch (const Error&) {
    return false;
  }
}
#define SKIP_UNLESS_MOUNTS() \
  if (!may_mount()) GTEST_SKIP() << "Mounting is not permitted here; run as root to test with real mounts"

}  // namespace edgecore::edged
