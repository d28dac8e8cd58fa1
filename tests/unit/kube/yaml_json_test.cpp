// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/yaml_json.hpp"

#include <gtest/gtest.h>

#include <string>

#include "edgecore/base/error.hpp"

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

}  // namespace
}  // namespace edgecore::kube
