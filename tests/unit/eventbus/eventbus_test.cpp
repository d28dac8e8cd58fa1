// SPDX-License-Identifier: Apache-2.0
#include "edgecore/eventbus/eventbus.hpp"

#include "eventbus/publish_queue.hpp"
#include "eventbus/topics.hpp"
#include "unit/eventbus/bus_fixture.hpp"

namespace edgecore::eventbus {
namespace {

class EventBusTest : public BusFixture {
 protected:
  /// Starts and waits until both clients are connected and all subscriptions are requested.
  void start_connected(std::size_t more_filters = 0) {
    start();
    ASSERT_TRUE(connected(more_filters));
  }
  bool connected(std::size_t more_filters = 0) {
    return eventually([&] {
      return broker.clients().size() == 2 && broker.filters().size() == kFixedFilters.size() + more_filters;
    });
  }
  bool published(std::size_t count) {
    return eventually([&] { return broker.published().size() >= count; });
  }
  static constexpr const char* kUpdate = "$hw/events/device/default/s/twin/update";
};

TEST_F(EventBusTest, DeviceMessagesGoToTwinAndOthersToTheCloud) {
  start_connected();
  broker.publish(kUpdate, "{\"twin\":1}");
  broker.publish("default/user/a", "hello");
  broker.publish("$hw/events/node/edge1/membership/get", "{}");
  broker.publish("SYS/dis/upload_records", "r");
  broker.publish("somewhere/else", "nobody asked for it");
  MessagePtr got = next(twin);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->route.source, "bus");
  EXPECT_EQ(got->route.group, "twin");
  EXPECT_EQ(got->route.operation, "response");
  EXPECT_EQ(got->route.resource, kUpdate);
  EXPECT_EQ(got->content, "{\"twin\":1}");
  EXPECT_GT(got->header.timestamp, 0);
  got = next(twin);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->route.resource, "$hw/events/node/edge1/membership/get");
  got = next(cloud);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->route.source, "bus");
  EXPECT_EQ(got->route.group, "user");
  EXPECT_EQ(got->route.operation, "upload");
  EXPECT_EQ(got->route.resource, "default/user/a");
  EXPECT_EQ(got->content, "hello");
  got = next(cloud);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->route.resource, "SYS/dis/upload_records");
  EXPECT_FALSE(next(cloud, 50ms));
  EXPECT_FALSE(next(twin, 1ms));
}

TEST_F(EventBusTest, WithoutTheDeviceModuleItsMessagesAreDropped) {
  with_twin = false;
  start_connected();
  broker.publish(kUpdate, "{}");
  broker.publish("default/user/a", "hello");
  EXPECT_EQ(next_upload(), "hello");
}

TEST_F(EventBusTest, ClientIdsAreTheConfiguredOrTheGeneratedOnes) {
  start_connected();
  const auto generated = broker.clients();
  EXPECT_TRUE(generated[0].starts_with("hub-client-sub-")) << generated[0];
  EXPECT_EQ(generated[0].size(), std::string("hub-client-sub-1700000000").size());
  EXPECT_TRUE(generated[1].starts_with("hub-client-pub-")) << generated[1];
  stop();
  module_options.config.sub_client_id = "mine";
  start();
  ASSERT_TRUE(connected());
  EXPECT_EQ(broker.clients()[0], "mine");
}

TEST_F(EventBusTest, WhatTwinPublishesLeavesWithQos1AndInOrder) {
  module_options.config.qos = 2;  // of the internal broker only
  module_options.config.retain = true;
  start_connected();
  for (int i = 0; i < 500; ++i) from_twin(std::string(kUpdate) + "/result", std::to_string(i));
  ASSERT_TRUE(published(500));
  const auto all = broker.published();
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(all[i].payload, std::to_string(i));
    EXPECT_EQ(all[i].qos, 1);
    EXPECT_FALSE(all[i].retain);
    EXPECT_TRUE(all[i].client_id.starts_with("hub-client-pub-"));
  }
}

TEST_F(EventBusTest, WhatTheCloudPublishesMayBeTextOrAnything) {
  start_connected();
  from_router("publish", "default/led", "on");
  from_router("publish", "default/led", nlohmann::json{{"on", true}});
  from_router("publish", "default/led", nullptr);
  from_router("publish", "default/+", "not a topic");
  from_router("publish", "", "not a topic");
  from_router("publish", "default/last", "x");
  ASSERT_TRUE(published(4));
  const auto all = broker.published();
  EXPECT_EQ(all[0].payload, "on");
  EXPECT_EQ(all[1].payload, "{\"on\":true}");
  EXPECT_EQ(all[2].payload, "");
  EXPECT_EQ(all[3].topic, "default/last");
}

TEST_F(EventBusTest, WithTheBrokerAwayMessagesWaitAndTheMailboxIsEmptied) {
  broker.set_up(false);
  start();
  for (int i = 0; i < 300; ++i) from_twin("t", std::to_string(i));
  ASSERT_TRUE(eventually([&] { return broker.attempts() >= 1; }));
  broker.set_up(true);
  ASSERT_TRUE(published(300));
  EXPECT_EQ(broker.published().front().payload, "0");
  EXPECT_EQ(broker.published().back().payload, "299");
}

TEST_F(EventBusTest, TooManyMessagesForABrokerThatIsAwayPushOutTheOldest) {
  broker.set_up(false);
  start();
  const std::size_t limit = PublishQueue::Limits().messages;
  for (std::size_t i = 0; i < limit + 100; ++i) {
    ASSERT_TRUE(eventually([&] {
      return bus->try_send(names::module::kEventBus,
                           beehive::make_message("twin", "bus", "publish", "t", std::to_string(i)));
    })) << "the mailbox is not emptied";
  }
  broker.set_up(true);
  ASSERT_TRUE(published(limit));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(broker.published().size(), limit);
  EXPECT_EQ(broker.published().front().payload, "100");
  EXPECT_EQ(broker.published().back().payload, std::to_string(limit + 99));
}

TEST_F(EventBusTest, WhatWasNotAcknowledgedIsPublishedAgain) {
  start_connected();
  broker.hold_acks(true);
  const std::size_t window = MqttOptions().max_inflight;
  for (std::size_t i = 0; i < window + 50; ++i) from_twin("t", std::to_string(i));
  ASSERT_TRUE(published(window));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(broker.published().size(), window) << "no more than the window is under way";
  broker.hold_acks(false);
  ASSERT_TRUE(published(window + 50));

  broker.hold_acks(true);
  from_twin("t", "lost?");
  ASSERT_TRUE(published(window + 51));
  broker.cut();
  broker.hold_acks(false);
  ASSERT_TRUE(published(window + 52));
  EXPECT_EQ(broker.published().back().payload, "lost?");
}

TEST_F(EventBusTest, AfterTheBrokerCameBackEverythingIsSubscribedAgain) {
  start_connected();
  from_router("subscribe", "default/rule/a");
  ASSERT_TRUE(connected(1));
  broker.set_up(false);
  ASSERT_TRUE(eventually([&] { return broker.clients().empty(); }));
  from_router("subscribe", "default/rule/b");
  broker.set_up(true);
  ASSERT_TRUE(connected(2));
  broker.publish("default/rule/b", "x");
  EXPECT_EQ(next_upload(), "x");
}

TEST_F(EventBusTest, OneRefusedFilterDoesNotStopTheOthers) {
  broker.refuse("$hw/events/device/+/+/state/update");
  broker.refuse("default/no");
  start();
  from_router("subscribe", "default/no");
  from_router("subscribe", "default/yes");
  ASSERT_TRUE(
      eventually([&] { return broker.filters().size() == kFixedFilters.size(); }));  // one less, one more
  broker.publish(kUpdate, "{}");
  EXPECT_TRUE(next(twin));
  broker.publish("default/yes", "x");
  EXPECT_EQ(next_upload(), "x");
  EXPECT_TRUE(eventually([&] {
    return stored_topics() == std::vector<std::string>{"default/no", "default/yes"};
  }));
}

TEST_F(EventBusTest, SubscriptionsAreKeptWithTheBrokerDownAndOverARestart) {
  broker.set_up(false);
  start();
  from_router("subscribe", "default/a");
  from_router("subscribe", "default/b");
  from_router("subscribe", "default/b");
  from_router("unsubscribe", "default/a");
  from_router("unsubscribe", "default/never");
  from_router("subscribe", "not/#/valid");
  ASSERT_TRUE(eventually([&] { return stored_topics() == std::vector<std::string>{"default/b"}; }));
  stop();
  broker.set_up(true);
  restart();
  ASSERT_TRUE(connected(1));
  from_router("unsubscribe", "default/b");
  ASSERT_TRUE(connected(0));
  ASSERT_TRUE(eventually([&] { return stored_topics().empty(); }));
}

TEST_F(EventBusTest, AFixedFilterThatTheCloudAlsoWantsOutlivesItsUnsubscribe) {
  start_connected();
  from_router("subscribe", "+/user/#");
  ASSERT_TRUE(eventually([&] { return stored_topics().size() == 1; }));
  from_router("unsubscribe", "+/user/#");
  ASSERT_TRUE(eventually([&] { return stored_topics().empty(); }));
  broker.publish("default/user/a", "x");
  EXPECT_EQ(next_upload(), "x");
}

TEST_F(EventBusTest, ADeviceTopicTheCloudSubscribesToGoesToTwinAllTheSame) {
  start_connected();
  from_router("subscribe", "$hw/events/device/default/s/twin/update/document");
  ASSERT_TRUE(connected(1));
  broker.publish("$hw/events/device/default/s/twin/update/document", "{}");
  const auto got = next(twin);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->route.resource, "$hw/events/device/default/s/twin/update/document");
  EXPECT_FALSE(next(cloud, 50ms));
}

TEST_F(EventBusTest, WhileTwinTakesNothingTheBrokerKeepsItsMessages) {
  twin_limits.messages = 10;
  start_connected();
  constexpr std::size_t kSent = 10'000;
  for (std::size_t i = 0; i < kSent; ++i) broker.publish(kUpdate, std::to_string(i));
  ASSERT_TRUE(eventually([&] { return twin->size() == 10 && broker.held() > 0; }));
  std::this_thread::sleep_for(50ms);
  EXPECT_GT(broker.held(), kSent / 3) << "and not this node's memory";
  for (std::size_t i = 0; i < kSent; ++i) {
    const auto got = next(twin);
    ASSERT_TRUE(got) << i;
    ASSERT_EQ(got->content, std::to_string(i));
  }
  EXPECT_EQ(broker.held(), 0U);
}

TEST_F(EventBusTest, WhileABrokerIsSlowToTakeAnswersItKeepsItsQuestions) {
  start_connected();
  broker.hold_acks(true);
  const std::size_t many = PublishQueue::Limits().messages * 3 / 4;
  const auto fill = [&] {
    for (std::size_t i = 0; i < many; ++i) {
      ASSERT_TRUE(eventually([&] {
        return bus->try_send(names::module::kEventBus,
                             beehive::make_message("twin", "bus", "publish", "t", "x"));
      }));
    }
  };
  fill();
  broker.publish(kUpdate, "1");
  EXPECT_FALSE(next(twin, 200ms));
  broker.hold_acks(false);
  EXPECT_TRUE(next(twin, 2s));
  ASSERT_TRUE(published(many)) << "none was dropped";

  // A broker that takes nothing at all delays nobody.
  broker.hold_acks(true);
  fill();
  broker.publish(kUpdate, "2");
  EXPECT_TRUE(next(twin, 8s));
}

TEST_F(EventBusTest, AnAddressThatCannotBeUsedLeavesTheModuleUpAndQuiet) {
  module_options.config.server_external = "ws://127.0.0.1:8083";
  start();
  from_router("subscribe", "default/a");
  from_twin("t", "x");
  ASSERT_TRUE(eventually([&] { return stored_topics().size() == 1; }));
  EXPECT_EQ(broker.attempts(), 0U);
  EXPECT_EQ(supervisor->states().at(0).restarts, 0U);
}

TEST_F(EventBusTest, StrangeMessagesAreIgnored) {
  start_connected();
  send(beehive::make_message("router_servicebus", "user", "start", "http://x", nullptr));
  send(beehive::make_message("router_eventbus", "user", "explode", "x", nullptr));
  send(beehive::make_message("twin", "bus", "subscribe", "x", nullptr));
  send(beehive::make_message("", "", "", "", nullptr));
  from_twin("t", "still there");
  ASSERT_TRUE(published(1));
}

}  // namespace
}  // namespace edgecore::eventbus
