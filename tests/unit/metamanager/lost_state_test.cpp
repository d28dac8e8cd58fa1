// SPDX-License-Identifier: Apache-2.0
// A node that lost its database, or whose Node was made anew in the cloud.
#include "edgecore/base/clock.hpp"
#include "edgecore/metamanager/inventory.hpp"
#include "edgecore/metamanager/poison.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/store/poison.hpp"
#include "unit/metamanager/node_fixture.hpp"

namespace edgecore::metamanager {
namespace {

class LostState : public NodeFixture {
 protected:
  static Json page(const std::vector<Json>& pods, const std::string& continuation = "") {
    Json list = {{"kind", "PodList"}, {"items", pods}};
    if (!continuation.empty()) list["metadata"]["continue"] = continuation;
    return {{"Status", "Approved"}, {"RespBody", net::base64(list.dump())}};
  }
  [[nodiscard]] bool resync_needed() {
    const auto reader = store->open_reader();
    return store::info::resync_needed(reader);
  }
  [[nodiscard]] bool devices_needed() {
    const auto reader = store->open_reader();
    return store::info::devices_needed(reader);
  }
  static Json device(const std::string& name, const std::string& node) {
    return {{"metadata",
             {{"name", name}, {"namespace", "default"}, {"uid", "u" + name}, {"resourceVersion", "5"}}},
            {"spec", {{"nodeName", node}, {"deviceModelRef", {{"name", "m"}}}}}};
  }
  static Json approved(const Json& body) {
    return {{"Status", "Approved"}, {"RespBody", net::base64(body.dump())}};
  }
  static Json option_of(const MessagePtr& question) {
    return Json::parse(net::base64_decode(question->content["Option"].get<std::string>()));
  }
};

// protocol/07-observed.md: a node that lost its database got no pods back.
TEST_F(LostState, AnEmptyDatabaseIsRefilledFromTheCloudsListPageByPage) {
  ASSERT_TRUE(resync_needed());
  tuning.resync_pause = 1h;
  tuning.resync_timeout = 5s;
  start();
  connect(false);
  expect_quiet(cloud);
  connect(true);
  auto question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->route.source, "metaserver");
  EXPECT_EQ(option_of(question)["fieldSelector"], "spec.nodeName=edge1");
  Json other = pod("x", "ux", "9");
  other["spec"]["nodeName"] = "edge2";
  reply(question, page({pod("a", "ua", "5"), other}, "next"), "applicationResponse");
  question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(option_of(question)["continue"], "next");
  EXPECT_TRUE(resync_needed());
  reply(question, page({pod("b", "ub", "6")}), "applicationResponse");
  for (const char* name : {"a", "b"}) {
    const auto handed = next(edged);
    ASSERT_TRUE(handed);
    EXPECT_EQ(handed->route.operation, "update");
    EXPECT_EQ(handed->content["metadata"]["name"], name);
    EXPECT_NE(store.value("default/pod/" + std::string(name)), "");
  }
  EXPECT_EQ(store.value("default/pod/x"), "");
  EXPECT_FALSE(resync_needed());
  question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->content["Key"], "/devices.kubeedge.io/v1beta1/devices/null/null");
  reply(question, page({}), "applicationResponse");
  expect_quiet(cloud);
  EXPECT_FALSE(devices_needed());
  connect(false);
  connect(true);
  expect_quiet(cloud);
}

// A node that lost its database answered every twin update with 404 until somebody edited the Device.
TEST_F(LostState, DevicesAndTheirModelsComeBackAndTheDeviceModuleIsTold) {
  tuning.resync_pause = 1h;
  tuning.resync_timeout = 5s;
  start();
  connect(true);
  auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, page({}), "applicationResponse");
  question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, page({device("d1", "edge1"), device("elsewhere", "edge2")}, "next"), "applicationResponse");
  question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(option_of(question)["continue"], "next");
  reply(question, page({device("d2", "edge1")}), "applicationResponse");
  question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->content["Key"], "/devices.kubeedge.io/v1beta1/devicemodels/default/m")
      << "once for both";
  EXPECT_TRUE(devices_needed()) << "a restart before the models are there must not make the node forget them";
  const Json model = {{"metadata", {{"name", "m"}, {"namespace", "default"}, {"uid", "um"}}},
                      {"spec", Json::object()}};
  reply(question, approved(model), "applicationResponse");
  for (const char* key : {"default/device/d1", "default/device/d2", "default/devicemodel/m"}) {
    const auto handed = next(twin);
    ASSERT_TRUE(handed) << key;
    EXPECT_EQ(handed->route.operation, "update");
    EXPECT_EQ(handed->route.resource, key);
    EXPECT_NE(store.value(key), "");
  }
  EXPECT_EQ(store.value("default/device/elsewhere"), "");
  EXPECT_FALSE(devices_needed());
  expect_quiet(cloud);
}

TEST_F(LostState, DevicesThatCouldNotBeListedAreAskedForAfterARestartWithoutThePods) {
  tuning.resync_pause = 1h;
  store->write([](store::Transaction& into) { store::info::pods_are_back(into); });
  ASSERT_FALSE(resync_needed());
  start();
  connect(true);
  auto question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->content["Key"], "/devices.kubeedge.io/v1beta1/devices/null/null");
  reply(question, {{"Status", "Rejected"}, {"Reason", "get current list error: forbidden"}},
        "applicationResponse");
  connect(false);
  connect(true);
  question = next(cloud);
  ASSERT_TRUE(question) << "at the next connection";
  EXPECT_EQ(question->content["Key"], "/devices.kubeedge.io/v1beta1/devices/null/null");
  reply(question, page({}), "applicationResponse");
  expect_quiet(cloud);
  EXPECT_FALSE(devices_needed());
}

TEST_F(LostState, AnEdgedThatHasFailedForGoodDoesNotKeepTheListFromBeingStored) {
  tuning.resync_pause = 1h;
  tuning.resync_timeout = 5s;
  edged->close("module edged has failed and is not started again");
  start();
  connect(true);
  auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, page({pod("a", "ua", "5")}, "next"), "applicationResponse");
  question = next(cloud);
  ASSERT_TRUE(question) << "the second page";
  EXPECT_EQ(option_of(question)["continue"], "next");
  reply(question, page({pod("b", "ub", "6")}), "applicationResponse");
  const auto deadline = steady_now() + 5s;
  while (resync_needed() && steady_now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_FALSE(resync_needed());
  EXPECT_EQ(get("default/pod/a")["metadata"]["uid"], "ua");
  EXPECT_EQ(get("default/pod/b")["metadata"]["uid"], "ub");
  expect_no_restart();
}

TEST_F(LostState, ACloudThatDoesNotListIsAskedAFewTimesPerConnection) {
  tuning.resync_timeout = 10ms;
  tuning.resync_pause = 5ms;
  start();
  connect(true);
  // One attempt more when the notice came late.
  std::size_t attempts = 0;
  while (next(cloud, 300ms)) ++attempts;
  EXPECT_GE(attempts, 4U);
  EXPECT_LE(attempts, 5U);
  connect(false);
  connect(true);
  for (int attempt = 0; attempt < 4; ++attempt) {
    const auto question = next(cloud);
    ASSERT_TRUE(question) << attempt;
    EXPECT_EQ(question->content["Verb"], "list");
    if (attempt == 1) {
      reply(question, {{"Status", "Rejected"}, {"Reason", "forbidden"}}, "applicationResponse");
    }
  }
  EXPECT_FALSE(next(cloud, 300ms));
  EXPECT_TRUE(resync_needed());
}

TEST_F(LostState, UntilThenAMissingPodIsFetchedByAPatchThatChangesNothing) {
  tuning.resync_timeout = 10ms;
  tuning.resync_pause = 1h;
  start();
  connect(true);
  ASSERT_TRUE(next(cloud));  // the list, unanswered
  auto answer = ask("query", "default/pod/a");
  auto question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->route.resource, "default/podpatch/a");
  EXPECT_EQ(question->content, "{}");
  Json object = pod("a", "ua", "5");
  object.erase("kind");
  reply(question, wrapped(object));
  EXPECT_EQ(content(std::move(answer)), pod("a", "ua", "5"));
  EXPECT_NE(store.value("default/pod/a"), "");

  answer = ask("query", "default/pod/elsewhere");
  question = next(cloud);
  ASSERT_TRUE(question);
  Json other = pod("elsewhere", "ue", "5");
  other["spec"]["nodeName"] = "edge2";
  reply(question, wrapped(other));
  EXPECT_EQ(content(std::move(answer))["code"], 404);
  EXPECT_EQ(store.value("default/pod/elsewhere"), "");
}

TEST_F(LostState, OfflineAMissingPodIsNotDenied) {
  start();
  connect(false);
  EXPECT_EQ(get("default/pod/a")["code"], 503);
  forget_resync();
  EXPECT_EQ(get("default/pod/a")["code"], 404);
}

// protocol/02-metamanager.md §8.5, §10.10
TEST_F(LostState, APodTheCloudDeniesThreeTimesIsRemovedAndEdgedTold) {
  store.put("default/pod/p", "pod", pod("p", "u", "5").dump());
  start_connected();
  const Json patch = {{"metadata", {{"uid", "u"}}}, {"status", {{"phase", "Running"}}}};
  auto answer = ask("patch", "default/podpatch/p", patch);
  auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped_error(refused(404, "NotFound")));
  EXPECT_EQ(content(std::move(answer))["code"], 404);
  EXPECT_NE(store.value("default/pod/p"), "");
  for (const Json& denial :
       {refused(404, "NotFound"), refused(409, "Conflict", "Precondition failed: UID in precondition: u")}) {
    question = next(cloud);
    ASSERT_TRUE(question);
    EXPECT_EQ(question->content, Json(R"({"metadata":{"uid":"u"}})"));
    expect_quiet(edged);
    reply(question, wrapped_error(denial));
  }
  const auto handed = next(edged);
  ASSERT_TRUE(handed);
  EXPECT_EQ(handed->route.operation, "delete");
  EXPECT_EQ(handed->route.resource, "default/pod/p");
  EXPECT_EQ(handed->content["metadata"]["uid"], "u");
  EXPECT_EQ(store.value("default/pod/p"), "");
}

TEST_F(LostState, APodTheCloudDeniesIsRemovedAlsoWhenEdgedHasFailedForGood) {
  store.put("default/pod/p", "pod", pod("p", "u", "5").dump());
  edged->close("module edged has failed and is not started again");
  start_connected();
  auto answer = ask("patch", "default/podpatch/p", {{"metadata", {{"uid", "u"}}}});
  for (int denial = 0; denial < 3; ++denial) {
    const auto question = next(cloud);
    ASSERT_TRUE(question);
    reply(question, wrapped_error(refused(404, "NotFound")));
  }
  EXPECT_EQ(content(std::move(answer))["code"], 404);
  const auto deadline = steady_now() + 5s;
  while (!store.value("default/pod/p").empty() && steady_now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(store.value("default/pod/p"), "");
  EXPECT_EQ(get("default/pod/p")["code"], 404);
  expect_no_restart();
}

TEST_F(LostState, OneDenialOfAPodThatExistsChangesNothing) {
  store.put("default/pod/p", "pod", pod("p", "u", "5").dump());
  start_connected();
  auto answer = ask("patch", "default/podpatch/p", {{"metadata", {{"uid", "u"}}}});
  auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped_error(refused(404, "NotFound")));
  ASSERT_TRUE(wait(answer));
  question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped(pod("p", "u", "5")));
  expect_quiet(cloud);
  expect_quiet(edged);
  EXPECT_NE(store.value("default/pod/p"), "");
}

TEST_F(LostState, OrdinaryConflictsSayNothingAboutAPod) {
  store.put("default/pod/p", "pod", pod("p", "u", "5").dump());
  start_connected();
  auto answer = ask("patch", "default/podpatch/p", {{"metadata", {{"uid", "u"}}}});
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped_error(refused(409, "Conflict", "the object has been modified")));
  ASSERT_TRUE(wait(answer));
  expect_quiet(cloud);
}

TEST_F(LostState, TheInventorySaysWhatIsHeld) {
  store.put("default/pod/p", "pod", pod("p", "u", "5").dump());
  store.put("default/pod/broken", "pod", "{}");
  const auto reader = store->open_reader();
  EXPECT_EQ(inventory(reader, "pod"), (std::vector<InventoryItem>{{"default/pod/p", "u", "5"}}));
}

TEST_F(LostState, PoisonIsPutAsideAndCounted) {
  const auto message = from_cloud("update", "default/pod/p", pod("p", "u", "5"));
  EXPECT_EQ(store_poison(*store, "edged", message, "It fails.", clock.wall()), 1U);
  EXPECT_EQ(store_poison(*store, "edged", message, "It fails.", clock.wall()), 2U);
  const auto reader = store->open_reader();
  const auto rows = store::poison::list(reader);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].module, "edged");
  EXPECT_EQ(rows[0].resource, "default/pod/p");
  EXPECT_EQ(Json::parse(rows[0].text), message.content);
}

TEST_F(LostState, WhatWasAcknowledgedIsThereAfterARestart) {
  start_connected();
  push(from_cloud("update", "default/pod/p", pod("p", "u", "5")));
  ASSERT_TRUE(next(cloud));
  supervisor->stop();
  supervisor.reset();
  store.reopen();
  EXPECT_EQ(Json::parse(store.value("default/pod/p")), pod("p", "u", "5"));
}

}  // namespace
}  // namespace edgecore::metamanager
