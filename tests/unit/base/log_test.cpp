// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/log.hpp"

#include <gtest/gtest.h>

namespace edgecore::log {
namespace {

TEST(LogTest, TextFromOutsideStaysOnItsLineAndWithinItsSize) {
  EXPECT_EQ(quote("a\nb\tc\x7f"), "a\\nb\\x09c\\x7f");
  EXPECT_EQ(quote("abcdef", 3), "abc… (6 bytes)");
}

TEST(LogTest, UrlsShowWhereTheyLeadAndNoSecret) {
  EXPECT_EQ(quote_url("http://127.0.0.1:8080/a/b"), "http://127.0.0.1:8080/a/b");
  EXPECT_EQ(quote_url("mqtt://me:s3cret@broker:1883"), "mqtt://<9 bytes hidden>@broker:1883");
  EXPECT_EQ(quote_url("me:s3cret@broker"), "<9 bytes hidden>@broker");
  EXPECT_EQ(quote_url("mqtt://me:s3/c?r@et@broker"), "mqtt://<12 bytes hidden>@broker");
  EXPECT_EQ(quote_url("http://host/x?token=s3cret&b"), "http://host/x?<14 bytes hidden>");
  EXPECT_EQ(quote_url("http://me:pw@host/x?s3cret"), "http://<5 bytes hidden>@host/x?<6 bytes hidden>");
  EXPECT_EQ(quote_url("http://@host/?"), "http://@host/?");
  EXPECT_EQ(quote_url("a\n?b"), "a\\n?<1 bytes hidden>");
  EXPECT_EQ(quote_url(""), "");
}

TEST(LogTest, AComplaintThatRepeatsGoesQuiet) {
  Quiet quiet;
  std::string said;
  for (int i = 1; i <= 9; ++i) said += quiet.now() ? "x" : ".";
  EXPECT_EQ(said, "xx.x...x.");
  EXPECT_EQ(quiet.count(), 9U);
  quiet.reset();
  EXPECT_TRUE(quiet.now());
}

}  // namespace
}  // namespace edgecore::log
