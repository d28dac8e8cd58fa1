// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/host_path.hpp"

#include <gtest/gtest.h>

#include <string>

#include "edgecore/base/files.hpp"
#include "support/umask.hpp"
#include "unit/edged/volume_scratch.hpp"

namespace edgecore::edged {
namespace {

using edgecore::test::mode_of;

kube::HostPathSource host_path(const std::filesystem::path& path, const std::string& type) {
  kube::HostPathSource source;
  source.path = path.string();
  source.type = type;
  return source;
}

TEST(HostPath, WhatIsMadeCanBeReadByContainersWhateverTheUmaskIs) {
  const Scratch scratch;
  for (const mode_t mask : edgecore::test::kExtremeUmasks) {
    const edgecore::test::Umask now(mask);
    const auto top = scratch / std::to_string(mask);
    prepare_host_path(host_path(top / "deep" / "er", "DirectoryOrCreate"));
    prepare_host_path(host_path(top / "file", "FileOrCreate"));
    EXPECT_EQ(mode_of(top / "deep"), 0755U);
    EXPECT_EQ(mode_of(top / "deep" / "er"), 0755U);
    EXPECT_EQ(mode_of(top / "file"), 0644U);
  }
}

TEST(HostPath, WhatIsThereKeepsItsMode) {
  const Scratch scratch;
  make_directory(scratch / "directory", 0700);
  write_file_atomic(scratch / "file", "text", 0600);
  prepare_host_path(host_path(scratch / "directory", "DirectoryOrCreate"));
  prepare_host_path(host_path(scratch / "file", "FileOrCreate"));
  EXPECT_EQ(mode_of(scratch / "directory"), 0700U);
  EXPECT_EQ(mode_of(scratch / "file"), 0600U);
}

TEST(HostPath, ALinkThatLeadsNowhereMakesItsTarget) {
  const Scratch scratch;
  std::filesystem::create_symlink(scratch / "target", scratch / "link");
  prepare_host_path(host_path(scratch / "link", "FileOrCreate"));
  EXPECT_TRUE(std::filesystem::is_regular_file(scratch / "target"));
}

}  // namespace
}  // namespace edgecore::edged
