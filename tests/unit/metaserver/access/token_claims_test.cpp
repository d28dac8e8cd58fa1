// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/token_claims.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "unit/metaserver/service_account_tokens.hpp"

namespace edgecore::metaserver {
namespace {

using namespace std::chrono_literals;
using samples::kIssuer;
using samples::kNow;
using samples::seconds;
using samples::token_of;
using samples::web_claims;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The claims with one value set, or taken away by null.
Json with(const std::string& pointer, const Json& value) {
  Json claims = web_claims();
  claims[Json::json_pointer(pointer)] = value;
  return claims;
}

std::string fault_of(const std::string& token) {
  try {
    ServiceAccountToken::parse(token);
    return "";
  } catch (const BadInput& bad) {
    return bad.what();
  }
}

TEST(TokenClaims, ATokenOfThePodIsReadInFull) {
  const auto token = ServiceAccountToken::parse(token_of(web_claims()));
  EXPECT_EQ(token.algorithm, "ES256");
  EXPECT_EQ(token.signature, "signature");
  EXPECT_EQ(token.signing_input, token_of(web_claims()).substr(0, token.signing_input.size()));
  const TokenClaims& claims = token.claims;
  EXPECT_EQ(claims.issuer, kIssuer);
  EXPECT_THAT(claims.audiences, ElementsAre(kIssuer));
  EXPECT_EQ(claims.expires, seconds(kNow) + 3607);
  EXPECT_EQ(claims.issued_at, seconds(kNow));
  EXPECT_EQ(claims.ns, "shop");
  EXPECT_EQ(claims.service_account, (TokenClaims::Bound{"web", "sa-uid"}));
  EXPECT_EQ(claims.pod, (TokenClaims::Bound{"web-1", "pod-uid"}));
  EXPECT_FALSE(claims.secret);
}

TEST(TokenClaims, WhatIsNoTokenIsRefused) {
  struct Row {
    std::string what, token;
  };
  const std::string good = token_of(web_claims());
  const std::string payload = net::base64url(kube::dump_json(web_claims()));
  const std::string header = net::base64url(R"({"alg":"ES256"})");
  const Row rows[] = {
      {"nothing", ""},
      {"one part", "abc"},
      {"two parts", header + "." + payload},
      {"four parts", good + ".x"},
      {"padding", header + "=." + payload + ".c2ln"},
      {"standard base64", header + "." + payload + ".a+/b"},
      {"header no JSON", net::base64url("{") + "." + payload + ".c2ln"},
      {"header an array", net::base64url("[]") + "." + payload + ".c2ln"},
      {"payload no JSON", header + "." + net::base64url("secret") + ".c2ln"},
      {"payload a number", header + "." + net::base64url("5") + ".c2ln"},
      {"deep payload", header + "." + net::base64url(std::string(5000, '[')) + ".c2ln"},
      {"too long", good + std::string(kMaxTokenBytes, 'a')},
      {"alg none", token_of(web_claims(), R"({"alg":"none"})", "")},
      {"alg None", token_of(web_claims(), R"({"alg":"None"})")},
      {"alg HS256", token_of(web_claims(), R"({"alg":"HS256"})")},
      {"alg no text", token_of(web_claims(), R"({"alg":1})")},
      {"no alg", token_of(web_claims(), R"({"kid":"k"})")},
      {"critical extension", token_of(web_claims(), R"({"alg":"ES256","crit":["exp"]})")},
  };
  for (const Row& row : rows) EXPECT_THROW(ServiceAccountToken::parse(row.token), BadInput) << row.what;
}

TEST(TokenClaims, ClaimsHaveToBeWhatTheyAre) {
  struct Row {
    std::string pointer;
    Json value;
  };
  const Row rows[] = {
      {"/iss", nullptr},
      {"/iss", Json::array({kIssuer})},
      {"/aud", 5},
      {"/aud", Json::array({kIssuer, 5})},
      {"/aud", Json(std::vector<std::string>(65, "a"))},
      {"/exp", nullptr},
      {"/exp", "tomorrow"},
      {"/exp", std::numeric_limits<std::uint64_t>::max()},
      {"/exp", -1.5},
      {"/nbf", true},
      {"/iat", Json::object()},
      {"/sub", "system:serviceaccount:shop:admin"},
      {"/sub", 5},
      {"/kubernetes.io", nullptr},
      {"/kubernetes.io", "shop"},
      {"/kubernetes.io/namespace", nullptr},
      {"/kubernetes.io/namespace", ""},
      {"/kubernetes.io/namespace", "shop:web"},
      {"/kubernetes.io/namespace", "../shop"},
      {"/kubernetes.io/serviceaccount", nullptr},
      {"/kubernetes.io/serviceaccount/name", "a:b"},
      {"/kubernetes.io/serviceaccount/name", ""},
      {"/kubernetes.io/serviceaccount/uid", ""},
      {"/kubernetes.io/serviceaccount/uid", nullptr},
      {"/kubernetes.io/pod", "web-1"},
      {"/kubernetes.io/pod/name", "web/1"},
      {"/kubernetes.io/pod/uid", ""},
      {"/kubernetes.io/secret", Json::object()},
  };
  for (const Row& row : rows) {
    EXPECT_NE(fault_of(token_of(with(row.pointer, row.value))), "") << row.pointer << " = " << row.value;
  }
}

TEST(TokenClaims, OtherFormsThatIssuersUseAreRead) {
  const auto parse = [](const Json& claims) { return ServiceAccountToken::parse(token_of(claims)).claims; };
  EXPECT_THAT(parse(with("/aud", "vault")).audiences, ElementsAre("vault"));
  EXPECT_THAT(parse(with("/aud", nullptr)).audiences, IsEmpty());
  EXPECT_EQ(parse(with("/exp", 1718020800.75)).expires, 1718020800);
  EXPECT_EQ(parse(with("/nbf", nullptr)).not_before, std::nullopt);
  EXPECT_FALSE(parse(with("/kubernetes.io/pod", nullptr)).pod);
  EXPECT_TRUE(parse(with("/kubernetes.io/secret", {{"name", "s"}, {"uid", "u"}})).secret);
}

TEST(TokenClaims, TimesHaveAMinuteOfLeeway) {
  struct Row {
    WallTime now;
    TokenTime result;
  };
  TokenClaims claims;
  claims.issued_at = claims.not_before = seconds(kNow);
  claims.expires = seconds(kNow) + 3600;
  const Row rows[] = {
      {kNow, TokenTime::kGood},
      {kNow - 60s, TokenTime::kGood},
      {kNow - 61s, TokenTime::kNotYet},
      {kNow - 1h, TokenTime::kNotYet},
      {kNow + 3600s, TokenTime::kGood},
      {kNow + 3660s, TokenTime::kGood},
      {kNow + 3660s + 1ms, TokenTime::kExpired},
      {WallTime(), TokenTime::kNotYet},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(judge_time(claims, row.now), row.result) << kube::format_time(row.now);
  }
  EXPECT_EQ(last_moment(claims), kNow + 3660s);
}

TEST(TokenClaims, EachTimeIsLookedAtAlone) {
  TokenClaims claims;
  claims.expires = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(judge_time(claims, kNow), TokenTime::kGood);
  claims.issued_at = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(judge_time(claims, kNow), TokenTime::kNotYet);
  claims.issued_at.reset();
  claims.not_before = seconds(kNow) + 61;
  EXPECT_EQ(judge_time(claims, kNow), TokenTime::kNotYet);
  claims.not_before = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(judge_time(claims, kNow), TokenTime::kGood);
  claims.expires = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(judge_time(claims, kNow), TokenTime::kExpired);
}

TEST(TokenClaims, AudiencesInCommon) {
  TokenClaims claims;
  EXPECT_THAT(common_audiences(claims, {"a", "b"}), ElementsAre("a", "b"));
  claims.audiences = {"c", "b"};
  EXPECT_THAT(common_audiences(claims, {"a", "b"}), ElementsAre("b"));
  EXPECT_THAT(common_audiences(claims, {"a"}), IsEmpty());
  EXPECT_THAT(common_audiences(claims, {}), IsEmpty());
}

TEST(TokenClaims, SentencesShowNothingOfTheToken) {
  const std::string header = net::base64url(R"({"alg":"ES256"})");
  const std::string tokens[] = {
      header + "." + net::base64url(R"({"iss": topsecret})") + ".c2ln",
      net::base64url(R"({"alg":"topsecret"})") + "." + header + ".c2ln",
      token_of(with("/kubernetes.io/namespace", "topsecret/")),
      token_of(with("/sub", "topsecret")),
  };
  for (const auto& token : tokens) {
    EXPECT_THAT(fault_of(token), Not(HasSubstr("topsecret")));
    EXPECT_NE(fault_of(token), "");
  }
}

}  // namespace
}  // namespace edgecore::metaserver
