// SPDX-License-Identifier: Apache-2.0
#include "edgehub/receipts.hpp"

#include <gtest/gtest.h>

namespace edgecore::edgehub {
namespace {

beehive::Message upload(const std::string& topic) {
  return beehive::make_message("bus", "user", "upload", topic, "payload");
}

std::vector<std::string> topics(const std::vector<beehive::Message>& messages) {
  std::vector<std::string> found;
  for (const auto& message : messages) found.push_back(message.route.resource);
  return found;
}
using Topics = std::vector<std::string>;

TEST(Receipts, OnlyUploadsOfEventbusGetOne) {
  EXPECT_TRUE(wants_receipt(upload("a")));
  EXPECT_FALSE(wants_receipt(beehive::make_message("servicebus", "user", "upload", "", "")));
  EXPECT_FALSE(wants_receipt(beehive::make_message("bus", "user", "response", "a", "")));
  EXPECT_FALSE(wants_receipt(beehive::make_message("bus", "resource", "upload", "a", "")));
}

TEST(Receipts, APongStandsForWhatWasWrittenBeforeItsPing) {
  Receipts receipts;
  receipts.written(upload("a"));
  receipts.written(upload("b"));
  EXPECT_TRUE(receipts.wants_ping());
  const auto ping = receipts.ping();
  EXPECT_FALSE(receipts.wants_ping());
  EXPECT_TRUE(receipts.ping_under_way());
  receipts.written(upload("c"));
  EXPECT_TRUE(receipts.wants_ping());
  const auto received = receipts.pong(std::to_string(ping));
  EXPECT_EQ(topics(received), (Topics{"a", "b"}));
  EXPECT_TRUE(received.at(0).content.is_null());
  EXPECT_FALSE(receipts.ping_under_way());
  EXPECT_TRUE(receipts.pong(std::to_string(ping)).empty()) << "once";
  EXPECT_EQ(topics(receipts.pong(std::to_string(receipts.ping()))), Topics{"c"});
}

TEST(Receipts, ALaterPongStandsForEarlierPings) {
  Receipts receipts;
  receipts.written(upload("a"));
  receipts.ping();
  receipts.written(upload("b"));
  receipts.ping();
  const auto beat = receipts.ping();
  EXPECT_EQ(topics(receipts.pong(std::to_string(beat))), (Topics{"a", "b"}));
}

TEST(Receipts, WhatNobodyAskedSaysNothing) {
  Receipts receipts;
  receipts.written(upload("a"));
  EXPECT_TRUE(receipts.pong("1").empty()) << "no ping was sent";
  receipts.ping();
  for (const char* payload : {"", "beat", "0", "2", "1x", "-1", "99999999999999999999999"})
    EXPECT_TRUE(receipts.pong(payload).empty()) << payload;
  EXPECT_EQ(topics(receipts.pong("1")), Topics{"a"});
}

TEST(Receipts, ALostPingIsMadeGoodByTheNext) {
  Receipts receipts;
  receipts.written(upload("a"));
  receipts.ping();
  receipts.ping_lost();
  EXPECT_TRUE(receipts.wants_ping());
  EXPECT_TRUE(receipts.pong("1").empty());
  EXPECT_EQ(topics(receipts.pong(std::to_string(receipts.ping()))), Topics{"a"});
}

TEST(Receipts, WhatWaitsAtTheEndOfAConnectionIsHandedBack) {
  Receipts receipts;
  receipts.written(upload("a"));
  receipts.ping();
  receipts.written(upload("b"));
  EXPECT_EQ(topics(receipts.drain()), (Topics{"a", "b"}));
  EXPECT_TRUE(receipts.drain().empty());
  EXPECT_FALSE(receipts.ping_under_way());
}

}  // namespace
}  // namespace edgecore::edgehub
