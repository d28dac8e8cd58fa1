// SPDX-License-Identifier: Apache-2.0
#include "metamanager/pushes/push.hpp"

#include <gtest/gtest.h>

namespace edgecore::metamanager {
namespace {

Push plan(const std::string& source, const std::string& operation, const std::string& resource,
          const Json& content) {
  ServedKinds kinds;
  return plan_push(kinds,
                   beehive::share(beehive::make_message(source, "resource", operation, resource, content)),
                   "edge1");
}

Json pod(const std::string& node = "edge1") {
  Json made;
  made["metadata"] = {{"name", "p"}, {"namespace", "default"}, {"uid", "u"}, {"resourceVersion", "5"}};
  made["spec"]["nodeName"] = node;
  return made;
}
Json named(const std::string& name) {
  Json made;
  made["metadata"] = {{"name", name}, {"uid", "u"}};
  return made;
}

// protocol/02-metamanager.md §3.1, §3.10, §3.14, §3.15, §5.4; protocol/04 for devices.
TEST(PlanPush, StoresAndRoutesByType) {
  struct Row {
    const char *source, *operation, *resource;
    Json content;
    Push::Kind kind;
    const char* target;
  };
  const Row rows[] = {
      {"edgecontroller", "insert", "default/pod/p", pod(), Push::Kind::kStore, "edged"},
      {"edgecontroller", "update", "default/pod/p", pod(), Push::Kind::kStore, "edged"},
      {"edgecontroller", "update", "default/pod/p", pod("other"), Push::Kind::kStore, ""},
      {"edgecontroller", "delete", "default/pod/p", named("p"), Push::Kind::kRemove, "edged"},
      {"dynamiccontroller", "insert", "default/pod/p", pod("other"), Push::Kind::kStore, ""},
      {"edgecontroller", "update", "default/configmap/c", named("c"), Push::Kind::kStore, "edged"},
      {"edgecontroller", "delete", "default/configmap/c", named("c"), Push::Kind::kRemove, "edged"},
      {"edgecontroller", "update", "default/secret/s", named("s"), Push::Kind::kStore, "edged"},
      {"devicecontroller", "insert", "default/device/d", named("d"), Push::Kind::kStore, "twin"},
      {"devicecontroller", "delete", "default/devicemodel/m", named("m"), Push::Kind::kRemove, "twin"},
      {"edgecontroller", "update", "default/device/d", named("d"), Push::Kind::kStore, "twin"},
      {"edgecontroller", "delete", "default/device/d", named("d"), Push::Kind::kRemove, "twin"},
      {"policycontroller", "update", "default/serviceaccountaccess/default", named("default"),
       Push::Kind::kStore, ""},
      {"edgecontroller", "update", "default/serviceaccountaccess/default", named("default"),
       Push::Kind::kStore, ""},
      {"dynamiccontroller", "insert", "default/service/s", named("s"), Push::Kind::kStore, ""},
      {"dynamiccontroller", "update", "null/gizmo/g", named("g"), Push::Kind::kStore, ""},
      {"unheardof", "update", "default/gizmo/g", named("g"), Push::Kind::kStore, ""},
      {"edgecontroller", "update", "null/node/edge1", named("edge1"), Push::Kind::kStore, ""},
      {"edgecontroller", "delete", "default/persistentvolumeclaim/c", named("c"), Push::Kind::kRemove, ""},
      {"edgecontroller", "delete", "default/volumeattachment/v", named("v"), Push::Kind::kNothing, ""},
      {"cloudhub", "createvolume", "default/volume/v", "{}", Push::Kind::kVolume, ""},
      {"cloudhub", "controllerpublishvolume", "default/volume/v", "{}", Push::Kind::kVolume, ""},
  };
  for (const Row& row : rows) {
    const Push push = plan(row.source, row.operation, row.resource, row.content);
    const std::string what = std::string(row.source) + " " + row.operation + " " + row.resource;
    EXPECT_EQ(push.kind, row.kind) << what << ": " << push.complaint;
    EXPECT_EQ(push.target, row.target) << what;
    EXPECT_EQ(push.complaint, "") << what;
    EXPECT_EQ(push.write != nullptr, row.kind == Push::Kind::kStore) << what;
    EXPECT_EQ(push.removal != nullptr, row.kind == Push::Kind::kRemove) << what;
  }
}

// pains.md row 16: pods stopped because an empty event was read as "no pods".
TEST(PlanPush, EmptyOrUndecodableContentIsNeverADeletionNorAnObject) {
  const Json contents[] = {Json(),           Json::object(), Json("{}"),
                           Json("not json"), Json::array(),  {{"metadata", Json::object()}},
                           {{"metadata", 5}}};
  for (const char* operation : {"insert", "update", "delete"}) {
    for (const char* resource : {"default/pod/p", "default/configmap/c"}) {
      for (const Json& content : contents) {
        const Push push = plan("edgecontroller", operation, resource, content);
        EXPECT_EQ(push.kind, Push::Kind::kNothing) << operation << " " << resource << " " << content;
        EXPECT_NE(push.complaint, "");
        EXPECT_EQ(push.target, "");
      }
    }
  }
}

TEST(PlanPush, APodIsDeletedByUidOnly) {
  EXPECT_EQ(plan("edgecontroller", "delete", "default/pod/p", {{"metadata", {{"name", "p"}}}}).kind,
            Push::Kind::kNothing);
  EXPECT_EQ(plan("edgecontroller", "delete", "default/configmap/c", {{"metadata", {{"name", "c"}}}}).kind,
            Push::Kind::kRemove);
  EXPECT_EQ(plan("edgecontroller", "delete", "default/configmap/c", {{"metadata", {{"x", "c"}}}}).kind,
            Push::Kind::kNothing);
}

TEST(PlanPush, ResourcesThatCannotBeKeysAreNotUsed) {
  for (const char* resource : {"", "pod", "a/b/c/d", "default/pod", "default/pod/..", "default//p",
                               "default/pod/a%2fb", "k8s/ca.crt"}) {
    const Push push = plan("edgecontroller", "update", resource, pod());
    EXPECT_EQ(push.kind, Push::Kind::kNothing) << resource;
    EXPECT_NE(push.complaint, "") << resource;
  }
}

TEST(PlanPush, AnObjectUnderAnotherNameIsNotUsed) {
  EXPECT_EQ(plan("edgecontroller", "update", "default/pod/q", pod()).kind, Push::Kind::kNothing);
  EXPECT_EQ(plan("edgecontroller", "update", "kube-system/pod/p", pod()).kind, Push::Kind::kNothing);
  EXPECT_EQ(plan("edgecontroller", "delete", "kube-system/pod/p", pod()).kind, Push::Kind::kNothing);
}

TEST(PlanPush, WhatIsHandedOnHasItsKind) {
  const Push push = plan("edgecontroller", "update", "default/pod/p", pod());
  EXPECT_EQ(push.forward->route.source, "edgecontroller");
  EXPECT_EQ(push.forward->route.operation, "update");
  EXPECT_EQ(push.forward->route.resource, "default/pod/p");
  EXPECT_EQ(push.forward->content["kind"], "Pod");
  EXPECT_EQ(push.forward->content["apiVersion"], "v1");
  EXPECT_EQ(Json::parse(*push.write->text)["kind"], "Pod");
}

TEST(PlanPush, ACompleteObjectIsHandedOnInTheMessageItCameInAndOneTextServesAllRows) {
  Json complete = pod();
  complete["kind"] = "Pod";
  complete["apiVersion"] = "v1";
  ServedKinds kinds;
  for (const char* operation : {"insert", "update", "delete"}) {
    const auto message = beehive::share(
        beehive::make_message("edgecontroller", "resource", operation, "default/pod/p", complete));
    const Push push = plan_push(kinds, message, "edge1");
    EXPECT_EQ(push.forward, message) << operation;
    if (!push.write) continue;
    ASSERT_EQ(push.write->served.size(), 1U);
    EXPECT_EQ(push.write->served[0].value, push.write->text);
  }
}

TEST(PlanPush, AContentThatIsAStringOfJsonIsTheSame) {
  EXPECT_EQ(plan("edgecontroller", "update", "default/pod/p", pod().dump()).kind, Push::Kind::kStore);
}

TEST(PlanPush, LateRepliesAreStoredWhenTheyCarryAnObject) {
  Json map = named("c");
  map["kind"] = "ConfigMap";
  const Push late = plan("edgecontroller", "response", "default/configmap/c", map);
  EXPECT_EQ(late.kind, Push::Kind::kStore);
  EXPECT_EQ(late.target, "edged");
  EXPECT_EQ(late.forward->route.operation, "update");

  const Push patch =
      plan("edgecontroller", "response", "default/podpatch/p", {{"Object", pod()}, {"Err", nullptr}});
  ASSERT_EQ(patch.kind, Push::Kind::kStore);
  EXPECT_EQ(patch.path.type, "pod");
  EXPECT_TRUE(patch.write->only_if_present);
  EXPECT_EQ(patch.target, "");
}

TEST(PlanPush, LateErrorsAndOthersLeaveNoRow) {
  const Json error = {{"ErrStatus", {{"reason", "NotFound"}, {"code", 404}}}};
  Json token = named("default");
  token["kind"] = "TokenRequest";
  struct Row {
    const char* resource;
    Json content;
  };
  const Row rows[] = {
      {"default/configmap/c", error},
      {"default/configmap/c", Json::object()},
      {"default/configmap/c", "OK"},
      {"default/configmap/c", Json()},
      {"default/podpatch/p", {{"Object", pod()}, {"Err", Json::object()}}},
      {"default/podpatch/p", {{"Object", pod()}, {"Err", error}}},
      {"kube-node-lease/lease/edge1", {{"Object", named("edge1")}, {"Err", nullptr}}},
      {"default/serviceaccounttoken/default", token},
  };
  for (const Row& row : rows) {
    const Push push = plan("edgecontroller", "response", row.resource, row.content);
    EXPECT_EQ(push.kind, Push::Kind::kNothing) << row.resource << " " << row.content;
    EXPECT_EQ(push.write, nullptr);
    EXPECT_EQ(push.complaint, "");
  }
}

}  // namespace
}  // namespace edgecore::metamanager
