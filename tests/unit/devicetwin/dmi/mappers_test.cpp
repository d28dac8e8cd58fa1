// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/dmi/mappers.hpp"

#include <algorithm>
#include <set>

#include "unit/devicetwin/twin_fixture.hpp"

namespace edgecore::devicetwin {
namespace {

using Lines = std::vector<std::string>;

class MappersTest : public TwinFixture {
 protected:
  void SetUp() override {
    start();
    ASSERT_TRUE(eventually([&] { return dmi.is_open(); }));
  }
  void with_mapper() {
    const auto answer = dmi.ask(registration());
    ASSERT_TRUE(answer);
    ASSERT_TRUE(answer->status.ok()) << answer->status.text;
  }
  void with_objects() {
    object("insert", "devicemodel", model());
    object("insert", "device", device("d1"));
    published("membership/updated");
  }
  void expect_told(const Lines& lines) {
    EXPECT_TRUE(eventually([&] { return mappers.told() == lines; }))
        << testing::PrintToString(mappers.told());
  }
};

TEST_F(MappersTest, ARegistrationIsStoredAndAnsweredWithModelsAndDevices) {
  with_objects();
  const auto answer = dmi.ask(registration());
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->devices.size(), 1U);
  ASSERT_EQ(answer->models.size(), 1U);
  EXPECT_EQ(answer->devices[0].at("metadata").at("name"), "d1");
  const auto row = store.value("node/nodeID/namespace/devicemapper/modbus-mapper");
  EXPECT_EQ(Json::parse(row), Json::parse(R"({"name":"modbus-mapper","version":"v1","api_version":"v1.0.0",
      "protocol":"modbus","address":"L3J1bi9tb2RidXMuc29jaw==","state":"OK"})"));
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(mappers.told().empty()) << "it was given everything";
}

TEST_F(MappersTest, ABadRegistrationIsRefused) {
  DmiRequest request = registration();
  request.mapper.reset();
  EXPECT_EQ(dmi.ask(request)->status.code, DmiStatus::Code::kInvalidArgument);
  request = registration();
  request.mapper->protocol.clear();
  const auto answer = dmi.ask(request);
  EXPECT_EQ(answer->status.code, DmiStatus::Code::kUnknown);
  EXPECT_NE(answer->status.text.find("because the protocol is nil"), std::string::npos);
  request = registration(true, std::string(200, 'a'));
  EXPECT_FALSE(dmi.ask(request)->status.ok());
}

TEST_F(MappersTest, AMapperIsToldOfChangesModelsFirst) {
  with_mapper();
  object("insert", "device", device("d1"));
  std::this_thread::sleep_for(30ms);
  EXPECT_TRUE(mappers.told().empty()) << "its model is not there";
  object("insert", "devicemodel", model());
  expect_told({"/run/modbus.sock create model default/m", "/run/modbus.sock register default/d1"});
  object("update", "device", device("d1", "28"), names::source::kEdgeController);
  expect_told({"/run/modbus.sock create model default/m", "/run/modbus.sock register default/d1",
               "/run/modbus.sock update default/d1"});
  EXPECT_EQ(Json::parse(mappers.last_object()).at("spec").at("properties").at(0).at("desired").at("value"),
            "28");
}

TEST_F(MappersTest, AnEchoOfTheStatusIsNoUpdate) {
  with_objects();
  with_mapper();
  Json echo = device("d1");
  echo["status"]["twins"] = Json::array({{{"propertyName", "t"}}});
  echo["metadata"]["resourceVersion"] = "99";
  object("update", "device", echo);
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(mappers.told().empty());
}

TEST_F(MappersTest, ADeletionIsToldThoughTheObjectHasNoSpec) {
  with_objects();
  with_mapper();
  object("delete", "device", Json{{"metadata", {{"name", "d1"}, {"namespace", "default"}, {"uid", "u-d1"}}}},
         names::source::kEdgeController);
  expect_told({"/run/modbus.sock remove default/d1"});
}

TEST_F(MappersTest, ADeviceThatGoesWhileItsMapperIsToldOfItIsRemovedThere) {
  with_mapper();
  tuning.mapper_deadline = 100ms;
  object("insert", "devicemodel", model());
  ASSERT_TRUE(eventually([&] { return mappers.told().size() == 1; }));
  mappers.slow = 80ms;
  object("insert", "device", device("d1"));
  ASSERT_TRUE(eventually([&] { return mappers.told().size() == 2; }));
  object("delete", "device", device("d1"));
  mappers.slow = 0ms;
  expect_told({"/run/modbus.sock create model default/m", "/run/modbus.sock register default/d1",
               "/run/modbus.sock remove default/d1"});
}

TEST_F(MappersTest, ADeviceThatChangesItsProtocolLeavesItsOldMapper) {
  with_objects();
  with_mapper();
  DmiRequest other = registration(true, "/run/opcua.sock");
  other.mapper->name = "opcua-mapper";
  other.mapper->protocol = "opcua";
  ASSERT_TRUE(dmi.ask(other)->status.ok());
  object("update", "device", device("d1", "20", "opcua"));
  ASSERT_TRUE(eventually([&] { return mappers.told().size() == 3; }))
      << testing::PrintToString(mappers.told());
  const auto told = mappers.told();
  const std::set<std::string> all(told.begin(), told.end());
  EXPECT_TRUE(all.contains("/run/modbus.sock remove default/d1"));
  EXPECT_TRUE(all.contains("/run/opcua.sock create model default/m"));
  EXPECT_TRUE(all.contains("/run/opcua.sock register default/d1"));
}

TEST_F(MappersTest, ACallOfUnknownOutcomeIsFollowedByAnUpdate) {
  with_mapper();
  object("insert", "devicemodel", model());
  ASSERT_TRUE(eventually([&] { return mappers.told().size() == 1; }));
  mappers.set_status({DmiStatus::Code::kUnavailable, "the time is over"});
  object("insert", "device", device("d1"));
  ASSERT_TRUE(eventually([&] { return mappers.told().size() == 2; }));
  mappers.set_status({});
  expect_told({"/run/modbus.sock create model default/m", "/run/modbus.sock register default/d1",
               "/run/modbus.sock update default/d1"});
}

TEST_F(MappersTest, AMapperThatDidNotGetItsAnswerIsToldOfEverything) {
  with_objects();
  with_mapper();
  dmi.gone = true;
  EXPECT_FALSE(dmi.ask(registration(), 100ms));
  expect_told({"/run/modbus.sock create model default/m", "/run/modbus.sock update default/d1"});
}

TEST_F(MappersTest, AChangedModelReachesTheDevicesMadeOfIt) {
  with_objects();
  with_mapper();
  Json changed = model();
  changed["spec"]["properties"][0]["unit"] = "K";
  object("update", "devicemodel", changed);
  expect_told({"/run/modbus.sock update model default/m", "/run/modbus.sock update default/d1"});
}

TEST_F(MappersTest, OneRefusedDeviceDoesNotHoldUpTheOthers) {
  with_mapper();
  object("insert", "devicemodel", model());
  ASSERT_TRUE(eventually([&] { return mappers.told().size() == 1; }));
  mappers.set_status({DmiStatus::Code::kUnknown, "not this one"});
  object("insert", "device", device("a"));
  ASSERT_TRUE(eventually([&] { return mappers.told().size() >= 2; }));
  mappers.set_status({});
  object("insert", "device", device("b"));
  EXPECT_TRUE(eventually([&] {
    const auto told = mappers.told();
    return std::find(told.begin(), told.end(), "/run/modbus.sock register default/b") != told.end();
  }));
}

TEST_F(MappersTest, AMapperUnderAnotherNameTakesTheProtocolOver) {
  with_mapper();
  DmiRequest other = registration(true, "/run/new.sock");
  other.mapper->name = "a-new-mapper";
  ASSERT_TRUE(dmi.ask(other)->status.ok());
  restart();
  object("insert", "devicemodel", model());
  expect_told({"/run/new.sock create model default/m"});
}

TEST_F(MappersTest, AMapperThatIsAwayIsToldWhenItIsBack) {
  with_objects();
  with_mapper();
  mappers.set_status({DmiStatus::Code::kUnavailable, "nobody listens"});
  object("update", "device", device("d1", "1"));
  object("update", "device", device("d1", "2"));
  ASSERT_TRUE(eventually([&] { return mappers.told().size() >= 2; }));
  mappers.set_status({});
  ASSERT_TRUE(eventually([&] {
    return Json::parse(mappers.last_object()).at("spec").at("properties").at(0).at("desired").at("value") ==
           "2";
  }));
}

TEST_F(MappersTest, RegistrationsAndWhatMappersKnowSurviveARestart) {
  with_objects();
  with_mapper();
  std::this_thread::sleep_for(60ms);  // the record of what it knows is written a little later
  stop();
  // Changed while the module was down.
  store.put("default/device/d1", "device", kube::dump_json(device("d1", "31")));
  start();
  expect_told({"/run/modbus.sock update default/d1"});
  std::this_thread::sleep_for(60ms);
  restart();
  std::this_thread::sleep_for(60ms);
  EXPECT_EQ(mappers.told().size(), 1U) << "it knows";
}

TEST_F(MappersTest, AMapperThatRefusesIsNotAskedForEver) {
  with_mapper();
  mappers.set_status({DmiStatus::Code::kUnknown, "I do not want it"});
  object("insert", "devicemodel", model());
  ASSERT_TRUE(eventually([&] { return mappers.told().size() == 5; }));
  std::this_thread::sleep_for(400ms);
  EXPECT_EQ(mappers.told().size(), 5U);
}

TEST_F(MappersTest, AReportChangesTheTwinAndIsAnsweredOnceItIsOnDisk) {
  with_objects();
  with_mapper();
  const auto answer = dmi.ask(report("d1", "25", "30"));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->status.ok()) << answer->status.text;
  EXPECT_EQ(stored_twin("default/d1", "t")->actual, "25");
  EXPECT_EQ(stored_twin("default/d1", "t")->expected, "30");
  EXPECT_TRUE(published("twin/update/result").at("twin").contains("t"));
  published("document");
  EXPECT_EQ(published("delta").at("delta").at("t"), "30");
  // Over DMI any text is a value.
  EXPECT_TRUE(dmi.ask(report("d1", "50 % {é}", ""))->status.ok());
  EXPECT_EQ(stored_twin("default/d1", "t")->actual, "50 % {é}");
}

TEST_F(MappersTest, ADesiredValueThatIsTakenOutLeavesTheTwinAndTheMapperIsTold) {
  with_mapper();
  object("insert", "devicemodel", model());
  object("insert", "device", device("d1"));
  ASSERT_TRUE(eventually([&] { return mappers.told().size() == 2; }));
  ASSERT_TRUE(dmi.ask(report("d1", "25", "20")));
  EXPECT_EQ(stored_twin("default/d1", "t")->expected, "20");
  published("twin/update/result");
  published("default/d1/twin/update/document");
  Json bare = device("d1");
  bare["spec"]["properties"][0]["desired"]["value"] = "";  // as CloudCore's Go type writes one that is absent
  object("update", "device", bare);
  EXPECT_FALSE(
      published("default/d1/twin/update/document").at("twin").at("t").at("current").contains("expected"));
  EXPECT_EQ(stored_twin("default/d1", "t")->expected, "");
  EXPECT_TRUE(eventually([&] { return mappers.told().size() == 3; }));
  EXPECT_EQ(mappers.told().back(), "/run/modbus.sock update default/d1");
}

TEST_F(MappersTest, ReportsThatMakeNoSenseAreRefused) {
  with_objects();
  using Code = DmiStatus::Code;
  EXPECT_EQ(dmi.ask(report("unknown", "1", ""))->status.code, Code::kNotFound);
  DmiRequest empty = report("d1", "1", "");
  empty.twins.clear();
  EXPECT_EQ(dmi.ask(empty)->status.text, "ReportDeviceStatusRequest does not have twin data");
  DmiRequest nameless = report("", "1", "");
  EXPECT_EQ(dmi.ask(nameless)->status.code, Code::kInvalidArgument);
  EXPECT_EQ(dmi.ask(report("d1", std::string((64U << 10U) + 1, 'x'), ""))->status.code,
            Code::kInvalidArgument);
  DmiRequest strange = report("d1", "1", "");
  strange.twins[0].property = "a b";
  EXPECT_EQ(dmi.ask(strange)->status.code, Code::kInvalidArgument);
  expect_no_restart();
}

TEST_F(MappersTest, AStateReportIsPublished) {
  with_objects();
  DmiRequest request;
  request.kind = DmiRequest::Kind::kReportStates;
  request.device_namespace = "default";
  request.device_name = "d1";
  request.state = "ok";
  EXPECT_TRUE(dmi.ask(request)->status.ok());
  EXPECT_EQ(published("state/update/result").at("device").at("state"), "ok");
  request.state.clear();
  EXPECT_EQ(dmi.ask(request)->status.text, "ReportDeviceStatesRequest is invalid data");
}

TEST_F(MappersTest, ADeviceWithAMapperKeepsTheExpectedValueTheMapperObserved) {
  with_mapper();
  with_objects();
  expect_told({"/run/modbus.sock create model default/m", "/run/modbus.sock register default/d1"});
  EXPECT_FALSE(stored_twin("default/d1", "t"));
}

TEST_F(MappersTest, AMapperThatHangsHoldsUpNobodyElse) {
  with_objects();
  with_mapper();
  mappers.hang = true;
  object("update", "device", device("d1", "1"));
  ASSERT_TRUE(eventually([&] { return !mappers.told().empty(); }));
  EXPECT_TRUE(dmi.ask(report("d1", "9", "9"))->status.ok());
  DmiRequest other = registration(true, "/run/opcua.sock");
  other.mapper->name = "opcua-mapper";
  other.mapper->protocol = "opcua";
  EXPECT_TRUE(dmi.ask(other)->status.ok());
}

}  // namespace
}  // namespace edgecore::devicetwin
