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

/// "MODIFIED DELETED …" of the pods since a version, with the grace periods.
std::string pod_events(const Cluster& cluster, std::uint64_t since) {
  static constexpr const char* kNames[] = {"ADDED", "MODIFIED", "DELETED"};
  std::string list;
  for (const Change& change : cluster.since(since, kind_named("Pod")).value_or(std::vector<Change>())) {
    const Json* grace = kube::find_path(*change.object, "metadata.deletionGracePeriodSeconds");
    list += std::string(kNames[static_cast<int>(change.type)]) + (grace ? " " + grace->dump() : "") + "; ";
  }
  return list;
}

TEST_F(ClusterTest, WatchersSeeAForcedDeletionBeforeThePodGoes) {
  add_node();
  cluster_.create(pods_, "default", pod("n"));
  const std::uint64_t before = cluster_.version();
  DeleteOptions force;
  force.grace_seconds = 0;
  const Deletion gone = cluster_.remove(pods_, "default", "p", force);
  EXPECT_TRUE(gone.removed);
  EXPECT_EQ(pod_events(cluster_, before), "MODIFIED 0; DELETED 0; ");
  EXPECT_TRUE(kube::find_path(*gone.object, "metadata.deletionTimestamp"));
}

TEST_F(ClusterTest, ALaterDeletionOnlyShortensTheGracePeriod) {
  add_node();
  cluster_.create(pods_, "default", pod("n"));
  const std::uint64_t before = cluster_.version();
  cluster_.remove(pods_, "default", "p");
  cluster_.patch(pods_, "default", "p", PatchType::kMerge, {{"status", {{"phase", "Failed"}}}}, "status");
  EXPECT_FALSE(cluster_.remove(pods_, "default", "p").removed) << "the node has not confirmed it";
  DeleteOptions options;
  options.grace_seconds = 60;
  EXPECT_FALSE(cluster_.remove(pods_, "default", "p", options).removed);
  options.grace_seconds = 5;
  EXPECT_FALSE(cluster_.remove(pods_, "default", "p", options).removed);
  options.grace_seconds = 0;
  EXPECT_TRUE(cluster_.remove(pods_, "default", "p", options).removed);
  EXPECT_EQ(pod_events(cluster_, before), "MODIFIED 30; MODIFIED 30; MODIFIED 5; MODIFIED 0; DELETED 0; ");
}

TEST_F(ClusterTest, APodGoesWithItsLastFinalizer) {
  Json held = pod();
  held["metadata"]["finalizers"] = {"a.example/x", "b.example/y"};
  for (const bool by_patch : {true, false}) {
    cluster_.create(pods_, "default", held);
    const Deletion marked = cluster_.remove(pods_, "default", "p");
    EXPECT_FALSE(marked.removed);
    EXPECT_EQ(kube::int_or(*marked.object, "metadata.deletionGracePeriodSeconds", -1), 0);
    cluster_.patch(pods_, "default", "p", PatchType::kMerge,
                   {{"metadata", {{"finalizers", {"b.example/y"}}}}});
    ASSERT_TRUE(cluster_.find(pods_, "default", "p"));
    EXPECT_EQ(refusal([&] {
                cluster_.patch(pods_, "default", "p", PatchType::kMerge,
                               {{"metadata", {{"finalizers", {"b.example/y", "new.example/z"}}}}});
              }),
              "Invalid");
    const std::uint64_t before = cluster_.version();
    if (by_patch) {
      const Json none = Json::parse(R"([{"op":"remove","path":"/metadata/finalizers"}])");
      cluster_.patch(pods_, "default", "p", PatchType::kJson, none);
    } else {
      Json freed = *cluster_.get(pods_, "default", "p");
      freed["metadata"].erase("finalizers");
      cluster_.update(pods_, "default", "p", freed);
    }
    EXPECT_FALSE(cluster_.find(pods_, "default", "p"));
    EXPECT_EQ(pod_events(cluster_, before), "DELETED 0; ");
  }
}

TEST_F(ClusterTest, APodWithoutFinalizersStillWaitsForItsNode) {
  add_node();
  Json held = pod("n");
  held["metadata"]["finalizers"] = {"a.example/x"};
  cluster_.create(pods_, "default", held);
  EXPECT_EQ(
      kube::int_or(*cluster_.remove(pods_, "default", "p").object, "metadata.deletionGracePeriodSeconds", 0),
      30);
  cluster_.patch(pods_, "default", "p", PatchType::kMerge, {{"metadata", {{"finalizers", nullptr}}}});
  EXPECT_TRUE(cluster_.find(pods_, "default", "p"));
  DeleteOptions confirmation;
  confirmation.grace_seconds = 0;
  EXPECT_TRUE(cluster_.remove(pods_, "default", "p", confirmation).removed);
}

TEST_F(ClusterTest, AStatusForAnotherUidIsAConflictAlsoAsAReplacement) {
  Json other = *cluster_.create(pods_, "default", pod());
  other["metadata"]["uid"] = "another";
  other["status"]["phase"] = "Running";
  EXPECT_EQ(refusal([&] { cluster_.update(pods_, "default", "p", other, "status"); }), "Conflict");
}

TEST_F(ClusterTest, PatchesThatCannotBeAppliedAreInvalid) {
  cluster_.create(configs_, "default", {{"metadata", {{"name", "c"}}}, {"data", {{"k", "v"}}}});
  const auto patch = [&](PatchType type, const char* text) {
    return refusal([&] { cluster_.patch(configs_, "default", "c", type, Json::parse(text)); });
  };
  EXPECT_EQ(patch(PatchType::kJson, R"([{"op":"remove","path":"/data/none"}])"), "Invalid");
  EXPECT_EQ(patch(PatchType::kJson, R"([{"op":"test","path":"/data/k","value":"w"}])"), "Invalid");
  EXPECT_EQ(patch(PatchType::kJson, R"({"data":{"k":"w"}})"), "BadRequest");
  EXPECT_EQ(patch(PatchType::kMerge, R"({"data":{"k":1}})"), "Invalid");
  EXPECT_EQ(patch(PatchType::kMerge, R"({"metadata":{"labels":["x"]}})"), "Invalid");
  EXPECT_EQ(patch(PatchType::kMerge, R"({"metadata":{"name":"d"}})"), "BadRequest");
  EXPECT_EQ(patch(PatchType::kMerge, R"({"metadata":{"namespace":"kube-system"}})"), "BadRequest");
  EXPECT_EQ(patch(PatchType::kMerge, R"({"metadata":{"deletionTimestamp":"2024-01-01T00:00:00Z"}})"),
            "Invalid");
  EXPECT_EQ(patch(PatchType::kMerge, "[]"), "BadRequest");
  EXPECT_EQ(patch(PatchType::kMerge, R"({"data":{"k":"w"}})"), "");
}

TEST_F(ClusterTest, APodsSpecIsFixedExceptForItsImages) {
  cluster_.create(pods_, "default", pod());
  const auto patch = [&](const char* text) {
    return refusal([&] { cluster_.patch(pods_, "default", "p", PatchType::kStrategic, Json::parse(text)); });
  };
  EXPECT_EQ(patch(R"({"spec":{"nodeName":"n"}})"), "Invalid") << "only a binding gives it a node";
  EXPECT_EQ(patch(R"({"spec":{"containers":[{"name":"c","command":["x"]}]}})"), "Invalid");
  EXPECT_EQ(patch(R"({"spec":{"tolerations":null}})"), "Invalid");
  EXPECT_EQ(patch(R"({"spec":{"containers":[{"name":"c","image":"localhost/other:1"}]}})"), "");
  EXPECT_EQ(patch(R"({"metadata":{"labels":{"a":"b"}}})"), "");
  cluster_.bind("default", "p", "n");
  EXPECT_EQ(kube::string_or(*cluster_.get(pods_, "default", "p"), "spec.nodeName"), "n");
  EXPECT_EQ(refusal([&] { cluster_.bind("default", "p", "other"); }), "Conflict");
}

TEST_F(ClusterTest, ImmutableFieldsStay) {
  const Json sealed = {{"metadata", {{"name", "c"}}}, {"data", {{"k", "v"}}}, {"immutable", true}};
  cluster_.create(configs_, "default", sealed);
  const auto merge = [&](const ResourceKind& kind, const std::string& ns, const char* name,
                         const Json& patch) {
    return refusal([&] { cluster_.patch(kind, ns, name, PatchType::kMerge, patch); });
  };
  EXPECT_EQ(merge(configs_, "default", "c", {{"data", {{"k", "w"}}}}), "Invalid");
  EXPECT_EQ(merge(configs_, "default", "c", {{"metadata", {{"labels", {{"a", "b"}}}}}}), "");
  const ResourceKind& secrets = kind_named("Secret");
  cluster_.create(secrets, "default", {{"metadata", {{"name", "s"}}}});
  EXPECT_EQ(merge(secrets, "default", "s", {{"type", "kubernetes.io/tls"}}), "Invalid");
  const ResourceKind& bindings = kind_named("RoleBinding");
  cluster_.create(bindings, "default", {{"metadata", {{"name", "b"}}}, {"roleRef", {{"name", "r"}}}});
  EXPECT_EQ(merge(bindings, "default", "b", {{"roleRef", {{"name", "other"}}}}), "Invalid");
}

TEST_F(ClusterTest, SomeKindsNeedAVersionToBeReplaced) {
  const ResourceKind& leases = kind_named("Lease");
  const ResourceKind& devices = kind_named("Device");
  for (const ResourceKind* kind : {&leases, &devices, &configs_}) {
    Json object = *cluster_.create(*kind, "default", {{"metadata", {{"name", "x"}}}});
    object["metadata"].erase("resourceVersion");
    object["metadata"]["labels"] = {{"a", "b"}};
    EXPECT_EQ(refusal([&] { cluster_.update(*kind, "default", "x", object); }),
              kind == &configs_ ? "" : "Invalid")
        << kind->kind;
  }
  const Json versioned = {{"metadata", {{"name", "y"}, {"resourceVersion", "7"}}}};
  EXPECT_EQ(refusal([&] { cluster_.create(configs_, "default", versioned); }), "InternalError");
}

TEST_F(ClusterTest, CustomResourcesHaveNoStatusOfTheirOwnAndNoStrategicPatch) {
  const ResourceKind& devices = kind_named("Device");
  cluster_.create(devices, "default", {{"metadata", {{"name", "d"}}}});
  const Json patch = {{"status", {{"twins", Json::array()}}}};
  EXPECT_EQ(refusal([&] { cluster_.patch(devices, "default", "d", PatchType::kMerge, patch, "status"); }),
            "NotFound");
  EXPECT_EQ(refusal([&] { cluster_.patch(devices, "default", "d", PatchType::kStrategic, patch); }),
            "UnsupportedMediaType");
  EXPECT_EQ(refusal([&] { cluster_.patch(devices, "default", "d", PatchType::kMerge, patch); }), "");
  EXPECT_FALSE(cluster_.has_subresource(configs_, "status"));
  EXPECT_TRUE(cluster_.has_subresource(pods_, "log"));
  EXPECT_FALSE(cluster_.has_subresource(pods_, "nonsense"));
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
