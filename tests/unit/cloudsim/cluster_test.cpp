// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/cluster.hpp"

#include <gtest/gtest.h>

#include "cloudsim/discovery.hpp"
#include "cloudsim/rest_api.hpp"
#include "cloudsim/table.hpp"

namespace edgecore::cloudsim {
namespace {

class ClusterTest : public testing::Test {
 protected:
  ClusterTest() { cluster_.bootstrap("the CA"); }

  Json pod(const char* node = nullptr) {
    Json container = {{"name", "c"}, {"image", "localhost/busybox:1.35"}};
    Json object = {{"metadata", {{"name", "p"}}}, {"spec", {{"containers", Json::array({container})}}}};
    if (node != nullptr) object["spec"]["nodeName"] = node;
    return object;
  }
  void add_node() {
    Json node = {{"metadata", {{"name", "n"}, {"labels", {{"node-role.kubernetes.io/edge", ""}}}}}};
    cluster_.create(nodes_, "", std::move(node));
  }
  template <typename Call>
  static std::string refusal(Call call) {
    try {
      call();
    } catch (const ApiError& error) {
      return error.status().reason;
    }
    return "";
  }

  FakeClock clock_{WallTime(std::chrono::hours(24 * 365 * 50))};
  Cluster cluster_{clock_};
  const ResourceKind& pods_ = kind_named("Pod");
  const ResourceKind& nodes_ = kind_named("Node");
  const ResourceKind& configs_ = kind_named("ConfigMap");
};

TEST_F(ClusterTest, ANamespaceHasItsAccountAndTheClustersCa) {
  EXPECT_TRUE(cluster_.find(kind_named("ServiceAccount"), "kube-system", "default"));
  const Object ca = cluster_.get(configs_, "default", "kube-root-ca.crt");
  EXPECT_EQ((*ca)["data"]["ca.crt"], "the CA");
}

TEST_F(ClusterTest, APodGetsDefaultsAndATokenVolume) {
  const Object made = cluster_.create(pods_, "default", pod());
  EXPECT_EQ(kube::string_or(*made, "spec.serviceAccountName"), "default");
  EXPECT_EQ(kube::string_or(*made, "spec.restartPolicy"), "Always");
  EXPECT_EQ(kube::string_or(*made, "status.phase"), "Pending");
  const Json& volume = (*made)["spec"]["volumes"].at(0);
  EXPECT_TRUE(kube::string_or(volume, "name").starts_with("kube-api-access-"));
  EXPECT_EQ((*made)["spec"]["containers"][0]["volumeMounts"][0]["name"], volume["name"]);
  EXPECT_EQ(volume["projected"]["sources"].size(), 3U);
}

TEST_F(ClusterTest, AChangeOfNothingKeepsTheVersion) {
  const Object made = cluster_.create(pods_, "default", pod());
  const Object same = cluster_.patch(pods_, "default", "p", PatchType::kStrategic, Json::object(), "status");
  EXPECT_EQ(version_of(*same), version_of(*made));
}

TEST_F(ClusterTest, AnOldVersionIsAConflict) {
  const Object first = cluster_.create(configs_, "default", {{"metadata", {{"name", "c"}}}});
  Json second = *first;
  second["data"] = {{"k", "v"}};
  cluster_.update(configs_, "default", "c", second);
  second["data"] = {{"k", "w"}};
  EXPECT_EQ(refusal([&] { cluster_.update(configs_, "default", "c", second); }), "Conflict");
}

TEST_F(ClusterTest, APatchForAnotherUidIsAConflict) {
  cluster_.create(pods_, "default", pod());
  const Json patch = {{"metadata", {{"uid", "another"}}}, {"status", {{"phase", "Running"}}}};
  EXPECT_EQ(refusal([&] { cluster_.patch(pods_, "default", "p", PatchType::kStrategic, patch, "status"); }),
            "Conflict");
}

TEST_F(ClusterTest, TheSubresourceStatusLeavesTheSpecAlone) {
  cluster_.create(pods_, "default", pod());
  const Json patch = {{"spec", {{"nodeName", "n"}}}, {"status", {{"phase", "Running"}}}};
  const Object after = cluster_.patch(pods_, "default", "p", PatchType::kStrategic, patch, "status");
  EXPECT_EQ(kube::string_or(*after, "status.phase"), "Running");
  EXPECT_EQ(kube::find_path(*after, "spec.nodeName"), nullptr);
  const Object again =
      cluster_.patch(pods_, "default", "p", PatchType::kMerge, {{"status", {{"phase", "Failed"}}}});
  EXPECT_EQ(kube::string_or(*again, "status.phase"), "Running");
}

TEST_F(ClusterTest, NamesFollowTheRules) {
  EXPECT_EQ(refusal([&] {
              cluster_.create(configs_, "default", {{"metadata", {{"name", "Bad_Name"}}}});
            }),
            "Invalid");
  EXPECT_EQ(refusal([&] { cluster_.create(configs_, "default", Json::object()); }), "Invalid");
  EXPECT_EQ(refusal([&] {
              cluster_.create(configs_, "nowhere", {{"metadata", {{"name", "c"}}}});
            }),
            "NotFound");
  const Object made = cluster_.create(configs_, "default", {{"metadata", {{"generateName", "c-"}}}});
  EXPECT_EQ(name_of(*made).size(), 7U);
}

TEST_F(ClusterTest, APodOnANodeWaitsForItsGraceAndTheNodesWord) {
  add_node();
  cluster_.create(pods_, "default", pod("n"));
  const Deletion first = cluster_.remove(pods_, "default", "p");
  EXPECT_FALSE(first.removed);
  EXPECT_EQ(kube::int_or(*first.object, "metadata.deletionGracePeriodSeconds", 0), 30);
  DeleteOptions confirmation;
  confirmation.grace_seconds = 0;
  confirmation.uid = "another";
  EXPECT_EQ(refusal([&] { cluster_.remove(pods_, "default", "p", confirmation); }), "Conflict");
  confirmation.uid = uid_of(*first.object);
  EXPECT_TRUE(cluster_.remove(pods_, "default", "p", confirmation).removed);
  EXPECT_EQ(refusal([&] { static_cast<void>(cluster_.get(pods_, "default", "p")); }), "NotFound");
}

TEST_F(ClusterTest, APodNobodyRunsGoesAtOnce) {
  cluster_.create(pods_, "default", pod());
  EXPECT_TRUE(cluster_.remove(pods_, "default", "p").removed);
  cluster_.create(pods_, "default", pod("unknown-node"));
  EXPECT_TRUE(cluster_.remove(pods_, "default", "p").removed);
}

TEST_F(ClusterTest, ARehearsalChecksAndKeepsNothing) {
  const std::uint64_t version = cluster_.version();
  {
    const Cluster::Rehearsal rehearsal(cluster_);
    EXPECT_EQ(name_of(*cluster_.create(configs_, "default", {{"metadata", {{"name", "c"}}}})), "c");
    EXPECT_EQ(refusal([&] {
                cluster_.create(configs_, "default", {{"metadata", {{"name", "Bad_Name"}}}});
              }),
              "Invalid");
    cluster_.remove(configs_, "default", "kube-root-ca.crt");
  }
  EXPECT_FALSE(cluster_.find(configs_, "default", "c"));
  EXPECT_TRUE(cluster_.find(configs_, "default", "kube-root-ca.crt"));
  EXPECT_EQ(cluster_.version(), version);
}

TEST_F(ClusterTest, SecretsInTextBecomeBase64) {
  const Json secret = {{"metadata", {{"name", "s"}}}, {"stringData", {{"password", "not-so-secret"}}}};
  const Object made = cluster_.create(kind_named("Secret"), "default", secret);
  EXPECT_EQ((*made)["data"]["password"], "bm90LXNvLXNlY3JldA==");
  EXPECT_FALSE(made->contains("stringData"));
}

TEST_F(ClusterTest, WhatIsSavedComesBackWithItsVersions) {
  const Object made = cluster_.create(pods_, "default", pod());
  Cluster restarted(clock_);
  restarted.load(cluster_.save());
  restarted.bootstrap("the CA");
  EXPECT_EQ(*restarted.get(pods_, "default", "p"), *made);
  EXPECT_EQ(restarted.version(), cluster_.version());
}

TEST_F(ClusterTest, HistoryTellsAWatcherWhatItMissed) {
  const std::uint64_t before = cluster_.version();
  cluster_.create(configs_, "default", {{"metadata", {{"name", "c"}}}});
  cluster_.remove(configs_, "default", "c");
  const auto changes = cluster_.since(before, configs_);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 2U);
  EXPECT_EQ((*changes)[0].type, ChangeType::kAdded);
  EXPECT_EQ((*changes)[1].type, ChangeType::kDeleted);
  EXPECT_GT(version_of(*(*changes)[1].object), version_of(*(*changes)[0].object));
}

TEST_F(ClusterTest, TablesShowPodsAsKubectlDoes) {
  cluster_.create(pods_, "default", pod());
  clock_.advance(std::chrono::seconds(125));
  const Json shown = table(pods_, cluster_.list(pods_), clock_.wall());
  EXPECT_EQ(shown["rows"][0]["cells"].dump(),
            R"(["p","0/1","Pending","0","2m5s","<none>","<none>","<none>","<none>"])");
}

TEST(ApiPathTest, PathsAreTakenApart) {
  const Kinds kinds;
  const auto pod = parse_api_path("/api/v1/namespaces/default/pods/p/status", kinds);
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->kind->kind, "Pod");
  EXPECT_EQ(pod->ns + "/" + pod->name + "/" + pod->subresource, "default/p/status");
  const auto lease = parse_api_path("/apis/coordination.k8s.io/v1/leases", kinds);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->kind->kind, "Lease");
  EXPECT_EQ(lease->name, "");
  const auto ns = parse_api_path("/api/v1/namespaces/default", kinds);
  ASSERT_TRUE(ns);
  EXPECT_EQ(ns->kind->kind, "Namespace");
  EXPECT_EQ(ns->name, "default");
  EXPECT_FALSE(parse_api_path("/api/v1/nonsense", kinds));
  EXPECT_FALSE(parse_api_path("/metrics", kinds));
  EXPECT_FALSE(parse_api_path("/apis/apps/v1beta1/deployments", kinds)) << "a version nobody serves";
}

TEST(DiscoveryTest, EveryGroupInTheListHasItsResources) {
  const auto groups = discovery("/apis");
  ASSERT_TRUE(groups);
  ASSERT_GT((*groups)["groups"].size(), 10U);
  for (const Json& group : (*groups)["groups"]) {
    const auto list = discovery("/apis/" + kube::get_string(group, "preferredVersion.groupVersion"));
    ASSERT_TRUE(list) << group.dump();
    EXPECT_FALSE((*list)["resources"].empty());
  }
  EXPECT_FALSE(discovery("/apis/none.example/v1"));
}

}  // namespace
}  // namespace edgecore::cloudsim
