// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/stored_tokens.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "edgecore/base/trusted_clock.hpp"
#include "unit/metaserver/service_account_tokens.hpp"

namespace edgecore::metaserver {
namespace {

using samples::token_of;
using samples::web_claims;
using Match = StoredTokens::Match;

constexpr char kRow[] =
    R"("web"/"shop"/[]string(nil)/3607/v1.BoundObjectReference{Kind:"Pod", APIVersion:"v1", Name:"web-1", UID:"pod-uid"})";

class StoredTokensTest : public ::testing::Test {
 protected:
  Match match(const std::string& text) {
    return tokens.match(text, net::sha256(text), ServiceAccountToken::parse(text).claims);
  }
  static std::string row(const std::string& text, const std::string& pod_uid = "pod-uid") {
    Json value = {{"kind", "TokenRequest"}, {"status", {{"token", text}}}};
    value["spec"]["boundObjectRef"] = {{"kind", "Pod"}, {"name", "web-1"}, {"uid", pod_uid}};
    return value.dump();
  }

  StoredTokens tokens;
  const std::string token = token_of(web_claims());
};

TEST_F(StoredTokensTest, OnlyTheExactTextIsFound) {
  EXPECT_EQ(match(token), Match::kNone);
  EXPECT_TRUE(tokens.put_row(kRow, row(token)));
  EXPECT_EQ(match(token), Match::kGood);
  EXPECT_EQ(match(token_of(web_claims(), R"({"alg":"ES256"})")), Match::kNone);
  EXPECT_EQ(match(token_of(web_claims(), R"({"alg":"ES256","kid":"k"})", "other")), Match::kNone);
}

// Own pods' tokens were "not valid yet" on a board that boots in 1970, offline for ever.
TEST_F(StoredTokensTest, TheYoungestTokenSaysWhatTimeHasPassed) {
  EXPECT_FALSE(tokens.newest_issue());
  tokens.put_row(kRow, row("no token"));
  EXPECT_FALSE(tokens.newest_issue());
  tokens.put_row(kRow, row(token));
  EXPECT_EQ(tokens.newest_issue(), samples::kNow);
  Json older = web_claims();
  older["iat"] = samples::seconds(samples::kNow) - 1000;
  tokens.put_row(kRow, row(token_of(older)));
  EXPECT_EQ(tokens.newest_issue(), samples::kNow);
  FakeClock board{WallTime(std::chrono::seconds(0))};
  TrustedClock clock(board, WallTime());
  clock.raise(*tokens.newest_issue());
  EXPECT_EQ(judge_time(ServiceAccountToken::parse(token).claims, clock.wall()), TokenTime::kGood);
  Json absurd = web_claims();
  absurd["iat"] = std::numeric_limits<std::int64_t>::max();
  tokens.put_row(kRow, row(token_of(absurd)));
  EXPECT_LT(*tokens.newest_issue(), WallTime::max() - std::chrono::hours(24 * 365));
}

TEST_F(StoredTokensTest, ATokenSpeaksForThePodItWasGotFor) {
  tokens.put_row(kRow, row(token, "other-pod"));
  EXPECT_EQ(match(token), Match::kOthers);
  tokens.put(kRow, token, {"shop", "other", "pod-uid"});
  EXPECT_EQ(match(token), Match::kOthers);
  tokens.put(kRow, token, {"other", "web", "pod-uid"});
  EXPECT_EQ(match(token), Match::kOthers);
  tokens.put(kRow, token, {"shop", "web", ""});
  EXPECT_EQ(match(token), Match::kGood);
}

TEST_F(StoredTokensTest, ARowIsReplacedAndRemoved) {
  tokens.put_row(kRow, row(token));
  Json claims = web_claims();
  claims["jti"] = "next";
  const std::string next = token_of(claims);
  tokens.put_row(kRow, row(next));
  EXPECT_EQ(match(token), Match::kNone);
  EXPECT_EQ(match(next), Match::kGood);
  tokens.remove(kRow);
  tokens.remove(kRow);
  EXPECT_EQ(match(next), Match::kNone);
  EXPECT_EQ(tokens.size(), 0U);
}

TEST_F(StoredTokensTest, TwoRowsMayHoldOneToken) {
  const std::string other_key = R"("web"/"shop"/[]string{"a"}/3607/v1.BoundObjectReference{})";
  tokens.put_row(kRow, row(token, "other-pod"));
  tokens.put_row(other_key, row(token));
  EXPECT_EQ(match(token), Match::kGood);
  tokens.remove(other_key);
  EXPECT_EQ(match(token), Match::kOthers);
  tokens.clear();
  EXPECT_EQ(match(token), Match::kNone);
}

TEST_F(StoredTokensTest, WhatIsNoRowOfATokenTakesTheOldOneAway) {
  struct Row {
    std::string key, value;
  };
  const Row rows[] = {
      {kRow, ""},
      {kRow, "{"},
      {kRow, "[]"},
      {kRow, R"({"status":{"token":""}})"},
      {kRow, R"({"status":{"token":5}})"},
      {kRow, row(std::string(kMaxTokenBytes + 1, 'a'))},
      {"web/shop/x", row(token)},
      {R"("web"/)", row(token)},
      {R"(""/"shop"/x)", row(token)},
      {"", row(token)},
  };
  for (const Row& bad : rows) {
    ASSERT_TRUE(tokens.put_row(kRow, row(token)));
    EXPECT_FALSE(tokens.put_row(bad.key, bad.value)) << bad.key << " " << bad.value.substr(0, 50);
    EXPECT_EQ(match(token), bad.key == kRow ? Match::kNone : Match::kGood) << bad.key;
  }
}

}  // namespace
}  // namespace edgecore::metaserver
