// SPDX-License-Identifier: Apache-2.0
#include "servicebus/app_request.hpp"

#include <gtest/gtest.h>

namespace edgecore::servicebus {
namespace {

TEST(AppRequest, NamesTheUrlItIsFor) {
  EXPECT_EQ(
      target_url_of(R"({"method":"POST","targetURL":"http://a/b","payload":{"targetURL":"x","y":[1,"z"]}})"),
      "http://a/b");
  EXPECT_EQ(target_url_of(R"({"TargetUrl":"http://a","payload":[[[]],{},null,true,1.5,-1,1]})"), "http://a");
  EXPECT_EQ(target_url_of(R"({"targetURL":"a","targetURL":"b"})"), "b") << "as Go's decoder";
  EXPECT_EQ(target_url_of(R"({"targetURL":"\u0061 b"})"), "a b");
  EXPECT_EQ(target_url_of(R"({"payload":1})"), "");
  EXPECT_EQ(target_url_of(R"({"targetURL":null})"), "");
  EXPECT_EQ(target_url_of(" null "), "");
  EXPECT_EQ(target_url_of(R"({"targetURL":"u","payload":)" + std::string(100'000, '[') +
                          std::string(100'000, ']') + "}"),
            "u")
      << "nesting costs nothing";
}

TEST(AppRequest, WhatIsNoneIsInvalid) {
  for (const char* body : {"", "{", "no JSON", "[]", "\"text\"", "7", "true", R"({"targetURL":7})",
                           R"({"targetURL":{}})", R"({"targetURL":["a"]})", R"({"method":false})",
                           R"({"targetURL":"a"} more)", "{\"targetURL\":\"\xff\"}"})
    EXPECT_FALSE(target_url_of(body)) << body;
}

TEST(AppAnswer, HasTheWordsThatProgramsKnow) {
  EXPECT_EQ(answered_text("say \"hi\" \xff"),
            "{\"code\":200,\"msg\":\"receive response from cloud successfully\",\"body\":\"say \\\"hi\\\" "
            "\xef\xbf\xbd\"}");
  EXPECT_EQ(unreadable_text(),
            R"({"code":400,"msg":"can't read data from body of the http's request","body":""})");
  EXPECT_EQ(invalid_text(), R"({"code":400,"msg":"invalid params","body":""})");
  EXPECT_EQ(
      not_allowed_text("http://u"),
      R"({"code":400,"msg":"url http://u is not allowed and please make a rule for this url in the cloud","body":""})");
  EXPECT_EQ(no_answer_text("id"), R"({"code":400,"msg":"timeout to get response for message id","body":""})");
  EXPECT_EQ(not_sent_text("id"), R"({"code":400,"msg":"timeout to send message id","body":""})");
}

}  // namespace
}  // namespace edgecore::servicebus
