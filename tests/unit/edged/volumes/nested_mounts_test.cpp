// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/nested_mounts.hpp"

#include <gmock/gmock.h>

#include "edgecore/kube/json.hpp"
#include "unit/edged/volume_scratch.hpp"

namespace edgecore::edged {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

kube::PodPtr pod_with(const std::string& mounts) {
  return kube::parse_pod(kube::parse_json(
      R"({"metadata": {"name": "p", "namespace": "ns", "uid": "u"}, "spec": {
           "volumes": [{"name": "cfg", "configMap": {"name": "m"}}, {"name": "data", "emptyDir": {}}],
           "containers": [{"name": "c", "image": "i", "volumeMounts": )" +
      mounts + "}]}}"));
}

TEST(NestedMounts, AreTheOutermostPointsInsideTheMountsOfAVolume) {
  const auto pod = pod_with(R"([
    {"name": "cfg", "mountPath": "/etc/app/"}, {"name": "data", "mountPath": "/etc/app/cache"},
    {"name": "data", "mountPath": "/etc/app/cache/deep", "subPath": "d"}, {"name": "data", "mountPath": "/etc/apple"},
    {"name": "data", "mountPath": "/etc/app//a/./b"}])");
  EXPECT_THAT(nested_mount_points(*pod, "cfg"), ElementsAre("a/b", "cache"));
  EXPECT_THAT(nested_mount_points(*pod, "data"), ElementsAre("deep"));
}

TEST(NestedMounts, AMountOfASubPathDoesNotShowTheVolumesOwnDirectory) {
  const auto pod = pod_with(
      R"([{"name": "cfg", "mountPath": "/etc/app", "subPath": "key"}, {"name": "data", "mountPath": "/etc/app/x"}])");
  EXPECT_THAT(nested_mount_points(*pod, "cfg"), IsEmpty());
}

TEST(NestedMounts, PointsAreMadeBesideTheContentWhichStays) {
  const Scratch scratch;
  const auto volume = scratch.directory("v");
  const auto outside = scratch.directory("outside");
  std::filesystem::create_symlink("..data/key", volume / "key");
  std::filesystem::create_directory_symlink(outside, volume / "link");
  const auto mask = ::umask(0077);
  for (int i = 0; i < 2; ++i) make_mount_points(volume, {"a/b", "key", "link/in", "..data"});
  ::umask(mask);
  EXPECT_EQ(mode_of_file(volume / "a"), 0755U);
  EXPECT_EQ(mode_of_file(volume / "a/b"), 0755U);
  EXPECT_TRUE(std::filesystem::is_symlink(volume / "key"));
  EXPECT_TRUE(std::filesystem::is_empty(outside)) << "a link is not followed";
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(volume / "..data")));
}

}  // namespace
}  // namespace edgecore::edged
