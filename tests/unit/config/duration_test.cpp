// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/duration.hpp"

#include <gtest/gtest.h>

namespace edgecore::config {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsGoNotation) {
  EXPECT_EQ(parse_duration("0"), Duration(0));
  EXPECT_EQ(parse_duration("10s"), Duration(10s));
  EXPECT_EQ(parse_duration("1h15m30.5s"), Duration(1h + 15min + 30s + 500ms));
  EXPECT_EQ(parse_duration("-1.5h"), Duration(-90min));
  EXPECT_EQ(parse_duration("+3ms"), Duration(3ms));
  EXPECT_EQ(parse_duration("1us"), Duration(1us));
  EXPECT_EQ(parse_duration("1\u00b5s"), Duration(1us));
  EXPECT_EQ(parse_duration("1\u03bcs"), Duration(1us));
  EXPECT_EQ(parse_duration(".5s"), Duration(500ms));
  EXPECT_EQ(parse_duration("1.s"), Duration(1s));
  EXPECT_EQ(parse_duration("9223372036854775807ns"), Duration::max());
}

TEST(Duration, RefusesWhatIsNotOneOrDoesNotFit) {
  for (const char* text : {"", "10", "s", ".s", "1x", "1s ", " 1s", "1 s", "+", "-", "1d",
                           "9223372036854775808ns", "99999999999999999999h", "3000000h", "1h-1s", "0x1s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Duration, WritesGoCanonicalForm) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(1min), "1m0s");
  EXPECT_EQ(format_duration(4h), "4h0m0s");
  EXPECT_EQ(format_duration(100ms), "100ms");
  EXPECT_EQ(format_duration(1500us), "1.5ms");
  EXPECT_EQ(format_duration(1500ns), "1.5\u00b5s");
  EXPECT_EQ(format_duration(7ns), "7ns");
  EXPECT_EQ(format_duration(-(61s + 5ms)), "-1m1.005s");
  EXPECT_EQ(format_duration(Duration::min()), "-2562047h47m16.854775808s");
}

}  // namespace
}  // namespace edgecore::config
