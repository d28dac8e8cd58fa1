// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/patch.hpp"

#include <gmock/gmock.h>

#include "edgecore/base/error.hpp"

namespace edgecore::kube {
namespace {

struct PatchRow {
  const char* document;
  const char* patch;
  const char* result;  ///< nullptr when the patch must be refused
};

TEST(JsonPatchTest, OperationsOfRfc6902) {
  const PatchRow rows[] = {
      {R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])", R"({"baz":"qux","foo":"bar"})"},
      {R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
       R"({"foo":["bar","qux","baz"]})"},
      {R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
       R"({"foo":["bar",["abc","def"]]})"},
      {R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/1","value":1}])", R"({"foo":["bar",1]})"},
      {R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
      {R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])", R"({"foo":["bar","baz"]})"},
      {R"({"baz":"qux"})", R"([{"op":"replace","path":"/baz","value":null}])", R"({"baz":null})"},
      {R"({"a":1})", R"([{"op":"replace","path":"","value":[1]}])", R"([1])"},
      {R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
       R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
       R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
      {R"({"foo":["all","grass","cows","eat"]})", R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
       R"({"foo":["all","cows","eat","grass"]})"},
      {R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})"},
      {R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/c"}])", R"({"a":{"b":1},"c":{"b":1}})"},
      {R"({"a":1})", R"([{"op":"test","path":"/a","value":1},{"op":"remove","path":"/a"}])", R"({})"},
      {R"({"/":9,"~1":10,"":1})",
       R"([{"op":"test","path":"/~01","value":10},{"op":"test","path":"/~1","value":9},{"op":"test","path":"/","value":1}])",
       R"({"/":9,"~1":10,"":1})"},
      {R"({"a":1})", R"([])", R"({"a":1})"},
      {R"({})", R"([{"op":"add","path":"/a","value":1,"unknown":2}])", R"({"a":1})"},
      // refused
      {R"({})", R"({})", nullptr},
      {R"({})", R"([1])", nullptr},
      {R"({})", R"([{"op":"add","path":"/a"}])", nullptr},
      {R"({})", R"([{"op":"add","value":1}])", nullptr},
      {R"({})", R"([{"op":"add","path":"a","value":1}])", nullptr},
      {R"({})", R"([{"op":"add","path":"/a~2","value":1}])", nullptr},
      {R"({})", R"([{"op":"add","path":"/a/b","value":1}])", nullptr},
      {R"({})", R"([{"op":"frob","path":"/a","value":1}])", nullptr},
      {R"({"a":1})", R"([{"op":"test","path":"/a","value":2}])", nullptr},
      {R"({"a":1})", R"([{"op":"test","path":"/a","value":"1"}])", nullptr},
      {R"({"a":1})", R"([{"op":"test","path":"/b","value":null}])", nullptr},
      {R"({"a":1})", R"([{"op":"replace","path":"/b","value":1}])", nullptr},
      {R"({"a":1})", R"([{"op":"remove","path":"/b"}])", nullptr},
      {R"({"a":1})", R"([{"op":"remove","path":""}])", nullptr},
      {R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":"/a/b"}])", nullptr},
      {R"({"a":[1]})", R"([{"op":"add","path":"/a/2","value":1}])", nullptr},
      {R"({"a":[1]})", R"([{"op":"add","path":"/a/01","value":1}])", nullptr},
      {R"({"a":[1]})", R"([{"op":"remove","path":"/a/-"}])", nullptr},
      {R"({"a":[1]})", R"([{"op":"remove","path":"/a/99999999999999999999"}])", nullptr},
      {R"({"a":[1]})", R"([{"op":"replace","path":"/a/-1","value":1}])", nullptr},
      {R"({"a":1})", R"([{"op":"add","path":"/a/b","value":1}])", nullptr},
      {R"({"a":1})", R"([{"op":"copy","path":"/b"}])", nullptr},
  };
  for (const PatchRow& row : rows) {
    const Json document = parse_json(row.document);
    if (row.result == nullptr) {
      EXPECT_THROW(apply_json_patch(document, parse_json(row.patch)), BadInput) << row.patch;
    } else {
      EXPECT_EQ(apply_json_patch(document, parse_json(row.patch)), parse_json(row.result)) << row.patch;
    }
  }
}

TEST(JsonPatchTest, ErrorsNameTheOperation) {
  try {
    apply_json_patch(parse_json(R"({"a":1})"),
                     parse_json(R"([{"op":"add","path":"/b","value":1},{"op":"remove","path":"/c"}])"));
    FAIL() << "applied";
  } catch (const BadInput& error) {
    EXPECT_STREQ(error.what(), "Operation 1 (remove /c) of the JSON patch failed: there is no \"c\"");
  }
}

TEST(JsonPatchTest, CopiesOfManySmallValuesAreLimited) {
  const Json document = {{"a", Json::array_t(40'000, Json::object())}};
  const auto copies = [](std::size_t count) {
    Json patch = Json::array();
    for (std::size_t i = 0; i < count; ++i)
      patch.push_back({{"op", "copy"}, {"from", "/a"}, {"path", "/copy" + std::to_string(i)}});
    return patch;
  };
  EXPECT_EQ(apply_json_patch(document, copies(2)).size(), 3U);
  EXPECT_THROW(apply_json_patch(document, copies(3)), BadInput);
}

TEST(JsonPatchTest, CopiesCannotBlowUpADocument) {
  Json patch = Json::array();
  for (int i = 0; i < 60; ++i)
    patch.push_back({{"op", "copy"}, {"from", ""}, {"path", "/k" + std::to_string(i)}});
  EXPECT_THROW(apply_json_patch(parse_json(R"({"a":"0123456789"})"), patch), BadInput);
  std::string path;
  for (int i = 0; i < 200; ++i) path += "/a";
  EXPECT_THROW(
      apply_json_patch(parse_json("{}"), Json::array({{{"op", "add"}, {"path", path}, {"value", 1}}})),
      BadInput);
  EXPECT_THROW(apply_json_patch(Json::object(), Json(Json::array_t(10'001, Json::object()))), BadInput);
  const PatchLimits shallow{.max_depth = 4};
  const Json copy_in = parse_json(R"([{"op":"copy","from":"","path":"/a"},{"op":"copy","from":"","path":"/a"},
      {"op":"copy","from":"","path":"/a"},{"op":"copy","from":"","path":"/a"}])");
  EXPECT_THROW(apply_json_patch(parse_json(R"({"a":1})"), copy_in, shallow), BadInput);
}

TEST(MergePatchTest, ExamplesOfRfc7386) {
  const PatchRow rows[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", R"(null)", R"(null)"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const PatchRow& row : rows) {
    EXPECT_EQ(apply_merge_patch(parse_json(row.document), parse_json(row.patch)), parse_json(row.result))
        << row.patch;
  }
  EXPECT_THROW(apply_merge_patch(Json::object(), parse_json(R"({"a":{"b":{"c":1}}})"), {.max_depth = 2}),
               BadInput);
}

}  // namespace
}  // namespace edgecore::kube
