// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/interfaces_watch.hpp"

#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cstring>

#include "edgecore/base/error.hpp"
#include "net/link/netlink_messages.hpp"
#include "unit/net/net_fixture.hpp"

namespace edgecore::net {
namespace {

using namespace boost::asio::experimental::awaitable_operators;

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string attribute(unsigned short type, const std::string& data) {
  rtattr head{static_cast<unsigned short>(RTA_LENGTH(data.size())), type};
  std::string out = bytes_of(head) + data;
  out.resize(RTA_ALIGN(out.size()));
  return out;
}
std::string message(unsigned short type, const std::string& payload) {
  nlmsghdr head{};
  head.nlmsg_type = type;
  head.nlmsg_len = static_cast<unsigned>(NLMSG_LENGTH(payload.size()));
  std::string out = bytes_of(head) + payload;
  out.resize(NLMSG_ALIGN(out.size()));
  return out;
}
std::string link(unsigned flags) {
  ifinfomsg info{};
  info.ifi_index = 7;
  info.ifi_flags = flags;
  return message(RTM_NEWLINK, bytes_of(info) + attribute(IFLA_IFNAME, std::string("wlan7\0", 6)));
}
std::string address(unsigned short type, const std::string& raw) {
  ifaddrmsg info{};
  info.ifa_family = AF_INET;
  return message(type, bytes_of(info) + attribute(IFA_LOCAL, raw));
}
std::string route(unsigned short type, unsigned char table, const std::string& destination) {
  rtmsg info{};
  info.rtm_family = AF_INET;
  info.rtm_table = table;
  info.rtm_type = RTN_UNICAST;
  info.rtm_dst_len = destination.empty() ? 0 : 24;
  return message(type, bytes_of(info) + (destination.empty() ? "" : attribute(RTA_DST, destination)));
}

TEST(NetlinkMessagesTest, LinksAreReportedWhenTheirStateChanges) {
  LinkStates links;
  const std::vector<InterfaceEvent> up{{InterfaceChange::kLinkUp, "wlan7", ""}};
  const std::vector<InterfaceEvent> down{{InterfaceChange::kLinkDown, "wlan7", ""}};
  constexpr unsigned kLowerUp = 1U << 16U;
  constexpr unsigned kAdminUp = 1U;
  EXPECT_EQ(parse_netlink(link(kAdminUp | kLowerUp), links), up);
  EXPECT_TRUE(parse_netlink(link(kAdminUp | kLowerUp), links).empty());
  EXPECT_EQ(parse_netlink(link(kAdminUp), links), down);
  EXPECT_EQ(parse_netlink(link(kAdminUp | kLowerUp), links), up);
}

TEST(NetlinkMessagesTest, AddressesAndRoutesOfTheMainTableAreReported) {
  LinkStates links;
  const std::string ip("\x0a\x01\x02\x03", 4);
  const std::string loopback("\x7f\x00\x00\x01", 4);
  const auto events =
      parse_netlink(address(RTM_NEWADDR, ip) + address(RTM_DELADDR, ip) + address(RTM_NEWADDR, loopback) +
                        route(RTM_NEWROUTE, RT_TABLE_MAIN, "") + route(RTM_DELROUTE, RT_TABLE_MAIN, ip) +
                        route(RTM_NEWROUTE, RT_TABLE_LOCAL, ip),
                    links);
  const std::vector<InterfaceEvent> expected{{InterfaceChange::kAddressAdded, "", "10.1.2.3"},
                                             {InterfaceChange::kAddressRemoved, "", "10.1.2.3"},
                                             {InterfaceChange::kRouteAdded, "", "default"},
                                             {InterfaceChange::kRouteRemoved, "", "10.1.2.3/24"}};
  EXPECT_EQ(events, expected);
}

TEST(NetlinkMessagesTest, CutAndGarbledDatagramsAreSurvived) {
  const std::string whole =
      link(65537) + address(RTM_NEWADDR, "abcd") + route(RTM_NEWROUTE, RT_TABLE_MAIN, "efgh");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    LinkStates links;
    const auto events = parse_netlink(whole.substr(0, size), links);
    EXPECT_LE(events.size(), 2U);
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string garbled = whole;
    garbled[at] = static_cast<char>(0xFF);
    LinkStates links;
    EXPECT_LE(parse_netlink(garbled, links).size(), 3U);
  }
}

class InterfacesWatchTest : public NetTest {};

TEST_F(InterfacesWatchTest, FakeGivesWhatWasPushedBeforeAndAfter) {
  FakeInterfacesWatch watch(io_.get_executor());
  const InterfaceEvent first{InterfaceChange::kLinkUp, "eth0", ""};
  const InterfaceEvent second{InterfaceChange::kAddressAdded, "eth0", "10.0.0.2"};
  watch.push(first);
  const auto later = [&]() -> asio::awaitable<void> {
    co_await sleep(30ms);
    watch.push(second);
  };
  const auto scenario = [&]() -> asio::awaitable<void> {
    const auto one = co_await watch.next();
    EXPECT_EQ(one, first);
    spawn(later());
    const auto two = co_await watch.next();
    EXPECT_EQ(two, second);
  };
  run(scenario());
}

TEST_F(InterfacesWatchTest, KernelsWatchCanBeCancelledAndAwaitedAgain) {
  const auto watch = watch_interfaces(io_.get_executor());
  const auto scenario = [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 3; ++i) co_await (watch->next() || sleep(20ms));
  };
  run(scenario());
}

TEST_F(InterfacesWatchTest, SourceAddressIsThatOfTheRoute) {
  EXPECT_EQ(source_address("127.0.0.1"), "127.0.0.1");
  EXPECT_THROW(source_address("nonsense"), BadInput);
  const auto chosen = source_address();
  const auto own = local_addresses();
  for (const auto& one : own) EXPECT_NE(one.address, "127.0.0.1");
  if (chosen) {
    const bool listed =
        std::any_of(own.begin(), own.end(), [&](const auto& one) { return one.address == *chosen; });
    EXPECT_TRUE(listed) << *chosen;
  }
}

}  // namespace
}  // namespace edgecore::net
