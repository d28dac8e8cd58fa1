// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "edgecore/base/error.hpp"

namespace edgecore::test {

/// A directory of one test's own below $TMPDIR, removed with what is in it, also when the test fails. A
/// fixture declares it before what lives in it. Its path is short: sockets have room.
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

  /// It stays: what is mounted in it could not be taken off, and is not the test's to remove.
  void leave() { left_ = true; }

 private:
  std::filesystem::path path_;
  bool left_ = false;
};

}  // namespace edgecore::test
