// SPDX-License-Identifier: Apache-2.0
// Changes of the node's own copy while the cloud is unreachable, through the whole module (docs/messages.md
// "metaserver → metamanager").
#include "edgecore/store/meta_v2.hpp"
#include "edgecore/store/offline_writes.hpp"
#include "unit/metamanager/node_fixture.hpp"

namespace edgecore::metamanager {
namespace {

constexpr const char* kPodKey = "/core/v1/pods/default/web";

class LocalChangesTest : public NodeFixture {
 protected:
  LocalChangesTest() { served = bus->add_module("metaserver", "api"); }

  void start_offline() {
    forget_resync();
    start();
    connect(false);
  }
  /// Sends metaserver's request.
  Answer change(const std::string& resource, const std::string& uid, const Json& patch) {
    const Json content = {{"uid", uid}, {"patch", patch}};
    beehive::Message question = beehive::make_message("metaserver", "meta", "patch", resource, content);
    return boost::asio::co_spawn(asking, bus->request("metamanager", std::move(question), 8s),
                                 boost::asio::use_future);
  }
  void pushed(const std::string& resource, const Json& object) {
    push(from_cloud("update", resource, object));
    ASSERT_TRUE(next(cloud)) << "no ack";
  }
  /// Sends edged's status.
  void tell_status(const Json& patch) {
    push(beehive::make_message("edged", "meta", "update", "default/podstatus/web", patch));
    get("default/pod/none");  // answered after it was taken
  }
  static Json status_patch(const std::string& uid, const Json& status) {
    return {{"metadata", {{"uid", uid}}}, {"status", status}};
  }
  Json served_row(const std::string& key) {
    const auto reader = store->open_reader();
    const auto row = store::meta_v2::find(reader, key);
    return row ? Json::parse(row->value) : Json();
  }
  bool shows(const std::string& phase) {
    for (int i = 0; i < 2000; ++i) {
      if (served_row(kPodKey)["status"].value("phase", "") == phase) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  void put(const Json& object, const std::string& resource, const std::string& key, const std::string& gvr,
           std::uint64_t version) {
    const auto path = beehive::parse_resource(resource).value();
    store->write([&](store::Transaction& into) {
      store::meta::upsert(into, {resource, path.type, object.dump()});
      store::meta_v2::upsert(into, {key, gvr, path.ns, path.name, version, object.dump()});
    });
  }
  void put_pod(const Json& object, std::uint64_t version) {
    put(object, "default/pod/web", kPodKey, "/v1, Resource=pods", version);
  }
  static Json device(const std::string& uid, int desired) {
    Json made = {{"kind", "Device"}, {"apiVersion", "devices.kubeedge.io/v1beta1"}};
    made["metadata"] = {{"name", "lamp"}, {"namespace", "default"}, {"uid", uid}, {"resourceVersion", "8"}};
    made["spec"]["nodeName"] = "edge1";
    made["spec"]["properties"] = {{{"name", "level"}, {"desired", {{"value", std::to_string(desired)}}}}};
    return made;
  }

  std::shared_ptr<beehive::Mailbox> served;
};

TEST_F(LocalChangesTest, APodIsMarkedInBothTablesAndEdgedAndMetaServerHearOfIt) {
  put_pod(pod("web", "u", "7", "Running"), 7);
  start_offline();
  const Json mark = {{"metadata", {{"deletionTimestamp", "2024-06-10T12:00:30Z"}}}};
  const Json answer = content(change("default/pod/web", "u", mark));
  EXPECT_EQ(answer["metadata"]["deletionTimestamp"], "2024-06-10T12:00:30Z");
  EXPECT_EQ(answer["metadata"]["resourceVersion"], "7");
  EXPECT_EQ(Json::parse(store.value("default/pod/web")), answer);
  EXPECT_EQ(served_row(kPodKey), answer);
  const auto news = next(edged);
  ASSERT_TRUE(news);
  EXPECT_EQ(news->route.source, "edgecontroller");
  EXPECT_EQ(news->route.operation, "update");
  EXPECT_EQ(news->route.resource, "default/pod/web");
  EXPECT_EQ(news->content, answer);
  const auto told = next(served);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->route.operation, "update");
  EXPECT_EQ(told->route.resource, kPodKey);
  EXPECT_EQ(Json::parse(told->content.get<std::string>()), answer);
  expect_quiet(cloud);
}

TEST_F(LocalChangesTest, ADeviceGoesToTheDeviceModule) {
  put(device("d", 1), "default/device/lamp", "/devices.kubeedge.io/v1beta1/devices/default/lamp",
      "devices.kubeedge.io/v1beta1, Resource=devices", 8);
  start_offline();
  const Json patch = {{"spec", {{"properties", device("d", 5)["spec"]["properties"]}}}};
  EXPECT_EQ(content(change("default/device/lamp", "d", patch)), device("d", 5));
  const auto news = next(twin);
  ASSERT_TRUE(news);
  EXPECT_EQ(news->route.source, "devicecontroller");
  EXPECT_EQ(news->route.resource, "default/device/lamp");
  EXPECT_EQ(news->content, device("d", 5));
  expect_quiet(edged);
}

TEST_F(LocalChangesTest, OnlyTheMeantObjectIsChanged) {
  put_pod(pod("web", "u", "7"), 7);
  start_offline();
  const Json mark = {{"metadata", {{"deletionTimestamp", "2024-06-10T12:00:30Z"}}}};
  EXPECT_EQ(content(change("default/pod/none", "u", mark))["code"], 404);
  EXPECT_EQ(content(change("default/pod/web", "v", mark))["code"], 409);
  EXPECT_EQ(content(change("default/pod/web", "", mark))["code"], 400);
  EXPECT_EQ(content(change("default/pod/web", "u", {{"metadata", {{"uid", "v"}}}}))["code"], 400);
  EXPECT_EQ(content(change("default/pod/web", "u", {{"metadata", {{"resourceVersion", "9"}}}}))["code"], 400);
  EXPECT_EQ(content(ask("patch", "default/pod/web", {{"uid", "u"}, {"patch", mark}}))["code"], 405)
      << "edged's way is the cloud's";
  EXPECT_EQ(Json::parse(store.value("default/pod/web")), pod("web", "u", "7"));
  expect_quiet(edged);
  expect_quiet(served);
  expect_no_restart();
}

TEST_F(LocalChangesTest, TheCloudsNewerVersionWins) {
  put_pod(pod("web", "u", "7"), 7);
  start_offline();
  content(change("default/pod/web", "u", {{"metadata", {{"labels", {{"a", "b"}}}}}}));
  connect(true);
  pushed("default/pod/web", pod("web", "u", "8"));
  EXPECT_EQ(Json::parse(store.value("default/pod/web")), pod("web", "u", "8"));
  EXPECT_EQ(served_row(kPodKey), pod("web", "u", "8"));
}

// The ack of version 7 was lost with the connection: CloudHub sends it again.
TEST_F(LocalChangesTest, TheSameVersionSentAgainDoesNotUndoAWriteTheCloudIsStillToGet) {
  put_pod(pod("web", "u", "7"), 7);
  store->write([](store::Transaction& into) {
    store::offline_writes::add(into, {0, kPodKey, "u", "delete", "application/json", "{}", WallTime()});
  });
  start_offline();
  const Json marked = content(
      change("default/pod/web", "u", {{"metadata", {{"deletionTimestamp", "2024-06-10T12:00:30Z"}}}}));
  ASSERT_TRUE(next(edged));
  connect(true);
  pushed("default/pod/web", pod("web", "u", "7"));
  EXPECT_EQ(Json::parse(store.value("default/pod/web")), marked);
  const auto news = next(edged);
  ASSERT_TRUE(news);
  EXPECT_EQ(news->content, marked);
}

TEST_F(LocalChangesTest, APodWhoseDeletionTheCloudIsStillToGetIsToEndWhateverItsNewestCopySays) {
  store->write([](store::Transaction& into) {
    store::offline_writes::add(into,
                               {0, kPodKey, "u", "delete", "application/json", R"({"gracePeriodSeconds":5})",
                                kube::parse_time("2024-06-10T11:00:00Z").value()});
  });
  put_pod(pod("web", "u", "8"), 8);
  store.put("default/pod/other", "pod", pod("other", "o", "8").dump());
  start_offline();
  const Json one = get("default/pod/web");
  EXPECT_EQ(one["metadata"]["deletionTimestamp"], "2024-06-10T11:00:05Z");
  EXPECT_EQ(one["metadata"]["deletionGracePeriodSeconds"], 5);
  const Json all = get("default/pod");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_FALSE(all[0]["metadata"].contains("deletionTimestamp"));
  EXPECT_EQ(all[1], one);
}

TEST_F(LocalChangesTest, WhatEdgedKnowsOfAPodIsShownButIsNotTakenForTheClouds) {
  put_pod(pod("web", "u", "7", "Pending"), 7);
  start_offline();
  tell_status(status_patch("u", {{"phase", "Running"}, {"podIP", "10.1.1.1"}}));
  ASSERT_TRUE(shows("Running"));
  const Json row = served_row(kPodKey);
  EXPECT_EQ(row["status"]["podIP"], "10.1.1.1");
  EXPECT_EQ(row["metadata"], pod("web", "u", "7")["metadata"]);
  EXPECT_EQ(Json::parse(store.value("default/pod/web")), pod("web", "u", "7", "Pending"));
  const auto told = next(served);
  ASSERT_TRUE(told);
  EXPECT_EQ(Json::parse(told->content.get<std::string>()), row);
  expect_quiet(edged);
  expect_quiet(cloud);
}

TEST_F(LocalChangesTest, EachStatusIsADifferenceToTheCloudsNotToTheOneShownBefore) {
  put_pod(pod("web", "u", "7", "Pending"), 7);
  start_offline();
  tell_status(status_patch("u", {{"phase", "Running"}, {"reason", "OutOfLuck"}}));
  ASSERT_TRUE(shows("Running"));
  tell_status(status_patch("u", {{"phase", "Failed"}}));
  ASSERT_TRUE(shows("Failed"));
  EXPECT_FALSE(served_row(kPodKey)["status"].contains("reason"));
  tell_status({{"metadata", {{"uid", "u"}}}});  // it is again like the cloud's
  ASSERT_TRUE(shows("Pending"));
}

TEST_F(LocalChangesTest, TheSameStatusAgainCostsNoWrite) {
  put_pod(pod("web", "u", "7", "Pending"), 7);
  start_offline();
  tell_status(status_patch("u", {{"phase", "Running"}}));
  ASSERT_TRUE(shows("Running"));
  store->flush();  // a reader may see a commit before the writer has counted it
  const auto before = store->counters();
  tell_status(status_patch("u", {{"phase", "Running"}}));
  store->flush();
  EXPECT_EQ(store->counters().jobs, before.jobs + 1);
  EXPECT_EQ(store->counters().commits, before.commits);
}

TEST_F(LocalChangesTest, AStatusOfAnotherOrUnknownPodChangesNothing) {
  put_pod(pod("web", "u", "7", "Pending"), 7);
  start_offline();
  tell_status(status_patch("v", {{"phase", "Running"}}));
  push(beehive::make_message("edged", "meta", "update", "default/podstatus/none",
                             status_patch("u", {{"phase", "Running"}})));
  push(beehive::make_message("edged", "meta", "update", "default/podstatus/web", "nonsense"));
  push(beehive::make_message("edged", "meta", "update", "default/podstatus/web",
                             Json::parse(R"({"metadata":{"uid":"u"},"status":{"conditions":[7]}})")));
  EXPECT_EQ(get("default/pod/web"), pod("web", "u", "7", "Pending"));
  store->flush();
  EXPECT_EQ(served_row(kPodKey), pod("web", "u", "7", "Pending"));
  expect_no_restart();
}

}  // namespace
}  // namespace edgecore::metamanager
