// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/json.hpp"

#include <gmock/gmock.h>

#include "edgecore/base/error.hpp"

namespace edgecore::kube {
namespace {

std::string complaint(const std::function<void()>& action) {
  try {
    action();
  } catch (const BadInput& error) {
    return error.what();
  }
  return "(no error)";
}

TEST(JsonTest, ParsesAndNamesTheOffsetOfAnError) {
  EXPECT_EQ(parse_json(R"({"a":[1,2]})")["a"][1], 2);
  EXPECT_EQ(complaint([] { parse_json(R"({"a":})", "The patch"); }).substr(0, 37),
            "The patch is not valid JSON at byte 6");
  for (const char* text :
       {"", " ", "{", "[1,]", "{\"a\":1}x", "nul", "\"\xff\"", "01", "1e999", "\"\\u12\"", "\"\n\""}) {
    EXPECT_THROW(parse_json(text), BadInput) << text;
  }
}

TEST(JsonTest, RefusesDeepTextBeforeParsingIt) {
  const std::string deep(5'000'000, '[');
  EXPECT_THAT(complaint([&] { parse_json(deep); }), testing::HasSubstr("deeper than 128 levels at byte 128"));
  std::string fits = std::string(128, '[') + std::string(128, ']');
  EXPECT_EQ(json_depth(parse_json(fits)), 128U);
  EXPECT_THROW(parse_json("[" + fits + "]"), BadInput);
  EXPECT_NO_THROW(parse_json(R"(["[[[[", "\"[[[[", "\\"])", "x", {.max_depth = 1}));
}

TEST(JsonTest, RefusesTooLongAndTooManifoldText) {
  EXPECT_THROW(parse_json("[1,2,3]", "x", {.max_bytes = 6}), BadInput);
  EXPECT_THROW(parse_json("[1,2,3]", "x", {.max_values = 3}), BadInput);
  EXPECT_NO_THROW(parse_json("[1,2,3]", "x", {.max_bytes = 7, .max_values = 4}));
}

TEST(JsonTest, DumpReplacesInvalidUtf8) {
  EXPECT_EQ(dump_json(Json{{"k", "a\xff"}}), "{\"k\":\"a\xef\xbf\xbd\"}");
}

TEST(JsonTest, PathsGoThroughObjectsAndTakeNullForAbsent) {
  const Json pod = parse_json(R"({"metadata":{"name":"a","labels":{"x.y/z":"1"},"uid":null},"list":[1]})");
  EXPECT_EQ(*find_path(pod, "metadata.name"), "a");
  EXPECT_EQ(find_path(pod, ""), &pod);
  for (const char* path : {"metadata.uid", "metadata.none", "metadata.name.x", "list.0", ".", "metadata."}) {
    EXPECT_EQ(find_path(pod, path), nullptr) << path;
  }
  EXPECT_EQ(*find_keys(pod, {"metadata", "labels", "x.y/z"}), "1");
  EXPECT_EQ(find_keys(pod, {"metadata", "labels", "x"}), nullptr);
  EXPECT_EQ(find_path(Json(), ""), nullptr);
}

TEST(JsonTest, LenientReadersFallBackOnAnyOtherType) {
  const Json value = parse_json(R"({"s":"t","n":7,"b":true,"a":[1],"o":{"k":1},"f":1.5})");
  EXPECT_EQ(string_or(value, "s"), "t");
  EXPECT_EQ(string_or(value, "n", "none"), "none");
  EXPECT_EQ(int_or(value, "n", -1), 7);
  EXPECT_EQ(int_or(value, "f", -1), -1);
  EXPECT_TRUE(bool_or(value, "b", false));
  EXPECT_TRUE(bool_or(value, "s", true));
  EXPECT_EQ(array_or_empty(value, "a").size(), 1U);
  EXPECT_TRUE(array_or_empty(value, "o").empty());
  EXPECT_EQ(object_or_empty(value, "o").size(), 1U);
  EXPECT_TRUE(object_or_empty(value, "a").empty());
}

TEST(JsonTest, StrictReadersSayWhatIsWrongWithWhat) {
  const Json value = parse_json(R"({"m":{"n":"x","i":3.0,"big":18446744073709551615,"f":1e300}})");
  EXPECT_EQ(get_string(value, "m.n"), "x");
  EXPECT_EQ(get_int(value, "m.i"), 3);
  EXPECT_EQ(complaint([&] { get_int(value, "m.n"); }), "\"m.n\" must be a whole number, not string");
  EXPECT_EQ(complaint([&] { get_string(value, "m.z"); }), "\"m.z\" is missing; it must be a string");
  EXPECT_THROW(get_int(value, "m.big"), BadInput);
  EXPECT_THROW(get_int(value, "m.f"), BadInput);
  EXPECT_THROW(get_bool(value, "m.n"), BadInput);
  EXPECT_THROW(get_array(value, "m"), BadInput);
  EXPECT_THROW(get_object(value, "m.n"), BadInput);
  EXPECT_EQ(optional_string(value, "m.z"), std::nullopt);
  EXPECT_THROW(optional_string(value, "m.i"), BadInput);
}

TEST(JsonTest, AStoredTextThatIsNoJsonIsNull) {
  EXPECT_EQ(stored_json(R"({"a":1})"), (Json{{"a", 1}}));
  for (const char* text : {"", "{", "{} x", "\"\xff\""}) EXPECT_TRUE(stored_json(text).is_null()) << text;
}

}  // namespace
}  // namespace edgecore::kube
