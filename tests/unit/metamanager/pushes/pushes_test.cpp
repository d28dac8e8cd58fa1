// SPDX-License-Identifier: Apache-2.0
// The cloud's pushes, through the whole module.
#include <map>

#include "unit/metamanager/node_fixture.hpp"

namespace edgecore::metamanager {
namespace {

class Pushes : public NodeFixture {};

TEST_F(Pushes, APodIsOnDiskBeforeEdgedHasItAndWithEdgedBeforeTheAck) {
  start_connected();
  const auto message = from_cloud("update", "default/pod/p", pod("p", "u", "5"));
  push(message);
  expect_ack(message.header.id);
  const auto handed = edged->try_receive();
  ASSERT_TRUE(handed);
  EXPECT_EQ(handed->route.operation, "update");
  EXPECT_EQ(handed->content["metadata"]["uid"], "u");
  EXPECT_EQ(Json::parse(store.value("default/pod/p")), pod("p", "u", "5"));
}

TEST_F(Pushes, ManyPushesOfOnePodKeepTheirOrderAndTheNewestStays) {
  start_connected();
  std::vector<std::string> ids;
  for (int version = 1; version <= 200; ++version) {
    auto message = from_cloud("update", "default/pod/p", pod("p", "u", std::to_string(version)));
    ids.push_back(message.header.id);
    push(std::move(message));
  }
  for (const auto& id : ids) expect_ack(id);
  for (int version = 1; version <= 200; ++version) {
    const auto handed = next(edged);
    ASSERT_TRUE(handed);
    EXPECT_EQ(handed->content["metadata"]["resourceVersion"], std::to_string(version));
  }
  EXPECT_EQ(Json::parse(store.value("default/pod/p"))["metadata"]["resourceVersion"], "200");
}

TEST_F(Pushes, AnOlderVersionIsAcknowledgedButNotStoredAndEdgedSeesTheNewerOne) {
  start_connected();
  push(from_cloud("update", "default/pod/p", pod("p", "u", "10")));
  ASSERT_TRUE(next(cloud));
  ASSERT_TRUE(next(edged));
  const auto late = from_cloud("update", "default/pod/p", pod("p", "u", "9"));
  push(late);
  expect_ack(late.header.id);
  const auto handed = next(edged);
  ASSERT_TRUE(handed);
  EXPECT_EQ(handed->content["metadata"]["resourceVersion"], "10");
  EXPECT_EQ(Json::parse(store.value("default/pod/p"))["metadata"]["resourceVersion"], "10");
}

// The cloud's answers do not queue behind its pushes, and may contain the change of a waiting push.
TEST_F(Pushes, ADeletionMarkThatTheAnswerToAStatusReportOvertookReachesEdgedAllTheSame) {
  start_connected();
  push(from_cloud("insert", "default/pod/p", pod("p", "u", "5")));
  ASSERT_TRUE(next(cloud));
  ASSERT_TRUE(next(edged));
  auto report = ask("patch", "default/podpatch/p", R"({"status":{"phase":"Running"}})");
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  Json answered = pod("p", "u", "7", "Running");
  answered["metadata"]["deletionTimestamp"] = "2024-06-10T12:00:30Z";
  reply(question, wrapped(answered));
  EXPECT_EQ(content(std::move(report))["metadata"]["resourceVersion"], "7");

  Json marked = pod("p", "u", "6");
  marked["metadata"]["deletionTimestamp"] = "2024-06-10T12:00:30Z";
  const auto overtaken = from_cloud("update", "default/pod/p", marked);
  push(overtaken);
  expect_ack(overtaken.header.id);
  const auto handed = next(edged);
  ASSERT_TRUE(handed);
  EXPECT_EQ(handed->route.operation, "update");
  EXPECT_EQ(handed->content, answered);
  expect_quiet(edged);
}

TEST_F(Pushes, AnEdgedThatHasFailedForGoodCostsNothingThatTheCloudSends) {
  start_connected();
  edged->close("module edged has failed and is not started again");
  const auto insert = from_cloud("insert", "default/pod/p", pod("p", "u", "5"));
  push(insert);
  expect_ack(insert.header.id);
  EXPECT_NE(store.value("default/pod/p"), "");
  const Json minimal = {{"metadata", {{"name", "p"}, {"namespace", "default"}, {"uid", "u"}}}};
  const auto deletion = from_cloud("delete", "default/pod/p", minimal);
  push(deletion);
  expect_ack(deletion.header.id);
  EXPECT_EQ(store.value("default/pod/p"), "");
  expect_no_restart();
}

TEST_F(Pushes, AModuleThisNodeDoesNotHaveKeepsNobodyFromAcknowledging) {
  bus.emplace();  // without edged and twin
  cloud = bus->add_module("websocket", "hub");
  start_connected();
  const auto pushed = from_cloud("insert", "default/pod/p", pod("p", "u", "5"));
  push(pushed);
  expect_ack(pushed.header.id);
  const Json device = {{"metadata", {{"name", "d"}, {"namespace", "default"}, {"uid", "du"}}}};
  const auto twin_push = from_cloud("update", "default/device/d", device);
  push(twin_push);
  expect_ack(twin_push.header.id);
  EXPECT_NE(store.value("default/pod/p"), "");
  expect_no_restart();
}

// A slow edged holds up its own objects only.
TEST_F(Pushes, AFullMailboxOfEdgedHoldsUpNeitherOtherPushesNorRequests) {
  bus.emplace();
  cloud = bus->add_module("websocket", "hub");
  edged = bus->add_module("edged", "edged", {.messages = 1});
  twin = bus->add_module("twin", "twin");
  start_connected();
  const auto first = from_cloud("insert", "default/pod/a", pod("a", "ua", "5"));
  const auto second = from_cloud("insert", "default/pod/b", pod("b", "ub", "6"));
  push(first);
  push(second);
  expect_ack(first.header.id);
  push(from_cloud("update", "null/node/edge1", node("8", "10:00")));
  const auto ack = next(cloud);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->route.resource, "null/node/edge1");
  EXPECT_EQ(get("default/pod/b")["metadata"]["uid"], "ub") << "it is on disk already";
  ASSERT_TRUE(next(edged));
  expect_ack(second.header.id);
  ASSERT_TRUE(next(edged));
}

/// With a metaserver whose mailbox the test reads.
class PushesForMetaServer : public Pushes {
 protected:
  PushesForMetaServer() {
    bus.emplace();
    cloud = bus->add_module("websocket", "hub");
    edged = bus->add_module("edged", "edged");
    metaserver = bus->add_module("metaserver", "meta", {.messages = 1});
  }
  /// Pushes a pod, and expects its ack and edged's news.
  void expect_pod_passes(const std::string& operation, const Json& pod_) {
    const auto message =
        from_cloud(operation, "default/pod/" + pod_["metadata"]["name"].get<std::string>(), pod_);
    push(message);
    expect_ack(message.header.id);
    ASSERT_TRUE(next(edged));
  }
  /// What metaserver shows in the end: uid and version of each pod, after all messages to its cache.
  std::map<std::string, std::string> shown_pods() {
    std::map<std::string, std::string> shown;
    while (const auto news = next(metaserver, 200ms)) {
      const std::string key = news->route.resource;
      if (news->route.operation == "delete") {
        const auto at = shown.find(key);
        if (at != shown.end() && at->second.starts_with(news->content.get<std::string>() + "@"))
          shown.erase(at);
        continue;
      }
      const Json told = Json::parse(news->content.get<std::string>())["metadata"];
      shown[key] = told["uid"].get<std::string>() + "@" + told["resourceVersion"].get<std::string>();
    }
    return shown;
  }
  std::shared_ptr<beehive::Mailbox> metaserver;
};

// Its mailbox takes one message and is not read until all pushes have passed.
TEST_F(PushesForMetaServer, AStalledMetaServerHoldsUpNeitherPodsNorAcksAndMissesNothing) {
  start_connected();
  for (int i = 0; i < 30; ++i)
    expect_pod_passes("insert",
                      pod("p" + std::to_string(i), "u" + std::to_string(i), std::to_string(100 + i)));
  for (int version = 200; version < 300; ++version)
    expect_pod_passes("update", pod("p1", "u1", std::to_string(version)));
  expect_pod_passes("delete", pod("p2", "u2", "300"));
  expect_pod_passes("delete", pod("p3", "u3", "301"));
  expect_pod_passes("insert", pod("p3", "new", "302"));
  std::map<std::string, std::string> wanted;
  for (int i = 0; i < 30; ++i)
    wanted["/core/v1/pods/default/p" + std::to_string(i)] =
        "u" + std::to_string(i) + "@" + std::to_string(100 + i);
  wanted["/core/v1/pods/default/p1"] = "u1@299";
  wanted.erase("/core/v1/pods/default/p2");
  wanted["/core/v1/pods/default/p3"] = "new@302";
  EXPECT_EQ(shown_pods(), wanted);
  expect_no_restart();
}

TEST_F(PushesForMetaServer, AMetaServerThatHasFailedForGoodCostsNothing) {
  start_connected();
  expect_pod_passes("insert", pod("a", "ua", "1"));
  expect_pod_passes("insert", pod("b", "ub", "2"));  // noted: the mailbox is full
  metaserver->close("module metaserver has failed and is not started again");
  expect_pod_passes("insert", pod("c", "uc", "3"));
  expect_no_restart();
}

TEST_F(Pushes, AMinimalDeletionOfAnotherUidLeavesThePodAndTellsEdged) {
  start_connected();
  push(from_cloud("update", "default/pod/p", pod("p", "new", "10")));
  ASSERT_TRUE(next(cloud));
  ASSERT_TRUE(next(edged));
  const Json minimal = {{"metadata", {{"name", "p"}, {"namespace", "default"}, {"uid", "old"}}}};
  const auto deletion = from_cloud("delete", "default/pod/p", minimal);
  push(deletion);
  expect_ack(deletion.header.id);
  const auto handed = next(edged);
  ASSERT_TRUE(handed);
  EXPECT_EQ(handed->route.operation, "delete");
  EXPECT_EQ(handed->content["metadata"]["uid"], "old");
  EXPECT_NE(store.value("default/pod/p"), "");
}

TEST_F(Pushes, WhatCannotBeUsedIsAcknowledgedAndDeletesNothing) {
  start_connected();
  push(from_cloud("update", "default/pod/p", pod("p", "u", "10")));
  ASSERT_TRUE(next(cloud));
  ASSERT_TRUE(next(edged));
  for (const Json& content : {Json(), Json::object(), Json("x")}) {
    for (const char* operation : {"update", "delete"}) {
      const auto message = from_cloud(operation, "default/pod/p", content);
      push(message);
      expect_ack(message.header.id);
    }
  }
  expect_quiet(edged);
  EXPECT_NE(store.value("default/pod/p"), "");
}

TEST_F(Pushes, DevicesGoToTheDeviceModuleWhateverTheSource) {
  start_connected();
  const Json device = {{"metadata", {{"name", "d"}, {"namespace", "default"}, {"uid", "du"}}}};
  for (const char* source : {"devicecontroller", "edgecontroller"}) {
    const auto message = from_cloud("update", "default/device/d", device, source);
    push(message);
    expect_ack(message.header.id);
    const auto handed = next(twin);
    ASSERT_TRUE(handed);
    EXPECT_EQ(handed->content["kind"], "Device");
  }
  const auto insert = from_cloud("insert", "default/device/d", device, "devicecontroller");
  push(insert);
  const auto ack = next(cloud);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->route.source, "meta");
  EXPECT_EQ(ack->route.group, "twin");
  EXPECT_EQ(ack->header.parent_id, insert.header.id);
  expect_quiet(edged);
}

TEST_F(Pushes, UnknownKindsAndSourcesAreStoredAndAcknowledged) {
  start_connected();
  const Json gizmo = {{"metadata", {{"name", "g"}, {"uid", "gu"}}}, {"x", 1}};
  const auto message = from_cloud("update", "default/gizmo/g", gizmo, "unheardof");
  push(message);
  expect_ack(message.header.id);
  EXPECT_EQ(Json::parse(store.value("default/gizmo/g")), gizmo);
  expect_quiet(edged);
}

TEST_F(Pushes, AReplyThatCameTooLateIsStoredAndAcknowledged) {
  start_connected();
  beehive::Message late = from_cloud("response", "default/configmap/c", config_map("7"));
  late.header.parent_id = "nobody-waits";
  push(late);
  expect_ack(late.header.id);
  EXPECT_EQ(Json::parse(store.value("default/configmap/c")), config_map("7"));

  beehive::Message error = from_cloud("response", "default/configmap/c", refused(404, "NotFound"));
  error.header.parent_id = "nobody-waits";
  push(error);
  expect_ack(error.header.id);
  EXPECT_EQ(Json::parse(store.value("default/configmap/c")), config_map("7"));
}

TEST_F(Pushes, VolumeOperationsAreAnsweredWithAnError) {
  start_connected();
  const auto request = from_cloud("createvolume", "default/volume/v1", "{}", "cloudhub");
  push(request);
  const auto answer = next(cloud);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->route.operation, "error");
  EXPECT_EQ(answer->route.resource, "default/volume/v1");
  EXPECT_EQ(answer->header.parent_id, request.header.id);
  EXPECT_TRUE(answer->content.is_string());
}

TEST_F(Pushes, AReplyAndAPushOfOneVersionDoNotWriteTwice) {
  start_connected();
  const auto message = from_cloud("update", "default/pod/p", pod("p", "u", "5"));
  push(message);
  expect_ack(message.header.id);
  const auto commits = store->counters().commits;
  push(message);
  expect_ack(message.header.id);
  EXPECT_EQ(store->counters().commits, commits);
}

TEST_F(Pushes, ADeletedVolumeAttachmentIsNotBelieved) {
  start_connected();
  Json attachment = {{"kind", "VolumeAttachment"}, {"apiVersion", "storage.k8s.io/v1"}};
  attachment["metadata"] = {{"name", "csi-1"}, {"uid", "vu"}, {"resourceVersion", "3"}};
  attachment["spec"]["nodeName"] = "edge1";
  auto answer = ask("query", "default/volumeattachment/csi-1");
  auto question = next(cloud);
  ASSERT_TRUE(question);
  auto response = make_reply(question, attachment);
  const std::string id = response.header.id;
  ASSERT_TRUE(bus->respond(std::move(response)));
  EXPECT_EQ(content(std::move(answer))["metadata"]["uid"], "vu");
  expect_ack(id);
  // CloudCore looks for it in the wrong namespace, and sends this within 5 s.
  const auto deletion = from_cloud("delete", "default/volumeattachment/csi-1",
                                   {{"metadata", {{"name", "csi-1"}, {"uid", "vu"}}}});
  push(deletion);
  expect_ack(deletion.header.id);
  EXPECT_NE(store.value("default/volumeattachment/csi-1"), "");
  // The next reader asks the cloud; only the API server's NotFound removes it.
  answer = ask("query", "default/volumeattachment/csi-1");
  question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, refused(404, "NotFound"));
  EXPECT_EQ(content(std::move(answer))["reason"], "NotFound");
  ASSERT_TRUE(next(cloud));  // its ack
  EXPECT_EQ(store.value("default/volumeattachment/csi-1"), "");
}

TEST_F(Pushes, ANodePushedByALaterCloudIsServed) {
  start_connected();
  push(from_cloud("update", "null/node/edge1", node("8", "10:00")));
  ASSERT_TRUE(next(cloud));
  EXPECT_EQ(get("default/node/edge1")["metadata"]["resourceVersion"], "8");
  expect_quiet(edged);
}

}  // namespace
}  // namespace edgecore::metamanager
