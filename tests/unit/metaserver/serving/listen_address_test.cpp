// SPDX-License-Identifier: Apache-2.0
#include "metaserver/serving/listen_address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

#include "edgecore/base/error.hpp"
#include "edgecore/net/local_address.hpp"

namespace edgecore::metaserver {
namespace {

log::Logger logger() {
  return log::get("test");
}

bool can_listen(const std::string& ip) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  const bool is_v4 = ::inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1;
  if (!is_v4) ::inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr);
  const int fd = ::socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool good = is_v4 ? ::bind(fd, reinterpret_cast<const sockaddr*>(&v4), sizeof v4) == 0
                          : ::bind(fd, reinterpret_cast<const sockaddr*>(&v6), sizeof v6) == 0;
  const bool listening = good && ::listen(fd, 1) == 0;
  ::close(fd);
  return listening;
}

/// The link that has the address, with its prefix length and whether it is up: "lo/32 up".
std::string where(const std::string& ip) {
  ifaddrs* found = nullptr;
  std::string out;
  if (::getifaddrs(&found) != 0) return out;
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto& address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    ::inet_ntop(AF_INET, &address, text.data(), text.size());
    if (ip != text.data()) continue;
    const auto mask = reinterpret_cast<const sockaddr_in*>(one->ifa_netmask)->sin_addr.s_addr;
    out += std::string(one->ifa_name) + "/" + std::to_string(__builtin_popcount(mask));
    if ((one->ifa_flags & IFF_UP) != 0U) out += " up";
  }
  ::freeifaddrs(found);
  return out;
}

/// Runs `scenario` in a process with a network namespace of its own, which has `lo` and nothing else; it
/// returns what was wrong, "" if nothing.
void in_own_network(const std::function<std::string()>& scenario) {
  if (::geteuid() != 0) GTEST_SKIP() << "a network namespace can only be made by root";
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::string said;
    try {
      if (::unshare(CLONE_NEWNET) == 0) {
        net::set_link_up("lo");
        said = scenario();
      } else {
        said = "SKIP";
      }
    } catch (const std::exception& error) {
      said = error.what();
    }
    const bool wrote = ::write(pipe[1], said.data(), said.size()) == static_cast<ssize_t>(said.size());
    ::_exit(wrote ? 0 : 1);
  }
  ::close(pipe[1]);
  std::string said;
  std::array<char, 1024> buffer{};
  for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0;)
    said.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (said == "SKIP") GTEST_SKIP() << "this machine makes no network namespaces";
  EXPECT_EQ(said, "");
  EXPECT_EQ(status, 0);
}

TEST(ListenAddressTest, WhatTheMachineHasNeedsNothing) {
  const unsigned before = if_nametoindex(kDummyLink);  // an agent that runs here has made it
  EXPECT_EQ(make_listenable("127.0.0.1", logger()), "");
  EXPECT_EQ(make_listenable("127.9.9.9", logger()), "");
  EXPECT_EQ(make_listenable("::1", logger()), "");
  EXPECT_EQ(make_listenable("0.0.0.0", logger()), "");
  EXPECT_EQ(make_listenable("::", logger()), "");
  EXPECT_EQ(if_nametoindex(kDummyLink), before);
}

TEST(ListenAddressTest, TextThatIsNoAddressIsRefused) {
  EXPECT_THROW(make_listenable("localhost", logger()), BadInput);
  EXPECT_THROW(make_listenable("", logger()), BadInput);
  EXPECT_THROW(make_listenable("169.254.30.10:10550", logger()), BadInput);
}

TEST(ListenAddressTest, AnAddressTheMachineLacksCanBeListenedOnAfterwards) {
  in_own_network([]() -> std::string {
    const std::string ip = "169.254.30.10";
    if (can_listen(ip)) return "the address is there before";
    const std::string link = make_listenable(ip, logger());
    if (link != kDummyLink && link != "lo") return "the address went to " + link;
    if (where(ip) != link + "/32 up") return "the address is on " + where(ip);
    if (!can_listen(ip)) return std::string("it cannot be listened on: ") + std::strerror(errno);
    if (!net::has_address(ip)) return "it is not seen";
    const std::string again = make_listenable(ip, logger());
    return again.empty() ? "" : "the second time it went to " + again;
  });
}

TEST(ListenAddressTest, TheLinkThatAnotherAgentLeftIsUsedAndSetUp) {
  in_own_network([]() -> std::string {
    if (std::system("ip link add edge-dummy0 type veth peer name other >/dev/null 2>&1") != 0) return "SKIP";
    const std::string link = make_listenable("169.254.30.10", logger());
    if (link != kDummyLink) return "the address went to " + link;
    if (where("169.254.30.10") != "edge-dummy0/32 up") return "the address is on " + where("169.254.30.10");
    const std::string second = make_listenable("10.250.0.1", logger());
    if (second != kDummyLink || !can_listen("10.250.0.1")) return "a second address went to " + second;
    net::add_host_address(kDummyLink, "10.250.0.1");  // what is there is fine
    return "";
  });
}

TEST(ListenAddressTest, AnAddressOfIPv6IsUsableAtOnce) {
  in_own_network([]() -> std::string {
    if (::access("/proc/net/if_inet6", R_OK) != 0) return "SKIP";
    const std::string link = make_listenable("fd00:edce::10", logger());
    if (link.empty()) return "nothing was done";
    return can_listen("fd00:edce::10") ? ""
                                       : std::string("it cannot be listened on: ") + std::strerror(errno);
  });
}

TEST(ListenAddressTest, WithoutTheRightTheErrorIsASentence) {
  in_own_network([]() -> std::string {
    if (::setresuid(65534, 65534, 65534) != 0) return "SKIP";
    try {
      make_listenable("169.254.30.10", logger());
    } catch (const SystemError& error) {
      const bool told =
          error.code() == EPERM && std::string(error.what()).find(kDummyLink) != std::string::npos;
      return told ? "" : error.what();
    }
    return "it was allowed";
  });
}

}  // namespace
}  // namespace edgecore::metaserver
