// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/time.hpp"

#include <gtest/gtest.h>

namespace edgecore::kube {
namespace {

using namespace std::chrono_literals;

WallTime at(std::chrono::nanoseconds since_epoch) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(since_epoch));
}

TEST(TimeTest, FormatsHaveTheDigitsTheyMust) {
  const WallTime time = at(1718000000s + 123456700ns);
  EXPECT_EQ(format_time(time), "2024-06-10T06:13:20Z");
  EXPECT_EQ(format_micro_time(time), "2024-06-10T06:13:20.123456Z");
  EXPECT_EQ(format_micro_time(at(1718000000s)), "2024-06-10T06:13:20.000000Z");
  EXPECT_EQ(format_nano_time(time), "2024-06-10T06:13:20.1234567Z");
  EXPECT_EQ(format_nano_time(at(1718000000s)), "2024-06-10T06:13:20Z");
  EXPECT_EQ(format_time(at(-1ns)), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_nano_time(at(-1ns)), "1969-12-31T23:59:59.999999999Z");
}

TEST(TimeTest, ParsesRfc3339) {
  const struct {
    const char* text;
    std::chrono::nanoseconds expected;
  } rows[] = {
      {"1970-01-01T00:00:00Z", 0s},
      {"2024-06-10T06:13:20Z", 1718000000s},
      {"2024-06-10t06:13:20z", 1718000000s},
      {"2024-06-10T06:13:20.123456Z", 1718000000s + 123456us},
      {"2024-06-10T06:13:20.1234567891234Z", 1718000000s + 123456789ns},
      {"2024-06-10T08:13:20+02:00", 1718000000s},
      {"2024-06-10T01:43:20.5-04:30", 1718000000s + 500ms},
      {"2024-02-29T00:00:00Z", 1709164800s},
      {"2016-12-31T23:59:60Z", 1483228800s},
      {"1969-12-31T23:59:59.999999999Z", -1ns},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_time(row.text), at(row.expected)) << row.text;
}

TEST(TimeTest, DatesBeyondNanosecondsAreClamped) {
  EXPECT_EQ(parse_time("0001-01-01T00:00:00Z"), WallTime::min());
  EXPECT_EQ(parse_time("9999-12-31T23:59:59Z"), WallTime::max());
}

TEST(TimeTest, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2024", "2024-06-10", "2024-06-10T06:13Z", "2024-06-10T06:13:20", "2024-06-10 06:13:20Z",
        "2024-13-10T06:13:20Z", "2024-02-30T06:13:20Z", "2023-02-29T06:13:20Z", "2024-06-10T24:13:20Z",
        "2024-06-10T06:60:20Z", "2024-06-10T06:13:61Z", "2024-06-10T06:13:20.Z", "2024-06-10T06:13:20+2:00",
        "2024-06-10T06:13:20+25:00", "2024-06-10T06:13:20Zx", "-024-06-10T06:13:20Z",
        "2024-06-10T06:13:20,5Z"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

TEST(TimeTest, FormattedTimesComeBack) {
  for (const std::chrono::nanoseconds since :
       {0ns, 1ns, 1718000000123456789ns, -86400s + 5ns, 4102444800s + 0ns}) {
    EXPECT_EQ(parse_time(format_nano_time(at(since))), at(since)) << since.count();
  }
}

TEST(TimeTest, PrintingTheEarliestTimeOverflowed) {
  EXPECT_EQ(format_nano_time(WallTime::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(format_nano_time(WallTime::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(parse_time(format_nano_time(*parse_time("0001-01-01T00:00:00Z"))), WallTime::min());
}

TEST(TimeTest, ReadsFromObjects) {
  const Json lease =
      parse_json(R"({"spec":{"renewTime":"2024-06-10T06:13:20.000001Z","n":1,"bad":"x","none":null}})");
  EXPECT_EQ(time_at(lease, "spec.renewTime"), at(1718000000s + 1us));
  for (const char* path : {"spec.n", "spec.bad", "spec.none", "spec.absent"}) {
    EXPECT_EQ(time_at(lease, path), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace edgecore::kube
