// SPDX-License-Identifier: Apache-2.0
#include "edged/node/node_addresses.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>

#include "edgecore/base/error.hpp"
#include "support/loop.hpp"
#include "support/skipped_time.hpp"
#include "unit/edged/edged_fixture.hpp"

namespace edgecore::edged {
namespace {

using Addresses = std::vector<std::string>;
using namespace std::chrono_literals;
using edgecore::test::Outcome;

/// A gateway with a bridge for containers and two networks; the default route goes through the second.
LocalNetwork some_network() {
  LocalNetwork network;
  network.addresses = {{"cni0", "10.88.0.1", false},
                       {"eth0", "fd00::5", true},
                       {"eth0", "10.0.0.5", false},
                       {"wlan0", "192.168.1.7", false},
                       {"wlan0", "fd01::7", true}};
  network.route_v4 = "192.168.1.7";
  network.route_v6 = "fd01::7";
  return network;
}

Addresses choose(const LocalNetwork& network, const std::string& node_ip = "",
                 const std::string& interface = "", const Addresses& present = {}) {
  config::Edged config;
  config.hostname_override = "edge1";
  config.node_ip = node_ip;
  config.custom_interface_name = interface;
  return choose_node_addresses(config, network, present);
}

TEST(NodeAddresses, TheInterfaceOfTheDefaultRouteWins) {
  LocalNetwork network = some_network();
  EXPECT_EQ(choose(network), Addresses{"192.168.1.7"});
  network.route_v4.clear();
  EXPECT_EQ(choose(network), Addresses{"fd01::7"}) << "a node of an IPv6 network";
  EXPECT_EQ(choose(LocalNetwork()), Addresses{}) << "no network is no error";
}

TEST(NodeAddresses, ANodeIpIsTakenAsItStands) {
  EXPECT_EQ(choose(some_network(), "203.0.113.9"), Addresses{"203.0.113.9"});
  const Addresses both = {"10.0.0.5", "fd00::5"};
  EXPECT_EQ(choose(some_network(), "10.0.0.5, fd00::5"), both);
  EXPECT_EQ(choose(LocalNetwork(), "10.0.0.5"), Addresses{"10.0.0.5"});
}

TEST(NodeAddresses, AnUnspecifiedNodeIpOnlyNamesTheFamily) {
  EXPECT_EQ(choose(some_network(), "::"), Addresses{"fd01::7"});
  EXPECT_EQ(choose(some_network(), "0.0.0.0"), Addresses{"192.168.1.7"});
  LocalNetwork v4_only = some_network();
  v4_only.route_v6.clear();
  EXPECT_EQ(choose(v4_only, "::"), Addresses{"192.168.1.7"});
}

TEST(NodeAddresses, ACustomInterfaceWinsOverNodeIpAndTheDefaultRoute) {
  EXPECT_EQ(choose(some_network(), "10.9.9.9", "eth0"), Addresses{"10.0.0.5"}) << "IPv4 first";
  LocalNetwork v6_only;
  v6_only.addresses = {{"eth0", "fd00::5", true}};
  EXPECT_EQ(choose(v6_only, "", "eth0"), Addresses{"fd00::5"});
  EXPECT_EQ(choose(some_network(), "10.9.9.9", "eth9"), Addresses{}) << "another interface's";
}

TEST(NodeAddresses, ANodeNamedByAnAddressHasThatAddress) {
  config::Edged config;
  config.hostname_override = "10.0.0.5";
  EXPECT_EQ(choose_node_addresses(config, some_network(), {}), Addresses{"10.0.0.5"});
}

TEST(NodeAddresses, WithoutAWayOutTheFirstRealInterfaceCountsAndStays) {
  LocalNetwork network = some_network();
  network.route_v4.clear();
  network.route_v6.clear();
  EXPECT_EQ(choose(network), Addresses{"10.0.0.5"}) << "not that of the bridge for containers";
  EXPECT_EQ(choose(network, "", "", {"192.168.1.7"}), Addresses{"192.168.1.7"});
  EXPECT_EQ(choose(network, "", "", {"172.16.0.1"}), Addresses{"10.0.0.5"}) << "that is gone";
  network.addresses.resize(1);
  EXPECT_EQ(choose(network), Addresses{});
}

TEST(NodeAddresses, TheMachineHasANetworkOrNot) {
  const LocalNetwork network = read_local_network();
  for (const auto& one : network.addresses) {
    EXPECT_NE(one.interface, "lo");
    EXPECT_EQ(one.ipv6, one.address.find(':') != std::string::npos) << one.address;
  }
}

// ---- Tracking

class FollowedAddresses : public ::testing::Test {
 protected:
  ~FollowedAddresses() override {
    outcome_.cancel();
    EXPECT_TRUE(until([&] { return outcome_.ended; }));
  }
  void start() {
    config_.hostname_override = "edge1";
    NodeAddresses::Deps deps{config_,
                             loop_.get_executor(),
                             log::get("test"),
                             [this] {
                               ++reads_;
                               if (broken_) throw SystemError("no netlink", EIO);
                               return network_;
                             },
                             [this](boost::asio::any_io_executor executor) {
                               auto watch = std::make_unique<net::FakeInterfacesWatch>(executor);
                               watch_ = watch.get();
                               return watch;
                             },
                             [this] { ++changes_; }};
    deps.burst = 20ms;
    addresses_.emplace(std::move(deps));
    addresses_->look();
    outcome_.start(loop_, addresses_->run());
    ASSERT_TRUE(until([&] { return watch_ != nullptr; }));
  }
  bool until(const std::function<bool()>& what) { return time_.until(what, 20s); }
  /// Signals a network event and waits until the network was read.
  void event() {
    const int before = reads_;
    watch_->push({net::InterfaceChange::kAddressAdded, "eth0", "10.0.0.5"});
    ASSERT_TRUE(until([&] { return reads_ > before; }));
  }

  boost::asio::io_context loop_;
  edgecore::test::SkippedTime time_{loop_};
  config::Edged config_;
  LocalNetwork network_ = some_network();
  bool broken_ = false;
  int reads_ = 0, changes_ = 0;
  net::FakeInterfacesWatch* watch_ = nullptr;
  std::optional<NodeAddresses> addresses_;
  Outcome outcome_;
};

TEST_F(FollowedAddresses, AnotherAddressIsNoticedWhenTheKernelTells) {
  start();
  EXPECT_EQ(addresses_->current(), Addresses{"192.168.1.7"});
  EXPECT_EQ(changes_, 1);
  network_.route_v4 = "10.0.0.5";
  event();
  EXPECT_EQ(addresses_->current(), Addresses{"10.0.0.5"});
  EXPECT_EQ(changes_, 2);
  event();
  EXPECT_EQ(changes_, 2) << "nothing is different";
}

TEST_F(FollowedAddresses, ABurstOfEventsIsOneLook) {
  start();
  const int before = reads_;
  for (int i = 0; i < 50; ++i) watch_->push({net::InterfaceChange::kLinkUp, "veth" + std::to_string(i), ""});
  ASSERT_TRUE(until([&] { return reads_ > before; }));
  time_.pass(60ms);
  EXPECT_LE(reads_, before + 2);
}

TEST_F(FollowedAddresses, WithoutAnyNetworkTheLastKnownAddressStays) {
  network_ = LocalNetwork();
  start();
  EXPECT_EQ(addresses_->current(), Addresses{});
  EXPECT_EQ(changes_, 0);
  network_ = some_network();
  event();
  EXPECT_EQ(addresses_->current(), Addresses{"192.168.1.7"});
  network_ = LocalNetwork();
  event();
  EXPECT_EQ(addresses_->current(), Addresses{"192.168.1.7"});
  EXPECT_EQ(changes_, 1);
}

TEST_F(FollowedAddresses, ANetworkThatCannotBeReadChangesNothing) {
  start();
  broken_ = true;
  event();
  EXPECT_EQ(addresses_->current(), Addresses{"192.168.1.7"});
  broken_ = false;
  network_.route_v4 = "10.0.0.5";
  event();
  EXPECT_EQ(addresses_->current(), Addresses{"10.0.0.5"});
}

}  // namespace

// ---- Through the whole module

namespace test {

TEST_F(EdgedTest, AnotherAddressReachesTheNodesStatusAndThatOfPodsOnItsNetwork) {
  LocalNetwork network = some_network();
  net::FakeInterfacesWatch* watch = nullptr;
  network_ = [&network] { return network; };
  watch_ = [&watch](boost::asio::any_io_executor executor) {
    auto made = std::make_unique<net::FakeInterfacesWatch>(executor);
    watch = made.get();
    return made;
  };
  start_edged();
  Json host = pod("agent", "u-1");
  host["spec"]["hostNetwork"] = true;
  meta_->put(host);
  meta_->put(pod("web", "u-2"));
  ASSERT_TRUE(runs("agent"));
  ASSERT_TRUE(runs("web"));
  EXPECT_EQ(meta_->status("agent", "podIP"), "192.168.1.7");
  const Json web_ip = meta_->status("web", "podIP");

  network.route_v4 = "10.0.0.5";
  ASSERT_NE(watch, nullptr);
  watch->push({net::InterfaceChange::kRouteAdded, "eth0", "default"});
  EXPECT_TRUE(eventually([&] { return meta_->status("agent", "podIP") == "10.0.0.5"; }));
  const Json ips = {{{"ip", "10.0.0.5"}}};
  EXPECT_EQ(meta_->status("agent", "podIPs"), ips);
  EXPECT_EQ(meta_->status("agent", "hostIP"), "10.0.0.5");
  EXPECT_TRUE(eventually([&] { return meta_->status("web", "hostIP") == "10.0.0.5"; }));
  EXPECT_EQ(meta_->status("web", "podIP"), web_ip);
  EXPECT_TRUE(eventually([&] {
    const Json& node = meta_->objects["default/node/edge1"];
    const Json::json_pointer address("/status/addresses/0/address");
    return node.contains(address) && node.at(address) == "10.0.0.5";
  }));
  stop_edged();  // before the network is destroyed
}

}  // namespace test
}  // namespace edgecore::edged
