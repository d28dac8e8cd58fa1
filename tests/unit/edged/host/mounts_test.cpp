// SPDX-License-Identifier: Apache-2.0
#include "edged/host/mounts.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/kube/json.hpp"
#include "edged/volumes/empty_dir.hpp"
#include "edged/volumes/fs_group.hpp"
#include "edged/volumes/host_path.hpp"
#include "unit/edged/byte_units.hpp"
#include "unit/edged/volume_scratch.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(Mountinfo, IsReadWithItsEscapesAndOptionalFields) {
  const auto mounts = parse_mountinfo(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw\n"
      "37 35 0:9 / /with\\040space rw shared:4 master:1 - tmpfs tmpfs rw,size=1k\n"
      "nonsense\n"
      "38 35 0:9 / relative rw - tmpfs tmpfs rw\n"
      "39 35 0:9 / /cut rw shared:5\n");
  const std::vector<MountPoint> expected{{"/mnt2", "ext3", false}, {"/with space", "tmpfs", true}};
  EXPECT_EQ(mounts, expected);
}

TEST(KernelMounter, MountsBindsAndUnmountsForReal) {
  SKIP_UNLESS_MOUNTS();
  const Scratch scratch;
  KernelMounter mounter;
  const auto on = scratch.directory("a b");
  mounter.mount_tmpfs(on, 65536);
  EXPECT_TRUE(mounter.is_mount_point(on));
  EXPECT_THAT(mounter.below(scratch.path()), SizeIs(1));
  write_text(on / "file", "x");
  write_text(scratch / "target", "");
  const FileDescriptor source(::open((on / "file").c_str(), O_PATH | O_CLOEXEC));
  mounter.bind(source, scratch / "target");
  EXPECT_EQ(content_of(scratch / "target"), "x");
  EXPECT_TRUE(mounter.unmount(scratch / "target"));
  EXPECT_FALSE(mounter.unmount(scratch / "target"));
  EXPECT_FALSE(mounter.unmount(scratch / "missing"));
  fs::create_symlink(on, scratch / "link");
  EXPECT_FALSE(mounter.unmount(scratch / "link")) << "a link must not lead to another's mount";
  EXPECT_TRUE(mounter.is_mount_point(on));
  EXPECT_FALSE(mounter.is_mount_point(scratch / "a"));
}

TEST(KernelMounter, SaysWhatCouldNotBeMounted) {
  KernelMounter mounter;
  try {
    mounter.mount_tmpfs("/nonexistent/x", 0);
    FAIL() << "mounted on nothing";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot mount a tmpfs on /nonexistent/x: "));
  }
}

TEST(KernelMounter, MakesTheRootShareMountsOnce) {
  SKIP_UNLESS_MOUNTS();
  const Scratch scratch;
  KernelMounter mounter;
  mounter.make_shared(scratch.path());
  mounter.make_shared(scratch.path());
  const auto mounts = mounter.below(scratch.path());
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_TRUE(mounts[0].shared);
}

std::string host_path_error(const fs::path& path, const std::string& type) {
  try {
    prepare_host_path({path.string(), type});
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(HostPath, IsCheckedByItsType) {
  const Scratch scratch;
  write_text(scratch / "file", "");
  const auto directory = scratch.directory("directory");
  const std::string file = scratch / "file";
  struct Case {
    std::string path, type, error;
  };
  const std::vector<Case> cases = {
      {"/nowhere", "", "no error"},
      {directory, "Directory", "no error"},
      {file, "Directory", "hostPath type check failed: " + file + " is not a directory"},
      {file, "File", "no error"},
      {directory, "File", "hostPath type check failed: " + directory.string() + " is not a file"},
      {file, "Socket", "hostPath type check failed: " + file + " is not a socket file"},
      {"/dev/null", "CharDevice", "no error"},
      {"/dev/null", "BlockDevice", "hostPath type check failed: /dev/null is not a block device"},
      {scratch / "missing", "Directory",
       "hostPath type check failed: " + (scratch / "missing").string() + " is not a directory"},
  };
  for (const auto& one : cases) EXPECT_EQ(host_path_error(one.path, one.type), one.error);
  EXPECT_THAT(host_path_error("/var/../etc", ""), HasSubstr("must not hold '..'"));
  EXPECT_THAT(host_path_error(file, "Pipe"), HasSubstr("unknown type"));
}

TEST(HostPath, IsMadeWhenAsked) {
  const Scratch scratch;
  EXPECT_EQ(host_path_error(scratch / "a/b", "DirectoryOrCreate"), "no error");
  EXPECT_EQ(mode_of_file(scratch / "a/b"), 0755U);
  EXPECT_EQ(host_path_error(scratch / "a/file", "FileOrCreate"), "no error");
  EXPECT_EQ(mode_of_file(scratch / "a/file"), 0644U);
  EXPECT_THAT(host_path_error(scratch / "no/parent/file", "FileOrCreate"),
              HasSubstr("cannot create the file"));
}

TEST(EmptyDir, IsWritableForAllAndKeptOnceReady) {
  const Scratch scratch;
  MemoryMounter mounter;
  const EmptyDirPlan plan{scratch / "pod/v", scratch / "pod/ready", "", 0, std::nullopt};
  EXPECT_TRUE(make_empty_dir(mounter, plan));
  EXPECT_EQ(mode_of_file(plan.path), 0777U);
  ::chmod(plan.path.c_str(), 0700);  // by the pod: must not be reset
  EXPECT_FALSE(make_empty_dir(mounter, plan));
  EXPECT_EQ(mode_of_file(plan.path), 0700U);
}

TEST(EmptyDir, InMemoryIsMountedAgainAfterAReboot) {
  const Scratch scratch;
  MemoryMounter mounter;
  const EmptyDirPlan plan{scratch / "v", scratch / "ready", "Memory", 4096, std::nullopt};
  EXPECT_TRUE(make_empty_dir(mounter, plan));
  EXPECT_EQ(mounter.size_of(plan.path), 4096U);
  EXPECT_FALSE(make_empty_dir(mounter, plan));
  mounter.unmount(plan.path);
  EXPECT_TRUE(make_empty_dir(mounter, plan)) << "the marker outlived the mount";
  EXPECT_THAT(mounter.below(scratch.path()), SizeIs(1));
}

TEST(EmptyDir, KnowsItsMedia) {
  const Scratch scratch;
  MemoryMounter mounter;
  EmptyDirPlan plan{scratch / "v", scratch / "ready", "HugePages-2Mi", 0, std::nullopt};
  EXPECT_TRUE(make_empty_dir(mounter, plan));
  EXPECT_EQ(mounter.size_of(plan.path), 2U << 20U);
  for (const char* medium : {"Disk", "HugePages-", "HugePages-x"}) {
    EmptyDirPlan bad{scratch / medium, scratch / "ready2", medium, 0, std::nullopt};
    EXPECT_THROW(make_empty_dir(mounter, bad), Error) << medium;
  }
}

TEST(EmptyDir, MemoryIsBoundedByTheSmallestLimit) {
  const auto pod = [](const std::string& limits) {
    return kube::parse_pod(kube::parse_json(
        R"x({"metadata": {"name": "p", "namespace": "ns", "uid": "u"}, "spec": {"containers": [
            {"name": "a", "image": "i", "resources": {"limits": {"memory": "10Mi"}}},
            {"name": "b", "image": "i", "resources": {"limits": {)x" +
        limits + "}}}]}}"));
  };
  PodFacts facts;
  facts.allocatable["memory"] = "100Mi";
  constexpr auto kMebibyte = static_cast<std::uint64_t>(kMi);
  EXPECT_EQ(memory_volume_bytes(*pod(""), std::nullopt, facts), 100 * kMebibyte);
  EXPECT_EQ(memory_volume_bytes(*pod(R"("memory": "20Mi")"), std::nullopt, facts), 30 * kMebibyte);
  EXPECT_EQ(memory_volume_bytes(*pod(R"("memory": "20Mi")"), "5Mi", facts), 5 * kMebibyte);
  EXPECT_EQ(memory_volume_bytes(*pod(""), "5Gi", facts), 100 * kMebibyte);
  EXPECT_EQ(memory_volume_bytes(*pod(""), std::nullopt, {}), 0U);
}

class FsGroupOf : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "Only root may give files away";
    fs::create_directories(volume / "dir");
    ::chmod((volume / "dir").c_str(), 0700);
    write_text(volume / "dir/file", "x");
    ::chmod((volume / "dir/file").c_str(), 0600);
    write_text(scratch / "outside", "x");
    ::chmod((scratch / "outside").c_str(), 0600);
    fs::create_symlink(scratch / "outside", volume / "link");
  }
  Scratch scratch;
  fs::path volume = scratch.directory("volume");
};

TEST_F(FsGroupOf, OwnsEveryEntryAndNothingOutside) {
  apply_fs_group(volume, {2000, false}, false);
  EXPECT_EQ(look(volume).st_gid, 2000U);
  EXPECT_EQ(mode_of_file(volume / "dir"), 02770U);
  EXPECT_EQ(look(volume / "dir/file").st_gid, 2000U);
  EXPECT_EQ(mode_of_file(volume / "dir/file"), 0660U);
  EXPECT_EQ(look(volume / "link").st_gid, 2000U);
  EXPECT_EQ(look(scratch / "outside").st_gid, ::getegid());
  EXPECT_EQ(mode_of_file(scratch / "outside"), 0600U);
}

TEST_F(FsGroupOf, ReadOnlyVolumesAreOnlyReadable) {
  apply_fs_group(volume, {2000, false}, true);
  EXPECT_EQ(mode_of_file(volume / "dir/file"), 0640U);
  EXPECT_EQ(mode_of_file(volume / "dir"), 02750U);
}

TEST_F(FsGroupOf, OnRootMismatchTrustsARootThatIsRight) {
  apply_fs_group(volume, {2000, true}, false);
  ::chmod((volume / "dir/file").c_str(), 0600);
  apply_fs_group(volume, {2000, true}, false);
  EXPECT_EQ(mode_of_file(volume / "dir/file"), 0600U);
  apply_fs_group(volume, {2001, true}, false);
  EXPECT_EQ(mode_of_file(volume / "dir/file"), 0660U);
}

}  // namespace
}  // namespace edgecore::edged
