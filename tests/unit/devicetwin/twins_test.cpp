// SPDX-License-Identifier: Apache-2.0
#include "unit/devicetwin/twin_fixture.hpp"

namespace edgecore::devicetwin {
namespace {

class TwinsTest : public TwinFixture {
 protected:
  void with_device(const std::string& id = "default/d1") {
    start();
    member(id);
    EXPECT_EQ(published().topic, "$hw/events/node/edge1/membership/updated");
  }
};

TEST_F(TwinsTest, AMembershipMakesADeviceKnownAndUnknownAgain) {
  start();
  member("default/d1");
  const Published added = published();
  EXPECT_EQ(added.topic, "$hw/events/node/edge1/membership/updated");
  EXPECT_EQ(added.payload.at("added_devices"), Json::parse(R"([{"id":"default/d1","name":"d1"}])"));
  EXPECT_EQ(added.payload.at("removed_devices"), Json());
  member("default/d1");  // the cloud repeats it after its restart
  expect_quiet(mqtt);
  member("default/d1", false);
  EXPECT_EQ(published().payload.at("removed_devices").at(0).at("id"), "default/d1");
  const auto reader = store->open_reader();
  EXPECT_FALSE(store::devices::find(reader, "default/d1"));
  expect_no_restart();
}

TEST_F(TwinsTest, AnUpdateIsAnsweredInOrderOnceItIsOnDisk) {
  with_device();
  update("default/d1", R"({"t":{"actual":{"value":"25"},"expected":{"value":"30"}}})", "e7");
  const Published result = published();
  EXPECT_EQ(result.topic, "$hw/events/device/default/d1/twin/update/result");
  EXPECT_EQ(result.payload.at("event_id"), "e7");
  EXPECT_FALSE(result.payload.contains("code"));
  EXPECT_EQ(stored_twin("default/d1", "t")->actual, "25") << "the answer says that it is stored";
  EXPECT_EQ(published().topic, "$hw/events/device/default/d1/twin/update/document");
  const Published delta = published();
  EXPECT_EQ(delta.topic, "$hw/events/device/default/d1/twin/update/delta");
  EXPECT_EQ(delta.payload.at("delta"), Json::parse(R"({"t":"30"})"));
  expect_quiet(mqtt);
}

TEST_F(TwinsTest, RefusalsSayWhyOnTheDevicesOwnTopicToo) {
  with_device();
  by_mqtt("$hw/events/device/default/d1/twin/update", R"({"event_id":"e9"})");
  const Published nobody = published();
  EXPECT_EQ(nobody.topic, "$hw/events/device//twin/update/result");
  EXPECT_EQ(nobody.payload.at("event_id"), "");
  const Published own = published();
  EXPECT_EQ(own.topic, "$hw/events/device/default/d1/twin/update/result");
  EXPECT_EQ(own.payload.at("event_id"), "e9");
  EXPECT_EQ(own.payload.at("code"), 400);
  EXPECT_EQ(own.payload.at("reason"), "Update twin error, key:twin does not exist");
  update("default/other", R"({"t":{"actual":{"value":"1"}}})", "e10");
  const Published unknown = published();
  EXPECT_EQ(unknown.topic, "$hw/events/device/default/other/twin/update/result");
  EXPECT_EQ(unknown.payload.at("code"), 404);
  EXPECT_EQ(unknown.payload.at("reason"), "update rejected due to the device is not existed");
}

TEST_F(TwinsTest, TwinsAndMembershipCanBeRead) {
  with_device();
  update("default/d1", R"({"t":{"actual":{"value":"1"}},"gone":{"actual":{"value":"1"}}})");
  update("default/d1", R"({"gone":null})");
  by_mqtt("$hw/events/device/default/d1/twin/get", R"({"event_id":"g","timestamp":0})");
  const Json twins = published("twin/get/result");
  EXPECT_EQ(twins.at("event_id"), "g");
  EXPECT_EQ(twins.at("twin").size(), 1U) << "tombstones are not shown";
  EXPECT_FALSE(twins.at("twin").at("t").contains("actual_version"));
  by_mqtt("$hw/events/node/edge1/membership/get", R"({"event_id":"m","timestamp":0})");
  EXPECT_EQ(published("membership/get/result").at("devices").at(0).at("id"), "default/d1");
  by_mqtt("$hw/events/node/edge1/membership/get", "");
  EXPECT_EQ(published("membership/get/result").at("code"), 400);
  by_mqtt("$hw/events/device/default/x/twin/get", R"({"event_id":"g"})");
  EXPECT_EQ(published("default/x/twin/get/result").at("code"), 404);
}

TEST_F(TwinsTest, AStateIsStoredPublishedAndSent) {
  with_device();
  connect(true);
  by_mqtt("$hw/events/device/default/d1/state/update", R"({"event_id":"","timestamp":0,"state":"online"})");
  const Json state = published("state/update/result");
  EXPECT_EQ(state.at("device").at("state"), "online");
  EXPECT_EQ(state.at("device").at("last_online"), "2023-11-14T22:13:20Z");
  const auto message = to_cloud("device/default/d1/state/update");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->route.source, "twin");
  const Json sent = Json::parse(message->content.get<std::string>());
  EXPECT_EQ(sent.at("device").at("lastOnlineTime"), "2023-11-14T22:13:20Z");
  by_mqtt("$hw/events/device/default/d1/state/update", R"({"state":"asleep"})");
  by_mqtt("$hw/events/device/default/none/state/update", R"({"state":"online"})");
  expect_quiet(mqtt);
}

TEST_F(TwinsTest, TheCloudGetsTheNewestValueAndMarksAreCleared) {
  with_device();
  connect(true);
  EXPECT_TRUE(to_cloud("membership/detail"));
  update("default/d1", R"({"t":{"actual":{"value":"1"}}})");
  const auto first = to_cloud("edge_updated");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->route.resource, "device/default/d1/twin/edge_updated");
  EXPECT_EQ(first->route.group, "resource");
  EXPECT_EQ(first->content.at("twin").at("t").at("actual").at("value"), "1");
  for (int i = 2; i <= 50; ++i)
    update("default/d1", R"({"t":{"actual":{"value":")" + std::to_string(i) + R"("}}})");
  for (int i = 1; i <= 50; ++i) published("result");  // all of them are on disk
  expect_quiet(cloud);
  confirm(first);
  const auto second = to_cloud("edge_updated");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->content.at("twin").at("t").at("actual").at("value"), "50");
  EXPECT_EQ(unreported(), std::vector<std::string>{"default/d1"});
  confirm(second);
  EXPECT_TRUE(eventually([&] { return unreported().empty(); }));
}

TEST_F(TwinsTest, WhatChangedOfflineIsReportedAfterARestartToo) {
  with_device();
  update("default/d1", R"({"t":{"actual":{"value":"7"}}})");
  published("result");
  restart();
  expect_quiet(cloud);
  connect(true);
  EXPECT_TRUE(confirm_until("7"));
  EXPECT_TRUE(confirm_until("7")) << "what no Device shows is told twice";
  EXPECT_TRUE(eventually([&] { return unreported().empty(); }));
  restart();
  connect(true);
  EXPECT_FALSE(to_cloud("edge_updated", 80ms)) << "the cloud has it";
}

TEST_F(TwinsTest, AModuleThatWasRestartedAloneLearnsOfTheConnection) {
  with_device();
  update("default/d1", R"({"t":{"actual":{"value":"7"}}})");
  published("result");
  restart();
  EXPECT_TRUE(bus->respond(beehive::make_response(*question, names::content::kCloudConnected)));
  EXPECT_TRUE(to_cloud("edge_updated"));
}

TEST_F(TwinsTest, AValueThatCouldNotBeStoredIsRefusedAndTheCloudGetsTheStoredOne) {
  with_device();
  connect(true);
  update("default/d1", R"({"t":{"actual":{"value":"good"}}})");
  EXPECT_FALSE(published("twin/update/result").contains("code"));
  EXPECT_THROW(store->close(), store::StoreError)
      << "the module reads";  // from here on as a disk that is gone
  update("default/d1", R"({"t":{"actual":{"value":"lost"}}})", "e2");
  const Json refusal = published("twin/update/result");
  EXPECT_EQ(refusal.at("code"), 500);
  EXPECT_EQ(refusal.at("event_id"), "e2");
  EXPECT_TRUE(confirm_until("good"));
}

TEST_F(TwinsTest, ADeviceThatIsReplacedIsMarkedAnew) {
  with_device();
  update("default/d1", R"({"t":{"actual":{"value":"1"}}})");
  published("twin/update/result");
  EXPECT_EQ(unreported().size(), 1U);
  member("default/d1", false);
  member("default/d1");
  update("default/d1", R"({"t":{"actual":{"value":"2"}}})");
  published("twin/update/result");
  EXPECT_EQ(unreported().size(), 1U);
}

// Any client could act as the cloud by its topic.
TEST_F(TwinsTest, AClientCannotActAsTheCloud) {
  with_device();
  const std::string body =
      R"({"event_id":"c","twin":{"t":{"expected":{"value":"666"},"metadata":{"type":"string"},)"
      R"("expected_version":{"cloud":9223372036854775807,"edge":9223372036854775807}}}})";
  by_mqtt("$hw/events/device/default/d1/twin/cloud_updated", body);
  by_mqtt("$hw/events/device/d1/twin/cloud_updated", body);
  by_mqtt("$hw/events/device/default/d1/twin/update/delta", body);
  by_mqtt("$hw/events/device/default/d1/twin/update/result", body);
  by_mqtt("$hw/events/device/default/d1/updated", R"({"attributes":{"a":{"value":"1"}}})");
  by_mqtt("$hw/events/node/edge1/membership/updated",
          R"({"added_devices":null,"removed_devices":[{"id":"default/d1","name":"d1"}]})");
  by_mqtt("$hw/events/device/default/d1/twin/get", R"({"event_id":"g","timestamp":0})");
  const Published answer = published();
  EXPECT_EQ(answer.topic, "$hw/events/device/default/d1/twin/get/result") << "nothing else is answered";
  EXPECT_EQ(answer.payload.at("twin"), Json::object());
  expect_quiet(mqtt);
  EXPECT_FALSE(stored_twin("default/d1", "t"));
}

TEST_F(TwinsTest, TheCloudsOwnSyncsAreLimitedToo) {
  with_device();
  for (int block = 0; block < 25; ++block) {
    Json twins = Json::object();
    for (int i = 0; i < 100; ++i)
      twins["p" + std::to_string(block * 100 + i)] = {{"actual", {{"value", "1"}}},
                                                      {"metadata", {{"type", "string"}}},
                                                      {"actual_version", {{"cloud", 1}, {"edge", 0}}}};
    send(beehive::make_message(names::source::kDeviceController, names::group::kTwin,
                               names::operation::kUpdate, "device/default/d1/twin/cloud_updated",
                               Json{{"event_id", "c"}, {"twin", twins}}));
  }
  by_mqtt("$hw/events/device/default/d1/twin/get", R"({"event_id":"g","timestamp":0})");
  EXPECT_EQ(published("twin/get/result").at("twin").size(), 2000U);
}

TEST_F(TwinsTest, StatesAreCoalesced) {
  tuning.report_spacing = 100ms;
  with_device();
  connect(true);
  const SteadyTime begin = steady_now();
  for (int i = 0; i < 500; ++i)
    by_mqtt("$hw/events/device/default/d1/state/update",
            i % 2 == 0 ? R"({"state":"online"})" : R"({"state":"offline"})");
  by_mqtt("$hw/events/device/default/d1/state/update", R"({"state":"unknown"})");
  Json state;
  int sent = 0;
  for (; state != "unknown"; ++sent) {
    const auto message = to_cloud("state/update");
    ASSERT_TRUE(message);
    state = Json::parse(message->content.get<std::string>()).at("device").at("state");
  }
  EXPECT_LE(sent, (steady_now() - begin) / tuning.report_spacing + 1);
}

TEST_F(TwinsTest, ADatabaseOfTheGoAgentIsTakenOverWithItsTwins) {
  store->write([](store::Transaction& into) {
    store::devices::upsert(into, store::devices::Device{"default/d1", "d1", "", "", ""});
    store::devices::Twin twin;
    twin.device_id = "default/d1";
    twin.name = "t";
    twin.actual = "25";
    twin.actual_meta = R"({"timestamp":1700000000123})";
    twin.actual_version = R"({"cloud":0,"edge":3})";
    twin.optional = true;
    twin.attr_type = "string";
    twin.metadata = "{}";
    store::devices::upsert(into, twin);
  });
  start();
  update("default/d1", R"({"t":{"actual":{"value":"26"}}})");
  EXPECT_EQ(published("document").at("twin").at("t").at("last").at("actual").at("metadata").at("timestamp"),
            1700000000123);
  const auto row = stored_twin("default/d1", "t");
  EXPECT_EQ(row->actual_version, R"({"cloud":0,"edge":4})");
  EXPECT_EQ(row->metadata, "{}");
}

TEST_F(TwinsTest, ADeviceIsKnownByItsObjectAndDesiredValuesReachMqtt) {
  start();
  object("insert", "device", device("d1"));
  EXPECT_EQ(published().payload.at("added_devices").at(0).at("id"), "default/d1");
  EXPECT_EQ(published().topic, "$hw/events/device/default/d1/twin/update/document");
  // A client that listens on topics without a namespace may never have published anything.
  EXPECT_EQ(published().topic, "$hw/events/device/d1/twin/update/document");
  const Published delta = published();
  EXPECT_EQ(delta.topic, "$hw/events/device/default/d1/twin/update/delta");
  EXPECT_EQ(delta.payload.at("delta"), Json::parse(R"({"t":"20"})"));
  EXPECT_EQ(published().topic, "$hw/events/device/d1/twin/update/delta");
  member("default/d1");
  expect_quiet(mqtt);
  object("update", "device", device("d1", "28"), names::source::kEdgeController);
  EXPECT_EQ(published("/default/d1/twin/update/delta").at("delta").at("t"), "28");
  EXPECT_EQ(published("/device/d1/twin/update/delta").at("delta").at("t"), "28");
  object("update", "device", device("d1", "28"));
  expect_quiet(mqtt);
  restart();
  expect_quiet(mqtt);
  object("delete", "device", device("d1"));
  EXPECT_EQ(published().payload.at("removed_devices").at(0).at("id"), "default/d1");
}

TEST_F(TwinsTest, ADesiredValueTakenOutOfTheDeviceIsTakenOutOfTheTwinAndTheCloudHearsOfIt) {
  start();
  connect(true);
  object("insert", "device", device("d1"));
  EXPECT_EQ(published("default/d1/twin/update/delta").at("delta").at("t"), "20");
  Json bare = device("d1");
  bare["spec"]["properties"][0].erase("desired");
  object("update", "device", bare);
  const Json document = published("default/d1/twin/update/document");
  EXPECT_EQ(document.at("twin").at("t").at("last").at("expected").at("value"), "20");
  EXPECT_FALSE(document.at("twin").at("t").at("current").contains("expected"));
  const auto report = to_cloud("edge_updated");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->content.at("twin").at("t").at("expected").at("value"), "");
  restart();
  by_mqtt("$hw/events/device/default/d1/twin/get", R"({"event_id":"g","timestamp":0})");
  EXPECT_FALSE(published("twin/get/result").at("twin").at("t").contains("expected"));
}

TEST_F(TwinsTest, ADesiredValueTakenOutWhileTheModuleWasAwayIsTakenOutAtTheStart) {
  start();
  object("insert", "device", device("d1"));
  published("default/d1/twin/update/delta");
  stop();
  Json bare = device("d1");
  bare["spec"]["properties"] = Json::array();
  store->write([&](store::Transaction& into) {
    store::meta::upsert(into, {"default/device/d1", "device", kube::dump_json(bare)});
  });
  start();
  EXPECT_FALSE(
      published("default/d1/twin/update/document").at("twin").at("t").at("current").contains("expected"));
}

TEST_F(TwinsTest, TopicsWithoutANamespaceMeanTheNamespaceDefaultAndAreAnsweredAlike) {
  with_device();
  by_mqtt(
      "$hw/events/device/d1/twin/update",
      R"({"event_id":"e1","timestamp":0,"twin":{"t":{"actual":{"value":"1"},"expected":{"value":"2"}}}})");
  for (const char* topic :
       {"$hw/events/device/d1/twin/update/result", "$hw/events/device/default/d1/twin/update/document",
        "$hw/events/device/d1/twin/update/document", "$hw/events/device/default/d1/twin/update/delta",
        "$hw/events/device/d1/twin/update/delta"})
    EXPECT_EQ(published().topic, topic);
  EXPECT_EQ(stored_twin("default/d1", "t")->actual, "1");
  by_mqtt("$hw/events/device/d1/twin/get", R"({"event_id":"g","timestamp":0})");
  const Published twins = published();
  EXPECT_EQ(twins.topic, "$hw/events/device/d1/twin/get/result");
  EXPECT_EQ(twins.payload.at("twin").at("t").at("actual").at("value"), "1");
  by_mqtt("$hw/events/device/d1/state/update", R"({"event_id":"","timestamp":0,"state":"online"})");
  EXPECT_EQ(published().topic, "$hw/events/device/default/d1/state/update/result");
  EXPECT_EQ(published().topic, "$hw/events/device/d1/state/update/result");
  by_mqtt("$hw/events/device/other/twin/get", R"({"event_id":"g"})");
  EXPECT_EQ(published("device/other/twin/get/result").at("code"), 404);
  by_mqtt("$hw/events/device/d1/twin/update", R"({"event_id":"e2"})");
  EXPECT_EQ(published().topic, "$hw/events/device//twin/update/result") << "as the Go agent answers";
  const Published refusal = published();
  EXPECT_EQ(refusal.topic, "$hw/events/device/d1/twin/update/result");
  EXPECT_EQ(refusal.payload.at("event_id"), "e2");
  expect_quiet(mqtt);
}

TEST_F(TwinsTest, ADeviceOfAnotherNamespaceHasNoShortTopic) {
  with_device("plant/d1");
  by_mqtt("$hw/events/device/d1/twin/update", R"({"event_id":"e","twin":{"t":{"actual":{"value":"1"}}}})");
  const Published refusal = published();
  EXPECT_EQ(refusal.topic, "$hw/events/device/d1/twin/update/result");
  EXPECT_EQ(refusal.payload.at("code"), 404);
  update("plant/d1", R"({"t":{"actual":{"value":"1"}}})");
  EXPECT_EQ(published().topic, "$hw/events/device/plant/d1/twin/update/result");
  EXPECT_EQ(published().topic, "$hw/events/device/plant/d1/twin/update/document");
  expect_quiet(mqtt);
}

TEST_F(TwinsTest, AnEmptyOrStrangeMessageDoesNoHarm) {
  with_device();
  for (const char* payload :
       {"", "x", "null", "[]", R"({"added_devices":3})", R"({"twin":{"t":{"actual":[]}}})"}) {
    by_mqtt("$hw/events/device/default/d1/twin/update", payload);
    by_mqtt("$hw/events/device/default/d1/twin/cloud_updated", payload);
    by_mqtt("$hw/events/device/default/d1/state/update", payload);
    by_mqtt("$hw/events/device/default/d1/twin/unknown", payload);
    send(beehive::make_message("devicecontroller", "twin", "update", "membership", payload));
    send(beehive::make_message("devicecontroller", "twin", "updated", "device/d1", payload));
    send(beehive::make_message("devicecontroller", "resource", "update", "default/device/d1", payload));
  }
  update("default/d1", R"({"t":{"actual":{"value":"1"}}})", "last");
  for (;;) {
    const Json result = published("twin/update/result");
    if (result.is_null() || result.at("event_id") == "last") break;
  }
  expect_no_restart();
}

TEST_F(TwinsTest, TwinsOfADeviceAreLimited) {
  with_device();
  for (int block = 0; block < 20; ++block) {
    Json twins = Json::object();
    for (int i = 0; i < 100; ++i)
      twins["p" + std::to_string(block * 100 + i)] = {{"actual", {{"value", "1"}}}};
    update("default/d1", twins.dump());
    EXPECT_FALSE(published("result").contains("code"));
  }
  update("default/d1", R"({"one-more":{"actual":{"value":"1"}}})");
  EXPECT_EQ(published("result").at("code"), 400);
  update("default/d1", R"({"p1":{"actual":{"value":"2"}}})");
  EXPECT_FALSE(published("result").contains("code"));
}

}  // namespace
}  // namespace edgecore::devicetwin
