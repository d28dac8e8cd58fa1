// SPDX-License-Identifier: Apache-2.0
#include "keadm/text.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "edgecore/kube/time.hpp"

namespace edgecore::keadm {
namespace {

const WallTime kNow = *kube::parse_time("2024-06-10T06:13:20Z");

TEST(Age, IsKubectls) {
  const std::pair<std::int64_t, const char*> ages[] = {{-5, "<invalid>"},     {0, "0s"},
                                                       {119, "119s"},         {120, "2m"},
                                                       {125, "2m5s"},         {600, "10m"},
                                                       {3 * 3600, "3h"},      {3 * 3600 + 60, "3h1m"},
                                                       {8 * 3600 + 60, "8h"}, {2 * 86400 + 3600, "2d1h"},
                                                       {9 * 86400, "9d"},     {800 * 86400, "2y70d"},
                                                       {3000LL * 86400, "8y"}};
  for (const auto& [seconds, text] : ages) EXPECT_EQ(age(std::chrono::seconds(seconds)), text) << seconds;
  EXPECT_EQ(age_since("2024-06-10T06:12:20Z", kNow), "60s");
  EXPECT_EQ(age_since("", kNow), "<unknown>");
}

TEST(OneLine, LeavesATerminalAlone) {
  EXPECT_EQ(one_line("a\x1b[31mb\tc"), "a?[31mb?c");
  EXPECT_EQ(one_line("first\nsecond"), "first...");
}

const char* const kPods = R"({"kind": "Table", "columnDefinitions": [
    {"name": "Name", "type": "string", "priority": 0}, {"name": "Ready", "type": "string", "priority": 0},
    {"name": "Restarts", "type": "integer", "priority": 0}, {"name": "Nominated Node", "type": "string", "priority": 1},
    {"name": "Since", "type": "date", "priority": 0}],
  "rows": [{"cells": ["web", "1/1", 3, "<none>", "2024-06-10T06:13:10Z"], "object": {"metadata": {"namespace": "default"}}},
           {"cells": ["a-much-longer-name", "0/2", 10, "edge2", "never"], "object": {"metadata": {"namespace": "kube-system"}}}]})";

TEST(PrintTables, ColumnsAreAlignedAndWideOnesShownOnDemand) {
  const Json table = kube::parse_json(kPods);
  EXPECT_EQ(print_tables({table}, {}, kNow),
            "NAME                 READY   RESTARTS   SINCE\n"
            "web                  1/1     3          10s\n"
            "a-much-longer-name   0/2     10         never\n");
  EXPECT_EQ(print_tables({table}, {.wide = true, .with_namespace = true}, kNow),
            "NAMESPACE     NAME                 READY   RESTARTS   NOMINATED NODE   SINCE\n"
            "default       web                  1/1     3          <none>           10s\n"
            "kube-system   a-much-longer-name   0/2     10         edge2            never\n");
}

TEST(PrintTables, OfSeveralOneIsMade) {
  Json first = kube::parse_json(kPods), second = first;
  first["rows"].erase(1);
  second["rows"].erase(0);
  EXPECT_EQ(print_tables({first, second}, {}, kNow), print_tables({kube::parse_json(kPods)}, {}, kNow));
  first["rows"].clear();
  EXPECT_EQ(print_tables({first}, {}, kNow), "");
}

TEST(PrintTables, WhatAServerLeavesOutOrMixesUpDoesNoHarm) {
  const Json table =
      kube::parse_json(R"({"columnDefinitions": [{"name": "A"}, {"name": "B", "priority": "high"}, 7],
      "rows": [{"cells": ["ä"]}, {"cells": [{"x": [1]}, null, true, "too many"]}, {}, 5]})");
  EXPECT_EQ(print_tables({table}, {}, kNow), "A           B\nä\n{\"x\":[1]}       true\n\n\n");
}

TEST(PrintObjects, ShowsNameAndAge) {
  const Json object = kube::parse_json(R"({"metadata": {"name": "x", "namespace": "n",
      "creationTimestamp": "2024-06-10T06:12:20Z"}})");
  EXPECT_EQ(print_objects({object}, {.with_namespace = true}, kNow),
            "NAMESPACE   NAME   AGE\nn           x      60s\n");
}

/// The JSON of a YAML text, by another parser.
Json from_yaml(const YAML::Node& node) {
  if (node.IsMap()) {
    Json out = Json::object();
    for (const auto& pair : node) out[pair.first.as<std::string>()] = from_yaml(pair.second);
    return out;
  }
  if (node.IsSequence()) {
    Json out = Json::array();
    for (const auto& one : node) out.push_back(from_yaml(one));
    return out;
  }
  if (node.IsNull()) return nullptr;
  const auto text = node.as<std::string>();
  if (node.Tag() == "!") return text;  // quoted, or a block
  const Json plain = Json::parse(text, nullptr, false);
  return plain.is_discarded() ? Json(text) : plain;
}

TEST(PrintYaml, ReadsBackAsWhatItWas) {
  Json value = {{"true", "true"},
                {"yes", "yes"},
                {"n", 7},
                {"empty", ""},
                {"null", nullptr},
                {"list", Json::array()},
                {"map", Json::object()},
                {"date", "2024-06-10T06:13:20Z"},
                {"octal", "0644"},
                {"exponent", "1e3"},
                {"colon", "a: b"},
                {"hash", "a #b"},
                {"dash", "- x"},
                {"tilde", "~"},
                {"quote", "it's \"so\""},
                {"script", "#!/bin/sh\n\techo 1\n"},
                {"block", "first\n  second\n\nthird\n"},
                {"cut", "a\nb"},
                {"blank", "a\n\n"},
                {"lead", " a\n"},
                {"bell", "a\abc"},
                {"unicode", "äöü 温度"},
                {"number", "12"},
                {"percent", "%x"},
                {"at", "@x"},
                {"float", 1.5},
                {"off", false},
                {"ends", "x:"},
                {"plain", "a/b:c-d"}};
  value["nested"] = {{"items", Json::array({{{"a", 1}, {"b", "2"}}, Json::array({1, "two"}), "three"})}};
  const std::string text = print_yaml(value);
  EXPECT_EQ(from_yaml(YAML::Load(text)), value) << text;
}

TEST(PrintYaml, SortsKeysAndKeepsLinesReadable) {
  EXPECT_EQ(
      print_yaml({{"kind", "ConfigMap"}, {"apiVersion", "v1"}, {"data", {{"a", "x\ny\n"}, {"b", "true"}}}}),
      "apiVersion: v1\ndata:\n  a: |\n    x\n    y\n  b: \"true\"\nkind: ConfigMap\n");
}

TEST(PrintJson, IsIndentedByFour) {
  EXPECT_EQ(print_json({{"a", 1}}), "{\n    \"a\": 1\n}\n");
}

}  // namespace
}  // namespace edgecore::keadm
