// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/selector.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "support/objects.hpp"

namespace edgecore::kube {
namespace {

using Labels = std::map<std::string, std::string>;

TEST(LabelSelectorTest, StringForm) {
  const Labels labels{{"app", "web"}, {"tier", "front"}, {"x.io/e", ""}, {"in", "notin"}};
  const struct {
    const char* text;
    bool matches;
  } rows[] = {
      {"", true},
      {"  ", true},
      {"app=web", true},
      {"app==web", true},
      {" app = web , tier = front ", true},
      {"app=web,tier=back", false},
      {"app!=web", false},
      {"none!=web", true},
      {"app in (web,api)", true},
      {"app in (api)", false},
      {"none in (api)", false},
      {"app in (,web)", true},
      {"app notin (api, db)", true},
      {"app notin (web)", false},
      {"none notin (web)", true},
      {"app", true},
      {"none", false},
      {"!none", true},
      {"!app", false},
      {"! none , app", true},
      {"x.io/e=", true},
      {"x.io/e", true},
      {"x.io/e in ()", true},
      {"app=", false},
      {"none=", false},
      {"in=notin", true},
      {"in in (notin)", true},
      {"app in (web),tier notin (back),!none,x.io/e", true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(LabelSelector::parse(row.text).matches(labels), row.matches) << row.text;
  }
  EXPECT_TRUE(LabelSelector::parse(" ").selects_everything());
  EXPECT_FALSE(LabelSelector::parse("a").selects_everything());
}

TEST(LabelSelectorTest, RefusesMalformedText) {
  for (const char* text :
       {",",    "a,",     ",a",      "a,,b",    "=",         "=a",        "!",     "!!a",  "a=b=c",
        "a in", "a in b", "a in (b", "a in b)", "a in (b))", "a foo (b)", "a b",   "a>1",  "a<1",
        "-a",   "a=-b",   "a=b c",   "a/b/c",   "a=b/c",     "(a)",       "a=(b)", "!a=b", "a\x01"}) {
    EXPECT_THROW(LabelSelector::parse(text), BadInput) << text;
  }
  EXPECT_THROW(LabelSelector::parse(std::string(100'000, 'a')), BadInput);
  std::string many;
  for (int i = 0; i < 1001; ++i) many += (i == 0 ? "a" : ",a");
  EXPECT_THROW(LabelSelector::parse(many), BadInput);
}

TEST(LabelSelectorTest, ObjectForm) {
  const Json object = parse_json(R"({"metadata":{"labels":{"app":"web","n":5}}})");
  const struct {
    const char* selector;
    bool matches;
  } rows[] = {
      {"null", false},
      {"{}", true},
      {R"({"matchLabels":{"app":"web"}})", true},
      {R"({"matchLabels":{"app":"api"}})", false},
      {R"({"matchLabels":null,"matchExpressions":null})", true},
      {R"({"matchExpressions":[{"key":"app","operator":"In","values":["web","x"]}]})", true},
      {R"({"matchExpressions":[{"key":"app","operator":"NotIn","values":["web"]}]})", false},
      {R"({"matchExpressions":[{"key":"app","operator":"Exists"}]})", true},
      {R"({"matchExpressions":[{"key":"app","operator":"DoesNotExist","values":[]}]})", false},
      {R"({"matchLabels":{"app":"web"},"matchExpressions":[{"key":"n","operator":"Exists"}]})", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(test::matches_object(LabelSelector::from_json(parse_json(row.selector)), object), row.matches)
        << row.selector;
  }
  for (const char* text :
       {"[]", "1", R"({"matchLabels":[]})", R"({"matchLabels":{"a":1}})", R"({"matchLabels":{"-a":"b"}})",
        R"({"matchExpressions":{}})", R"({"matchExpressions":[1]})", R"({"matchExpressions":[{"key":"a"}]})",
        R"({"matchExpressions":[{"key":"a","operator":"In"}]})",
        R"({"matchExpressions":[{"key":"a","operator":"Is"}]})",
        R"({"matchExpressions":[{"key":"a","operator":"Exists","values":["b"]}]})",
        R"({"matchExpressions":[{"key":"a","operator":"In","values":[1]}]})"}) {
    EXPECT_THROW(LabelSelector::from_json(parse_json(text)), BadInput) << text;
  }
}

TEST(FieldSelectorTest, ComparesDottedPaths) {
  const Json pod = parse_json(
      R"({"metadata":{"name":"a","namespace":"default"},"spec":{"nodeName":"edge1","hostNetwork":true,"priority":5,"x":"a,b=c"},
          "status":{"phase":"Running"}})");
  const struct {
    const char* text;
    bool matches;
  } rows[] = {
      {"", true},
      {"metadata.name=a", true},
      {"metadata.name==a", true},
      {"metadata.name!=a", false},
      {" metadata.name = a , metadata.namespace=default", true},
      {"spec.nodeName=edge1,status.phase!=Failed", true},
      {"spec.nodeName=edge2", false},
      {"spec.hostNetwork=true", true},
      {"spec.priority=5", true},
      {"status.podIP=", true},
      {"status.podIP!=", false},
      {"spec=", true},
      {"metadata.name=a,,", true},
      {R"(spec.x=a\,b\=c)", true},
  };
  for (const auto& row : rows)
    EXPECT_EQ(FieldSelector::parse(row.text).matches(pod), row.matches) << row.text;
  for (const char* text : {"a", "=", "=a", "!a", "a!b", ".a=b", "a.=b", "a..b=c", "a=b=c", "a b=c", R"(a=\x)",
                           R"(a=\)", "a/b=c"}) {
    EXPECT_THROW(FieldSelector::parse(text), BadInput) << text;
  }
}

TEST(FieldSelectorTest, TellsWhatNarrowsARead) {
  const auto selector = FieldSelector::parse("metadata.name=a,metadata.namespace!=b");
  EXPECT_EQ(selector.required_value("metadata.name"), "a");
  EXPECT_EQ(selector.required_value("metadata.namespace"), std::nullopt);
  EXPECT_EQ(selector.paths(), (std::vector<std::string>{"metadata.name", "metadata.namespace"}));
}

}  // namespace
}  // namespace edgecore::kube
