// SPDX-License-Identifier: Apache-2.0
#include "app/service_notify.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "support/temporary_directory.hpp"

namespace edgecore::app {
namespace {

class ServiceNotifyTest : public testing::Test {
 protected:
  void SetUp() override {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = dir_ / "notify";
    std::memcpy(address.sun_path, path.c_str(), path.size());
    ASSERT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  void TearDown() override {
    ::close(fd_);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  std::string received() const {
    char buffer[256];
    const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    return got < 0 ? "" : std::string(buffer, static_cast<std::size_t>(got));
  }

  edgecore::test::TemporaryDirectory dir_;
  int fd_ = -1;
};

TEST_F(ServiceNotifyTest, StatesReachTheServiceManagerAndChildrenDoNotInheritTheSocket) {
  const ServiceNotify service;
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  service.send("READY=1\nSTATUS=running");
  EXPECT_EQ(received(), "READY=1\nSTATUS=running");
  EXPECT_EQ(service.watchdog_period(), std::nullopt);
}

TEST_F(ServiceNotifyTest, TheWatchdogIsFedTwiceAsOftenAsAsked) {
  ::setenv("WATCHDOG_USEC", "60000000", 1);
  EXPECT_EQ(ServiceNotify().watchdog_period(), std::chrono::seconds(30));
  ::setenv("WATCHDOG_USEC", "60000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);  // another process
  EXPECT_EQ(ServiceNotify().watchdog_period(), std::nullopt);
  ::setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_EQ(ServiceNotify().watchdog_period(), std::nullopt);
}

TEST_F(ServiceNotifyTest, WithoutAServiceManagerNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  ServiceNotify().send("READY=1");
  EXPECT_EQ(received(), "");
}

}  // namespace
}  // namespace edgecore::app
