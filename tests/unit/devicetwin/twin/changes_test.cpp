// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/twin/changes.hpp"

#include <gtest/gtest.h>

#include "devicetwin/twin/texts.hpp"

namespace edgecore::devicetwin {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'123;

class ChangesTest : public testing::Test {
 protected:
  ChangesTest() { device.id = "default/sensor"; }

  /// Applies a request of a local client and returns what it changed.
  TwinChanges update(const std::string& twins) {
    auto parsed =
        parse_twin_update(R"({"event_id":"e","timestamp":0,"twin":)" + twins + "}", UpdateOrigin::kLocal);
    return put(plan_local_update(device, std::get<TwinUpdate>(parsed), kNow));
  }
  TwinChanges sync(const std::string& twins) {
    auto parsed =
        parse_twin_update(R"({"event_id":"e","timestamp":0,"twin":)" + twins + "}", UpdateOrigin::kCloud);
    return put(plan_cloud_update(device, std::get<TwinUpdate>(parsed), kNow));
  }
  TwinChanges put(TwinChanges changes) {
    before = device;
    for (const ChangedTwin& each : changes.twins) device.twins[each.name] = each.after;
    return changes;
  }
  [[nodiscard]] Json result(const TwinChanges& changes) const {
    return Json::parse(result_text("e", kNow, changes)).at("twin");
  }
  [[nodiscard]] Json document(const TwinChanges& changes) const {
    return Json::parse(document_text("e", kNow, before, changes)).at("twin");
  }
  [[nodiscard]] Json report(const std::string& name) const {
    return report_content(device, {name}, kNow).at("twin").at(name);
  }

  Device device;
  Device before;
};

TEST_F(ChangesTest, TheFirstReportMakesATwin) {
  const TwinChanges changes =
      update(R"({"temperature":{"actual":{"value":"25"},"expected":{"value":"30"}}})");
  EXPECT_EQ(result(changes),
            Json::parse(R"({"temperature":{"actual":{"value":"25","metadata":{"timestamp":1700000000123}},
      "expected":{"value":"30","metadata":{"timestamp":1700000000123}},"optional":true,"metadata":{"type":"string"}}})"));
  EXPECT_EQ(document(changes).at("temperature").at("last"), Json());
  EXPECT_EQ(document(changes).at("temperature").at("current"), result(changes).at("temperature"));
  // protocol/04-devices.md §2.6, the example of the first report.
  EXPECT_EQ(report("temperature"),
            Json::parse(R"({"expected":{"value":"30","metadata":{"timestamp":1700000000123}},
      "actual":{"value":"25","metadata":{"timestamp":1700000000123}},"optional":true,"metadata":{"type":"string"},
      "expected_version":{"cloud":0,"edge":1},"actual_version":{"cloud":0,"edge":1}})"));
}

TEST_F(ChangesTest, AnAnswerHoldsOnlyWhatTheRequestChanged) {
  update(R"({"t":{"actual":{"value":"25"},"expected":{"value":"30"}}})");
  const TwinChanges changes = update(R"({"t":{"actual":{"value":"26"}}})");
  EXPECT_EQ(result(changes),
            Json::parse(R"({"t":{"actual":{"value":"26","metadata":{"timestamp":1700000000123}},
      "optional":true,"metadata":{"type":"string"}}})"));
  EXPECT_EQ(device.twins.at("t").actual.version, (TwinVersion{0, 2}));
  EXPECT_EQ(device.twins.at("t").expected.version, (TwinVersion{0, 1}));
  EXPECT_EQ(document(changes).at("t").at("last").at("actual").at("value"), "25");
}

TEST_F(ChangesTest, TheSameValueAgainIsAnUpdate) {
  update(R"({"t":{"actual":{"value":"1"}}})");
  EXPECT_EQ(update(R"({"t":{"actual":{"value":"1"}}})").twins.size(), 1U);
  EXPECT_EQ(device.twins.at("t").actual.version->edge, 2);
}

TEST_F(ChangesTest, AnEmptyValueIsStoredAndNotShown) {
  const TwinChanges changes = update(R"({"t":{"actual":{"value":""}}})");
  EXPECT_EQ(result(changes), Json::parse(R"({"t":{"optional":true,"metadata":{"type":"string"}}})"));
  EXPECT_EQ(report("t").at("actual_version"), Json::parse(R"({"cloud":0,"edge":1})"));
}

TEST_F(ChangesTest, AValueThatDoesNotFitItsTypeChangesNothingAtAll) {
  update(R"({"n":{"actual":{"value":"1"},"metadata":{"type":"int"}}})");
  const TwinChanges changes = update(R"({"a":{"actual":{"value":"x"}},"n":{"actual":{"value":"x"}}})");
  ASSERT_TRUE(changes.refusal);
  EXPECT_EQ(changes.refusal->reason, "the value is not int or integer");
  EXPECT_TRUE(changes.twins.empty());
  EXPECT_FALSE(device.twins.contains("a"));
}

TEST_F(ChangesTest, TheFirstExpectedValueIsTakenAsItIs) {
  update(R"({"n":{"actual":{"value":"1"},"metadata":{"type":"int"}}})");
  EXPECT_FALSE(update(R"({"n":{"expected":{"value":"x"}}})").refusal);
  EXPECT_TRUE(update(R"({"n":{"expected":{"value":"y"}}})").refusal);
}

TEST_F(ChangesTest, OptionalGoesOneWayAndTheTypeStays) {
  update(R"({"t":{"actual":{"value":"1"},"metadata":{"type":"int"}}})");
  update(R"({"t":{"optional":false,"metadata":{"type":"string"}}})");
  EXPECT_FALSE(device.twins.at("t").optional);
  EXPECT_EQ(device.twins.at("t").type, "int");
  EXPECT_TRUE(update(R"({"t":{"optional":true}})").twins.empty());
  EXPECT_FALSE(device.twins.at("t").optional);
}

TEST_F(ChangesTest, NullDeletesAnOptionalTwinAndLeavesATombstone) {
  update(R"({"t":{"actual":{"value":"1"}},"must":{"actual":{"value":"1"},"optional":false}})");
  const TwinChanges changes = update(R"({"t":null,"must":null,"unknown":null})");
  EXPECT_EQ(result(changes), Json::parse(R"({"t":null})"));
  EXPECT_EQ(document(changes).at("t").at("current"), Json());
  EXPECT_EQ(document(changes).at("t").at("last").at("actual").at("value"), "1");
  EXPECT_EQ(report("t"),
            Json::parse(R"({"expected":{},"actual":{},"optional":true,"metadata":{"type":"deleted"},
      "actual_version":{"cloud":0,"edge":2}})"));
  EXPECT_TRUE(update(R"({"t":null})").twins.empty());
}

TEST_F(ChangesTest, ATombstoneTakesANewTypeAndItsVersionsGoOn) {
  update(R"({"t":{"actual":{"value":"x"}}})");
  update(R"({"t":null})");
  const TwinChanges changes = update(R"({"t":{"actual":{"value":"5"},"metadata":{"type":"int"}}})");
  EXPECT_EQ(device.twins.at("t").type, "int");
  EXPECT_EQ(device.twins.at("t").actual.version, (TwinVersion{0, 3}));
  EXPECT_EQ(document(changes).at("t").at("last"), Json());
}

TEST_F(ChangesTest, DeltaIsWhatIsExpectedAndNotReached) {
  update(
      R"({"a":{"expected":{"value":"30"},"actual":{"value":"25"}},"b":{"expected":{"value":"1"},"actual":{"value":"1"}},
             "c":{"actual":{"value":"7"}}})");
  const Json delta = Json::parse(delta_text(device, kNow));
  EXPECT_EQ(delta.at("delta"), Json::parse(R"({"a":"30"})"));
  EXPECT_EQ(delta.at("twin").size(), 2U);
  EXPECT_TRUE(delta.at("twin").contains("b"));
  update(R"({"a":{"actual":{"value":"30"}}})");
  EXPECT_EQ(delta_text(device, kNow), "");
}

TEST_F(ChangesTest, ASyncNeedsAVersionThatIsNotBehind) {
  update(R"({"t":{"expected":{"value":"1"}}})");
  const std::string body =
      R"({"t":{"expected":{"value":"2"},"metadata":{"type":"string"},"expected_version":)";
  EXPECT_EQ(sync(body + R"({"cloud":1,"edge":0}}})").refused, std::vector<std::string>{"t"});
  EXPECT_EQ(device.twins.at("t").expected.value, "1");
  EXPECT_TRUE(sync(body + R"({"cloud":1,"edge":1}}})").refused.empty());
  EXPECT_EQ(device.twins.at("t").expected.value, "2");
  EXPECT_EQ(device.twins.at("t").expected.version, (TwinVersion{1, 1}));
  EXPECT_EQ(sync(R"({"t":{"expected":{"value":"3"},"metadata":{"type":"string"}}})").refused.size(), 1U)
      << "no version";
  EXPECT_TRUE(sync(R"({"new":{"expected":{"value":"3"},"metadata":{"type":"string"}}})").refused.empty());
  EXPECT_FALSE(device.twins.contains("new"));
}

TEST_F(ChangesTest, ASyncWithoutMetadataIsAWrongBody) {
  ASSERT_TRUE(sync(R"({"t":{"expected":{"value":"3"}}})").refusal);
  EXPECT_EQ(sync(R"({"t":null})").refusal->reason, "the request body is wrong");
}

TEST_F(ChangesTest, ASyncDeletesWithTheTypeDeleted) {
  update(R"({"t":{"expected":{"value":"1"}}})");
  sync(R"({"t":{"metadata":{"type":"deleted"}}})");
  EXPECT_TRUE(device.twins.at("t").deleted());
}

TEST_F(ChangesTest, ADesiredValueBecomesTheExpectedOneOnce) {
  const ByName<std::string> thirty = {{"t", "30"}};
  put(plan_desired(device, thirty, kNow));
  EXPECT_EQ(device.twins.at("t").expected.value, "30");
  EXPECT_EQ(device.twins.at("t").expected.version, (TwinVersion{1, 0}));
  EXPECT_TRUE(plan_desired(device, thirty, kNow).twins.empty());
  // A value set on the node stays until the cluster's value changes.
  update(R"({"t":{"expected":{"value":"20"}}})");
  EXPECT_TRUE(plan_desired(device, thirty, kNow).twins.empty());
  put(plan_desired(device, {{"t", "31"}}, kNow));
  EXPECT_EQ(device.twins.at("t").expected.value, "31");
  put(plan_desired(device, {{"t", ""}}, kNow));
  EXPECT_EQ(device.twins.at("t").expected.value, "");
  EXPECT_TRUE(plan_desired(device, {{"other", ""}}, kNow).twins.empty()) << "no desire";
}

TEST_F(ChangesTest, ADesiredValueThatIsTakenOutOfTheDeviceLeavesTheTwin) {
  put(plan_desired(device, {{"t", "30"}, {"u", "1"}}, kNow));
  const TwinChanges changes = put(plan_desired(device, {{"u", "1"}}, kNow));
  ASSERT_EQ(changes.twins.size(), 1U);
  EXPECT_EQ(document(changes).at("t").at("last").at("expected").at("value"), "30");
  EXPECT_FALSE(document(changes).at("t").at("current").contains("expected"));
  EXPECT_EQ(Json::parse(delta_text(device, kNow)).at("delta"), Json::parse(R"({"u":"1"})"));
  EXPECT_EQ(device.twins.at("t").expected.version, (TwinVersion{2, 0}));
  EXPECT_EQ(report("t").at("expected").at("value"), "") << "or the cloud would show the old one for ever";
  EXPECT_TRUE(plan_desired(device, {{"u", "1"}}, kNow).twins.empty());
  put(plan_desired(device, {{"t", "30"}, {"u", "1"}}, kNow));
  EXPECT_EQ(device.twins.at("t").expected.value, "30") << "the same value again is a new wish";
}

TEST_F(ChangesTest, AValueSetOnTheNodeIsNotTheDevicesToTakeOut) {
  put(plan_desired(device, {{"t", "30"}}, kNow));
  update(R"({"t":{"expected":{"value":"20"}}})");
  put(plan_desired(device, {}, kNow));
  EXPECT_EQ(device.twins.at("t").expected.value, "20");
  EXPECT_TRUE(plan_withdrawn(device, {{"t", "30"}, {"unknown", "1"}}, kNow).twins.empty());
  put(plan_withdrawn(device, {{"t", "20"}}, kNow));
  EXPECT_EQ(device.twins.at("t").expected.value, "");
}

TEST_F(ChangesTest, VersionsFromOutsideCannotOverflow) {
  const auto parsed = [](const std::string& version) {
    return parse_twin_update(R"({"twin":{"t":{"expected":{"value":"1"},"metadata":{"type":"string"},)"
                             R"("expected_version":{"cloud":)" +
                                 version + R"(,"edge":0}}}})",
                             UpdateOrigin::kCloud);
  };
  for (const char* version : {"9223372036854775807", "9007199254740992", "-1"})
    EXPECT_TRUE(std::holds_alternative<Refusal>(parsed(version))) << version;
  const auto largest = parsed(std::to_string(kMaxVersion));
  ASSERT_TRUE(std::holds_alternative<TwinUpdate>(largest));
  put(plan_cloud_update(device, std::get<TwinUpdate>(largest), kNow));
  put(plan_desired(device, {{"t", "2"}}, kNow));
  EXPECT_EQ(device.twins.at("t").expected.value, "2");
  EXPECT_EQ(device.twins.at("t").expected.version->cloud, kMaxVersion);
}

TEST_F(ChangesTest, AttributesAreMergedOrReplaced) {
  device.attributes = {
      {"a", {"1", true, "string"}}, {"b", {"2", false, "string"}}, {"c", {"3", true, "string"}}};
  const Json news = Json::parse(
      R"({"a":{"value":"9"},"b":null,"c":null,"d":{"value":"4","optional":false,"metadata":{"type":"int"}}})");
  const auto merged = plan_attributes(device, news, false);
  EXPECT_EQ(merged.at("a").value, "9");
  EXPECT_TRUE(merged.contains("b")) << "it is not optional";
  EXPECT_FALSE(merged.contains("c"));
  EXPECT_EQ(merged.at("d"), (Attribute{"4", false, "int"}));
  EXPECT_EQ(plan_attributes(device, Json::object(), true).size(), 0U);
}

}  // namespace
}  // namespace edgecore::devicetwin
