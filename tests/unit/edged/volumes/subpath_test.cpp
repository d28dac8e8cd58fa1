// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/subpath.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/umask.hpp"
#include "unit/edged/volume_scratch.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

/// The path of an open descriptor.
fs::path path_of(const FileDescriptor& opened) {
  return fs::read_symlink("/proc/self/fd/" + std::to_string(opened.get()));
}

class SubPath : public ::testing::Test {
 protected:
  SubPath() {
    write_text(outside / "secret", "outside");
    fs::create_directories(volume / "dir/inner");
    write_text(volume / "dir/file", "inside");
  }
  Scratch scratch;
  fs::path volume = scratch.directory("volume");
  fs::path outside = scratch.directory("outside");
};

TEST_F(SubPath, OpensWhatIsInside) {
  EXPECT_EQ(path_of(open_beneath(volume, "dir/file", std::nullopt)), volume / "dir/file");
  EXPECT_EQ(path_of(open_beneath(volume, "./dir//inner/", std::nullopt)), volume / "dir/inner");
  EXPECT_EQ(path_of(open_beneath(volume, "", std::nullopt)), volume);
}

TEST_F(SubPath, FollowsLinksThatStayInside) {
  fs::create_symlink("dir", volume / "..data");
  fs::create_symlink("..data/file", volume / "key");
  fs::create_symlink("../../dir/file", volume / "dir/inner/up");
  EXPECT_EQ(path_of(open_beneath(volume, "key", std::nullopt)), volume / "dir/file");
  EXPECT_EQ(path_of(open_beneath(volume, "dir/inner/up", std::nullopt)), volume / "dir/file");
}

TEST_F(SubPath, RefusesEveryWayOut) {
  fs::create_symlink("/etc", volume / "absolute");
  fs::create_symlink("../outside", volume / "relative");
  fs::create_symlink("dir/../../outside/secret", volume / "winding");
  fs::create_symlink("loop", volume / "loop");
  fs::create_symlink(volume / "dir", volume / "absolute-inside");
  for (const char* bad : {"absolute", "absolute/passwd", "relative/secret", "winding", "loop",
                          "absolute-inside", "../outside", "dir/../../outside", "/etc/passwd", "missing"}) {
    EXPECT_THROW(open_beneath(volume, bad, std::nullopt), Error) << bad;
  }
}

TEST_F(SubPath, MakesMissingDirectoriesOnlyInside) {
  const auto made = open_beneath(volume, "new/deeper", 0777);
  EXPECT_EQ(path_of(made), volume / "new/deeper");
  EXPECT_EQ(mode_of_file(volume / "new"), 0777U);
  fs::create_symlink("../outside/made", volume / "dangling");
  fs::create_symlink("nowhere", volume / "dangling-inside");
  fs::create_symlink("dir", volume / "link");
  EXPECT_THROW(open_beneath(volume, "dangling/x", 0777), Error);
  EXPECT_THROW(open_beneath(volume, "dangling-inside", 0777), Error);
  EXPECT_FALSE(fs::exists(outside / "made"));
  EXPECT_FALSE(fs::exists(volume / "nowhere"));
  EXPECT_EQ(path_of(open_beneath(volume, "link/through", 0777)), volume / "dir/through");
}

/// A container that replaces a directory by a link to the outside during the walk never gets the walk out.
TEST_F(SubPath, ADirectorySwappedForALinkMeanwhileDoesNotLeadOut) {
  fs::create_directories(volume / "target/x");
  fs::create_directories(outside / "x");
  std::atomic<bool> stop{false};
  std::thread attacker([&] {
    while (!stop) {
      std::error_code ignored;
      fs::rename(volume / "target", volume / "aside", ignored);
      fs::create_symlink("../outside", volume / "target", ignored);
      fs::remove(volume / "target", ignored);
      fs::rename(volume / "aside", volume / "target", ignored);
    }
  });
  int opened = 0;
  for (int i = 0; i < 3000; ++i) {
    try {
      const auto inside = open_beneath(volume, "target/x", std::nullopt);
      const struct stat got = [&] {
        struct stat about {};
        EXPECT_EQ(::fstat(inside.get(), &about), 0);
        return about;
      }();
      EXPECT_NE(got.st_ino, look(outside / "x").st_ino);
      ++opened;
    } catch (const Error&) {
      // refused, or missing at that moment
    }
  }
  stop = true;
  attacker.join();
  EXPECT_GT(opened, 0);
}

TEST_F(SubPath, IsMountedAndFollowsAChangeAtTheNextStart) {
  SKIP_UNLESS_MOUNTS();
  KernelMounter mounter;
  const auto target = scratch / "pod/volume-subpaths/v/c/0";
  EXPECT_TRUE(mount_sub_path(mounter, volume, "dir/file", target));
  EXPECT_EQ(content_of(target), "inside");
  EXPECT_FALSE(mount_sub_path(mounter, volume, "dir/file", target)) << "the same inode stays mounted";
  write_text(volume / "dir/next", "changed");
  fs::rename(volume / "dir/next", volume / "dir/file");
  EXPECT_EQ(content_of(target), "inside") << "a running container keeps the old file";
  EXPECT_TRUE(mount_sub_path(mounter, volume, "dir/file", target));
  EXPECT_EQ(content_of(target), "changed");
  EXPECT_TRUE(mount_sub_path(mounter, volume, "dir", target)) << "from a file to a directory";
  EXPECT_EQ(content_of(target / "file"), "changed");
  EXPECT_EQ(mounter.below(scratch.path()).size(), 1U);
}

TEST_F(SubPath, MountPointsDoNotDependOnTheUmask) {
  MemoryMounter mounter;
  for (const mode_t mask : edgecore::test::kExtremeUmasks) {
    const edgecore::test::Umask now(mask);
    const auto top = scratch / std::to_string(mask);
    mount_sub_path(mounter, volume, "dir", top / "0");
    mount_sub_path(mounter, volume, "dir/file", top / "1");
    EXPECT_EQ(edgecore::test::mode_of(top), 0750U);
    EXPECT_EQ(edgecore::test::mode_of(top / "0"), 0750U);
    EXPECT_EQ(edgecore::test::mode_of(top / "1"), 0640U);
  }
}

}  // namespace
}  // namespace edgecore::edged
