// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/pod_directories.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/edged/volume_scratch.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PodDirectoriesOf : public ::testing::Test {
 protected:
  fs::path volume(const std::string& plugin, const std::string& name) const {
    return scratch.directory("pods/u/volumes/kubernetes.io~" + plugin + "/" + name);
  }
  std::string remove_error(Mounter& mounter) const {
    try {
      directories.remove_pod(mounter, "u");
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  Scratch scratch;
  PodDirectories directories{scratch.path()};
};

TEST_F(PodDirectoriesOf, AUidIsNeverAPath) {
  for (const char* uid : {"", ".", "..", "../etc", "a/b", "/etc"}) {
    EXPECT_THROW((void)directories.pod(uid), BadInput) << uid;
  }
}

TEST_F(PodDirectoriesOf, VolumesLieWhereTheGoEdgeHasThem) {
  EXPECT_EQ(directories.volume("u", {"cfg", kube::ConfigMapSource{}}),
            scratch / "pods/u/volumes/kubernetes.io~configmap/cfg");
  EXPECT_EQ(directories.volume("u", {"h", kube::HostPathSource{"/data", ""}}), "/data");
  EXPECT_EQ(directories.sub_path("u", "v", "c", 3), scratch / "pods/u/volume-subpaths/v/c/3");
  EXPECT_EQ(directories.ready("u", "v"), scratch / "pods/u/plugins/kubernetes.io~empty-dir/v/ready");
}

TEST_F(PodDirectoriesOf, APodGoesWithAllThatIsItsOwn) {
  MemoryMounter mounter;
  write_text(volume("empty-dir", "data") / "file", "x");
  write_text(volume("configmap", "cfg") / "key", "x");
  scratch.directory("pods/u/plugins/kubernetes.io~empty-dir/data/ready");
  scratch.directory("pods/u/volume-subpaths/data/c/0");
  write_text(scratch.directory("pods/u/volume-subpaths/data/d") / "1", "");
  write_text(scratch.directory("pods/u/containers/c") / "0a0a0a0a", "message");
  write_text(scratch / "pods/u/etc-hosts", "x");
  directories.remove_volumes(mounter, "u");
  EXPECT_FALSE(fs::exists(scratch / "pods/u/volumes"));
  EXPECT_FALSE(fs::exists(scratch / "pods/u/volume-subpaths"));
  EXPECT_EQ(content_of(scratch / "pods/u/containers/c/0a0a0a0a"), "message") << "still needed for the status";
  EXPECT_EQ(remove_error(mounter), "no error");
  EXPECT_FALSE(fs::exists(scratch / "pods/u"));
  EXPECT_EQ(remove_error(mounter), "no error") << "idempotent";
}

TEST_F(PodDirectoriesOf, DataOfOtherVolumesIsNeverRemoved) {
  MemoryMounter mounter;
  for (const char* plugin : {"nfs", "csi", "local-volume", "unheard-of"}) {
    write_text(volume(plugin, "data") / "precious", "x");
    EXPECT_THAT(remove_error(mounter), HasSubstr("cannot remove the directory"));
    EXPECT_EQ(content_of(volume(plugin, "data") / "precious"), "x");
    fs::remove_all(scratch / "pods/u");
  }
  write_text(scratch.directory("pods/u/volume-subpaths/v/c/0") / "precious", "x");
  EXPECT_THAT(remove_error(mounter), HasSubstr("cannot remove the directory"));
  EXPECT_EQ(content_of(scratch / "pods/u/volume-subpaths/v/c/0/precious"), "x");
}

TEST_F(PodDirectoriesOf, NothingIsRemovedWhileSomethingIsMounted) {
  MemoryMounter mounter;
  const auto data = volume("empty-dir", "data");
  write_text(data / "file", "x");
  mounter.mount_tmpfs(volume("secret", "s"), 0);
  mounter.refuse("unmount");
  EXPECT_THAT(remove_error(mounter), HasSubstr("cannot unmount"));
  EXPECT_EQ(content_of(data / "file"), "x");
  mounter.permit("unmount");
  EXPECT_EQ(remove_error(mounter), "no error");
}

TEST_F(PodDirectoriesOf, StaleMountsOfAVanishedPodAreTakenOffInsideOut) {
  SKIP_UNLESS_MOUNTS();
  KernelMounter mounter;
  const auto secret = volume("secret", "s");
  const auto outside = scratch.directory("outside");
  write_text(outside / "precious", "x");
  mounter.mount_tmpfs(secret, 65536);
  fs::create_directory(secret / "inner");
  mounter.mount_tmpfs(secret / "inner", 65536);
  const auto sub_path = scratch.directory("pods/u/volume-subpaths/v/c/0");
  const FileDescriptor source(::open(outside.c_str(), O_PATH | O_CLOEXEC));
  mounter.bind(source, sub_path);
  mounter.bind(source, sub_path);  // twice
  EXPECT_EQ(remove_error(mounter), "no error");
  EXPECT_FALSE(fs::exists(scratch / "pods/u"));
  EXPECT_EQ(content_of(outside / "precious"), "x") << "the source of a bind mount is not the pod's";
  EXPECT_TRUE(mounter.below(scratch.path()).empty());
}

TEST_F(PodDirectoriesOf, LinksInsideAVolumeAreRemovedNotFollowed) {
  MemoryMounter mounter;
  const auto outside = scratch.directory("outside");
  write_text(outside / "precious", "x");
  fs::create_directory_symlink(outside, volume("empty-dir", "data") / "link");
  EXPECT_EQ(remove_error(mounter), "no error");
  EXPECT_EQ(content_of(outside / "precious"), "x");
}

TEST_F(PodDirectoriesOf, OrphansAreThoseNobodyKnows) {
  EXPECT_TRUE(directories.unknown({}).empty());
  scratch.directory("pods/a");
  scratch.directory("pods/b");
  EXPECT_THAT(directories.unknown({"b", "c"}), ElementsAre("a"));
}

TEST_F(PodDirectoriesOf, TerminationLogsAreWritableForAllAndBounded) {
  std::set<fs::path> made;
  for (int i = 0; i < 20; ++i) made.insert(directories.make_termination_log("u", "c"));
  EXPECT_EQ(made.size(), 20U);
  std::size_t left = 0;
  for (const auto& entry : fs::directory_iterator(scratch / "pods/u/containers/c")) {
    EXPECT_EQ(mode_of_file(entry.path()), 0666U);
    ++left;
  }
  EXPECT_EQ(left, 8U);
}

}  // namespace
}  // namespace edgecore::edged
