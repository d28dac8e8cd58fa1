// SPDX-License-Identifier: Apache-2.0
#include "edgecore/beehive/message.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "edgecore/base/error.hpp"
#include "support/paths.hpp"

namespace edgecore::beehive {
namespace {

using nlohmann::json;

TEST(Message, EveryRecordedLineComesOutAsItWentIn) {
  const auto folder = test::recordings_dir();
  int lines = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".jsonl") continue;
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line);) {
      const json recorded = json::parse(line)["msg"];
      const Message message = decode(recorded.dump());
      EXPECT_EQ(json::parse(encode(message)), recorded) << file.path() << ": " << line;
      ++lines;
    }
  }
  EXPECT_GT(lines, 100);
}

TEST(Message, MemberNamesOfTheEnvelopeAreMatchedWithoutCaseAndTheLastOneWins) {
  const Message message = decode(
      R"({"Header":{"MSG_ID":"a","msg_id":"b","Msg_Id":"c","TimeStamp":7,"extra":[1]},"ROUTE":{"Source":"s"},)"
      R"("content":1,"CONTENT":{"Kind":"K","kind":"k"},"more":{}})");
  EXPECT_EQ(message.header.id, "c");
  EXPECT_EQ(message.header.timestamp, 7);
  EXPECT_EQ(message.route.source, "s");
  EXPECT_EQ(message.content, json({{"Kind", "K"}, {"kind", "k"}}));
}

TEST(Message, ARepeatedHeaderAddsToTheFirstAndNullChangesNothing) {
  const Message message =
      decode(R"({"header":{"msg_id":"a","type":"t"},"header":{"timestamp":3,"msg_id":null},"header":null})");
  EXPECT_EQ(message.header.id, "a");
  EXPECT_EQ(message.header.type, "t");
  EXPECT_EQ(message.header.timestamp, 3);
  EXPECT_TRUE(message.content.is_null());
}

TEST(Message, WhatFollowsTheFirstValueIsIgnored) {
  EXPECT_EQ(decode("{\"content\":1}\n").content, 1);
  EXPECT_EQ(decode(R"({"content":2} {"content":3} garbage)").content, 2);
}

TEST(Message, IntegersKeepTheir64Bits) {
  const std::string text = R"({"content":[9223372036854775807,-9223372036854775808,18446744073709551615]})";
  const Message message = decode(text);
  EXPECT_EQ(message.content[0].get<std::int64_t>(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(message.content[1].get<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(message.content[2].get<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_NE(encode(message).find("[9223372036854775807,-9223372036854775808,18446744073709551615]"),
            std::string::npos);
}

class Refused : public testing::TestWithParam<const char*> {};

TEST_P(Refused, IsBadInput) {
  EXPECT_THROW(decode(GetParam()), BadInput) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Message, Refused,
                         testing::Values("", " ", "{", "null", "[]", "\"text\"", "{\"header\":1}",
                                         "{\"route\":[]}", R"({"header":{"timestamp":1.7e12}})",
                                         R"({"header":{"timestamp":"1"}})",
                                         R"({"header":{"timestamp":9223372036854775808}})",
                                         R"({"header":{"msg_id":1}})", R"({"header":{"sync":"true"}})",
                                         R"({"route":{"destination":1}})", R"({"route":{"resource":{}}})",
                                         R"({"content":1e400})", "{\"content\":\"\xff\"}",
                                         R"({"content":tru)"));

TEST(Message, NestingIsBoundedAndDeepTextDoesNotExhaustTheStack) {
  const auto nested = [](std::size_t levels) {
    return "{\"content\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_NO_THROW(decode(nested(199)));
  EXPECT_THROW(decode(nested(200)), BadInput);
  EXPECT_THROW(decode(nested(5'000'000)), BadInput);
  EXPECT_THROW(decode("{\"content\":" + std::string(5'000'000, '[')), BadInput);
}

TEST(Message, IsWrittenInGosOrderWithoutEmptyMembers) {
  Message message;
  message.header.id = "i";
  message.header.timestamp = 1700000000000;
  message.route.source = "edged";
  EXPECT_EQ(
      encode(message),
      R"({"header":{"msg_id":"i","timestamp":1700000000000},"route":{"source":"edged"},"content":null})");
  message.header.parent_id = "p";
  message.header.resource_version = "9";
  message.header.type = "channel";
  message.route = {"", "g", "o", "r\"s"};
  message.content = "OK";
  EXPECT_EQ(encode(message),
            R"({"header":{"msg_id":"i","parent_msg_id":"p","timestamp":1700000000000,"resourceversion":"9",)"
            R"("type":"channel"},"route":{"group":"g","operation":"o","resource":"r\"s"},"content":"OK"})");
}

TEST(Message, InvalidUtf8IsReplacedWhenWriting) {
  Message message;
  message.content = "a\xff";
  EXPECT_NE(encode(message).find("a\xEF\xBF\xBD"), std::string::npos);
}

TEST(Message, AnswersPointToTheirRequest) {
  Message request = make_message("edged", "meta", "query", "default/pod/web", nullptr);
  request.header.type = "channel";
  request.header.resource_version = "4";
  EXPECT_EQ(request.header.id.size(), 36U);
  EXPECT_GT(request.header.timestamp, 1'500'000'000'000);

  const Message answer = make_response(request, "OK");
  EXPECT_EQ(answer.header.parent_id, request.header.id);
  EXPECT_NE(answer.header.id, request.header.id);
  EXPECT_EQ(answer.header.type, "channel");
  EXPECT_EQ(answer.header.resource_version, "");
  EXPECT_EQ(answer.route.source, "edged");
  EXPECT_EQ(answer.route.group, "meta");
  EXPECT_EQ(answer.route.operation, "response");
  EXPECT_EQ(answer.route.resource, "default/pod/web");

  const Message error = make_error(request, "metamanager", "hub", "no");
  EXPECT_EQ(error.header.parent_id, request.header.id);
  EXPECT_EQ(error.route.source, "metamanager");
  EXPECT_EQ(error.route.group, "hub");
  EXPECT_EQ(error.route.operation, "error");
  EXPECT_EQ(error.route.resource, "default/pod/web");
}

TEST(Message, WeightGrowsWithTheContent) {
  const std::size_t small = decode(R"({"content":"x"})").weight;
  EXPECT_GT(small, 0U);
  EXPECT_GE(decode("{\"content\":\"" + std::string(10'000, 'x') + "\"}").weight, small + 9'999);
}

TEST(ResourcePath, HasTwoOrThreeParts) {
  const auto path = parse_resource("default/pod/web-0");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->ns, "default");
  EXPECT_EQ(path->type, "pod");
  EXPECT_EQ(path->name, "web-0");
  ASSERT_TRUE(parse_resource("node/connection"));
  EXPECT_EQ(parse_resource("node/connection")->name, "");
  for (const char* bad : {"", "a", "a/", "/b", "a/b/", "a//c", "/b/c", "a/b/c/d"}) {
    EXPECT_FALSE(parse_resource(bad)) << bad;
  }
  EXPECT_EQ(resource_path("", "persistentvolume", "v"), "null/persistentvolume/v");
  EXPECT_EQ(resource_path("ns", "pod"), "ns/pod");
}

}  // namespace
}  // namespace edgecore::beehive
