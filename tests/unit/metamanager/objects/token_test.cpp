// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/token.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/time.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/store/meta.hpp"
#include "unit/metamanager/temporary_store.hpp"

namespace edgecore::metamanager {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = kube::parse_time("2024-06-10T12:00:00Z").value();

Json request(const std::string& uid, std::int64_t seconds = 3607) {
  Json made;
  made["spec"] = {
      {"audiences", nullptr},
      {"expirationSeconds", seconds},
      {"boundObjectRef", {{"kind", "Pod"}, {"apiVersion", "v1"}, {"name", "nginx"}, {"uid", uid}}}};
  return made;
}
Json token(const std::string& uid, std::chrono::seconds left, std::int64_t seconds = 3607) {
  Json made = request(uid, seconds);
  made["kind"] = "TokenRequest";
  made["status"] = {{"token", "jwt-" + uid}, {"expirationTimestamp", kube::format_time(kNow + left)}};
  return made;
}

TEST(Token, KeyIsWhatTheGoEdgeWrites) {
  EXPECT_EQ(
      token_key("default", "sa", request("6f")),
      R"("sa"/"default"/[]string(nil)/3607/v1.BoundObjectReference{Kind:"Pod", APIVersion:"v1", Name:"nginx", UID:"6f"})");
  Json with_audience = request("6f");
  with_audience["spec"]["audiences"] = {"vault", "x"};
  EXPECT_EQ(
      token_key("default", "sa", with_audience),
      R"("sa"/"default"/[]string{"vault", "x"}/3607/v1.BoundObjectReference{Kind:"Pod", APIVersion:"v1", Name:"nginx", UID:"6f"})");
}

TEST(Token, AgeFollowsFromWhatIsLeft) {
  struct Row {
    std::chrono::seconds left;
    std::int64_t lifetime;
    TokenAge age;
  };
  const Row rows[] = {
      {3607s, 3607, TokenAge::kFresh},
      {722s, 3607, TokenAge::kFresh},  // 80 % of 3607 s is gone at 721 s left
      {720s, 3607, TokenAge::kRefreshDue},
      {1s, 3607, TokenAge::kRefreshDue},
      {0s, 3607, TokenAge::kExpired},
      {-100s, 3607, TokenAge::kExpired},
      {5000s, 3607, TokenAge::kFresh},                      // this node's clock is behind
      {24h * 300, 24 * 3600 * 365, TokenAge::kRefreshDue},  // older than a day
      {24h * 364 + 23h, 24 * 3600 * 365, TokenAge::kFresh},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(judge_token(token("u", row.left, row.lifetime), kNow), row.age)
        << row.left.count() << " of " << row.lifetime;
  }
  EXPECT_EQ(judge_token(request("u"), kNow), TokenAge::kUnusable);
  EXPECT_EQ(judge_token(Json(), kNow), TokenAge::kUnusable);
  Json absurd = token("u", 10s);
  absurd["spec"]["expirationSeconds"] = INT64_MAX;
  absurd["status"]["expirationTimestamp"] = "9999-12-31T23:59:59Z";
  EXPECT_EQ(judge_token(absurd, kNow), TokenAge::kFresh);
}

TEST(Token, NeverServesAnotherPodOrAccount) {
  TemporaryStore store;
  store.put(token_key("default", "sa", request("u1")), "serviceaccounttoken", token("u1", 3600s).dump());
  const auto reader = store->open_reader();
  const auto mine = find_token(reader, "default", "sa", request("u1"));
  ASSERT_TRUE(mine);
  EXPECT_EQ((*mine)["status"]["token"], "jwt-u1");
  EXPECT_FALSE(find_token(reader, "default", "sa", request("u2")));
  EXPECT_FALSE(find_token(reader, "default", "other", request("u1")));
  EXPECT_FALSE(find_token(reader, "kube-system", "sa", request("u1")));
  EXPECT_FALSE(find_token(reader, "default", "sa", request("u1", 7200)));
}

TEST(Token, FindsWhatTheGoEdgeKeptUnderTheAnswersAudiences) {
  TemporaryStore store;
  Json answered = token("u1", 3600s);
  answered["spec"]["audiences"] = {"https://kubernetes.default.svc.cluster.local"};
  store.put(token_key("default", "sa", answered), "serviceaccounttoken", answered.dump());
  const auto reader = store->open_reader();
  EXPECT_TRUE(find_token(reader, "default", "sa", request("u1")));
  Json vault = request("u1");
  vault["spec"]["audiences"] = {"vault"};
  EXPECT_FALSE(find_token(reader, "default", "sa", vault));
}

// A request for the default audience got the kept token for ["vault"].
TEST(Token, ATokenForAnotherAudienceIsNotHandedOut) {
  TemporaryStore store;
  Json vault = token("u1", 3600s);
  vault["spec"]["audiences"] = {"vault"};
  store.put(token_key("default", "sa", vault), "serviceaccounttoken", vault.dump());
  const auto reader = store->open_reader();
  EXPECT_TRUE(find_token(reader, "default", "sa", vault));
  EXPECT_FALSE(find_token(reader, "default", "sa", request("u1")));
  Json both = request("u1");
  both["spec"]["audiences"] = {"vault", "https://kubernetes.default.svc"};
  EXPECT_FALSE(find_token(reader, "default", "sa", both));
}

TEST(Token, TheIssuerOfATokenIsItsDefaultAudience) {
  TemporaryStore store;
  Json answered = token("u1", 3600s);
  answered["spec"]["audiences"] = {"https://issuer.example"};
  answered["status"]["token"] = net::base64url(R"({"alg":"ES256"})") + "." +
                                net::base64url(R"({"iss":"https://issuer.example"})") + "." +
                                net::base64url("signature");
  store.put(token_key("default", "sa", answered), "serviceaccounttoken", answered.dump());
  const auto reader = store->open_reader();
  EXPECT_TRUE(find_token(reader, "default", "sa", request("u1")));
}

void put_nginx(TemporaryStore& store, const std::string& uid) {
  const Json pod = {{"metadata", {{"name", "nginx"}, {"namespace", "default"}, {"uid", uid}}}};
  store.put("default/pod/nginx", "pod", pod.dump());
}

std::size_t kept_tokens(TemporaryStore& store) {
  const auto reader = store->open_reader();
  return store::meta::keys(reader, "serviceaccounttoken").size();
}

/// Whether a token was kept for a request.
bool keeps(TemporaryStore& store, const Json& asked) {
  Json answered = asked;
  answered["kind"] = "TokenRequest";
  answered["status"] = {{"token", "jwt"}, {"expirationTimestamp", kube::format_time(kNow + 1h)}};
  bool kept = false;
  store->write(
      [&](store::Transaction& into) { kept = keep_token(into, "default", "sa", asked, answered.dump()); });
  return kept;
}

// 2000 of 2000 issued tokens were rows, and still there after a restart.
TEST(Token, OnlyThoseOfPodsOfThisNodeAreKept) {
  TemporaryStore store;
  put_nginx(store, "u1");
  Json unbound = request("u1");
  unbound["spec"].erase("boundObjectRef");
  Json of_secret = request("u1");
  of_secret["spec"]["boundObjectRef"]["kind"] = "Secret";
  EXPECT_FALSE(keeps(store, unbound));
  EXPECT_FALSE(keeps(store, of_secret));
  EXPECT_FALSE(keeps(store, request("u2"))) << "an earlier pod of the same name";
  EXPECT_EQ(kept_tokens(store), 0U);
  EXPECT_TRUE(keeps(store, request("u1")));
  EXPECT_EQ(kept_tokens(store), 1U);
}

TEST(Token, APodHasSixteenAtMost) {
  TemporaryStore store;
  put_nginx(store, "u1");
  for (std::int64_t i = 0; i < 200; ++i) ASSERT_TRUE(keeps(store, request("u1", 3600 + i)));
  EXPECT_EQ(kept_tokens(store), 16U);
  const auto reader = store->open_reader();
  EXPECT_TRUE(find_token(reader, "default", "sa", request("u1", 3799))) << "the last one is kept";
}

TEST(Token, WhatIsOfNoPodHereIsSwept) {
  TemporaryStore store;
  put_nginx(store, "u1");
  ASSERT_TRUE(keeps(store, request("u1")));
  for (int i = 0; i < 100; ++i) {
    const Json asked = request("old " + std::to_string(i));
    store.put(token_key("default", "sa", asked), "serviceaccounttoken", asked.dump());
  }
  store.put("no key", "serviceaccounttoken", "no token");
  std::size_t swept = 0;
  store->write([&](store::Transaction& from) { swept = sweep_tokens(from); });
  EXPECT_EQ(swept, 101U);
  EXPECT_EQ(kept_tokens(store), 1U);
}

TEST(Token, ErrorsTheGoEdgeKeptAsTokensAreNone) {
  TemporaryStore store;
  store.put(token_key("default", "sa", request("u1")), "serviceaccounttoken",
            R"({"ErrStatus":{"reason":"NotFound"}})");
  const auto reader = store->open_reader();
  EXPECT_FALSE(find_token(reader, "default", "sa", request("u1")));
}

TEST(Token, DropsThoseOfThePodOnly) {
  TemporaryStore store;
  store.put("a", "serviceaccounttoken", token("u1", 1s).dump());
  store.put("b", "serviceaccounttoken", token("u1", 9s).dump());
  store.put("c", "serviceaccounttoken", token("u2", 9s).dump());
  store.put("d", "serviceaccounttoken", R"({"spec":{},"status":{}})");
  std::size_t dropped = 0;
  store->write([&](store::Transaction& from) { dropped = drop_tokens(from, "u1"); });
  EXPECT_EQ(dropped, 2U);
  store->write([&](store::Transaction& from) { dropped = drop_tokens(from, ""); });
  EXPECT_EQ(dropped, 0U);
  EXPECT_EQ(store.value("a"), "");
  EXPECT_NE(store.value("c"), "");
  EXPECT_NE(store.value("d"), "");
}

TEST(Token, IsMarkedExpiredInItsAnnotations) {
  Json kept = token("u", -1s);
  mark_expired(kept);
  EXPECT_EQ(kept["metadata"]["annotations"]["edgecore/expired"], "true");
}

}  // namespace
}  // namespace edgecore::metamanager
