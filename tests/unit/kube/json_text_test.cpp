// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/json_text.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {
namespace {

std::string member(std::string_view text, std::initializer_list<std::string_view> keys) {
  const auto range = find_member(text, keys);
  return range ? std::string(range->of(text)) : "(none)";
}

TEST(JsonText, FindsMembersAsTheyStand) {
  const std::string text = R"({"a": [1, {"x":"}"}], "metadata" : {"name":"n","labels":{"k":"v"}},"z":null})";
  EXPECT_EQ(member(text, {"a"}), R"([1, {"x":"}"}])");
  EXPECT_EQ(member(text, {"metadata", "name"}), R"("n")");
  EXPECT_EQ(member(text, {"metadata", "labels"}), R"({"k":"v"})");
  EXPECT_EQ(member(text, {"z"}), "null");
  EXPECT_EQ(member(text, {"y"}), "(none)");
  EXPECT_EQ(member(text, {"metadata", "name", "deeper"}), "(none)");
}

TEST(JsonText, StringsMayHoldAnything) {
  const std::string text = R"({"a\"b":"}{,\\","c":"\"","d":-1.5e3 ,"e":true})";
  EXPECT_EQ(member(text, {"c"}), R"("\"")");
  EXPECT_EQ(member(text, {"d"}), "-1.5e3");
  EXPECT_EQ(member(text, {"e"}), "true");
  EXPECT_EQ(string_member(text, {"c"}), "") << "a string with an escape is not plain";
  EXPECT_EQ(string_member(R"({"c":"x"})", {"c"}), "x");
}

TEST(JsonText, TextThatIsNoJsonIsNotReadBeyondItsEnd) {
  for (const std::string text : {"", "{", R"({"a)", R"({"a\)", R"({"a":)", R"({"a":[)", R"({"a":{"b":1)",
                                 R"({"a" 1})", "[1,2]", R"({"a":"\)", "}", R"({"a":]})"}) {
    const std::string exact(text.data(), text.size());
    EXPECT_FALSE(find_member(exact, "b")) << text;
  }
}

TEST(JsonText, TakesAnArrayApart) {
  std::vector<std::string> seen;
  const auto take = [&](std::string_view value) { seen.emplace_back(value); };
  EXPECT_TRUE(each_element(R"([ {"a":1} ,"x",[2,3], 4])", take));
  EXPECT_EQ(seen, (std::vector<std::string>{R"({"a":1})", R"("x")", "[2,3]", "4"}));
  seen.clear();
  EXPECT_TRUE(each_element("[]", take));
  EXPECT_TRUE(seen.empty());
  EXPECT_FALSE(each_element("{}", take));
  EXPECT_FALSE(each_element("[1,", take));
}

// Compares with the parser for every value of a document.
TEST(JsonText, AgreesWithTheParser) {
  const Json document = Json::parse(
      R"({"kind":"Pod","metadata":{"name":"a","annotations":{"x":"{\"y\":[1]}"}},"n":[[],{},""],"f":false,"u":"\u00e9"})");
  for (const int indent : {-1, 2}) {
    const std::string text = document.dump(indent);
    for (const auto& [key, value] : document.items()) {
      const auto range = find_member(text, key);
      ASSERT_TRUE(range) << key;
      EXPECT_EQ(Json::parse(range->of(text)), value);
    }
  }
}

}  // namespace
}  // namespace edgecore::kube
