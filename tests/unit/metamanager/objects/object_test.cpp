// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/object.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/time.hpp"

namespace edgecore::metamanager {
namespace {

Identity identity(const std::string& uid, const std::string& version, const std::string& created) {
  Json object;
  object["metadata"] = {{"uid", uid}, {"resourceVersion", version}, {"creationTimestamp", created}};
  return identity_of(object);
}

TEST(Object, TheSameUidIsOlderByItsVersion) {
  const auto stored = identity("u", "100", "2024-01-01T00:00:00Z");
  EXPECT_TRUE(is_older(identity("u", "99", "2024-01-01T00:00:00Z"), stored));
  EXPECT_FALSE(is_older(identity("u", "100", "2024-01-01T00:00:00Z"), stored));
  EXPECT_FALSE(is_older(identity("u", "1000", "2024-01-01T00:00:00Z"), stored));
}

TEST(Object, AnotherUidIsOlderByItsCreation) {
  const auto stored = identity("new", "10", "2024-01-02T00:00:00Z");
  EXPECT_TRUE(is_older(identity("old", "99", "2024-01-01T00:00:00Z"), stored));
  EXPECT_FALSE(is_older(identity("newer", "1", "2024-01-03T00:00:00Z"), stored));
  EXPECT_FALSE(is_older(identity("other", "1", "2024-01-02T00:00:00Z"), stored));
}

TEST(Object, WhatIsUnknownIsNeverOlder) {
  const auto stored = identity("u", "100", "2024-01-01T00:00:00Z");
  EXPECT_FALSE(is_older(identity("u", "", ""), stored));
  EXPECT_FALSE(is_older(identity("u", "abc", ""), stored));
  EXPECT_FALSE(is_older(identity("u", "18446744073709551615", ""), stored));
  EXPECT_FALSE(is_older(identity("", "1", ""), stored));
  EXPECT_FALSE(is_older(identity("u", "1", ""), identity("u", "", "")));
}

TEST(Object, ContentIsAnObjectOrAStringThatHoldsOne) {
  EXPECT_EQ(decoded_content({{"a", 1}}), Json({{"a", 1}}));
  EXPECT_EQ(decoded_content("{\"a\":1}"), Json({{"a", 1}}));
  for (const Json& other : {Json(), Json("OK"), Json("[1]"), Json(7), Json::array(), Json("")}) {
    EXPECT_TRUE(decoded_content(other).is_null()) << other;
  }
}

TEST(Object, KindComesFromTheTypeTokenWhereItIsMissing) {
  Json pod = {{"metadata", {{"name", "p"}}}};
  fill_kind(pod, "pod");
  EXPECT_EQ(pod["kind"], "Pod");
  EXPECT_EQ(pod["apiVersion"], "v1");
  Json lease = {{"metadata", {{"name", "n"}}}};
  fill_kind(lease, "lease");
  EXPECT_EQ(lease["apiVersion"], "coordination.k8s.io/v1");
  Json own = {{"kind", "Pod"}, {"apiVersion", "v9"}};
  fill_kind(own, "configmap");
  EXPECT_EQ(own["kind"], "Pod");
  EXPECT_EQ(own["apiVersion"], "v9");
  Json unknown = {{"metadata", {{"name", "x"}}}};
  fill_kind(unknown, "gizmo");
  EXPECT_FALSE(unknown.contains("kind"));
}

// The Go edge stored error shapes as if they were objects (protocol/02-metamanager.md §10.1).
TEST(Object, RowsThatAreNoObjectsAreNotServed) {
  EXPECT_FALSE(read_row(R"({"ErrStatus":{"metadata":{},"reason":"NotFound","code":404}})", "configmap"));
  EXPECT_FALSE(read_row("{}", "configmap"));
  EXPECT_FALSE(read_row("", "configmap"));
  EXPECT_FALSE(read_row("[]", "configmap"));
  EXPECT_FALSE(read_row("{\"metadata\":", "configmap"));
  EXPECT_FALSE(read_row(R"({"metadata":{"creationTimestamp":null},"spec":{},"status":{}})", "node"));
  const auto good = read_row(R"({"metadata":{"name":"c"}})", "configmap");
  ASSERT_TRUE(good);
  EXPECT_EQ((*good)["kind"], "ConfigMap");
}

}  // namespace
}  // namespace edgecore::metamanager
