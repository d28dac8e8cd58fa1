// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/kinds.hpp"

#include <gtest/gtest.h>

#include "cloudsim/cluster.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::cloudsim {
namespace {

Json gateways() {
  return Json::parse(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"gateways.mesh.example"},"spec":{"group":"mesh.example","scope":"Namespaced",
    "names":{"kind":"Gateway","plural":"gateways","shortNames":["gw"]},
    "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}}},
                {"name":"v1beta1","served":true,"storage":false},
                {"name":"v1alpha1","served":false,"storage":false}]}})");
}

class KindsTest : public testing::Test {
 protected:
  KindsTest() { cluster_.bootstrap("the CA"); }
  const ResourceKind& definitions_ = kind_named("CustomResourceDefinition");
  FakeClock clock_{WallTime(std::chrono::hours(24 * 365 * 50))};
  Cluster cluster_{clock_};
};

TEST_F(KindsTest, ADefinitionIsServedInItsServedVersions) {
  const Object made = cluster_.create(definitions_, "", gateways());
  EXPECT_EQ((*made)["status"]["conditions"][1]["type"], "Established");
  EXPECT_EQ((*made)["status"]["acceptedNames"]["listKind"], "GatewayList");
  const Kinds& kinds = cluster_.kinds();
  ASSERT_NE(kinds.find_plural("gateways", "mesh.example"), nullptr);
  EXPECT_EQ(kinds.find_plural("gateways", "mesh.example")->version, "v1");
  EXPECT_NE(kinds.find_plural("gateways", "mesh.example", "v1beta1"), nullptr);
  EXPECT_EQ(kinds.find_plural("gateways", "mesh.example", "v1alpha1"), nullptr);
  EXPECT_EQ(kinds.find_plural("gateways", "other.example"), nullptr);
  const auto resources = kinds.discovery("/apis/mesh.example/v1", std::nullopt);
  ASSERT_TRUE(resources);
  EXPECT_EQ((*resources)["resources"][0]["shortNames"][0], "gw");
  EXPECT_EQ((*resources)["resources"][1]["name"], "gateways/status");
}

TEST_F(KindsTest, ObjectsOfADefinedKindGoWithIt) {
  cluster_.create(definitions_, "", gateways());
  const ResourceKind* v1 = cluster_.kinds().find_plural("gateways", "mesh.example", "v1");
  const ResourceKind* beta = cluster_.kinds().find_plural("gateways", "mesh.example", "v1beta1");
  const Object made = cluster_.create(*v1, "default", {{"metadata", {{"name", "g"}}}, {"spec", {{"p", 1}}}});
  EXPECT_EQ((*made)["apiVersion"], "mesh.example/v1");
  EXPECT_TRUE(cluster_.find(*beta, "default", "g")) << "the versions share their objects";
  EXPECT_EQ(in_version(*beta, *made)["apiVersion"], "mesh.example/v1beta1");

  Cluster restarted(clock_);
  restarted.load(cluster_.save());
  EXPECT_TRUE(restarted.find(*restarted.kinds().find_kind("Gateway", "mesh.example"), "default", "g"));

  cluster_.remove(definitions_, "", "gateways.mesh.example");
  EXPECT_EQ(cluster_.kinds().find_plural("gateways", "mesh.example"), nullptr);
  EXPECT_TRUE(cluster_.list(*v1).empty());
  EXPECT_FALSE(cluster_.kinds().discovery("/apis/mesh.example", std::nullopt));
}

TEST_F(KindsTest, WhatTheTableHasIsNotDefinedAnew) {
  Json devices = gateways();
  devices["metadata"]["name"] = "devices.devices.kubeedge.io";
  devices["spec"]["group"] = "devices.kubeedge.io";
  devices["spec"]["names"] = {{"kind", "Device"}, {"plural", "devices"}};
  cluster_.create(definitions_, "", devices);
  EXPECT_EQ(cluster_.kinds().find_kind("Device", "devices.kubeedge.io"), &kind_named("Device"));
}

TEST_F(KindsTest, ADefinitionThatIsNoneIsRefused) {
  Json wrong = gateways();
  wrong["metadata"]["name"] = "gateways";
  EXPECT_THROW(cluster_.create(definitions_, "", wrong), ApiError);
  EXPECT_FALSE(cluster_.find(definitions_, "", "gateways"));
}

}  // namespace
}  // namespace edgecore::cloudsim
