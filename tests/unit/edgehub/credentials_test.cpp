// SPDX-License-Identifier: Apache-2.0
#include "edgehub/credentials.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "support/temporary_directory.hpp"
#include "support/umask.hpp"
#include "unit/edgehub/fake_authority.hpp"

namespace edgecore::edgehub {
namespace {

class CredentialsTest : public testing::Test {
 protected:
  void SetUp() override {
    files_.emplace(
        CredentialFiles::Paths{dir_ / "ca/rootCA.crt", dir_ / "certs/server.crt", dir_ / "certs/server.key"});
  }

  std::string flaw() const {
    const auto loaded = files_->load();
    return loaded ? "" : loaded.failure().message();
  }
  std::string common_name() const { return files_->load().value().certificate.common_name(); }

  edgecore::test::TemporaryDirectory dir_;
  std::optional<CredentialFiles> files_;
  FakeAuthority authority_;
};

TEST_F(CredentialsTest, StoredPairIsLoadedAgainWithTheRightModes) {
  EXPECT_NE(flaw(), "");
  const auto node = authority_.issue("edge1");
  files_->store_ca(authority_.ca.pem());
  files_->store_pair(node.key.pem(), node.certificate.pem());
  EXPECT_EQ(common_name(), "system:node:edge1");
  struct stat info {};
  ASSERT_EQ(::stat(files_->paths().key.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(files_->paths().certificate.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0644U);
}

TEST_F(CredentialsTest, ModesDoNotDependOnTheUmask) {
  for (const mode_t mask : edgecore::test::kExtremeUmasks) {
    const edgecore::test::Umask now(mask);
    const auto top = dir_ / std::to_string(mask);
    const CredentialFiles files({top / "ca/rootCA.crt", top / "certs/server.crt", top / "certs/server.key"});
    const auto node = authority_.issue("edge1");
    files.store_ca(authority_.ca.pem());
    files.store_pair(node.key.pem(), node.certificate.pem());
    EXPECT_EQ(edgecore::test::mode_of(top / "ca"), 0755U);
    EXPECT_EQ(edgecore::test::mode_of(top / "ca/rootCA.crt"), 0644U);
    EXPECT_EQ(edgecore::test::mode_of(top / "certs/server.crt"), 0644U);
    EXPECT_EQ(edgecore::test::mode_of(top / "certs/server.key"), 0600U);
  }
}

TEST_F(CredentialsTest, AReplacementCutOffByAPowerLossIsFinishedOrForgotten) {
  const auto old_pair = authority_.issue("old");
  const auto new_pair = authority_.issue("new");
  const auto key = files_->paths().key, certificate = files_->paths().certificate;
  files_->store_ca(authority_.ca.pem());

  files_->store_pair(old_pair.key.pem(), old_pair.certificate.pem());  // only the new key had been written
  write_file_atomic(key.string() + ".new", new_pair.key.pem(), 0600);
  EXPECT_EQ(common_name(), "system:node:old");
  EXPECT_FALSE(std::filesystem::exists(key.string() + ".new"));

  files_->store_pair(old_pair.key.pem(), old_pair.certificate.pem());  // the new key was already in place
  write_file_atomic(certificate.string() + ".new", new_pair.certificate.pem(), 0644);
  write_file_atomic(key, new_pair.key.pem(), 0600);
  EXPECT_EQ(common_name(), "system:node:new");
  EXPECT_FALSE(std::filesystem::exists(certificate.string() + ".new"));
}

TEST_F(CredentialsTest, FilesThatDoNotBelongTogetherAreNamed) {
  files_->store_ca(authority_.ca.pem());
  files_->store_pair(authority_.issue("a").key.pem(), authority_.issue("b").certificate.pem());
  EXPECT_NE(flaw().find("do not belong together"), std::string::npos) << flaw();
  write_file_atomic(files_->paths().certificate, "garbage", 0644);
  EXPECT_NE(flaw(), "");
  EXPECT_THROW(files_->store_ca("not PEM"), BadInput);
}

TEST_F(CredentialsTest, VerificationTimeNeverLiesBeforeWhatIsKnownToHavePassed) {
  const auto node = authority_.issue("edge1");
  const Identity identity{authority_.ca, node.certificate, authority_.ca.pem(), node.certificate.pem(),
                          node.key.pem()};
  const WallTime in_1970{};
  EXPECT_GE(time_for_verification(in_1970, &identity), node.certificate.not_before());
  EXPECT_FALSE(unusable(identity, time_for_verification(in_1970, &identity)).has_value());
  EXPECT_TRUE(unusable(identity, node.certificate.not_after() + std::chrono::hours(1)).has_value());
  const auto later = node.certificate.not_before() + std::chrono::hours(24);
  EXPECT_EQ(time_for_verification(later, &identity), later);
}

TEST_F(CredentialsTest, RenewalIsDueHalfWayThroughTheLifetime) {
  const auto certificate = authority_.issue("edge1").certificate;
  const auto lifetime = certificate.not_after() - certificate.not_before();
  EXPECT_EQ(renewal_time(certificate, 0), certificate.not_before() + lifetime / 2);
  EXPECT_LT(renewal_time(certificate, 0.999), certificate.not_before() + lifetime * 6 / 10);
}

TEST_F(CredentialsTest, AnIssuedCertificateHasToBeOursAndForThisNode) {
  const auto node = authority_.issue("edge1");
  const WallTime now = authority_.now;
  EXPECT_NO_THROW(check_issued(node.certificate, node.key, "edge1", now));
  EXPECT_THROW(check_issued(node.certificate, node.key, "edge2", now), BadInput);
  EXPECT_THROW(check_issued(node.certificate, net::PrivateKey::generate(), "edge1", now), BadInput);
  EXPECT_THROW(check_issued(node.certificate, node.key, "edge1", node.certificate.not_after()), BadInput);
}

}  // namespace
}  // namespace edgecore::edgehub
