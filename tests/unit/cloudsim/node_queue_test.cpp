// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/node_queue.hpp"

#include <gtest/gtest.h>

#include "cloudsim/replies.hpp"

namespace edgecore::cloudsim {
namespace {

using Verdict = NodeQueue::Verdict;

class NodeQueueTest : public testing::Test {
 protected:
  NodeQueueTest() { cluster_.bootstrap(""); }

  static Downstream config(const char* operation, const char* uid, const char* version) {
    Json object = {{"metadata", {{"name", uid}, {"namespace", "default"}, {"uid", uid}}}};
    if (*version != '\0') object["metadata"]["resourceVersion"] = version;
    return push("edgecontroller", operation, std::string("default/configmap/") + uid, std::move(object));
  }
  static Downstream reply(const char* parent, const char* uid, const char* version) {
    Downstream answer = config("response", uid, version);
    answer.message.header.parent_id = parent;
    return answer;
  }
  std::shared_ptr<const beehive::Message> next() {
    const auto uid = queue_.take(now_);
    return uid ? queue_.message(*uid) : nullptr;
  }
  std::string recorded(const char* uid) {
    const Object record = cluster_.find(kind_named("ObjectSync"), "default", std::string("n.") + uid);
    return record ? kube::string_or(*record, "status.objectResourceVersion") : "none";
  }

  FakeClock clock_{WallTime(std::chrono::hours(24 * 365 * 50))};
  SteadyTime now_{};
  Cluster cluster_{clock_};
  SyncRecords records_{cluster_};
  NodeQueue queue_{"n", records_};
};

TEST_F(NodeQueueTest, ANewerVersionTakesThePlaceOfAnUnsentOne) {
  EXPECT_EQ(queue_.offer(config("insert", "a", "5")), Verdict::kQueued);
  EXPECT_EQ(queue_.offer(config("update", "a", "6")), Verdict::kQueued);
  EXPECT_EQ(queue_.offer(config("update", "a", "6")), Verdict::kDropped);
  const auto message = next();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->header.resource_version, "6");
  queue_.acknowledged("a", *message);
  EXPECT_EQ(next(), nullptr);
}

TEST_F(NodeQueueTest, OfTwoRepliesWaitingForOneObjectOnlyTheLastIsSent) {
  queue_.offer(config("insert", "busy", "1"));
  ASSERT_TRUE(next());
  queue_.offer(reply("first", "a", "5"));
  queue_.offer(reply("second", "a", "5"));
  queue_.acknowledged("busy", *queue_.message("busy"));
  const auto message = next();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->header.parent_id, "second");
  queue_.acknowledged("a", *message);
  EXPECT_EQ(next(), nullptr);
}

TEST_F(NodeQueueTest, AReplyThatComesWhileOneIsInHandIsSentNext) {
  queue_.offer(reply("first", "a", "5"));
  const auto first = next();
  queue_.offer(reply("second", "a", "5"));
  queue_.acknowledged("a", *first);
  const auto second = next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->header.parent_id, "second");
}

TEST_F(NodeQueueTest, TheRecordHoldsWhatWasAcknowledged) {
  EXPECT_EQ(recorded("a"), "none");
  queue_.offer(config("insert", "a", "5"));
  EXPECT_EQ(recorded("a"), "0");
  const auto message = next();
  queue_.acknowledged("a", *message);
  EXPECT_EQ(recorded("a"), "5");
  NodeQueue reconnected("n", records_);
  EXPECT_EQ(reconnected.offer(config("update", "a", "5")), Verdict::kDropped);
  EXPECT_EQ(reconnected.offer(config("update", "a", "6")), Verdict::kQueued);
}

TEST_F(NodeQueueTest, AnAcknowledgedDeletionEndsTheRecord) {
  queue_.offer(config("insert", "a", "5"));
  const auto insert = next();
  queue_.acknowledged("a", *insert);
  EXPECT_EQ(queue_.offer(config("delete", "a", "")), Verdict::kQueued);
  EXPECT_EQ(queue_.offer(config("update", "a", "9")), Verdict::kDropped)
      << "a stored deletion is the last word";
  const auto deletion = next();
  ASSERT_TRUE(deletion);
  queue_.acknowledged("a", *deletion);
  EXPECT_EQ(recorded("a"), "none");
}

TEST_F(NodeQueueTest, WhatNobodyAcknowledgesComesBackAfterABackOffThatDoubles) {
  using namespace std::chrono_literals;
  queue_.offer(config("insert", "a", "5"));
  ASSERT_TRUE(queue_.take(now_));
  queue_.gave_up("a", now_);
  EXPECT_FALSE(queue_.take(now_));
  ASSERT_EQ(queue_.due(), now_ + 5ms);
  now_ += 5ms;
  ASSERT_TRUE(queue_.take(now_));
  queue_.gave_up("a", now_);
  EXPECT_EQ(queue_.due(), now_ + 10ms);
}

TEST_F(NodeQueueTest, WithoutVersionOrUidAPushIsDropped) {
  EXPECT_EQ(queue_.offer(config("update", "a", "")), Verdict::kDropped);
  Downstream nameless = config("update", "a", "5");
  nameless.message.content["metadata"].erase("uid");
  EXPECT_EQ(queue_.offer(std::move(nameless)), Verdict::kDropped);
}

struct ClassCase {
  const char* source;
  const char* group;
  const char* operation;
  const char* resource;
  bool ack;
};

TEST(DownstreamTest, ClassesFollowTheRules) {
  for (const ClassCase& row : {
           ClassCase{"edgecontroller", "resource", "insert", "default/pod/p", true},
           ClassCase{"edgecontroller", "resource", "response", "default/pod/p", false},
           ClassCase{"edgecontroller", "resource", "response", "default/configmap/c", true},
           ClassCase{"edgecontroller", "resource", "response", "default/podpatch/p", false},
           ClassCase{"edgecontroller", "resource", "response", "default/serviceaccounttoken/default", false},
           ClassCase{"edgecontroller", "resource", "insert", "default/pod/membership-x", false},
           ClassCase{"devicecontroller", "twin", "update", "membership", false},
           ClassCase{"dynamiccontroller", "resource", "applicationResponse", "ignore/Application/ignore",
                     false},
           ClassCase{"dynamiccontroller", "resource", "update", "default/node/n", true},
           ClassCase{"router_eventbus", "user", "publish", "topic", false},
           ClassCase{"taskmanager", "taskmanager", "prepull", "prepull/t/node/n", false},
       }) {
    Downstream message;
    message.message =
        beehive::make_message(row.source, row.group, row.operation, row.resource, Json::object());
    EXPECT_EQ(needs_ack(message), row.ack) << row.operation << " " << row.resource;
  }
  Downstream ok;
  ok.message = beehive::make_message("edgecontroller", "resource", "response", "default/configmap/c", "OK");
  EXPECT_FALSE(needs_ack(ok));
  ok.message.content = Json::object();
  ok.error_content = true;
  EXPECT_FALSE(needs_ack(ok));
}

TEST(DownstreamTest, TextIsEscapedAsGoEscapesIt) {
  const auto message = beehive::make_message("s", "g", "o", "r", "<a & b>\u2028");
  const std::string text = wire_text(message);
  EXPECT_NE(text.find(R"(\u003ca \u0026 b\u003e\u2028)"), std::string::npos) << text;
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(beehive::decode(text).content, "<a & b>\u2028");
}

}  // namespace
}  // namespace edgecore::cloudsim
