// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/client_certificates.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/files.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::metaserver {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kIssuedAt{1800000000s};

/// A CA that signs client certificates.
struct Ca {
  Ca() : certificate(self_signed(key)) {}
  static net::Certificate self_signed(const net::PrivateKey& key) {
    net::CertificateTemplate what;
    what.subject = {{"CN", "KubeEdge"}};
    what.not_before = WallTime(0s);
    what.not_after = kIssuedAt + 24h * 3650;
    what.is_ca = true;
    return net::self_sign(what, key);
  }
  [[nodiscard]] net::Certificate issue(WallTime from, WallTime to,
                                       const std::string& name = "system:node:edge1") const {
    net::CertificateTemplate what;
    what.subject = {{"CN", name}};
    what.not_before = from;
    what.not_after = to;
    what.client_auth = true;
    return net::sign(what, net::PrivateKey::generate(), certificate, key);
  }
  net::PrivateKey key = net::PrivateKey::generate();
  net::Certificate certificate;
};

class ClientCertificatesTest : public ::testing::Test {
 protected:
  ClientCertificatesTest() { install(ca); }
  void install(const Ca& which) {
    write_file_atomic(directory / "rootCA.crt", which.certificate.pem(), 0644);
  }
  test::TemporaryDirectory directory;
  Ca ca;
  FakeClock clock{kIssuedAt};
  ClientCertificates certificates{directory / "rootCA.crt", "system:node:edge1", clock};
};

TEST_F(ClientCertificatesTest, AVerdictEndsWithTheCertificateAlsoWhenNoOtherOneWasSeen) {
  const auto hour = ca.issue(kIssuedAt - 1min, kIssuedAt + 1h);
  ASSERT_TRUE(certificates.user_of(hour));
  EXPECT_EQ(certificates.user_of(hour)->name, "system:node:edge1");
  EXPECT_TRUE(certificates.remembered(hour));
  clock.set_wall(kIssuedAt + 1h + 1s);
  EXPECT_FALSE(certificates.remembered(hour));
  EXPECT_FALSE(certificates.user_of(hour));
}

// A board without RTC: keadm was refused, and stayed refused after the clock had been set.
TEST_F(ClientCertificatesTest, ARefusalIsForgottenWhenTheClockIsSet) {
  const auto later = ca.issue(kIssuedAt + 1h, kIssuedAt + 2h);
  EXPECT_FALSE(certificates.user_of(later));
  clock.set_wall(kIssuedAt + 1h + 1s);
  EXPECT_TRUE(certificates.user_of(later));
}

TEST_F(ClientCertificatesTest, AnExchangedCaCountsAtOnce) {
  const auto old = ca.issue(kIssuedAt - 1min, kIssuedAt + 1h);
  ASSERT_TRUE(certificates.user_of(old));
  const Ca next;
  const auto young = next.issue(kIssuedAt - 1min, kIssuedAt + 1h);
  EXPECT_FALSE(certificates.user_of(young));
  install(next);
  EXPECT_FALSE(certificates.user_of(old));
  EXPECT_TRUE(certificates.user_of(young));
  std::filesystem::remove(directory / "rootCA.crt");
  EXPECT_FALSE(certificates.user_of(young));
}

TEST_F(ClientCertificatesTest, OthersAreNobodyAndNoneTakesTheMemory) {
  EXPECT_FALSE(certificates.user_of(ca.issue(kIssuedAt - 1min, kIssuedAt + 1h, "system:node:edge2")));
  EXPECT_FALSE(certificates.user_of(Ca().issue(kIssuedAt - 1min, kIssuedAt + 1h)));
  const auto first = ca.issue(kIssuedAt - 1min, kIssuedAt + 1h);
  ASSERT_TRUE(certificates.user_of(first));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(certificates.user_of(ca.issue(kIssuedAt - 1min, kIssuedAt + 1h)));
  EXPECT_FALSE(certificates.remembered(first));
  EXPECT_TRUE(certificates.user_of(first));
}

}  // namespace
}  // namespace edgecore::metaserver
