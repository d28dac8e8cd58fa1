// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/jws.hpp"

#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "edgecore/base/error.hpp"
#include "edgecore/net/digest.hpp"
#include "net/crypto/openssl.hpp"
#include "support/hmac.hpp"
#include "unit/net/net_fixture.hpp"

namespace edgecore::net {
namespace {

using testing::HasSubstr;

std::string written(const EVP_PKEY* key, int (*write)(BIO*, const EVP_PKEY*)) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  EXPECT_EQ(write(bio.get(), key), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

int write_pkcs8(BIO* bio, const EVP_PKEY* key) {
  return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
}
int write_traditional(BIO* bio, const EVP_PKEY* key) {
  return PEM_write_bio_PrivateKey_traditional(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
}
int write_pkcs1_public(BIO* bio, const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PublicKey(key, &der);
  const int done = PEM_write_bio(bio, "RSA PUBLIC KEY", "", der, size) > 0 ? 1 : 0;
  OPENSSL_free(der);
  return done;
}

/// A key pair in the formats of key files.
struct KeyTexts {
  explicit KeyTexts(KeyPtr made)
      : public_key(written(made.get(), PEM_write_bio_PUBKEY)),
        pkcs8(written(made.get(), write_pkcs8)),
        traditional(written(made.get(), write_traditional)),
        key(std::move(made)) {}
  static KeyTexts ec(const char* curve) { return KeyTexts(KeyPtr(EVP_EC_gen(curve))); }
  static KeyTexts rsa() { return KeyTexts(KeyPtr(EVP_RSA_gen(2048))); }

  [[nodiscard]] PrivateKey signer() const { return PrivateKey::from_pem(pkcs8); }

  std::string public_key, pkcs8, traditional;
  KeyPtr key;
};

VerificationKeys keys_of(const std::string& pem) {
  VerificationKeys keys;
  keys.add_pem(pem, "sa.pub");
  return keys;
}

bool accepted(const VerificationKeys& keys, std::string_view algorithm, std::string_view token) {
  const auto parts = parse_compact(token);
  return keys.verifies(parts.signing_input, algorithm, parts.signature);
}

std::string refusal(const std::string& pem) {
  try {
    keys_of(pem);
  } catch (const BadInput& problem) {
    return problem.what();
  }
  return "taken";
}

constexpr std::string_view kTokenHeader = R"({"alg":"see above"})";
constexpr std::string_view kTokenPayload = R"({"iss":"https://kubernetes.default.svc.cluster.local"})";

TEST(JwsTest, PublishedTokenVerifies) {
  // RFC 7515, appendix A.3: an ES256 token and its key.
  const std::string token =
      "eyJhbGciOiJFUzI1NiJ9"
      ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
      ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
  const std::string prefix = base64url_decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE");  // P-256, uncompressed
  const std::string point = base64url_decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU") +
                            base64url_decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  const auto keys =
      keys_of("-----BEGIN PUBLIC KEY-----\n" + base64(prefix + point) + "\n-----END PUBLIC KEY-----\n");
  const auto parts = parse_compact(token);
  EXPECT_EQ(parts.header_text, R"({"alg":"ES256"})");
  EXPECT_TRUE(parts.payload_text.starts_with(R"({"iss":"joe",)")) << parts.payload_text;
  EXPECT_TRUE(accepted(keys, "ES256", token));
  std::string forged = token;
  forged[25] = forged[25] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(accepted(keys, "ES256", forged));
}

TEST(JwsTest, EveryAlgorithmVerifiesItsOwnKindOnly) {
  const KeyTexts rsa = KeyTexts::rsa();
  const KeyTexts p256 = KeyTexts::ec("P-256");
  const KeyTexts p384 = KeyTexts::ec("P-384");
  const KeyTexts p521 = KeyTexts::ec("P-521");
  const std::vector<std::pair<const char*, const KeyTexts*>> cases{
      {"RS256", &rsa}, {"RS384", &rsa},  {"RS512", &rsa},  {"PS256", &rsa}, {"PS384", &rsa},
      {"PS512", &rsa}, {"ES256", &p256}, {"ES384", &p384}, {"ES512", &p521}};
  const auto all = keys_of(p256.public_key + rsa.public_key + p521.public_key + p384.public_key);
  EXPECT_EQ(all.size(), 4U);
  for (const auto& [algorithm, key] : cases) {
    const std::string token = sign_compact(algorithm, key->signer(), kTokenHeader, kTokenPayload);
    EXPECT_EQ(parse_compact(token).payload_text, kTokenPayload);
    for (const auto& [claimed, other] : cases)
      EXPECT_EQ(accepted(all, claimed, token), std::string_view(claimed) == algorithm)
          << algorithm << " as " << claimed;
    for (const auto* other : {&rsa, &p256, &p384, &p521})
      EXPECT_EQ(accepted(keys_of(other->public_key), algorithm, token), other == key) << algorithm;
    EXPECT_FALSE(accepted(VerificationKeys(), algorithm, token));
  }
  EXPECT_THROW(sign_compact("ES384", p256.signer(), kTokenHeader, kTokenPayload), BadInput);
  EXPECT_THROW(sign_compact("none", p256.signer(), kTokenHeader, kTokenPayload), BadInput);
}

TEST(JwsTest, SecretsAndNoneNeverVerify) {
  const KeyTexts rsa = KeyTexts::rsa();
  const auto keys = keys_of(rsa.public_key);
  const std::string text = base64url(R"({"alg":"HS256"})") + "." + base64url(kTokenPayload);
  // The classic confusion: an HMAC with the public key's text as the secret.
  EXPECT_FALSE(accepted(keys, "HS256", text + "." + base64url(test::hmac_sha256(rsa.public_key, text))));
  for (const auto* algorithm : {"none", "None", "", "EdDSA", "rs256", "RS256 ", "ES256K"}) {
    EXPECT_FALSE(accepted(keys, algorithm, text + ".")) << algorithm;
    EXPECT_FALSE(accepted(keys, algorithm, sign_compact("RS256", rsa.signer(), kTokenHeader, kTokenPayload)))
        << algorithm;
  }
}

TEST(JwsTest, SignaturesOfAnotherSizeOrEncodingAreRefused) {
  const KeyTexts p256 = KeyTexts::ec("P-256");
  const auto keys = keys_of(p256.public_key);
  const auto parts = parse_compact(sign_compact("ES256", p256.signer(), kTokenHeader, kTokenPayload));
  ASSERT_EQ(parts.signature.size(), 64U);
  EXPECT_TRUE(keys.verifies(parts.signing_input, "ES256", parts.signature));
  const std::vector<std::string> broken{"", parts.signature.substr(1), parts.signature + std::string(1, '\0'),
                                        std::string(64, '\0'), std::string(64, '\xff')};
  for (const auto& signature : broken)
    EXPECT_FALSE(keys.verifies(parts.signing_input, "ES256", signature)) << hex(signature);
  const auto rsa = KeyTexts::rsa();
  const auto rsa_parts = parse_compact(sign_compact("RS256", rsa.signer(), kTokenHeader, kTokenPayload));
  EXPECT_FALSE(
      keys_of(rsa.public_key).verifies(rsa_parts.signing_input, "RS256", rsa_parts.signature.substr(0, 255)));
}

TEST(JwsTest, KeysComeInEveryFormAKeyFileMayHave) {
  const KeyTexts rsa = KeyTexts::rsa();
  const KeyTexts ec = KeyTexts::ec("P-256");
  const std::string rsa_token = sign_compact("RS256", rsa.signer(), kTokenHeader, kTokenPayload);
  const std::string ec_token = sign_compact("ES256", ec.signer(), kTokenHeader, kTokenPayload);
  const std::string pkcs1 = written(rsa.key.get(), write_pkcs1_public);
  const std::string certificate = self_sign(TestAuthority::ca_template(), ec.signer()).pem();
  EXPECT_TRUE(rsa.traditional.starts_with("-----BEGIN RSA PRIVATE KEY-----")) << rsa.traditional;
  EXPECT_TRUE(ec.traditional.starts_with("-----BEGIN EC PRIVATE KEY-----")) << ec.traditional;
  for (const auto& text : {rsa.public_key, pkcs1, rsa.pkcs8, rsa.traditional})
    EXPECT_TRUE(accepted(keys_of(text), "RS256", rsa_token)) << text;
  for (const auto& text : {ec.public_key, certificate, ec.pkcs8, ec.traditional})
    EXPECT_TRUE(accepted(keys_of("# a comment\n" + text), "ES256", ec_token)) << text;
  const std::string parameters =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  auto several = keys_of(parameters + KeyTexts::ec("P-256").public_key + rsa.public_key);
  EXPECT_FALSE(accepted(several, "ES256", ec_token));
  several.add_pem(certificate, "more.pem");
  EXPECT_EQ(several.size(), 3U);
  EXPECT_TRUE(accepted(several, "ES256", ec_token));
  EXPECT_TRUE(accepted(several, "RS256", rsa_token));
}

TEST(JwsTest, UnusableKeyTextsAreNamed) {
  const KeyTexts good = KeyTexts::ec("P-256");
  EXPECT_THAT(refusal(""), HasSubstr("no key in the PEM text sa.pub"));
  EXPECT_THAT(refusal("nonsense"), HasSubstr("no key in the PEM text sa.pub"));
  EXPECT_THAT(refusal("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
              HasSubstr("Key 1 of sa.pub (PUBLIC KEY) cannot be read"));
  EXPECT_THAT(refusal(good.public_key + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
              HasSubstr("Key 2 of sa.pub (CERTIFICATE) cannot be read"));
  EXPECT_THAT(refusal(good.public_key.substr(0, good.public_key.size() / 2)), HasSubstr("sa.pub is broken"));
  EXPECT_THAT(refusal(KeyTexts::ec("secp256k1").public_key), HasSubstr("neither an RSA key nor an EC key"));
  const KeyPtr edwards(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  EXPECT_THAT(refusal(written(edwards.get(), PEM_write_bio_PUBKEY)), HasSubstr("neither an RSA key"));
  EXPECT_THAT(refusal("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
                      "00000000000000000000000000000000\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"),
              HasSubstr("is encrypted"));
  VerificationKeys keys = keys_of(good.public_key);
  EXPECT_THROW(keys.add_pem(good.public_key + KeyTexts::ec("secp256k1").public_key, "b"), BadInput);
  EXPECT_EQ(keys.size(), 1U);
}

TEST(JwsTest, TextsThatAreNoCompactTokenAreBadInput) {
  for (const auto* text : {"", ".", "..", "e30", "e30.e30", ".e30.e30", "e30..e30", "e30.e30.e30.e30",
                           "e30.e30.e30=", "e30.e3 0.e30", "e30.e30.e30\n", "e30.e30.+w", "e30.e30.e"})
    EXPECT_THROW(parse_compact(text), BadInput) << text;
  EXPECT_EQ(parse_compact("e30.e30.").signature, "");
  const std::string long_one = "e30." + std::string(kCompactTokenBytes, 'A') + ".e30";
  EXPECT_THROW(parse_compact(long_one), BadInput);
  EXPECT_THROW(parse_compact("e30.e30.e30", 10), BadInput);
  EXPECT_NO_THROW(parse_compact("e30.e30.e30", 11));
}

}  // namespace
}  // namespace edgecore::net
