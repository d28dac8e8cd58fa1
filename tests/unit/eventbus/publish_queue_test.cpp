// SPDX-License-Identifier: Apache-2.0
#include "eventbus/publish_queue.hpp"

#include <gtest/gtest.h>

namespace edgecore::eventbus {
namespace {

Publication publication(const std::string& payload) {
  auto message = std::make_shared<beehive::Message>();
  message->route.resource = "t";
  message->content = payload;
  return {message, {}, false};
}

std::vector<std::string> unsent(PublishQueue queue) {
  std::vector<std::string> found;
  while (queue.has_unsent()) {
    found.emplace_back(queue.next_unsent().payload());
    queue.skip();
  }
  return found;
}
using Texts = std::vector<std::string>;

TEST(PublishQueue, MessagesLeaveInOrderAndAreKeptUntilAcknowledged) {
  PublishQueue queue({});
  for (const char* payload : {"a", "b", "c"}) EXPECT_TRUE(queue.push(publication(payload)));
  EXPECT_EQ(queue.next_unsent().payload(), "a");
  queue.sent(1);
  EXPECT_EQ(queue.next_unsent().payload(), "b");
  queue.sent(2);
  EXPECT_EQ(queue.in_flight(), 2U);
  EXPECT_EQ(queue.size(), 3U);
  queue.acknowledged(2);
  queue.acknowledged(7);
  queue.acknowledged(0);
  EXPECT_EQ(queue.in_flight(), 1U);
  queue.acknowledged(1);
  EXPECT_EQ(queue.in_flight(), 0U);
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(unsent(queue), Texts{"c"});
}

TEST(PublishQueue, ALostConnectionMeansAgainWhatWasNotAcknowledged) {
  PublishQueue queue({});
  for (const char* payload : {"a", "b", "c", "d"}) queue.push(publication(payload));
  for (int id = 1; id <= 3; ++id) queue.sent(id);
  queue.acknowledged(2);
  queue.connection_lost();
  EXPECT_EQ(queue.in_flight(), 0U);
  EXPECT_EQ(unsent(queue), (Texts{"a", "c", "d"}));
  queue.acknowledged(1);  // of the old connection
  EXPECT_EQ(queue.size(), 3U);
}

TEST(PublishQueue, WhenFullTheOldestThatIsNotUnderWayGoes) {
  PublishQueue queue({.messages = 3, .bytes = 1U << 20U});
  queue.push(publication("a"));
  queue.sent(1);
  EXPECT_TRUE(queue.push(publication("b")));
  EXPECT_TRUE(queue.push(publication("c")));
  EXPECT_FALSE(queue.push(publication("d")));
  EXPECT_EQ(unsent(queue), (Texts{"c", "d"}));
  EXPECT_EQ(queue.dropped(), 1U);
  EXPECT_EQ(queue.in_flight(), 1U);
}

TEST(PublishQueue, BytesAreBoundedButTheNewestStays) {
  PublishQueue queue({.messages = 100, .bytes = 3000});
  for (int i = 0; i < 10; ++i) queue.push(publication(std::string(1000, static_cast<char>('a' + i))));
  EXPECT_LE(queue.bytes(), 3000U);
  EXPECT_EQ(unsent(queue).back()[0], 'j');
  EXPECT_EQ(queue.dropped() + queue.size(), 10U);
  queue.push(publication(std::string(10'000, 'x')));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.next_unsent().payload().size(), 10'000U);
  queue.skip();
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(PublishQueue, APayloadIsTheContentsTextOrWhatStandsForIt) {
  Publication one = publication("\"quoted\"");
  EXPECT_EQ(one.payload(), "\"quoted\"");
  auto message = std::make_shared<beehive::Message>();
  message->content = nlohmann::json{{"a", 1}};
  const Publication other{message, "{\"a\":1}", false};
  EXPECT_EQ(other.payload(), "{\"a\":1}");
}

}  // namespace
}  // namespace edgecore::eventbus
