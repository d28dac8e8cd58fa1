// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/yaml_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "edgecore/base/error.hpp"
#include "edgecore/base/yaml_builder.hpp"

namespace edgecore::kube {
namespace {

TEST(YamlToJson, MeansWhatKubernetesManifestsMean) {
  const Json value = yaml_to_json(R"(
a: yes
b: "yes"
c: 0644
d: 0x10
e: 1.5
f: ~
g: &x {h: 1}
i: {<<: *x, j: *x}
k: [1_000, -5, 1.2.3, 12:30, "0644"]
l: !!str 7
1: one
true: t
)");
  EXPECT_EQ(value,
            Json::parse(R"({"a": true, "b": "yes", "c": 420, "d": 16, "e": 1.5, "f": null, "g": {"h": 1},
    "i": {"h": 1, "j": {"h": 1}}, "k": [1000, -5, "1.2.3", "12:30", "0644"], "l": "7", "1": "one", "true": "t"})"));
  EXPECT_TRUE(yaml_to_json("# nothing\n").is_null());
}

// yaml-cpp took the text for UTF-32 and made strings of it that cannot be written as JSON.
TEST(YamlToJson, RefusesNulBytes) {
  using namespace std::string_view_literals;
  EXPECT_THROW(yaml_to_json("+\0\0\0*a, *b"sv), BadInput);
  EXPECT_THROW(yaml_to_json("a: \0"sv), BadInput);
}

TEST(YamlToJson, RefusesWhatIsBrokenOrTooMuch) {
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) laughs += "," + before;
    laughs += "]\n";
  }
  for (const std::string& bad : {std::string("a: [1"), std::string("a: 1\na: 2"), std::string("a: *nowhere"),
                                 std::string("? [x]\n: 1"), std::string("a: !mine 1"), std::string("a: \xff"),
                                 laughs, std::string(400, '[') + std::string(400, ']')})
    EXPECT_THROW(yaml_to_json(bad), BadInput) << bad.substr(0, 40);
}

std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
  try {
    return "accepted: " + yaml_to_json(text, limits).dump();
  } catch (const BadInput& error) {
    return error.what();
  }
}

TEST(YamlToJson, RefusalsNameTheLine) {
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"), "Line 3 gives the key \"a\" again");
  EXPECT_EQ(refusal("a: 1\n? [x]\n: 2\n"), "Line 2 has a list or a map where a key has to be");
  EXPECT_EQ(refusal("a: &x [1]\n*x : 2\n"), "Line 2 has a list or a map where a key has to be");
  EXPECT_EQ(refusal("a:\n  b: &x\n    - *x\n"), "Line 3 has an alias that contains itself");
  EXPECT_EQ(refusal("a: 1\n: 2\n"), "Line 2 has a map key that is empty");
  EXPECT_EQ(refusal("a: 1\nb: !mine 2\n"), "Line 2 has a tag that is unknown or does not fit its value");
  EXPECT_EQ(refusal("a: 1\nb: !!float .inf\n"), "Line 2 has a number that JSON cannot hold");
  EXPECT_EQ(refusal("a: 1\n<<: [1]\n"), "Line 2 merges (<<) something that is not a map");
  EXPECT_EQ(refusal("a: s3cret: x\n"), "Line 1, column 10, is not YAML: illegal map value");
  EXPECT_EQ(refusal("a: \xff"), "The text is not in UTF-8");
  EXPECT_EQ(refusal("a: 12", {.max_bytes = 4}), "The text is larger than 4 bytes");
}

TEST(YamlToJson, AliasesCountAsWhatTheyRepeat) {
  EXPECT_EQ(refusal("a: &x [[1]]\nb: *x\n", {.max_depth = 3}), R"(accepted: {"a":[[1]],"b":[[1]]})");
  EXPECT_EQ(refusal("a: &x [[1]]\nb: [*x]\n", {.max_depth = 3}),
            "Line 2 is nested deeper than the 3 levels allowed");
  EXPECT_EQ(refusal("a: &x [1, 2]\nb: *x\n", {.max_values = 12}), R"(accepted: {"a":[1,2],"b":[1,2]})");
  EXPECT_EQ(refusal("a: &x [1, 2]\nb: *x\n", {.max_values = 10}), "Line 2 goes beyond the 10 values allowed");
}

TEST(YamlToJson, AliasOfALongTextMultipliedIt) {
  const std::string text = "t: &x " + std::string(50'000, 'x') + "\n";
  std::string values = text + "l:\n", keys = values, nested = text + "l: &l\n";
  for (int i = 0; i < 2000; ++i) {
    values += "- *x\n";
    keys += "- {*x : 1}\n";
    nested += "- *x\n";
  }
  for (const std::string& large : {values, keys, nested + "m: [*l, *l, *l]\n"})
    EXPECT_THAT(refusal(large), testing::HasSubstr(" makes more than ")) << large.substr(0, 10);
  EXPECT_EQ(yaml_to_json(text + "again: *x\n")["again"].get<std::string>().size(), 50'000U);
}

/// Repeats `text` by aliases until that is refused; false if something accepted was larger than its budget.
bool keeps_to_its_budget(const std::string& text) {
  std::string repeated = "a: &a [" + text + "]\nb:\n";
  for (int lines = 0; lines < 100'000; ++lines) {
    repeated += "- *a\n";
    if (lines % 500 != 0) continue;
    try {
      if (yaml_to_json(repeated).dump().size() > yaml_budget(repeated)) return false;
    } catch (const BadInput& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(" makes more than ")) << text;
      return true;
    }
  }
  return false;
}

TEST(YamlToJson, WhatIsMadeIsNotLargerThanItsBudget) {
  for (const char* text :
       {"{n: n, y: y}", "~, ~, ~, ~, ~", "y, n, on, off", "1e15, 1e14, -1e300, .5", "[[], {}, [[], [], []]]",
        "\"\\x01\\x02\\\"\\\\\", \"\\t\\n\"", "k: 0xffffffffffff"})
    EXPECT_TRUE(keeps_to_its_budget(text)) << text;
}

TEST(YamlToJson, MegabytesOfBracketsTookSecondsAndMemory) {
  const std::string brackets(3 << 20, '[');
  EXPECT_EQ(refusal(brackets), "Line 1 has more than 1000 brackets open");
  std::string pairs = "a:\n [";
  while (pairs.size() < (3U << 20U)) pairs += "[],";
  EXPECT_EQ(refusal(pairs), "Line 2 has brackets with too much between them");
  // A script may hold brackets that are never closed.
  const std::string script = "a: |\n " + std::string(900, '[') + "\nb: 1\n";
  EXPECT_EQ(yaml_to_json(script)["b"], 1);
}

TEST(YamlToJson, MapsMergeAndAliasesMayBeKeys) {
  EXPECT_EQ(yaml_to_json("base: &b {k: 1, l: 2}\nmore: &m {l: 3, m: 4}\nall: {<<: [*b, *m], k: 5}\n")["all"],
            Json::parse(R"({"k": 5, "l": 2, "m": 4})"));
  EXPECT_EQ(yaml_to_json("name: &n web\nof: {*n : 1}\n")["of"], Json::parse(R"({"web": 1})"));
}

}  // namespace
}  // namespace edgecore::kube
