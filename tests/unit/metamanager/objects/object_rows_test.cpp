// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/object_rows.hpp"

#include <gtest/gtest.h>

#include "unit/metamanager/temporary_store.hpp"

namespace edgecore::metamanager {
namespace {

struct ObjectRows : testing::Test {
  static beehive::ResourcePath path(const std::string& resource) {
    return beehive::parse_resource(resource).value();
  }
  static Json object(const std::string& kind, const std::string& name, const std::string& uid,
                     const std::string& version, const std::string& created = "2024-01-01T00:00:00Z") {
    Json made = {{"kind", kind}, {"apiVersion", "v1"}};
    made["metadata"] = {{"name", name},
                        {"namespace", "default"},
                        {"uid", uid},
                        {"resourceVersion", version},
                        {"creationTimestamp", created}};
    return made;
  }
  WriteOutcome write(const std::string& resource, const Json& made, bool only_if_present = false) {
    const auto prepared = make_write(kinds, path(resource), made, only_if_present);
    WriteOutcome outcome;
    store->write([&](store::Transaction& into) { outcome = apply(into, *prepared); });
    return outcome;
  }
  WriteOutcome remove(const std::string& resource, const Json& content) {
    const auto prepared = make_removal(kinds, path(resource), content);
    WriteOutcome outcome;
    store->write([&](store::Transaction& into) { outcome = apply(into, *prepared); });
    return outcome;
  }
  std::optional<store::meta_v2::Row> served(const std::string& key) {
    const auto reader = store->open_reader();
    return store::meta_v2::find(reader, key);
  }

  TemporaryStore store;
  ServedKinds kinds;
};

TEST_F(ObjectRows, AnObjectGoesToBothTables) {
  EXPECT_EQ(write("default/configmap/c", object("ConfigMap", "c", "u", "7")).kind,
            WriteOutcome::Kind::kStored);
  EXPECT_EQ(Json::parse(store.value("default/configmap/c"))["metadata"]["uid"], "u");
  const auto row = served("/core/v1/configmaps/default/c");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->gvr, "/v1, Resource=configmaps");
  EXPECT_EQ(row->name_space, "default");
  EXPECT_EQ(row->name, "c");
  EXPECT_EQ(row->resource_version, 7U);
  EXPECT_EQ(row->value, store.value("default/configmap/c"));
}

TEST_F(ObjectRows, ANodeHasOneRowWhicheverNamespaceLiteral) {
  Json node = object("Node", "n1", "u", "7");
  node["metadata"].erase("namespace");
  write("null/node/n1", node);
  EXPECT_FALSE(store.value("default/node/n1").empty());
  EXPECT_TRUE(served("/core/v1/nodes/null/n1"));
}

TEST_F(ObjectRows, AnOlderVersionDoesNotReplaceANewerOne) {
  write("default/configmap/c", object("ConfigMap", "c", "u", "10"));
  const auto outcome = write("default/configmap/c", object("ConfigMap", "c", "u", "9"));
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::kStale);
  EXPECT_EQ(Json::parse(outcome.newer)["metadata"]["resourceVersion"], "10");
  EXPECT_EQ(Json::parse(store.value("default/configmap/c"))["metadata"]["resourceVersion"], "10");
  EXPECT_EQ(served("/core/v1/configmaps/default/c")->resource_version, 10U);
}

TEST_F(ObjectRows, ARowThatCannotBeReadKeepsNoObjectOut) {
  store.put("default/configmap/c", "configmap",
            R"({"metadata":{"name":"c","uid":"u","resourceVersion":"10"},"data":{"cut o)");
  EXPECT_EQ(write("default/configmap/c", object("ConfigMap", "c", "u", "9")).kind,
            WriteOutcome::Kind::kStored);
  EXPECT_EQ(Json::parse(store.value("default/configmap/c"))["metadata"]["resourceVersion"], "9");
}

TEST_F(ObjectRows, ARecreatedObjectReplacesTheOldOneButNotTheOtherWayRound) {
  write("default/pod/web-0", object("Pod", "web-0", "old", "50", "2024-01-01T00:00:00Z"));
  EXPECT_EQ(write("default/pod/web-0", object("Pod", "web-0", "new", "60", "2024-01-02T00:00:00Z")).kind,
            WriteOutcome::Kind::kStored);
  EXPECT_EQ(write("default/pod/web-0", object("Pod", "web-0", "old", "70", "2024-01-01T00:00:00Z")).kind,
            WriteOutcome::Kind::kStale);
  EXPECT_EQ(Json::parse(store.value("default/pod/web-0"))["metadata"]["uid"], "new");
}

TEST_F(ObjectRows, AStatusReplyDoesNotBringADeletedPodBack) {
  EXPECT_EQ(write("default/pod/p", object("Pod", "p", "u", "5"), true).kind, WriteOutcome::Kind::kAbsent);
  EXPECT_EQ(store.value("default/pod/p"), "");
  EXPECT_FALSE(served("/core/v1/pods/default/p"));
  write("default/pod/p", object("Pod", "p", "other", "5"));
  EXPECT_EQ(write("default/pod/p", object("Pod", "p", "u", "6"), true).kind, WriteOutcome::Kind::kAbsent);
  EXPECT_EQ(write("default/pod/p", object("Pod", "p", "other", "6"), true).kind, WriteOutcome::Kind::kStored);
}

TEST_F(ObjectRows, ADeletionTakesOnlyItsUid) {
  write("default/pod/p", object("Pod", "p", "new", "5"));
  EXPECT_EQ(remove("default/pod/p", {{"metadata", {{"name", "p"}, {"uid", "old"}}}}).kind,
            WriteOutcome::Kind::kOtherUid);
  EXPECT_NE(store.value("default/pod/p"), "");
  EXPECT_EQ(remove("default/pod/p", {{"metadata", {{"name", "p"}, {"uid", "new"}}}}).kind,
            WriteOutcome::Kind::kRemoved);
  EXPECT_EQ(store.value("default/pod/p"), "");
  EXPECT_FALSE(served("/core/v1/pods/default/p"));
  EXPECT_EQ(remove("default/pod/p", {{"metadata", {{"name", "p"}, {"uid", "new"}}}}).kind,
            WriteOutcome::Kind::kNotThere);
}

TEST_F(ObjectRows, AMinimalDeletionReachesBothTables) {
  write("default/configmap/c", object("ConfigMap", "c", "u", "7"));
  EXPECT_EQ(remove("default/configmap/c", {{"metadata", {{"name", "c"}, {"uid", "x"}}}}).kind,
            WriteOutcome::Kind::kOtherUid);
  const Json minimal = {{"metadata", {{"name", "c"}, {"namespace", "default"}, {"uid", "u"}}}};
  EXPECT_EQ(remove("default/configmap/c", minimal).kind, WriteOutcome::Kind::kRemoved);
  EXPECT_FALSE(served("/core/v1/configmaps/default/c"));
}

TEST_F(ObjectRows, ADeletedPodTakesItsTokensAlong) {
  write("default/pod/p", object("Pod", "p", "u", "5"));
  store.put("mine", "serviceaccounttoken",
            R"({"spec":{"boundObjectRef":{"uid":"u"}},"status":{"token":"t"}})");
  store.put("other", "serviceaccounttoken",
            R"({"spec":{"boundObjectRef":{"uid":"v"}},"status":{"token":"t"}})");
  remove("default/pod/p", {{"metadata", {{"name", "p"}, {"uid", "u"}}}});
  EXPECT_EQ(store.value("mine"), "");
  EXPECT_NE(store.value("other"), "");
}

TEST_F(ObjectRows, ListsAreTakenApartForMetaServer) {
  Json list = {{"kind", "ServiceList"}, {"apiVersion", "v1"}};
  list["items"] = {{{"metadata", {{"name", "a"}, {"namespace", "x"}, {"resourceVersion", "3"}}}},
                   {{"metadata", {{"name", "b"}, {"namespace", "x"}}}},
                   "nonsense"};
  const auto rows = served_rows(kinds, list, path("default/service/all"), nullptr);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].row.key, "/core/v1/services/x/a");
  EXPECT_EQ(rows[1].row.key, "/core/v1/services/x/b");
}

TEST_F(ObjectRows, StatusTypesAndObjectsWithoutKindAreNotServed) {
  EXPECT_TRUE(
      served_rows(kinds, object("PodStatus", "p", "u", "1"), path("default/podstatus/p"), nullptr).empty());
  EXPECT_TRUE(served_rows(kinds, {{"metadata", {{"name", "g"}}}}, path("default/gizmo/g"), nullptr).empty());
}

}  // namespace
}  // namespace edgecore::metamanager
