// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/authentication.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <map>
#include <memory>

#include "edgecore/base/error.hpp"
#include "edgecore/net/jws.hpp"
#include "support/hmac.hpp"
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
using Found = TokenAuthenticator::Found;

class AuthenticationTest : public ::testing::Test {
 protected:
  TokenAuthenticator& authenticator() {
    if (!authenticator_) {
      TokenAuthenticator::Lookups lookups;
      const auto find_in = [](const std::map<std::string, Found>& objects) {
        return [&objects](std::string_view ns, std::string_view name) -> std::optional<Found> {
          const auto found = objects.find(std::string(ns) + "/" + std::string(name));
          if (found == objects.end()) return std::nullopt;
          return found->second;
        };
      };
      lookups.pod = [this, find = find_in(pods)](std::string_view ns, std::string_view name) {
        ++pod_lookups;
        return find(ns, name);
      };
      lookups.secret = find_in(secrets);
      lookups.account_uid = [this](std::string_view ns, std::string_view name) -> std::optional<std::string> {
        const auto found = accounts.find(std::string(ns) + "/" + std::string(name));
        if (found == accounts.end()) return std::nullopt;
        return found->second;
      };
      authenticator_.emplace(options, lookups, stored, clock);
    }
    return *authenticator_;
  }

  /// As from a new connection.
  Authentication ask(const std::string& authorization) { return authenticator().authenticate(authorization); }
  std::string fault(const std::string& text) {
    const auto result = ask("Bearer " + text);
    EXPECT_EQ(result.user == nullptr, !result.reason.empty());
    return result.reason;
  }
  void store(const std::string& text, const std::string& pod_uid = "pod-uid") {
    stored.put("row", text, {"shop", "web", pod_uid});
    authenticator().invalidate_all();
  }

  FakeClock clock{kNow};
  StoredTokens stored;
  std::map<std::string, Found> pods{{"shop/web-1", {"pod-uid", {}}}};
  std::map<std::string, Found> secrets;
  std::map<std::string, std::string> accounts{{"shop/web", "sa-uid"}};
  int pod_lookups = 0;
  TokenAuthenticator::Options options{{kIssuer}, {}, nullptr, nullptr};
  const std::string token = token_of(web_claims());

 private:
  std::optional<TokenAuthenticator> authenticator_;
};

TEST_F(AuthenticationTest, APodIsItsServiceAccount) {
  store(token);
  const auto result = ask("Bearer " + token);
  ASSERT_TRUE(result.user) << result.reason;
  EXPECT_EQ(result.user->name, "system:serviceaccount:shop:web");
  EXPECT_EQ(result.user->uid, "sa-uid");
  EXPECT_THAT(result.user->groups,
              ElementsAre("system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"));
  EXPECT_THAT(result.user->extra.at("authentication.kubernetes.io/pod-name"), ElementsAre("web-1"));
  EXPECT_THAT(result.user->extra.at("authentication.kubernetes.io/pod-uid"), ElementsAre("pod-uid"));
  EXPECT_THAT(result.audiences, ElementsAre(kIssuer));
}

TEST_F(AuthenticationTest, OnlyABearerTokenIsHeard) {
  struct Row {
    std::string header;
    bool is_token;
  };
  const Row rows[] = {
      {"Bearer abc", true}, {"bearer abc", true}, {"BEARER   abc ", true}, {"", false},
      {"abc", false},       {"Bearer", false},    {"Bearer ", false},      {"Basic abc", false},
      {"Bearerabc", false}, {"Token abc", false}, {" bearer\tabc", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(bearer_token(row.header), row.is_token ? std::optional<std::string_view>("abc") : std::nullopt)
        << row.header;
  }
  store(token);
  EXPECT_TRUE(ask("bearer " + token).user);
  EXPECT_THAT(ask("").reason, HasSubstr("no bearer token"));
  EXPECT_FALSE(ask("Bearer " + token + " x").user);
  EXPECT_FALSE(ask("Bearer " + token + "," + token).user);
  EXPECT_THAT(ask("Basic " + token).reason, HasSubstr("no bearer token"));
}

TEST_F(AuthenticationTest, WithoutKeysOnlyATokenOfThisNodeCounts) {
  EXPECT_THAT(fault(token), HasSubstr("did not get"));
  store(token);
  EXPECT_EQ(fault(token), "");
  EXPECT_THAT(fault(token_of(web_claims(), R"({"alg":"ES256","kid":"k"})", "forged")),
              HasSubstr("did not get"));
  Json claims = web_claims();
  claims["kubernetes.io"]["serviceaccount"] = {{"name", "admin"}, {"uid", "admin-uid"}};
  claims["sub"] = "system:serviceaccount:shop:admin";
  accounts["shop/admin"] = "admin-uid";
  EXPECT_THAT(fault(token_of(claims)), HasSubstr("did not get"));
}

TEST_F(AuthenticationTest, WithoutKeysATokenUnderAnotherPodsRowIsRefused) {
  store(token, "other-pod-uid");
  EXPECT_THAT(fault(token), HasSubstr("another pod"));
}

TEST_F(AuthenticationTest, ClaimsAreChecked) {
  struct Row {
    std::string pointer;
    Json value;
    std::string why;
  };
  const Row rows[] = {
      {"/iss", "https://evil.example", "another issuer"},
      {"/aud", "vault", "another audience"},
      {"/exp", seconds(kNow) - 61, "expired"},
      {"/nbf", seconds(kNow) + 62, "not valid yet"},
      {"/iat", seconds(kNow) + 62, "not valid yet"},
      {"/kubernetes.io/serviceaccount/uid", "old", "earlier service account"},
      {"/kubernetes.io/pod/uid", "old", "another pod"},
      {"/kubernetes.io/pod/name", "web-2", "not on this node"},
      {"/kubernetes.io/secret", {{"name", "s"}, {"uid", "u"}}, "secret s of the token is not on this node"},
      {"/kubernetes.io/pod", nullptr, "another pod"},
  };
  for (const Row& row : rows) {
    Json claims = web_claims();
    claims[Json::json_pointer(row.pointer)] = row.value;
    const std::string changed = token_of(claims);
    store(changed);
    EXPECT_THAT(fault(changed), HasSubstr(row.why)) << row.pointer << " = " << row.value;
  }
  store("no token");
  EXPECT_THAT(fault("no-token"), HasSubstr("cannot be used"));
  EXPECT_THAT(fault(std::string(kMaxTokenBytes + 1, 'a')), HasSubstr("too long"));
}

TEST_F(AuthenticationTest, AnUnknownOrRenewedServiceAccountIsNobody) {
  store(token);
  accounts.clear();
  EXPECT_THAT(fault(token), HasSubstr("no ServiceAccountAccess"));
  accounts["shop/web"] = "new-uid";
  EXPECT_THAT(fault(token), HasSubstr("earlier service account"));
  accounts["shop/web"] = "sa-uid";
  EXPECT_EQ(fault(token), "");
}

TEST_F(AuthenticationTest, AGonePodsTokenIsWorthNothing) {
  struct Row {
    std::string what;
    std::optional<Found> pod;
    std::string why;
  };
  const Row rows[] = {
      {"gone", std::nullopt, "pod web-1 of the token is not on this node"},
      {"another of the name", Found{"new-uid", {}}, "earlier pod web-1"},
      {"deleted a minute ago", Found{"pod-uid", kNow - 61s}, "being deleted"},
      {"deleted just now", Found{"pod-uid", kNow - 59s}, ""},
      {"to be deleted", Found{"pod-uid", kNow + 30s}, ""},
  };
  store(token);
  for (const Row& row : rows) {
    pods.clear();
    if (row.pod) pods["shop/web-1"] = *row.pod;
    authenticator().invalidate_all();
    const std::string why = fault(token);
    EXPECT_EQ(why.empty(), row.why.empty()) << row.what << ": " << why;
    EXPECT_THAT(why, HasSubstr(row.why)) << row.what;
  }
}

TEST_F(AuthenticationTest, ASecretsTokenNeedsTheSecret) {
  Json claims = web_claims();
  claims["kubernetes.io"].erase("pod");
  claims["kubernetes.io"]["secret"] = {{"name", "s"}, {"uid", "u"}};
  const std::string bound = token_of(claims);
  store(bound, "");
  EXPECT_THAT(fault(bound), HasSubstr("secret s"));
  secrets["shop/s"] = {"v", {}};
  EXPECT_THAT(fault(bound), HasSubstr("earlier secret s"));
  secrets["shop/s"] = {"u", {}};
  EXPECT_EQ(fault(bound), "");
}

TEST_F(AuthenticationTest, AGoodTokenIsRememberedForTenSeconds) {
  store(token);
  const std::string header = "Bearer " + token;
  EXPECT_FALSE(authenticator().remembered(header));
  EXPECT_TRUE(authenticator().authenticate(header).user);
  EXPECT_TRUE(ask(header).user);  // another connection
  EXPECT_TRUE(authenticator().authenticate(header).user);
  EXPECT_EQ(pod_lookups, 1);
  EXPECT_TRUE(authenticator().remembered(header));
  clock.advance(9s);
  EXPECT_TRUE(authenticator().remembered(header));
  clock.advance(1s);
  EXPECT_FALSE(authenticator().remembered(header));
  EXPECT_TRUE(authenticator().authenticate(header).user);
  EXPECT_EQ(pod_lookups, 2);
}

TEST_F(AuthenticationTest, AMemoryIsOfItsHeaderOnly) {
  store(token);
  ASSERT_TRUE(authenticator().authenticate("Bearer " + token).user);
  for (const std::string& header : {std::string(), std::string("Bearer x"), "Bearer " + token + "x",
                                    "Basic " + token, "Bearer " + token.substr(0, token.size() - 1)}) {
    EXPECT_FALSE(authenticator().remembered(header)) << header.size();
    EXPECT_FALSE(authenticator().authenticate(header).user) << header.size();
  }
  EXPECT_TRUE(authenticator().remembered("Bearer " + token));
}

// 60 forged requests, all of them answered 401, became 121 messages to the cloud.
TEST_F(AuthenticationTest, OnlyAGenuineTokenMayCauseAQuestion) {
  const std::string header = "Bearer " + token;
  accounts.clear();
  EXPECT_FALSE(authenticator().genuine(header)) << "made up";
  store(token);
  ASSERT_TRUE(authenticator().genuine(header));
  EXPECT_EQ(authenticator().genuine(header)->ns, "shop");
  EXPECT_FALSE(authenticator().genuine("Basic " + token));
  EXPECT_FALSE(authenticator().genuine(""));
  clock.advance(2h);
  EXPECT_FALSE(authenticator().genuine(header)) << "expired";
}

TEST_F(AuthenticationTest, WithKeysTheSignatureMakesATokenGenuine) {
  bool is_signed = false;
  options.verifier = [&](auto, auto, auto) { return is_signed; };
  accounts.clear();
  EXPECT_FALSE(authenticator().genuine("Bearer " + token));
  is_signed = true;
  EXPECT_TRUE(authenticator().genuine("Bearer " + token));
  Json claims = web_claims();
  claims["aud"] = "vault";
  EXPECT_FALSE(authenticator().genuine("Bearer " + token_of(claims))) << "for another audience";
}

TEST_F(AuthenticationTest, WhatChangesEndsAllMemories) {
  store(token);
  const std::string header = "Bearer " + token;
  ASSERT_TRUE(authenticator().authenticate(header).user);
  pods.clear();
  EXPECT_TRUE(authenticator().authenticate(header).user);
  authenticator().invalidate_all();
  EXPECT_FALSE(authenticator().authenticate(header).user);
}

TEST_F(AuthenticationTest, NothingIsRememberedBeyondItsTime) {
  Json claims = web_claims();
  claims["exp"] = seconds(kNow) - 57;  // three seconds of leeway are left
  const std::string old = token_of(claims);
  store(old);
  ASSERT_TRUE(authenticator().authenticate("Bearer " + old).user);
  clock.advance(3s);
  EXPECT_TRUE(authenticator().authenticate("Bearer " + old).user);
  clock.advance(1ms);
  EXPECT_FALSE(authenticator().authenticate("Bearer " + old).user);
  EXPECT_FALSE(ask("Bearer " + old).user);
}

TEST_F(AuthenticationTest, AClockThatJumpsEndsAMemoryToo) {
  store(token);
  ASSERT_TRUE(authenticator().authenticate("Bearer " + token).user);
  clock.set_wall(kNow + 24h);
  EXPECT_FALSE(authenticator().authenticate("Bearer " + token).user);
}

TEST_F(AuthenticationTest, MoreTokensThanAreRememberedAreCheckedAgain) {
  options.verifier = [](auto, auto, auto) { return true; };
  const auto nth = [](int i) {
    Json claims = web_claims();
    claims["jti"] = i;
    return "Bearer " + token_of(claims);
  };
  for (int i = 0; i < 1500; ++i) ASSERT_TRUE(ask(nth(i)).user);
  EXPECT_EQ(pod_lookups, 1500);
  EXPECT_TRUE(ask(nth(1499)).user);
  EXPECT_TRUE(ask(nth(500)).user);
  EXPECT_EQ(pod_lookups, 1500);
  EXPECT_TRUE(ask(nth(499)).user);
  EXPECT_EQ(pod_lookups, 1501);
}

TEST_F(AuthenticationTest, WhileTheCloudIsAwayAnExpiredTokenOfAPodHereStillCounts) {
  bool is_offline = true;
  options.may_be_expired = [&] { return is_offline; };
  store(token);
  clock.advance(48h);
  EXPECT_EQ(fault(token), "");
  is_offline = false;
  clock.advance(10s);
  EXPECT_THAT(fault(token), HasSubstr("expired"));
  is_offline = true;
  pods.clear();
  EXPECT_THAT(fault(token), HasSubstr("not on this node"));
}

TEST_F(AuthenticationTest, WhileTheCloudIsAwayExpiredTokensOfOthersDoNotCount) {
  options.may_be_expired = [] { return true; };
  options.verifier = [](auto, auto, auto) { return true; };
  clock.advance(48h);
  EXPECT_THAT(fault(token), HasSubstr("expired"));  // signed, but not got by this node
  Json claims = web_claims();
  claims["kubernetes.io"].erase("pod");
  const std::string unbound = token_of(claims);
  store(unbound, "");
  EXPECT_THAT(fault(unbound), HasSubstr("expired"));
}

TEST_F(AuthenticationTest, AReviewAsksForAudiences) {
  Json claims = web_claims();
  claims["aud"] = {"vault", "x", kIssuer};
  const std::string wide = token_of(claims);
  store(wide);
  EXPECT_THAT(authenticator().check(wide).audiences, ElementsAre(kIssuer));
  EXPECT_THAT(authenticator().check(wide, {"x", "y", "vault"}).audiences, ElementsAre("vault", "x"));
  const auto refused = authenticator().check(wide, {"y"});
  EXPECT_FALSE(refused.user);
  EXPECT_THAT(refused.reason, HasSubstr("audience"));
  EXPECT_FALSE(authenticator().check(std::string(1 << 20, 'a')).user);
}

TEST_F(AuthenticationTest, IssuersAreNeededAndAreTheAudiencesByDefault) {
  EXPECT_THROW(TokenAuthenticator({}, {}, stored, clock), Error);
  EXPECT_THROW(TokenAuthenticator({{kIssuer}, {}, nullptr, nullptr}, {}, stored, clock), Error);
  options.audiences = {"other"};
  store(token);
  EXPECT_THAT(fault(token), HasSubstr("another audience"));
}

TEST_F(AuthenticationTest, TheNodesAdminMayDoEverything) {
  const User admin = node_admin("system:node:edge-1");
  EXPECT_EQ(admin.name, "system:node:edge-1");
  EXPECT_THAT(admin.groups, ElementsAre("system:masters", "system:authenticated"));
}

/// A new RSA key: its private and its public PEM text.
std::pair<std::string, std::string> rsa_texts() {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const auto written = [&](auto write) {
    const std::unique_ptr<BIO, void (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free_all);
    write(out.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
  };
  return {written([&](BIO* out) {
            PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          }),
          written([&](BIO* out) { PEM_write_bio_PUBKEY(out, key.get()); })};
}

/// With the keys of an issuer: real signatures.
class SignedTokens : public AuthenticationTest {
 protected:
  SignedTokens() {
    keys.add_pem(rsa_public, "rsa");
    keys.add_pem(ec.pem(), "ec");
    options.verifier = [this](std::string_view input, std::string_view algorithm,
                              std::string_view signature) {
      return keys.verifies(input, algorithm, signature);
    };
  }
  static std::string sign(const net::PrivateKey& key, const std::string& algorithm,
                          const Json& claims = web_claims()) {
    return net::sign_compact(algorithm, key, R"({"alg":")" + algorithm + "\"}", kube::dump_json(claims));
  }

  const std::pair<std::string, std::string> rsa_pair = rsa_texts();
  const std::string& rsa_public = rsa_pair.second;
  const net::PrivateKey rsa = net::PrivateKey::from_pem(rsa_pair.first);
  const net::PrivateKey ec = net::PrivateKey::generate();
  net::VerificationKeys keys;
};

TEST_F(SignedTokens, EveryAlgorithmOfPublicKeysCounts) {
  for (const char* algorithm : {"RS256", "RS512", "PS256", "PS384"}) {
    EXPECT_EQ(fault(sign(rsa, algorithm)), "") << algorithm;
  }
  EXPECT_EQ(fault(sign(ec, "ES256")), "");
}

TEST_F(SignedTokens, AChangedOrForeignTokenIsRefused) {
  EXPECT_THAT(fault(sign(net::PrivateKey::generate(), "ES256")), HasSubstr("none of the configured keys"));
  const std::string good = sign(ec, "ES256");
  const auto first_dot = good.find('.');
  const auto last_dot = good.rfind('.');
  Json claims = web_claims();
  claims["jti"] = "changed";
  const std::string changed =
      good.substr(0, first_dot + 1) + net::base64url(kube::dump_json(claims)) + good.substr(last_dot);
  EXPECT_THAT(fault(changed), HasSubstr("none of the configured keys"));
  EXPECT_THAT(fault(good.substr(0, last_dot + 1)), Not(IsEmpty()));
}

TEST_F(SignedTokens, NoKeyIsTakenForAnotherKind) {
  const std::string payload = net::base64url(kube::dump_json(web_claims()));
  const std::string none = net::base64url(R"({"alg":"none"})") + "." + payload;
  EXPECT_THAT(fault(none + "."), HasSubstr("not one of public keys"));
  // The public key as the secret of an HMAC.
  const std::string hmac = net::base64url(R"({"alg":"HS256"})") + "." + payload;
  const std::string forged = hmac + "." + net::base64url(test::hmac_sha256(rsa_public, hmac));
  EXPECT_THAT(fault(forged), HasSubstr("not one of public keys"));
  // An algorithm of another key.
  const std::string es = sign(ec, "ES256");
  const std::string as_rsa = net::base64url(R"({"alg":"RS256"})") + es.substr(es.find('.'));
  EXPECT_THAT(fault(as_rsa), HasSubstr("none of the configured keys"));
}

TEST_F(SignedTokens, ClaimsAreCheckedAllTheSame) {
  Json claims = web_claims();
  claims["aud"] = "vault";
  EXPECT_THAT(fault(sign(ec, "ES256", claims)), HasSubstr("another audience"));
  pods.clear();
  EXPECT_THAT(fault(sign(ec, "ES256")), HasSubstr("not on this node"));
  clock.advance(2h);
  EXPECT_THAT(fault(sign(ec, "ES256")), HasSubstr("expired"));
}

}  // namespace
}  // namespace edgecore::metaserver
