// SPDX-License-Identifier: Apache-2.0
#include "eventbus/topics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace edgecore::eventbus {
namespace {

using namespace std::string_literals;

TEST(Topics, DeviceAndNodeTopicsAreForTwinAndAllOthersForTheCloud) {
  for (const char* topic :
       {"$hw/events/device", "$hw/events/device/", "$hw/events/device/default/s/twin/update",
        "$hw/events/node/edge1/membership/get", "$hw/events/node"}) {
    EXPECT_TRUE(is_for_twin(topic)) << topic;
  }
  for (const char* topic :
       {"$hw/events/upload/a", "SYS/dis/upload_records", "default/user/a", "$hw/events/devices/x",
        "$hw/events/nodes", "x/$hw/events/device/a", "$hw/events", "hw/events/device/a", ""}) {
    EXPECT_FALSE(is_for_twin(topic)) << topic;
  }
}

TEST(Topics, WhatMqttAllows) {
  for (const std::string& topic : {"a"s, "/"s, "a//b"s, "$hw/x"s, " "s, std::string(65'535, 'x')})
    EXPECT_TRUE(is_topic(topic) && is_filter(topic)) << topic.substr(0, 20);
  for (const std::string& topic : {""s, "a\0b"s, std::string(65'536, 'x')}) {
    EXPECT_FALSE(is_topic(topic)) << topic.size();
    EXPECT_FALSE(is_filter(topic)) << topic.size();
  }
  for (const char* filter : {"#", "+", "a/#", "+/user/#", "a/+/b", "+/+/+", "/+"}) {
    EXPECT_TRUE(is_filter(filter)) << filter;
    EXPECT_FALSE(is_topic(filter)) << filter;
  }
  for (const char* filter : {"a#", "#/a", "a/#/b", "a+", "a/+b", "##", "a/b#"})
    EXPECT_FALSE(is_filter(filter)) << filter;
}

TEST(Topics, RequestsAboutADeviceAreSubscribedToWithAndWithoutANamespace) {
  const auto subscribed = [](std::string_view topic) {
    return std::any_of(kFixedFilters.begin(), kFixedFilters.end(),
                       [&](std::string_view filter) { return matches(filter, topic); });
  };
  for (const char* device : {"default/d", "d", "twin/twin", "twin", "state"}) {
    const std::string base = "$hw/events/device/" + std::string(device);
    for (const char* request : {"/twin/update", "/twin/get", "/state/update"})
      EXPECT_TRUE(subscribed(base + request)) << base << request;
    for (const char* answer : {"/twin/update/result", "/twin/update/delta", "/state/update/result"})
      EXPECT_FALSE(subscribed(base + answer)) << "an agent must not hear itself: " << base << answer;
  }
}

TEST(Topics, AllFixedFiltersAreValid) {
  for (const auto filter : kFixedFilters) EXPECT_TRUE(is_filter(filter)) << filter;
}

TEST(Topics, Matching) {
  const auto takes = [](const char* filter, const char* topic) { return matches(filter, topic); };
  EXPECT_TRUE(takes("a/b", "a/b"));
  EXPECT_TRUE(takes("a/+", "a/b"));
  EXPECT_TRUE(takes("a/+", "a/"));
  EXPECT_TRUE(takes("a/#", "a/b/c"));
  EXPECT_TRUE(takes("a/#", "a"));
  EXPECT_TRUE(takes("#", "a/b"));
  EXPECT_TRUE(takes("+/user/#", "default/user/a/b"));
  EXPECT_TRUE(takes("+/user/#", "default/user"));
  EXPECT_TRUE(takes("$hw/events/device/+/+/twin/+", "$hw/events/device/default/s/twin/update"));
  EXPECT_TRUE(takes("/+", "/a"));
  EXPECT_FALSE(takes("a/b", "a/b/c"));
  EXPECT_FALSE(takes("a/b/c", "a/b"));
  EXPECT_FALSE(takes("a/+", "a"));
  EXPECT_FALSE(takes("a/+", "a/b/c"));
  EXPECT_FALSE(takes("+", "/a"));
  EXPECT_FALSE(takes("#", "$hw/a"));
  EXPECT_FALSE(takes("+/events", "$hw/events"));
  EXPECT_FALSE(takes("$hw/events/device/+/+/twin/+", "$hw/events/device/default/s/twin/update/result"));
  EXPECT_FALSE(takes("$hw/events/device/+/+/twin/+", "$hw/events/device/s/twin/update"));
}

}  // namespace
}  // namespace edgecore::eventbus
