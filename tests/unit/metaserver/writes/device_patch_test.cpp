// SPDX-License-Identifier: Apache-2.0
#include "metaserver/writes/device_patch.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/patch.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

Json property(const std::string& name, const std::string& desired) {
  return {{"name", name},
          {"desired", {{"value", desired}, {"metadata", {{"type", "string"}}}}},
          {"visitors", {{"protocolName", "modbus"}}}};
}

Json device() {
  Json made = {{"kind", "Device"}, {"apiVersion", "devices.kubeedge.io/v1beta1"}};
  made["metadata"] = {{"name", "lamp"}, {"namespace", "default"}, {"uid", "d"}, {"resourceVersion", "8"}};
  made["spec"]["nodeName"] = "edge1";
  made["spec"]["properties"] = Json::array({property("level", "1"), property("colour", "red")});
  return made;
}

int code_of(const std::string& content_type, const std::string& patch) {
  try {
    (void)patched(device(), content_type, patch);
  } catch (const ApiError& error) {
    return error.status().code;
  }
  return 0;
}

TEST(DevicePatch, OnlyTheDesiredValueIsSent) {
  Json after = device();
  after["spec"]["properties"][1]["desired"]["value"] = "blue";
  const auto patch = desired_patch(device(), after);
  ASSERT_TRUE(patch);
  EXPECT_EQ(*patch, Json::parse(R"([
    {"op":"test","path":"/metadata/uid","value":"d"},
    {"op":"test","path":"/spec/properties/1/name","value":"colour"},
    {"op":"add","path":"/spec/properties/1/desired","value":{"value":"blue","metadata":{"type":"string"}}}])"));
  EXPECT_EQ(kube::apply_json_patch(device(), *patch), after);
}

TEST(DevicePatch, WhatChangedInTheCloudMeanwhileStays) {
  Json after = device();
  after["spec"]["properties"][1]["desired"]["value"] = "blue";
  Json there = device();
  there["metadata"]["resourceVersion"] = "12";
  there["spec"]["properties"][0]["desired"]["value"] = "9";
  const Json merged = kube::apply_json_patch(there, *desired_patch(device(), after));
  EXPECT_EQ(merged["spec"]["properties"][0]["desired"]["value"], "9");
  EXPECT_EQ(merged["spec"]["properties"][1]["desired"]["value"], "blue");
  Json reshaped = there;
  reshaped["spec"]["properties"].erase(0);
  EXPECT_ANY_THROW(kube::apply_json_patch(reshaped, *desired_patch(device(), after)));
}

TEST(DevicePatch, ADesiredValueMayComeAndGo) {
  Json after = device();
  after["spec"]["properties"][0].erase("desired");
  EXPECT_EQ(kube::apply_json_patch(device(), *desired_patch(device(), after)), after);
  EXPECT_EQ(kube::apply_json_patch(after, *desired_patch(after, device())), device());
}

TEST(DevicePatch, NothingElseMayChange) {
  EXPECT_EQ(desired_patch(device(), device()), Json::array());
  for (const char* change :
       {R"({"op":"add","path":"/spec/nodeName","value":"edge2"})",
        R"({"op":"add","path":"/metadata/labels","value":{"a":"b"}})",
        R"({"op":"add","path":"/status","value":{"twins":[]}})",
        R"({"op":"remove","path":"/spec/properties/0"})",
        R"({"op":"add","path":"/spec/properties/0/visitors","value":{}})",
        R"({"op":"add","path":"/spec/properties/0/name","value":"x"})",
        R"({"op":"add","path":"/spec/properties/-","value":{"name":"x"}})",
        R"({"op":"remove","path":"/spec/properties"})", R"({"op":"add","path":"/spec","value":7})"}) {
    const Json after = kube::apply_json_patch(device(), Json::array({Json::parse(change)}));
    EXPECT_FALSE(desired_patch(device(), after)) << change;
  }
  EXPECT_FALSE(desired_patch(device(), nullptr));
}

TEST(DevicePatch, PatchesAreTakenInTheFormsOfCustomResources) {
  EXPECT_EQ(patched(device(), "application/merge-patch+json; charset=utf-8",
                    R"({"spec":{"nodeName":"x"}})")["spec"]["nodeName"],
            "x");
  EXPECT_EQ(patched(device(), "application/json-patch+json",
                    R"([{"op":"replace","path":"/spec/nodeName","value":"x"}])")["spec"]["nodeName"],
            "x");
  EXPECT_EQ(code_of("application/merge-patch+json", "{"), 400);
  EXPECT_EQ(code_of("application/merge-patch+json", "7"), 400);
  EXPECT_EQ(code_of("application/json-patch+json", R"([{"op":"test","path":"/spec/nodeName","value":"x"}])"),
            400);
  EXPECT_EQ(code_of("application/strategic-merge-patch+json", "{}"), 415);
  EXPECT_EQ(code_of("application/apply-patch+yaml", "{}"), 503);
}

}  // namespace
}  // namespace edgecore::metaserver
