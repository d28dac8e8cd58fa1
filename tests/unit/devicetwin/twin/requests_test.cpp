// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/twin/requests.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"

namespace edgecore::devicetwin {
namespace {

TwinUpdate parsed(std::string_view payload) {
  auto result = parse_twin_update(payload, UpdateOrigin::kLocal);
  const auto* refusal = std::get_if<Refusal>(&result);
  EXPECT_EQ(refusal, nullptr) << refusal->reason;
  return refusal == nullptr ? std::get<TwinUpdate>(std::move(result)) : TwinUpdate();
}

std::string refused(std::string_view payload, UpdateOrigin origin = UpdateOrigin::kLocal) {
  auto result = parse_twin_update(payload, origin);
  const auto* refusal = std::get_if<Refusal>(&result);
  if (refusal == nullptr) return "accepted";
  EXPECT_EQ(refusal->code, 400);
  return refusal->reason;
}

constexpr const char* kUnmarshal = "Unmarshal update request body failed, please check the request";
constexpr const char* kNoTwin = "Update twin error, key:twin does not exist";

TEST(ParseTwinUpdate, TakesAllPartsOfATwin) {
  const TwinUpdate update = parsed(
      R"({"event_id":"e2","timestamp":1700000000000,"twin":{"t":{"actual":{"value":"25"},"expected":{"value":"30"},)"
      R"("optional":false,"metadata":{"type":"int"}},"old":null}})");
  EXPECT_EQ(update.event_id, "e2");
  ASSERT_EQ(update.twins.size(), 2U);
  EXPECT_EQ(update.twins[0].first, "old");
  EXPECT_FALSE(update.twins[0].second);
  const TwinChange& change = *update.twins[1].second;
  EXPECT_EQ(change.actual->value, "25");
  EXPECT_EQ(change.expected->value, "30");
  EXPECT_EQ(change.optional, false);
  EXPECT_EQ(change.type, "int");
}

TEST(ParseTwinUpdate, FieldNamesMatchInAnyCaseAndUnknownOnesAreIgnored) {
  const TwinUpdate update =
      parsed(R"({"Event_ID":"x","TWIN":{"a":{"Actual":{"VALUE":"1"},"else":[1]}},"more":{}})");
  EXPECT_EQ(update.event_id, "x");
  EXPECT_EQ(update.twins.at(0).second->actual->value, "1");
}

TEST(ParseTwinUpdate, RefusesWhatIsNoRequest) {
  for (const char* payload :
       {"", "x", "[]", "null", "7", R"({"twin":[]})", R"({"twin":{"a":1}})",
        R"({"twin":{"a":{"actual":{"value":25}}}})", R"({"twin":{"a":{"actual":"25"}}})",
        R"({"event_id":1,"twin":{}})", R"({"timestamp":"now","twin":{}})",
        R"({"twin":{"a":{"optional":"yes"}}})", R"({"twin":{"a":{"metadata":7}}})"}) {
    EXPECT_EQ(refused(payload), kUnmarshal) << payload;
  }
  EXPECT_EQ(refused(R"({"event_id":"1"})"), kNoTwin);
  EXPECT_EQ(refused(R"({"twin":null})"), kNoTwin);
  EXPECT_EQ(refused("x", UpdateOrigin::kCloud),
            "unmarshal update request body failed, Please check the request");
}

TEST(ParseTwinUpdate, AValueWithoutAValueIsAWrongBody) {
  EXPECT_EQ(refused(R"({"twin":{"a":{"actual":{}}}})"), "the request body is wrong");
  EXPECT_EQ(refused(R"({"twin":{"a":{"expected":{"value":null}}}})"), "the request body is wrong");
}

TEST(ParseTwinUpdate, NamesAndValuesHaveAnAlphabetAndALength) {
  const auto of_key = [](const std::string& key) {
    return refused(R"({"twin":{")" + key + R"(":{"actual":{"value":"1"}}}})");
  };
  const auto of_value = [](const std::string& value) {
    return refused(R"({"twin":{"a":{"actual":{"value":")" + value + R"("}}}})");
  };
  EXPECT_EQ(of_key("a-_.,:/@#Z9"), "accepted");
  EXPECT_EQ(of_key(std::string(128, 'k')), "accepted");
  const std::string sentence = of_key("a b");
  EXPECT_EQ(sentence,
            "The key of twin must only include upper or lowercase letters, number, english, and special "
            "letter - _ . , "
            ": / @ # and the length of key should be less than 128 bytes");
  EXPECT_EQ(of_key(std::string(129, 'k')), sentence);
  EXPECT_EQ(of_key(""), sentence);
  EXPECT_EQ(of_value(""), "accepted");
  EXPECT_EQ(of_value(std::string(512, 'v')), "accepted");
  EXPECT_EQ(of_value("50%"),
            "The value of twin must only include upper or lowercase letters, number, english, and special "
            "letter - _ . "
            ", : / @ # and the length of value should be less than 512 bytes");
  EXPECT_EQ(of_value(std::string(513, 'v')), of_value("50%"));
}

TEST(ParseTwinUpdate, HasLimits) {
  EXPECT_EQ(refused(std::string(kMaxPayloadBytes + 1, ' ')), kUnmarshal);
  EXPECT_EQ(refused(R"({"twin":)" + std::string(1000, '[')), kUnmarshal);
}

TEST(TypeMismatch, ChecksAsTheGoAgentDoes) {
  EXPECT_FALSE(type_mismatch("string", "anything"));
  EXPECT_FALSE(type_mismatch("", "x"));
  for (const char* good : {"0", "-5", "+5", "9223372036854775807"})
    EXPECT_FALSE(type_mismatch("int", good)) << good;
  for (const char* bad : {"", "1.0", "9223372036854775808", "++1", "x", "1 "}) {
    EXPECT_EQ(type_mismatch("integer", bad), "the value is not int or integer") << bad;
  }
  for (const char* good : {"1", "1.5", "-2e3", "inf"}) EXPECT_FALSE(type_mismatch("float", good)) << good;
  for (const char* bad : {"", " 1", "1,5", "x"})
    EXPECT_EQ(type_mismatch("float", bad), "the value is not float") << bad;
  EXPECT_FALSE(type_mismatch("boolean", "true"));
  EXPECT_EQ(type_mismatch("boolean", "True"), "the bool value must be true or false");
}

TEST(KnownType, TakesAnUnknownOneForAString) {
  EXPECT_EQ(known_type("int"), "int");
  EXPECT_EQ(known_type("Updated"), "string");
  EXPECT_EQ(known_type("double"), "string");
  EXPECT_EQ(known_type(""), "string");
}

TEST(ParseTopic, SplitsAtSlashesWhateverTheNamesAre) {
  using Kind = DeviceTopic::Kind;
  const auto update = parse_topic("$hw/events/device/default/sensor/twin/update");
  ASSERT_TRUE(update);
  EXPECT_EQ(update->kind, Kind::kTwinUpdate);
  EXPECT_EQ(update->device, "default/sensor");
  EXPECT_EQ(parse_topic("$hw/events/device/hw/events/twin/get")->device, "hw/events");
  EXPECT_EQ(parse_topic("$hw/events/device/device/node/state/update")->kind, Kind::kStateUpdate);
  EXPECT_EQ(parse_topic("$hw/events/node/anything/membership/get")->kind, Kind::kMembershipGet);
}

TEST(ParseTopic, WithoutANamespaceMeansTheNamespaceDefault) {
  using Kind = DeviceTopic::Kind;
  const auto update = parse_topic("$hw/events/device/sensor/twin/update");
  ASSERT_TRUE(update);
  EXPECT_EQ(update->kind, Kind::kTwinUpdate);
  EXPECT_EQ(update->device, "default/sensor");
  EXPECT_EQ(update->shape, TopicShape::kShort);
  EXPECT_EQ(parse_topic("$hw/events/device/twin/twin/get")->device, "default/twin");
  EXPECT_EQ(parse_topic("$hw/events/device/state/state/update")->kind, Kind::kStateUpdate);
  const auto named = parse_topic("$hw/events/device/state/twin/twin/update");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->device, "state/twin");
  EXPECT_EQ(named->shape, TopicShape::kNamespaced);
}

TEST(ParseTopic, TellsTheAgentsOwnTopicsFromRequests) {
  for (const char* topic :
       {"$hw/events/device/a/b/twin/cloud_updated", "$hw/events/device/b/twin/cloud_updated",
        "$hw/events/device/a/b/twin/update/result", "$hw/events/device/b/twin/update/result",
        "$hw/events/device//twin/update/result", "$hw/events/device/a/b/twin/update/document",
        "$hw/events/device/a/b/twin/update/delta", "$hw/events/device/a/b/twin/get/result",
        "$hw/events/device/a/b/state/update/result", "$hw/events/device/a/b/updated",
        "$hw/events/node/n/membership/updated", "$hw/events/node/n/membership/get/result",
        "$hw/events/node/n/membership/detail/result"}) {
    const auto parsed = parse_topic(topic);
    ASSERT_TRUE(parsed) << topic;
    EXPECT_EQ(parsed->kind, DeviceTopic::Kind::kAgentOnly) << topic;
  }
}

TEST(ParseTopic, KnowsNothingElse) {
  for (const char* topic : {"", "$hw/events/device//x/twin/update", "$hw/events/device//twin/update",
                            "$hw/events/device/a/b/twin/other", "$hw/events/device/b/twin/other",
                            "$hw/events/device/twin/update", "$hw/events/device", "$hw/events/node",
                            "$hw/events/node/n/membership", "x/y", "$hw/events/device/a/b/c/d/e/f/g/h/i"}) {
    EXPECT_FALSE(parse_topic(topic)) << topic;
  }
}

TEST(DeviceId, FitsIntoATopic) {
  EXPECT_EQ(device_id("default", "sensor"), "default/sensor");
  for (const char* bad : {"", "a/b", "a+", "#", "a b"}) EXPECT_FALSE(device_id("default", bad)) << bad;
  EXPECT_FALSE(device_id("default", std::string(254, 'a')));
}

TEST(ParseState, IsOneOfTheKnownOnesInAnyCase) {
  EXPECT_EQ(parse_state(R"({"event_id":"","timestamp":0,"state":"Online"})"), "Online");
  EXPECT_FALSE(parse_state(R"({"state":"sleeping"})"));
  EXPECT_FALSE(parse_state(R"({"state":1})"));
  EXPECT_FALSE(parse_state("x"));
}

TEST(ParseMembership, TakesAddedAndRemovedDevices) {
  const Membership membership = parse_membership(Json::parse(
      R"({"event_id":"1","timestamp":2,"added_devices":[{"id":"default/d1","name":"d1","description":"x"}],"removed_devices":null})"));
  ASSERT_EQ(membership.added.size(), 1U);
  EXPECT_EQ(membership.added[0].id, "default/d1");
  EXPECT_EQ(membership.added[0].description, "x");
  EXPECT_FALSE(membership.added[0].twins);
  EXPECT_TRUE(membership.removed.empty());
  EXPECT_FALSE(membership.complete);
  EXPECT_TRUE(parse_membership(Json::parse(R"({"devices":[]})")).complete);
  EXPECT_THROW(static_cast<void>(parse_membership(Json::parse(R"({"added_devices":[7]})"))), BadInput);
  EXPECT_THROW(static_cast<void>(parse_membership(Json(3))), BadInput);
}

}  // namespace
}  // namespace edgecore::devicetwin
