// SPDX-License-Identifier: Apache-2.0
#include "edged/host/machine_info.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "support/temporary_directory.hpp"

namespace edgecore::edged {
namespace {

/// The files of a machine, in the test's own directory.
class MachineInfoTest : public ::testing::Test {
 protected:
  void write(const std::string& path, std::string_view content) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << content;
  }

  edgecore::test::TemporaryDirectory root_;
};

TEST_F(MachineInfoTest, TheUuidOfADeviceTreeHasNoNulAtItsEnd) {
  write("etc/machine-id", "0123456789abcdef\n");
  write("proc/device-tree/system-id", std::string_view("ca6a4a3e-17f2\0", 14));
  EXPECT_EQ(read_machine_info(root_).system_uuid, "ca6a4a3e-17f2");
}

TEST_F(MachineInfoTest, WithoutFirmwareTheMachinesIdIsItsUuid) {
  write("etc/machine-id", "0123456789abcdef\n");
  const MachineInfo info = read_machine_info(root_);
  EXPECT_EQ(info.machine_id, "0123456789abcdef");
  EXPECT_EQ(info.system_uuid, "0123456789abcdef");
}

TEST_F(MachineInfoTest, TheNameOfTheSystemIsReadFromItsRelease) {
  write("etc/os-release", "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  EXPECT_EQ(read_machine_info(root_).os_image, "Debian GNU/Linux 12 (bookworm)");
}

}  // namespace
}  // namespace edgecore::edged
