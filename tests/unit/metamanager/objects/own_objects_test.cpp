// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/own_objects.hpp"

#include <gtest/gtest.h>

namespace edgecore::metamanager {
namespace {

Json node(const std::string& version, const std::string& heartbeat, const std::string& ready = "True") {
  Json made = {{"kind", "Node"}, {"apiVersion", "v1"}};
  made["metadata"] = {{"name", "edge1"},
                      {"uid", "u"},
                      {"resourceVersion", version},
                      {"managedFields", {{{"time", heartbeat}}}}};
  made["status"]["conditions"] = {
      {{"type", "Ready"}, {"status", ready}, {"lastHeartbeatTime", heartbeat}, {"lastTransitionTime", "t"}}};
  return made;
}

TEST(OwnNode, AHeartbeatIsServedButNotWritten) {
  OwnNode own;
  EXPECT_TRUE(own.take(node("1", "10:00")));
  own.written(node("1", "10:00"));
  EXPECT_FALSE(own.take(node("2", "10:05")));
  ASSERT_NE(own.latest(), nullptr);
  EXPECT_EQ((*own.latest())["metadata"]["resourceVersion"], "2");
  EXPECT_TRUE(own.take(node("3", "10:06", "False")));
}

TEST(OwnNode, WhatWasNotWrittenIsOfferedAgain) {
  OwnNode own;
  own.written(node("1", "10:00"));
  EXPECT_TRUE(own.take(node("2", "10:05", "False")));
  EXPECT_TRUE(own.take(node("3", "10:06", "False")));
}

TEST(OwnNode, AnOlderCopyIsIgnored) {
  OwnNode own;
  own.written(node("5", "10:00"));
  EXPECT_FALSE(own.take(node("4", "09:00", "False")));
  EXPECT_EQ((*own.latest())["metadata"]["resourceVersion"], "5");
}

TEST(OwnNode, DoubtEndsWithTheNextCopy) {
  OwnNode own;
  own.written(node("5", "10:00"));
  own.doubt();
  EXPECT_TRUE(own.doubted());
  own.take(node("6", "10:00"));
  EXPECT_FALSE(own.doubted());
  own.forget();
  EXPECT_EQ(own.latest(), nullptr);
}

TEST(NodeEssence, TakesOddShapes) {
  for (const Json& odd : {Json(), Json(5), Json::object(), Json({{"status", 5}}),
                          Json({{"status", {{"conditions", 7}}}, {"metadata", "x"}})}) {
    EXPECT_EQ(node_essence(odd), odd);
  }
}

}  // namespace
}  // namespace edgecore::metamanager
