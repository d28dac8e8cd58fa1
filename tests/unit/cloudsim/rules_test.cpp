// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/rules.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "unit/cloudsim/downlink_fixture.hpp"
#include "unit/cloudsim/rule_objects.hpp"

namespace edgecore::cloudsim {
namespace {

class RulesTest : public testing::Test {
 protected:
  RulesTest() { add_endpoints(cluster_); }
  Rule read(const std::string& source, Json from, const std::string& target, Json to) {
    const std::string name = "r" + std::to_string(++made_);
    add_rule(cluster_, name, source, std::move(from), target, std::move(to));
    return read_rule(cluster_, *cluster_.get(kind_named("Rule"), "default", name));
  }
  /// "<node> <param>" of a request, or "none".
  static std::string matched(const Rule& rule, const std::string& target) {
    const auto call = match(rule, target);
    return call ? call->node + " " + call->param : "none";
  }

  ObservedCluster all_;
  Cluster& cluster_ = all_.cluster;
  int made_ = 0;
};

TEST_F(RulesTest, TheFourKindsAreRead) {
  const Rule calls = read("rest", {{"path", "/a"}}, "servicebus", {{"path", "/p"}});
  EXPECT_EQ(calls.service_port, "8080");
  EXPECT_EQ(calls.target_place, "/p");
  EXPECT_EQ(source_key(calls), "");
  const Rule mqtt =
      read("eventbus", {{"topic", "a//b/"}, {"node_name", "n"}}, "rest", {{"resource", "http://x"}});
  EXPECT_EQ(mqtt.node, "n");
  EXPECT_EQ(source_key(mqtt), "default/a/b");
  const Rule up = read("servicebus", {{"target_url", "http://a/"}, {"node_name", "n"}}, "rest",
                       {{"resource", "http://x"}});
  EXPECT_EQ(source_key(up), "http:/a");
  EXPECT_EQ(read("rest", {{"path", "/a"}}, "eventbus", {{"topic", "t"}}).target_place, "t");
}

TEST_F(RulesTest, WhatCannotWorkIsRefused) {
  EXPECT_THROW(read("nobody", {{"path", "/a"}}, "servicebus", {{"path", "/p"}}), BadInput);
  EXPECT_THROW(read("rest", {{"path", "/a"}}, "rest", {{"resource", "http://x"}}), BadInput);
  EXPECT_THROW(read("eventbus", {{"topic", "t"}, {"node_name", "n"}}, "servicebus", {{"path", "/p"}}),
               BadInput);
  EXPECT_THROW(read("eventbus", {{"topic", "t"}}, "rest", {{"resource", "http://x"}}), BadInput);
  EXPECT_THROW(read("rest", {{"topic", "t"}}, "eventbus", {{"topic", "t"}}), BadInput);
}

TEST_F(RulesTest, ARequestIsMatchedByItsPath) {
  const Rule rule = read("rest", {{"path", "/a/b"}}, "servicebus", {{"path", "/p"}});
  EXPECT_EQ(matched(rule, "/n/default/a/b"), "n ");
  EXPECT_EQ(matched(rule, "/n/default/a/b/c/d?x=1"), "n c/d?x=1");
  EXPECT_EQ(matched(rule, "/n/default/a/b?x=1"), "n ?x=1");
  for (const char* other :
       {"/n/default/a", "/n/default/a/bc", "/n/other/a/b", "/n", "/", "", "//default/a/b", "x"})
    EXPECT_EQ(matched(rule, other), "none") << other;
}

}  // namespace
}  // namespace edgecore::cloudsim
