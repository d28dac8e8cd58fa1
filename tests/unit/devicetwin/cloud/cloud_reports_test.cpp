// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/cloud/cloud_reports.hpp"

#include <gtest/gtest.h>

namespace edgecore::devicetwin {
namespace {

using namespace std::chrono_literals;

class CloudReportsTest : public testing::Test {
 protected:
  /// Sends what is due; returns "device: properties", or "".
  std::string send() {
    const auto due = reports.next(now);
    if (!due) return {};
    id = std::to_string(++ids);
    reports.sent(*due, id, now);
    std::string text = due->device + ":";
    for (const auto& property : due->properties) text += " " + property;
    return text;
  }

  CloudReports::Tuning tuning{1000ms, 10000ms, 3, 60000ms, 600000ms, 2, 1};
  bool shown = true;
  std::vector<std::string> noted;
  CloudReports reports{tuning,
                       {[this](std::string_view, std::string_view) { return shown; },
                        [this](const std::string& device, const std::string& property) {
                          noted.push_back(device + "/" + property);
                        }}};
  SteadyTime now{std::chrono::hours(1)};
  std::string id;
  int ids = 0;
};

TEST_F(CloudReportsTest, NothingIsDueWithoutAConnection) {
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "");
  EXPECT_EQ(reports.next_time(), SteadyTime::max());
  reports.set_link(true, now);
  EXPECT_EQ(send(), "d: a");
}

TEST_F(CloudReportsTest, WhatChangesWhileAReportIsUnderWayGoesWithTheNextOne) {
  reports.set_link(true, now);
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "d: a");
  reports.changed("d", {"a", "b"}, now);
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "") << "one at a time";
  EXPECT_EQ(reports.confirmed(id, now), std::nullopt);
  EXPECT_EQ(send(), "") << "not so soon";
  now = reports.next_time();
  EXPECT_EQ(send(), "d: a b");
  EXPECT_EQ(reports.confirmed(id, now), "d");
  EXPECT_EQ(reports.waiting(), 0U);
}

TEST_F(CloudReportsTest, APropertyTheCloudDoesNotShowYetIsToldTwice) {
  shown = false;
  reports.set_link(true, now);
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "d: a");
  EXPECT_EQ(reports.confirmed(id, now), std::nullopt);
  now += 1s;
  EXPECT_EQ(send(), "d: a");
  EXPECT_EQ(reports.confirmed(id, now), "d");
  EXPECT_EQ(noted, std::vector<std::string>{"d/a"});
}

TEST_F(CloudReportsTest, AnUnconfirmedReportIsRepeatedAFewTimesAndThenRarely) {
  reports.set_link(true, now);
  reports.changed("d", {"a"}, now);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(send(), "d: a") << i;
    now += 10s;
  }
  EXPECT_EQ(send(), "");
  EXPECT_EQ(reports.next_time(), now + 60s);
  now += 60s;
  EXPECT_EQ(send(), "d: a");
  now += 10s;
  EXPECT_EQ(send(), "");
  EXPECT_EQ(reports.next_time(), now + 120s);
  reports.changed("d", {"b"}, now);
  EXPECT_EQ(send(), "d: a b") << "news are told at once";
}

TEST_F(CloudReportsTest, ALateConfirmationCounts) {
  reports.set_link(true, now);
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "d: a");
  const std::string first = id;
  now += 10s;
  EXPECT_EQ(send(), "d: a");
  EXPECT_EQ(reports.confirmed(first, now), "d");
  EXPECT_EQ(reports.confirmed(id, now), std::nullopt);
  EXPECT_EQ(reports.waiting(), 0U);
}

TEST_F(CloudReportsTest, ALateConfirmationIsNoneOfWhatHasChangedSince) {
  reports.set_link(true, now);
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "d: a");
  const std::string first = id;
  now += 10s;
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "d: a");
  EXPECT_EQ(reports.confirmed(first, now), std::nullopt);
  EXPECT_EQ(reports.waiting(), 1U);
}

TEST_F(CloudReportsTest, DevicesTheCloudSaysNothingOfTakeNoPlaceFromOthers) {
  reports.set_link(true, now);
  for (const char* device : {"x1", "x2", "x3"}) reports.changed(device, {"a"}, now);
  for (int round = 0; round < 12; ++round) {  // until all of them are rare
    while (!send().empty()) {
    }
    now += 10s;
  }
  now += 10min;
  EXPECT_NE(send(), "") << "one of them is tried";
  EXPECT_EQ(send(), "") << "and one only";
  reports.changed("d1", {"a"}, now);
  reports.changed("d2", {"a"}, now);
  EXPECT_EQ(send(), "d1: a");
  EXPECT_EQ(send(), "d2: a");
}

TEST_F(CloudReportsTest, AReportKeepsItsDistanceFromTheOneBeforeAlsoWhenThatWasConfirmed) {
  reports.set_link(true, now);
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "d: a");
  EXPECT_EQ(reports.confirmed(id, now), "d");
  now += 100ms;
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "");
  now += 900ms;
  EXPECT_EQ(send(), "d: a");
}

TEST_F(CloudReportsTest, ACutMakesEverythingDueAgain) {
  reports.set_link(true, now);
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "d: a");
  const std::string lost = id;
  reports.set_link(false, now);
  EXPECT_EQ(send(), "");
  reports.set_link(true, now);
  EXPECT_EQ(reports.confirmed(lost, now), std::nullopt) << "of the old connection";
  EXPECT_EQ(send(), "d: a");
}

TEST_F(CloudReportsTest, OnlySoManyAreUnderWay) {
  reports.set_link(true, now);
  for (const char* device : {"d1", "d2", "d3"}) reports.changed(device, {"a"}, now);
  EXPECT_EQ(send(), "d1: a");
  const std::string first = id;
  EXPECT_EQ(send(), "d2: a");
  EXPECT_EQ(send(), "");
  EXPECT_GT(reports.next_time(), now);
  EXPECT_EQ(reports.confirmed(first, now), "d1");
  EXPECT_EQ(send(), "d3: a");
}

TEST_F(CloudReportsTest, AFullWindowOfSilenceMovesOn) {
  reports.set_link(true, now);
  for (const char* device : {"d1", "d2", "d3"}) reports.changed(device, {"a"}, now);
  EXPECT_EQ(send(), "d1: a");
  EXPECT_EQ(send(), "d2: a");
  now = reports.next_time();
  EXPECT_EQ(send(), "d3: a");
}

TEST_F(CloudReportsTest, AForgottenDeviceIsNotReported) {
  reports.set_link(true, now);
  reports.changed("d", {"a"}, now);
  EXPECT_EQ(send(), "d: a");
  reports.forget("d");
  EXPECT_EQ(reports.confirmed(id, now), std::nullopt);
  EXPECT_EQ(send(), "");
  EXPECT_EQ(reports.waiting(), 0U);
}

}  // namespace
}  // namespace edgecore::devicetwin
