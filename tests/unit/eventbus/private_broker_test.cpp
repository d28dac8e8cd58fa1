// SPDX-License-Identifier: Apache-2.0
#include "eventbus/private_broker.hpp"

#include "unit/eventbus/real_broker.hpp"

namespace edgecore::eventbus {
namespace {

bool alive(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

/// The module with a private broker (mqttMode 0).
class PrivateBrokerTest : public BusFixture {
 protected:
  PrivateBrokerTest() {
    client = make_mosquitto_client;
    module_options.config.mode = config::kMqttInternal;
    module_options.config.server_internal = "tcp://127.0.0.1:" + std::to_string(port);
  }
  [[nodiscard]] std::optional<pid_t> pid() const { return stale_broker(scratch / "mosquitto"); }
  pid_t wait_for_broker(pid_t other_than = 0) {
    pid_t found = 0;
    EXPECT_TRUE(eventually([&] {
      const auto now = pid();
      found = now.value_or(0);
      return found != 0 && found != other_than && listens(port);
    }));
    return found;
  }
  bool through(Peer& peer) {
    return eventually([&] {
      peer.publish("$hw/events/device/default/s/twin/get", "probe");
      return next(twin, 50ms) != nullptr;
    });
  }
  const std::uint16_t port = free_port();
};

TEST(PrivateBrokerConfiguration, SaysWhatTheConfigurationAsksFor) {
  PrivateBrokerOptions options;
  options.host = "127.0.0.1";
  options.port = 1884;
  options.session_queue_size = 7;
  const std::string text = broker_configuration(options);
  for (const char* line : {"listener 1884 127.0.0.1\n", "allow_anonymous true\n", "persistence false\n",
                           "max_queued_messages 7\n", "set_tcp_nodelay true\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
  options.host = "";
  EXPECT_NE(broker_configuration(options).find("listener 1884\n"), std::string::npos);
}

TEST_F(PrivateBrokerTest, ClientsOfTheNodeUseItAndItEndsWithTheModule) {
  EDGECORE_NEEDS_MOSQUITTO();
  module_options.config.retain = true;
  start();
  const pid_t broker_pid = wait_for_broker();
  {
    Peer peer(port, {"t/#"});
    ASSERT_TRUE(through(peer));
    from_twin("t/a", "x");
    ASSERT_TRUE(peer.wait_for(1));
  }
  Peer late(port, {"t/#"});
  EXPECT_TRUE(late.wait_for(1)) << "mqttRetain";
  stop();
  EXPECT_FALSE(alive(broker_pid));
  EXPECT_FALSE(pid().has_value());
}

TEST_F(PrivateBrokerTest, WhatTheCloudPublishesThereDoesNotComeBackToIt) {
  EDGECORE_NEEDS_MOSQUITTO();
  start();
  wait_for_broker();
  Peer peer(port, {"default/user/#"});
  ASSERT_TRUE(through(peer));
  from_router("publish", "default/user/t", "from the cloud");
  ASSERT_TRUE(peer.wait_for(1));
  peer.publish("default/user/t", "from a client");
  EXPECT_EQ(next_upload(), "from a client");
  peer.publish("default/user/t", "from the cloud");
  EXPECT_EQ(next_upload(), "from the cloud") << "the same words of a client are the client's";
}

TEST_F(PrivateBrokerTest, WhenItIsKilledAnotherTakesItsPlace) {
  EDGECORE_NEEDS_MOSQUITTO();
  start();
  const pid_t first = wait_for_broker();
  {
    Peer peer(port);
    ASSERT_TRUE(through(peer));
  }
  ::kill(first, SIGKILL);
  const pid_t second = wait_for_broker(first);
  EXPECT_NE(second, first);
  Peer peer(port);
  EXPECT_TRUE(through(peer));
}

TEST_F(PrivateBrokerTest, OneThatAKilledEdgecoreLeftBehindIsEnded) {
  EDGECORE_NEEDS_MOSQUITTO();
  const auto directory = scratch / "mosquitto";
  make_directories(directory, 0700);
  PrivateBrokerOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  replace_file(directory / "mosquitto.conf", broker_configuration(options), 0600);
  Command command;
  command.argv = {"/usr/sbin/mosquitto", "-c", (directory / "mosquitto.conf").string()};
  Child stale = Child::spawn(command);
  replace_file(directory / "mosquitto.pid", std::to_string(stale.pid()), 0600);
  ASSERT_TRUE(eventually([&] { return listens(port); }));
  ASSERT_EQ(stale_broker(directory), stale.pid());
  // Its parent, the killed edgecore, cannot wait for it, so this test does.
  std::thread parent([&stale] { stale.wait(); });
  start();
  const pid_t mine = wait_for_broker(stale.pid());
  EXPECT_NE(mine, stale.pid());
  parent.join();
}

TEST_F(PrivateBrokerTest, AnotherProgramWithThatNumberIsLeftAlone) {
  const auto directory = scratch / "mosquitto";
  make_directories(directory, 0700);
  Command command;
  command.argv = {"sleep", "100"};
  const Child stranger = Child::spawn(command);
  replace_file(directory / "mosquitto.pid", std::to_string(stranger.pid()), 0600);
  EXPECT_FALSE(stale_broker(directory).has_value());
  for (const char* text : {"", "x", "1", "0", "-5", "99999999999999999999"}) {
    replace_file(directory / "mosquitto.pid", text, 0600);
    EXPECT_FALSE(stale_broker(directory).has_value()) << text;
  }
  EXPECT_TRUE(alive(stranger.pid()));
}

TEST_F(PrivateBrokerTest, WithoutTheProgramTheModuleIsUpAndQuiet) {
  module_options.broker_program = "/no/such/mosquitto";
  start();
  from_router("subscribe", "default/a");
  ASSERT_TRUE(eventually([&] { return stored_topics().size() == 1; }));
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(supervisor->states().at(0).restarts, 0U);
}

TEST_F(PrivateBrokerTest, APortThatIsTakenIsTriedAgain) {
  EDGECORE_NEEDS_MOSQUITTO();
  std::optional<Listener> other(std::in_place);
  module_options.config.server_internal = "tcp://127.0.0.1:" + std::to_string(other->port);
  start();
  std::this_thread::sleep_for(300ms);
  const std::uint16_t taken = other->port;
  other.reset();
  EXPECT_TRUE(eventually([&] { return listens(taken); }));
}

TEST_F(PrivateBrokerTest, InModeOneEachBrokerWorksByItself) {
  EDGECORE_NEEDS_MOSQUITTO();
  RealBroker outside(scratch / "outside");
  module_options.config.mode = config::kMqttBoth;
  module_options.config.server_external = outside.address();
  start();
  wait_for_broker();
  Peer inner(port, {"t/#"});
  ASSERT_TRUE(through(inner));
  {
    Peer outer(outside.port, {"t/#"});
    ASSERT_TRUE(through(outer));
    from_twin("t/a", "both");
    ASSERT_TRUE(inner.wait_for(1));
    ASSERT_TRUE(outer.wait_for(1));
  }
  outside.kill();
  from_twin("t/a", "inner");
  ASSERT_TRUE(inner.wait_for(2));
  EXPECT_TRUE(through(inner));
}

}  // namespace
}  // namespace edgecore::eventbus
