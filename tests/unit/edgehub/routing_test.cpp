// SPDX-License-Identifier: Apache-2.0
#include "edgehub/routing.hpp"

#include <gtest/gtest.h>

namespace edgecore::edgehub {
namespace {

beehive::Message message(const std::string& source, const std::string& group, const std::string& operation,
                         const std::string& parent = {}) {
  beehive::Message made = beehive::make_message(source, group, operation, "default/pod/p", nullptr);
  made.header.parent_id = parent;
  return made;
}

std::string where(const beehive::Message& received) {
  const auto destination = destination_of(received);
  if (std::holds_alternative<route::Control>(destination)) return "control";
  if (std::holds_alternative<route::NodeTask>(destination)) return "task";
  if (std::holds_alternative<route::Reply>(destination)) return "reply";
  if (const auto* to = std::get_if<route::ToModule>(&destination)) return to->module;
  if (const auto* to = std::get_if<route::ToGroup>(&destination)) return "group " + to->group;
  return "unknown";
}

TEST(Routing, FollowsTheOrderOfTheTunnelProtocol) {
  EXPECT_EQ(where(message("x", "anything", "ping")), "control");
  EXPECT_EQ(where(message("taskmanager", "taskmanager", "upgrade", "parent")), "task");
  EXPECT_EQ(where(message("devicecontroller", "twin", "response", "parent")), "twin");
  EXPECT_EQ(where(message("edgecontroller", "resource", "response", "parent")), "reply");
  EXPECT_EQ(where(message("router", "user", "response", "parent")), "reply");
  EXPECT_EQ(where(message("router_eventbus", "user", "publish")), "eventbus");
  EXPECT_EQ(where(message("router_servicebus", "user", "start")), "servicebus");
  EXPECT_EQ(where(message("somebody", "user", "publish")), "group bus");
  EXPECT_EQ(where(message("edgecontroller", "resource", "insert")), "metamanager");
  EXPECT_EQ(where(message("edgecontroller", "func", "insert")), "metamanager");
  EXPECT_EQ(where(message("edgecontroller", "operations.kubeedge.io", "insert")), "unknown");
  EXPECT_EQ(where(message("edgecontroller", "", "")), "unknown");
}

}  // namespace
}  // namespace edgecore::edgehub
