// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/x509.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "unit/net/net_fixture.hpp"

namespace edgecore::net {
namespace {

const Name kNodeName{
    {"C", "CN"}, {"ST", "Zhejiang"}, {"L", "Hangzhou"}, {"O", "system:nodes"}, {"CN", "system:node:edge-1"}};

TEST(X509Test, KeyIsWrittenAsSec1AndReadBack) {
  const auto key = PrivateKey::generate();
  EXPECT_TRUE(key.pem().starts_with("-----BEGIN EC PRIVATE KEY-----\n")) << key.pem();
  EXPECT_EQ(PrivateKey::from_pem(key.pem()).der(), key.der());
  EXPECT_THROW(PrivateKey::from_pem("nonsense"), BadInput);
}

TEST(X509Test, PublicHalfOfAKeyIsTheSameEachTimeAndShowsNothingElse) {
  const PrivateKey key = PrivateKey::generate();
  EXPECT_EQ(key.public_der(), PrivateKey::from_pem(key.pem()).public_der());
  EXPECT_NE(key.public_der(), PrivateKey::generate().public_der());
  EXPECT_EQ(key.public_der().size(), 91U);  // SubjectPublicKeyInfo of a point on P-256
}

TEST(X509Test, RequestCarriesSubjectAndKey) {
  const auto key = PrivateKey::generate();
  const auto request = CertificateRequest::from_der(CertificateRequest::make(key, kNodeName).der());
  EXPECT_EQ(request.subject(), kNodeName);
  EXPECT_TRUE(request.matches(key));
  EXPECT_FALSE(request.matches(PrivateKey::generate()));
  EXPECT_TRUE(request.signature_valid());
  std::string tampered = request.der();
  tampered.back() = static_cast<char>(tampered.back() ^ 1);
  try {
    EXPECT_FALSE(CertificateRequest::from_der(tampered).signature_valid());
  } catch (const BadInput&) {
    // Some bytes break the DER itself.
  }
  EXPECT_THROW(CertificateRequest::from_der("garbage"), BadInput);
  EXPECT_THROW(CertificateRequest::from_der(""), BadInput);
}

TEST(X509Test, RequestAsksForAlternativeNames) {
  const auto key = PrivateKey::generate();
  const AlternativeNames names{{"edge-1.test"}, {"127.0.0.1", "169.254.30.10", "fd00::10"}};
  const auto made = CertificateRequest::make(key, kNodeName, names);
  EXPECT_TRUE(made.pem().starts_with("-----BEGIN CERTIFICATE REQUEST-----\n")) << made.pem();
  const auto read = CertificateRequest::from_pem("text before\n" + made.pem());
  EXPECT_EQ(read.der(), made.der());
  EXPECT_EQ(read.dns_names(), names.dns_names);
  EXPECT_EQ(read.ip_addresses(), names.ip_addresses);
  EXPECT_EQ(read.subject(), kNodeName);
  EXPECT_TRUE(read.signature_valid());
  const auto bare = CertificateRequest::make(key, kNodeName);
  EXPECT_TRUE(bare.dns_names().empty());
  EXPECT_TRUE(bare.ip_addresses().empty());
  const AlternativeNames wrong{{}, {"300.0.0.1"}};
  EXPECT_THROW(CertificateRequest::make(key, kNodeName, wrong), BadInput);
  EXPECT_THROW(CertificateRequest::from_pem(TestAuthority().certificate().pem()), BadInput);
  EXPECT_THROW(CertificateRequest::from_pem(""), BadInput);
  EXPECT_THROW(CertificateRequest::from_der(made.der() + "x"), BadInput);
}

TEST(X509Test, IssuedCertificateSaysWhatTheTemplateSaid) {
  const TestAuthority authority;
  const auto key = PrivateKey::generate();
  auto what = TestAuthority::server_template();
  const auto request = CertificateRequest::make(key, kNodeName);
  const auto issued = sign(what, request, authority.certificate(), authority.key());
  const auto read = Certificate::from_pem("text before\n" + Certificate::from_der(issued.der()).pem());
  EXPECT_EQ(read, issued);
  EXPECT_EQ(read.common_name(), "KubeEdge");
  EXPECT_EQ(name_value(read.subject(), "O"), "KubeEdge");
  EXPECT_EQ(read.dns_names(), what.dns_names);
  EXPECT_EQ(read.ip_addresses(), what.ip_addresses);
  EXPECT_EQ(read.not_before(), std::chrono::floor<std::chrono::seconds>(what.not_before));
  EXPECT_EQ(read.not_after(), std::chrono::floor<std::chrono::seconds>(what.not_after));
  EXPECT_TRUE(read.matches(key));
  EXPECT_FALSE(read.matches(authority.key()));
  EXPECT_FALSE(read.is_ca());
  EXPECT_TRUE(authority.certificate().is_ca());
}

TEST(X509Test, VerificationChecksSignerTimeAndPurpose) {
  const TestAuthority authority;
  const TestAuthority stranger;
  const auto leaf = Certificate::from_pem(authority.issue(TestAuthority::client_template()).certificate_pem);
  const std::vector<Certificate> roots{authority.certificate()};
  const auto now = std::chrono::system_clock::now();
  EXPECT_EQ(verify(leaf, roots, CertificatePurpose::kClient, now), std::nullopt);
  EXPECT_NE(verify(leaf, roots, CertificatePurpose::kServer, now), std::nullopt);
  EXPECT_NE(verify(leaf, {stranger.certificate()}, CertificatePurpose::kClient, now), std::nullopt);
  EXPECT_NE(verify(leaf, roots, CertificatePurpose::kClient, now + 48h), std::nullopt);
  EXPECT_NE(verify(leaf, roots, CertificatePurpose::kClient, now - 48h), std::nullopt);
}

TEST(X509Test, HundredYearsDoNotOverflow) {
  auto what = TestAuthority::ca_template();
  what.not_after = WallTime::max() - std::chrono::hours(1);
  EXPECT_GT(self_sign(what, PrivateKey::generate()).not_after(),
            std::chrono::system_clock::now() + 24h * 365 * 100);
  what.not_before = WallTime::min();
  EXPECT_EQ(self_sign(what, PrivateKey::generate()).not_before(), WallTime::min());
}

TEST(X509Test, BrokenCertificatesAreBadInput) {
  const TestAuthority authority;
  const std::string der = authority.certificate().der();
  EXPECT_THROW(Certificate::from_der(der.substr(0, der.size() - 1)), BadInput);
  EXPECT_THROW(Certificate::from_der(der + "x"), BadInput);
  EXPECT_THROW(Certificate::from_der(""), BadInput);
  EXPECT_THROW(Certificate::from_pem(""), BadInput);
  EXPECT_THROW(Certificate::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
               BadInput);
  EXPECT_EQ(Certificate::all_from_pem(authority.certificate().pem() + authority.certificate().pem()).size(),
            2U);
}

}  // namespace
}  // namespace edgecore::net
