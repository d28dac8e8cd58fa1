// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/api_resources.hpp"

#include <gmock/gmock.h>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/resource_kinds.hpp"

namespace edgecore::kube {
namespace {

using ::testing::ElementsAre;

Json crd(const std::string& plural = "crontabs", const std::string& group = "stable.example.com") {
  return parse_json(R"({"kind": "CustomResourceDefinition", "apiVersion": "apiextensions.k8s.io/v1",
    "metadata": {"name": ")" +
                    plural + "." + group + R"("},
    "spec": {"group": ")" +
                    group + R"(", "scope": "Namespaced",
      "names": {"plural": ")" +
                    plural + R"(", "singular": "crontab", "kind": "CronTab", "shortNames": ["ct"],
                "categories": ["all"]},
      "versions": [
        {"name": "v1alpha1", "served": true, "storage": false},
        {"name": "v1beta1", "served": false, "storage": false},
        {"name": "v1", "served": true, "storage": true,
         "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object"}}}},
         "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas"}},
         "additionalPrinterColumns": [{"name": "Spec", "type": "string", "jsonPath": ".spec.cronSpec"}]}]}})");
}

TEST(ApiResourcesTest, EveryBuiltInKindIsFoundByPluralAndByKind) {
  const ApiResources resources;
  for (const ResourceKind& row : builtin_kinds()) {
    const auto by_plural = resources.find(row.group, row.version, row.plural);
    ASSERT_NE(by_plural, nullptr) << row.plural;
    EXPECT_EQ(by_plural->kind, row.kind);
    EXPECT_EQ(by_plural->list_kind, std::string(row.kind) + "List");
    EXPECT_EQ(by_plural->namespaced, row.namespaced);
    EXPECT_EQ(resources.find_kind(row.group, row.version, row.kind), by_plural);
  }
  EXPECT_EQ(resources.all().size(), builtin_kinds().size());
  EXPECT_EQ(resources.find("", "v1", "gateways"), nullptr);
  EXPECT_EQ(resources.find("apps", "v2", "deployments"), nullptr);
}

TEST(ApiResourcesTest, SubresourcesAndCategoriesAreThoseOfTheApiServer) {
  const ApiResources resources;
  EXPECT_TRUE(resources.find("", "v1", "pods")->has_status);
  EXPECT_FALSE(resources.find("", "v1", "configmaps")->has_status);
  EXPECT_TRUE(resources.find("apps", "v1", "deployments")->has_scale);
  EXPECT_FALSE(resources.find("apps", "v1", "daemonsets")->has_scale);
  EXPECT_THAT(resources.find("", "v1", "pods")->categories, ElementsAre("all"));
  EXPECT_THAT(resources.find("apiextensions.k8s.io", "v1", "customresourcedefinitions")->short_names,
              ElementsAre("crd", "crds"));
}

TEST(ApiResourcesTest, VersionsComeInKubernetesOrder) {
  std::vector<std::string> versions = {"foo1",     "v1alpha1", "v3beta1",   "v12alpha1", "v11beta2", "foo10",
                                       "v10beta3", "v1",       "v11alpha2", "v2",        "v10",      "v01"};
  std::sort(versions.begin(), versions.end(), version_before);
  EXPECT_THAT(versions, ElementsAre("v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1",
                                    "v11alpha2", "v1alpha1", "foo1", "foo10", "v01"));
}

TEST(ApiResourcesTest, ACrdServesItsServedVersions) {
  ApiResources resources;
  const auto before = resources.revision();
  EXPECT_TRUE(resources.learn(crd()));
  EXPECT_GT(resources.revision(), before);

  const auto v1 = resources.find("stable.example.com", "v1", "crontabs");
  ASSERT_NE(v1, nullptr);
  EXPECT_EQ(v1->kind, "CronTab");
  EXPECT_EQ(v1->list_kind, "CronTabList");
  EXPECT_EQ(v1->qualified(), "crontabs.stable.example.com");
  EXPECT_EQ(v1->api_version(), "stable.example.com/v1");
  EXPECT_EQ(v1->crd, "crontabs.stable.example.com");
  EXPECT_THAT(v1->short_names, ElementsAre("ct"));
  EXPECT_TRUE(v1->preferred && v1->has_status && v1->has_scale);
  EXPECT_EQ(Json::parse(*v1->schema)["type"], "object");
  EXPECT_EQ(v1->columns->size(), 1U);

  const auto alpha = resources.find("stable.example.com", "v1alpha1", "crontabs");
  ASSERT_NE(alpha, nullptr);
  EXPECT_FALSE(alpha->preferred || alpha->has_status || alpha->has_scale);
  EXPECT_EQ(alpha->schema, nullptr);
  EXPECT_EQ(alpha->columns, nullptr);
  EXPECT_EQ(resources.find("stable.example.com", "v1beta1", "crontabs"), nullptr);  // not served
  EXPECT_EQ(resources.find("stable.example.com", "", "crontabs"), v1);
  EXPECT_EQ(resources.find_kind("stable.example.com", "", "CronTab"), v1);
}

TEST(ApiResourcesTest, TheSameCrdAgainChangesNothing) {
  ApiResources resources;
  EXPECT_TRUE(resources.learn(crd()));
  const auto revision = resources.revision();
  EXPECT_FALSE(resources.learn(crd()));
  EXPECT_EQ(resources.revision(), revision);
}

TEST(ApiResourcesTest, ARowStaysGoodWhenItIsReplacedOrForgotten) {
  ApiResources resources;
  resources.learn(crd());
  const auto old = resources.find("stable.example.com", "v1", "crontabs");
  Json changed = crd();
  changed["spec"]["versions"][2]["additionalPrinterColumns"] = Json::array();
  EXPECT_TRUE(resources.learn(changed));
  EXPECT_EQ(old->columns->size(), 1U);
  EXPECT_EQ(resources.find("stable.example.com", "v1", "crontabs")->columns, nullptr);
  EXPECT_TRUE(resources.forget("crontabs.stable.example.com"));
  EXPECT_FALSE(resources.forget("crontabs.stable.example.com"));
  EXPECT_EQ(resources.find("stable.example.com", "v1", "crontabs"), nullptr);
  EXPECT_EQ(old->kind, "CronTab");
}

TEST(ApiResourcesTest, ACrdOfABuiltInResourceAddsToIt) {
  ApiResources resources;
  Json devices = crd("devices", "devices.kubeedge.io");
  devices["spec"]["names"]["kind"] = "Gadget";
  devices["spec"]["scope"] = "Cluster";
  devices["spec"]["versions"][2]["name"] = "v1beta1";
  devices["spec"]["versions"][1]["name"] = "v1beta2";
  devices["spec"]["versions"][1]["served"] = true;
  EXPECT_TRUE(resources.learn(devices));
  const auto beta1 = resources.find("devices.kubeedge.io", "v1beta1", "devices");
  EXPECT_EQ(beta1->kind, "Device");
  EXPECT_TRUE(beta1->namespaced);
  EXPECT_NE(beta1->columns, nullptr);
  EXPECT_FALSE(beta1->preferred);
  const auto beta2 = resources.find("devices.kubeedge.io", "v1beta2", "devices");
  EXPECT_EQ(beta2->kind, "Device");
  EXPECT_TRUE(beta2->namespaced && beta2->preferred);

  resources.forget("devices.devices.kubeedge.io");
  EXPECT_EQ(resources.find("devices.kubeedge.io", "v1beta1", "devices")->columns, nullptr);
  EXPECT_EQ(resources.find("devices.kubeedge.io", "v1beta2", "devices"), nullptr);
}

TEST(ApiResourcesTest, ACrdThatIsNotEstablishedServesNothing) {
  ApiResources resources;
  Json pending = crd();
  pending["status"]["conditions"] = Json::array({{{"type", "Established"}, {"status", "False"}}});
  resources.learn(pending);
  EXPECT_EQ(resources.find("stable.example.com", "v1", "crontabs"), nullptr);
  pending["status"]["conditions"][0]["status"] = "True";
  EXPECT_TRUE(resources.learn(pending));
  EXPECT_NE(resources.find("stable.example.com", "v1", "crontabs"), nullptr);
}

TEST(ApiResourcesTest, WhatIsNoCrdIsRefusedAndChangesNothing) {
  ApiResources resources;
  resources.learn(crd());
  const auto revision = resources.revision();
  const auto refused = [&](const char* pointer, const Json& value) {
    Json bad = crd();
    bad[Json::json_pointer(pointer)] = value;
    EXPECT_THROW(resources.learn(bad), BadInput) << pointer << " " << value;
  };
  refused("/kind", "Pod");
  refused("/metadata/name", "other.stable.example.com");
  refused("/spec/group", "UPPER");
  refused("/spec/names/plural", "a/b");
  refused("/spec/names/kind", "Cron Tab");
  refused("/spec/scope", "Galaxy");
  refused("/spec/versions", 7);
  refused("/spec/versions/0/name", "v1");  // twice
  refused("/spec/versions/0/name", "../v1");
  EXPECT_THROW(resources.learn(Json("text")), BadInput);
  EXPECT_EQ(resources.revision(), revision);
  EXPECT_NE(resources.find("stable.example.com", "v1", "crontabs"), nullptr);
}

TEST(ApiResourcesTest, CrdsAreBounded) {
  ApiResourceLimits limits;
  limits.max_crds = 2;
  limits.max_schema_bytes = 100;
  limits.max_all_schema_bytes = 150;
  ApiResources resources(limits);
  resources.learn(crd("as", "a.io"));
  resources.learn(crd("bs", "b.io"));
  EXPECT_THROW(resources.learn(crd("cs", "c.io")), BadInput);
  EXPECT_FALSE(resources.learn(crd("as", "a.io")));  // a known CRD may change
  Json large = crd("bs", "b.io");
  large["spec"]["versions"][2]["schema"]["openAPIV3Schema"]["description"] = std::string(100, 'x');
  EXPECT_TRUE(resources.learn(large));
  EXPECT_EQ(resources.find("b.io", "v1", "bs")->schema, nullptr);
  large["spec"]["versions"][2]["schema"]["openAPIV3Schema"]["description"] = std::string(20, 'x');
  resources.learn(large);
  EXPECT_NE(resources.find("a.io", "v1", "as")->schema, nullptr);
  EXPECT_EQ(resources.find("b.io", "v1", "bs")->schema == nullptr, true);  // above the limit of all schemas
  resources.forget("as.a.io");
  resources.learn(large);
  EXPECT_NE(resources.find("b.io", "v1", "bs")->schema, nullptr);
}

TEST(ApiResourcesTest, TheListIsOrderedByGroupVersionAndPlural) {
  ApiResources resources;
  resources.learn(crd());
  const auto& all = resources.all();
  EXPECT_EQ(all.front()->group, "");
  for (std::size_t i = 1; i < all.size(); ++i) {
    const auto &before = *all[i - 1], &after = *all[i];
    EXPECT_LE(before.group, after.group);
    if (before.group != after.group) continue;
    EXPECT_FALSE(version_before(after.version, before.version));
    EXPECT_TRUE(before.version != after.version || before.plural < after.plural);
  }
}

}  // namespace
}  // namespace edgecore::kube
