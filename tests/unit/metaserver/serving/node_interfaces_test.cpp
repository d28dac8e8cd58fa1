// SPDX-License-Identifier: Apache-2.0
#include "metaserver/serving/node_interfaces.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_directory.hpp"

namespace edgecore::metaserver {
namespace {

class NodeInterfacesTest : public ::testing::Test {
 protected:
  void write(const std::filesystem::path& file, const std::string& text) {
    std::filesystem::create_directories((directory / file).parent_path());
    std::ofstream(directory / file) << text;
  }
  /// An interface with what lies below it; "device" for hardware.
  void link(const std::string& name, const std::string& type, const std::vector<std::string>& below = {}) {
    write("sys/" + name + "/type", type + "\n");
    for (const std::string& what : below)
      std::filesystem::create_directories(directory / "sys" / name / what);
  }
  test::TemporaryDirectory directory;
  NodeInterfaces interfaces{directory / "sys", directory / "proc"};
};

// A neighbour who added a route to 169.254.30.10 was answered.
TEST_F(NodeInterfacesTest, OnlyLoopbackAndContainerNetworksAreInside) {
  link("eth0", "1", {"device"});
  link("vlan7", "1", {"lower_eth0"});
  link("br0", "1", {"lower_vlan7", "lower_veth1"});
  link("veth1", "1");
  link("cni0", "1", {"lower_veth1"});
  link("wg0", "65534");
  link("tunl0", "768");
  link("eth1", "1");
  write("proc/route",
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "eth1\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "cni0\t0000F40A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n");
  for (const char* inside : {"lo", "veth1", "cni0"}) EXPECT_TRUE(interfaces.is_inside(inside)) << inside;
  for (const char* outside : {"eth0", "vlan7", "br0", "wg0", "tunl0", "eth1", "", "gone", "../sys/cni0"})
    EXPECT_FALSE(interfaces.is_inside(outside)) << outside;
}

TEST_F(NodeInterfacesTest, TheDefaultRouteOfIpv6LeadsOutToo) {
  link("veth2", "1");
  EXPECT_TRUE(interfaces.is_inside("veth2"));
  const std::string zero(32, '0');
  write("proc/ipv6_route",
        zero + " 00 " + zero +
            " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003    veth2\n");
  EXPECT_FALSE(interfaces.is_inside("veth2"));
}

TEST_F(NodeInterfacesTest, LinksInACircleAreOutside) {
  link("a", "1", {"lower_b"});
  link("b", "1", {"lower_a"});
  EXPECT_FALSE(interfaces.is_inside("a"));
}

}  // namespace
}  // namespace edgecore::metaserver
