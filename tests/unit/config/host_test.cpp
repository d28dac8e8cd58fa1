// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/host.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "unit/config/fake_host.hpp"

namespace edgecore::config {
namespace {

using test::FakeHost;

TEST(Host, NodeNameIsTheHostNameInLowerCaseOrAFixedOne) {
  FakeHost host;
  host.name = "  Gateway-7.Plant.Example \n";
  EXPECT_EQ(default_node_name(host), "gateway-7.plant.example");
  for (const std::string& bad : {std::string(), std::string("under_score"), std::string("-x"),
                                 std::string("a..b"), std::string("a."), std::string(254, 'a')}) {
    host.name = bad;
    EXPECT_EQ(default_node_name(host), "default-edge-node") << bad;
  }
}

TEST(Host, LocalIpIsTheFirstUsableIpv4OfTheHostNameThatAnInterfaceHas) {
  FakeHost host;
  host.names["gateway-7"] = {"127.0.1.1", "fe80::1", "2001:db8::7", "203.0.113.9", "192.168.7.5", "10.0.0.1"};
  host.addresses.push_back({"eth1", "2001:db8::7", true});
  host.addresses.push_back({"eth2", "10.0.0.1", true});
  EXPECT_EQ(local_ip(host), "192.168.7.5");
}

TEST(Host, LocalIpFallsBackToIpv6ThenToTheDefaultRoute) {
  FakeHost host;
  host.names["gateway-7"] = {"127.0.1.1", "2001:db8::7"};
  host.addresses = {{"eth1", "2001:db8::7", true}};
  EXPECT_EQ(local_ip(host), "2001:db8::7");
  host.addresses.clear();
  EXPECT_EQ(local_ip(host), "10.0.0.9");
  host.route_source.clear();
  EXPECT_EQ(local_ip(host), "");
}

TEST(Host, JoinsHostAndPort) {
  EXPECT_EQ(join_host_port("10.0.0.1", 10000), "10.0.0.1:10000");
  EXPECT_EQ(join_host_port("2001:db8::1", 10002), "[2001:db8::1]:10002");
  EXPECT_EQ(join_host_port("", 10000), ":10000");
}

TEST(Host, CustomInterfaceGivesItsFirstGlobalAddressIpv4First) {
  FakeHost host;
  host.addresses = {{"wlan0", "fe80::2", true},
                    {"wlan0", "2001:db8::2", true},
                    {"wlan0", "172.16.0.2", true},
                    {"eth0", "10.0.0.2", false}};
  EXPECT_EQ(interface_ip(host, "wlan0"), "172.16.0.2");
  EXPECT_THROW(interface_ip(host, "eth0"), BadInput);  // down
  EXPECT_THROW(interface_ip(host, "eth9"), BadInput);
}

TEST(Host, TheRealMachineAnswersWithoutFailing) {
  const SystemHost host;
  EXPECT_FALSE(host.hostname().empty());
  bool loopback = false;
  for (const InterfaceAddress& entry : host.interfaces()) loopback = loopback || entry.address == "127.0.0.1";
  EXPECT_TRUE(loopback);
  EXPECT_TRUE(host.resolve("").empty());
  const auto addresses = host.resolve("127.0.0.1");
  ASSERT_FALSE(addresses.empty());
  EXPECT_EQ(addresses.front(), "127.0.0.1");
}

}  // namespace
}  // namespace edgecore::config
