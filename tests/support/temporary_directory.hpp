// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "edgecore/base/error.hpp"

namespace edgecore::test {

/// A directory for one test below $TMPDIR, removed with its contents even if the test fails. Declare it in a
/// fixture before the objects that use it. Its path is short enough for sockets.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "edgecore-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw SystemError("The test's directory " + pattern + " cannot be made", errno);
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!left_) std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string string() const { return path_.string(); }
  operator const std::filesystem::path&() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

  /// Keeps the directory, because a file system that cannot be unmounted is mounted in it.
  void leave() { left_ = true; }

 private:
  std::filesystem::path path_;
  bool left_ = false;
};

}  // namespace edgecore::test
