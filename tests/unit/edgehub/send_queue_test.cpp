// SPDX-License-Identifier: Apache-2.0
#include "edgehub/send_queue.hpp"

#include <gtest/gtest.h>

#include "edgecore/beehive/names.hpp"

namespace edgecore::edgehub {
namespace {

using beehive::Message;
using beehive::MessagePtr;

const SteadyTime kNow{std::chrono::seconds(100)};

MessagePtr made(const char* source, const char* group, const char* operation, const std::string& resource,
                const nlohmann::json& content) {
  return beehive::share(beehive::make_message(source, group, operation, resource, content));
}

MessagePtr ack() {
  return made("edgecontroller", "resource", "response", "default/pod/p", "OK");
}
MessagePtr lease(int n) {
  return made("edged", "meta", "update", "kube-node-lease/lease/edge1", nlohmann::json{{"n", n}});
}
MessagePtr query(const std::string& name) {
  return made("edged", "meta", "query", "default/configmap/" + name, nullptr);
}
MessagePtr patch(const std::string& pod, int n) {
  return made("edged", "meta", "patch", "default/podpatch/" + pod, nlohmann::json{{"n", n}});
}
MessagePtr report(int n) {
  return made("twin", "resource", "update", "device/d1/twin/edge_updated", nlohmann::json{{"n", n}});
}

std::string next_resource(SendQueue& queue, SteadyTime now = kNow) {
  auto next = queue.pop(now);
  const auto* message = std::get_if<MessagePtr>(&next);
  return message != nullptr ? (*message)->route.resource : "-";
}

TEST(SendQueue, LeaseAndAcksLeaveBeforeStatusBeforeBulk) {
  SendQueue queue({});
  queue.push(report(1));
  queue.push(query("a"));
  queue.push(ack());
  queue.push(lease(1));
  EXPECT_EQ(next_resource(queue), "default/pod/p");
  EXPECT_EQ(next_resource(queue), "kube-node-lease/lease/edge1");
  EXPECT_EQ(next_resource(queue), "default/configmap/a");
  EXPECT_EQ(next_resource(queue), "device/d1/twin/edge_updated");
  EXPECT_EQ(next_resource(queue), "-");
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(SendQueue, NewerPatchTakesThePlaceOfAnUnsentOneAndTheOldIsHandedBack) {
  SendQueue queue({});
  const MessagePtr first = patch("p", 1);
  queue.push(first);
  queue.push(query("between"));
  const auto outcome = queue.push(patch("p", 2));
  ASSERT_TRUE(outcome.replaced);
  EXPECT_EQ(outcome.replaced, first);
  auto next = queue.pop(kNow);
  EXPECT_EQ(std::get<MessagePtr>(next)->content["n"], 2);
  EXPECT_EQ(next_resource(queue), "default/configmap/between");
  // The key is free again once the message has left.
  EXPECT_FALSE(queue.push(patch("p", 3)).replaced);
}

TEST(SendQueue, QueriesAreNeverReplaced) {
  SendQueue queue({});
  queue.push(query("a"));
  EXPECT_FALSE(queue.push(query("a")).replaced);
  EXPECT_EQ(queue.size(), 2U);
}

TEST(SendQueue, FullQueueRefusesBulkAndStatusButTakesAcks) {
  SendQueue queue({.messages = 2});
  queue.push(query("a"));
  queue.push(query("b"));
  const auto outcome = queue.push(report(1));
  EXPECT_FALSE(outcome.accepted);
  ASSERT_TRUE(outcome.refused);
  EXPECT_EQ(outcome.refused->route.source, "twin");
  EXPECT_TRUE(queue.push(ack()).accepted);
  EXPECT_EQ(queue.size(), 3U);
}

TEST(SendQueue, ByteLimitCountsWeights) {
  SendQueue queue({.bytes = 1000});
  Message big = *query("big");
  big.weight = 900;
  EXPECT_TRUE(queue.push(beehive::share(std::move(big))).accepted);
  EXPECT_FALSE(queue.push(query("small")).accepted);
  EXPECT_EQ(next_resource(queue), "default/configmap/big");
  EXPECT_TRUE(queue.push(query("small")).accepted);
}

TEST(SendQueue, BulkWaitsForTokensWhileAcksPass) {
  SendQueue queue({.bulk_per_second = 10, .bulk_burst = 2});
  for (int i = 0; i < 3; ++i) queue.push(report(i));
  EXPECT_EQ(next_resource(queue), "device/d1/twin/edge_updated");
  EXPECT_EQ(next_resource(queue), "device/d1/twin/edge_updated");
  auto waiting = queue.pop(kNow);
  ASSERT_TRUE(std::holds_alternative<std::chrono::nanoseconds>(waiting));
  EXPECT_LE(std::get<std::chrono::nanoseconds>(waiting), std::chrono::milliseconds(101));
  queue.push(ack());
  EXPECT_EQ(next_resource(queue), "default/pod/p");
  EXPECT_EQ(next_resource(queue, kNow + std::chrono::milliseconds(150)), "device/d1/twin/edge_updated");
}

TEST(SendQueue, ZeroQpsMeansNoLimit) {
  SendQueue queue({.bulk_per_second = 0, .bulk_burst = 0});
  for (int i = 0; i < 500; ++i) queue.push(report(i));
  for (int i = 0; i < 500; ++i) ASSERT_NE(next_resource(queue), "-") << i;
}

TEST(SendQueue, DrainGivesEverythingInSendingOrder) {
  SendQueue queue({});
  queue.push(report(1));
  queue.push(patch("p", 1));
  queue.push(ack());
  const auto all = queue.drain();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all.front()->route.operation, "response");
  EXPECT_EQ(all.back()->route.source, "twin");
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_FALSE(queue.push(patch("p", 2)).replaced);
}

}  // namespace
}  // namespace edgecore::edgehub
