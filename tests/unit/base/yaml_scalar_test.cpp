// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/yaml_scalar.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace edgecore {
namespace {

using Text = std::string;

TEST(YamlScalar, PlainTextIsReadByTheRulesOfYaml11) {
  for (const char* text : {"", "~", "null", "NULL"})
    EXPECT_EQ(resolve_plain_scalar(text), YamlScalar()) << text;
  for (const char* text : {"y", "Yes", "on", "TRUE"}) EXPECT_EQ(resolve_plain_scalar(text), YamlScalar(true));
  for (const char* text : {"n", "No", "OFF", "False"})
    EXPECT_EQ(resolve_plain_scalar(text), YamlScalar(false));
  for (const char* text : {"a", "yEs", "nUll", "-", ".", "+", "1.2.3", "0xg", "1e999", "12k"})
    EXPECT_EQ(resolve_plain_scalar(text), YamlScalar(Text(text))) << text;
}

TEST(YamlScalar, NumbersHaveSignsBasesAndLimits) {
  const auto whole = [](std::int64_t value) { return YamlScalar(value); };
  EXPECT_EQ(resolve_plain_scalar("12"), whole(12));
  EXPECT_EQ(resolve_plain_scalar("+1_000"), whole(1000));
  EXPECT_EQ(resolve_plain_scalar("-0x10"), whole(-16));
  EXPECT_EQ(resolve_plain_scalar("0644"), whole(420));
  EXPECT_EQ(resolve_plain_scalar("0o17"), whole(15));
  EXPECT_EQ(resolve_plain_scalar("0b101"), whole(5));
  EXPECT_EQ(resolve_plain_scalar("-9223372036854775808"), whole(INT64_MIN));
  EXPECT_EQ(resolve_plain_scalar("9223372036854775808"), YamlScalar(9223372036854775808.0));
  EXPECT_EQ(resolve_plain_scalar("-1.5e3"), YamlScalar(-1500.0));
  EXPECT_EQ(resolve_plain_scalar("-.inf"), YamlScalar(-INFINITY));
  EXPECT_TRUE(std::isnan(std::get<double>(resolve_plain_scalar(".NaN"))));
}

TEST(YamlScalar, ATagDecidesOrRefuses) {
  EXPECT_EQ(resolve_tagged_scalar("?", "yes"), YamlScalar(true));
  EXPECT_EQ(resolve_tagged_scalar("!", "yes"), YamlScalar(Text("yes")));
  EXPECT_EQ(resolve_tagged_scalar("tag:yaml.org,2002:str", "1"), YamlScalar(Text("1")));
  EXPECT_EQ(resolve_tagged_scalar("tag:yaml.org,2002:float", "1"), YamlScalar(std::int64_t{1}));
  EXPECT_EQ(resolve_tagged_scalar("tag:yaml.org,2002:int", "1.5"), std::nullopt);
  EXPECT_EQ(resolve_tagged_scalar("tag:yaml.org,2002:bool", "maybe"), std::nullopt);
  EXPECT_EQ(resolve_tagged_scalar("tag:yaml.org,2002:binary", "aGk="), std::nullopt);
  EXPECT_EQ(resolve_tagged_scalar("!mine", "x"), std::nullopt);
}

}  // namespace
}  // namespace edgecore
