// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "edgecore/base/error.hpp"
#include "support/temporary_directory.hpp"
#include "support/umask.hpp"

namespace edgecore {
namespace {

class FilesTest : public testing::Test {
 protected:
  test::TemporaryDirectory dir_;
};

TEST_F(FilesTest, AtomicWriteReplacesContentAndSetsMode) {
  const auto path = dir_ / "key";
  write_file_atomic(path, "old", 0644);
  write_file_atomic(path, "new", 0600);
  EXPECT_EQ(read_file(path, 100), "new");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(FilesTest, FailedAtomicWriteLeavesNoTemporaryFile) {
  std::filesystem::create_directory(dir_ / "target");
  std::ofstream(dir_ / "target" / "inside") << "x";
  EXPECT_THROW(write_file_atomic(dir_ / "target", "data", 0600), SystemError);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir_)) ++entries;
  EXPECT_EQ(entries, 1U);
}

ino_t inode(const std::filesystem::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_ino;
}

TEST_F(FilesTest, ReplacingLeavesAFileAloneThatHasTheContentAlready) {
  const auto path = dir_ / "hosts";
  replace_file(path, "127.0.0.1 a", 0644);
  const ino_t first = inode(path);
  replace_file(path, "127.0.0.1 a", 0644);
  EXPECT_EQ(inode(path), first);
  for (const std::string text : {"127.0.0.1 a b", "127.0.0.1", ""}) {
    replace_file(path, text, 0644);
    EXPECT_EQ(read_file(path, 100), text);
  }
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir_)) ++entries;
  EXPECT_EQ(entries, 1U);
}

TEST_F(FilesTest, ReadingHonoursTheLimitAndReportsAbsence) {
  write_file_atomic(dir_ / "big", std::string(1000, 'x'), 0644);
  EXPECT_THROW(read_file(dir_ / "big", 999), BadInput);
  EXPECT_EQ(read_file(dir_ / "big", 1000)->size(), 1000U);
  EXPECT_FALSE(read_file(dir_ / "none", 10).has_value());
}

TEST_F(FilesTest, NewDirectoriesHaveTheirModeWhateverTheUmaskIs) {
  for (const mode_t mask : test::kExtremeUmasks) {
    const test::Umask now(mask);
    const auto top = dir_ / std::to_string(mask);
    make_directories(top / "a" / "b", 0755);
    EXPECT_EQ(test::mode_of(top / "a"), 0755U);
    EXPECT_EQ(test::mode_of(top / "a" / "b"), 0755U);
    make_directories(top / "c", 0700);
    EXPECT_EQ(test::mode_of(top / "c"), 0700U);
  }
}

TEST_F(FilesTest, ADirectoryThatIsThereKeepsItsMode) {
  EXPECT_TRUE(make_directory(dir_ / "mine", 0711));
  EXPECT_FALSE(make_directory(dir_ / "mine", 0755));
  make_directories(dir_ / "mine", 0755);
  EXPECT_EQ(test::mode_of(dir_ / "mine"), 0711U);
  EXPECT_THROW(make_directory(dir_ / "no" / "where", 0755), SystemError);
}

TEST_F(FilesTest, ANewDirectoryInheritsTheSetGroupIdBit) {
  ASSERT_EQ(::chmod(dir_.path().c_str(), 02755), 0);
  make_directories(dir_ / "shared", 0750);
  EXPECT_EQ(test::mode_of(dir_ / "shared"), 02750U);
}

TEST_F(FilesTest, SecondLockIsRefusedUntilTheFirstIsGone) {
  auto first = LockFile::acquire(dir_ / "lock");
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(LockFile::acquire(dir_ / "lock").has_value());
  first.reset();
  EXPECT_TRUE(LockFile::acquire(dir_ / "lock").has_value());
}

}  // namespace
}  // namespace edgecore
