// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/go_duration.hpp"

#include <gtest/gtest.h>

namespace edgecore {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(GoDurationTest, ReadsAndPrintsAsGoDoes) {
  const struct {
    const char* text;
    nanoseconds value;
    const char* printed;
  } rows[] = {
      {"0", 0s, "0s"},
      {"-0", 0s, "0s"},
      {"0s", 0s, "0s"},
      {"-0s", 0s, "0s"},
      {"300ms", 300ms, "300ms"},
      {"1m20s", 80s, "1m20s"},
      {"80s", 80s, "1m20s"},
      {"5m", 5min, "5m0s"},
      {"1h", 1h, "1h0m0s"},
      {"1.5h", 90min, "1h30m0s"},
      {"-1.5h", -90min, "-1h30m0s"},
      {"24h", 24h, "24h0m0s"},
      {"1h0m0.5s", 3600500ms, "1h0m0.5s"},
      {"1h15m30.5s", 1h + 15min + 30s + 500ms, "1h15m30.5s"},
      {"-61.005s", -(61s + 5ms), "-1m1.005s"},
      {".5s", 500ms, "500ms"},
      {"1.s", 1s, "1s"},
      {"+2s", 2s, "2s"},
      {"1500us", 1500us, "1.5ms"},
      {"1us", 1us, "1\xc2\xb5s"},
      {"1.5\xc2\xb5s", 1500ns, "1.5\xc2\xb5s"},
      {"2\xce\xbcs", 2us, "2\xc2\xb5s"},
      {"7ns", 7ns, "7ns"},
      {"0.9ns", 0ns, "0s"},
      {"1s1ns", 1000000001ns, "1.000000001s"},
      {"0.100000000000000000000h", 6min, "6m0s"},
      {"0.3333333333333333333h", 20min, "20m0s"},
      {"0.830103483285477580700h", 49min + 48s + 372539827ns, "49m48.372539827s"},
      {"9007199254.740993ms", nanoseconds((std::int64_t{1} << 53) + 1), "2501h59m59.254740993s"},
      {"9223372036854775807ns", nanoseconds::max(), "2562047h47m16.854775807s"},
      {"9223372036s854ms775us807ns", nanoseconds::max(), "2562047h47m16.854775807s"},
      {"-9223372036854775.808us", nanoseconds::min(), "-2562047h47m16.854775808s"},
      {"-9223372036854775808ns", nanoseconds::min(), "-2562047h47m16.854775808s"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(parse_go_duration(row.text), row.value) << row.text;
    EXPECT_EQ(format_go_duration(row.value), row.printed);
    EXPECT_EQ(parse_go_duration(row.printed), row.value) << row.printed;
  }
}

TEST(GoDurationTest, RefusesWhatIsNoDuration) {
  for (const char* text :
       {"",   "-",   "+",  "3",    "s",     ".",    "-.",   ".s",    "+.s",    "1x",  "1 s", " 1s", "1s ",
        "1d", "1sm", "1S", "--1s", "1h-1s", "1e3s", "0x1s", "1..5s", "1.5.5s", "0s0", "1s1", "00"}) {
    EXPECT_EQ(parse_go_duration(text), std::nullopt) << text;
  }
}

TEST(GoDurationTest, RefusesWhatDoesNotFit) {
  for (const char* text :
       {"9223372036854775808ns", "9223372036854775.808us", "9223372036854ms775us808ns", "9223372036855s1000h",
        "-9223372036854775809ns", "-9223372036854775808ns1ns", "-9223372036854775808ns9223372036854775808ns",
        "3000000h", "99999999999999999999h", "99999999999999999999999999999999999999999h"}) {
    EXPECT_EQ(parse_go_duration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace edgecore
