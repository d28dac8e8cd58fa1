// SPDX-License-Identifier: Apache-2.0
#include "metaserver/serving/serving_certificate.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "edgecore/base/files.hpp"
#include "unit/metaserver/serving_fixture.hpp"

namespace edgecore::metaserver {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class ServingCertificateTest : public ServingFixture {};

TEST_F(ServingCertificateTest, TheFirstOneIsAskedForAndStoredAsAKubeletStoresIt) {
  start();
  const MessagePtr insert = expect("insert");
  EXPECT_EQ(insert->route.source, "metaserver");
  EXPECT_EQ(insert->route.group, "meta");
  EXPECT_THAT(insert->route.resource, StartsWith("default/certificatesigningrequest/metaserver-csr-edge-1-"));
  EXPECT_EQ(insert->content["kind"], "CertificateSigningRequest");
  EXPECT_EQ(insert->content["metadata"]["name"], name_of(insert));
  EXPECT_EQ(insert->content["spec"]["signerName"], "kubernetes.io/kubelet-serving");
  EXPECT_EQ(insert->content["spec"]["usages"],
            Json({"digital signature", "key encipherment", "server auth"}));
  const auto request = net::CertificateRequest::from_pem(request_pem(insert->content));
  EXPECT_EQ(request.subject(), (net::Name{{"O", "system:nodes"}, {"CN", "system:node:edge-1"}}));
  EXPECT_THAT(request.ip_addresses(), ElementsAre("127.0.0.1", "169.254.30.10"));
  EXPECT_TRUE(request.signature_valid());
  EXPECT_THAT(files(), ElementsAre("metaserver-pending.key"));

  answer(insert, created(insert));
  for (int look = 0; look < 3; ++look) answer(expect("query"), created(insert));
  answer(expect("query"), with_condition(created(insert), "Approved"));  // not signed yet
  answer(expect("query"), issued(created(insert)));

  const auto pair = next_pair();
  ASSERT_TRUE(pair);
  EXPECT_TRUE(net::Certificate::from_pem(pair->first).matches(net::PrivateKey::from_pem(pair->second)));
  EXPECT_THAT(pair->second, StartsWith("-----BEGIN EC PRIVATE KEY-----"));
  expect_quiet();
  EXPECT_THAT(files(), ElementsAre("metaserver-2026-06-01-12-00-00.pem", "metaserver-current.pem"));
  const auto current = options.directory / "metaserver-current.pem";
  EXPECT_EQ(std::filesystem::read_symlink(current), "metaserver-2026-06-01-12-00-00.pem");
  EXPECT_EQ(read_file(current, 1U << 20U), pair->first + pair->second);
  struct stat mode {};
  ASSERT_EQ(::stat(current.c_str(), &mode), 0);
  EXPECT_EQ(mode.st_mode & 0777U, 0600U);
}

TEST_F(ServingCertificateTest, AfterARestartWithoutTheCloudItIsThereAtOnce) {
  start();
  issue();
  const auto first = next_pair();
  restart();
  EXPECT_EQ(next_pair(), first);
  connected();
  expect_quiet();
}

TEST_F(ServingCertificateTest, TheFilesOfAnOlderInstallationAreTakenToo) {
  const auto key = net::PrivateKey::generate();
  const auto leaf = net::sign(ClusterAuthority::granted(clock.wall()), key, authority.ca, authority.key);
  std::filesystem::create_directories(options.directory);
  write_file_atomic(options.directory / "metaserver-current.pem", "no certificate", 0600);
  write_file_atomic(options.directory / "metaserver.crt", leaf.pem() + authority.ca.pem(), 0644);
  write_file_atomic(options.directory / "metaserver.key", key.pem(), 0600);
  start();
  EXPECT_EQ(next_pair(), Pair(leaf.pem() + authority.ca.pem(), key.pem()));
  expect_quiet();
}

TEST_F(ServingCertificateTest, ItIsRenewedInTimeWithAnotherKeyAndTheLastTwoFilesAreKept) {
  start();
  const MessagePtr first = issue();
  ASSERT_TRUE(next_pair());
  clock.advance(69h);  // of 100
  connected();
  expect_quiet();
  clock.advance(22h);
  connected();
  const MessagePtr second = issue();
  ASSERT_TRUE(next_pair());
  EXPECT_NE(name_of(first), name_of(second));
  clock.advance(91h);
  connected();
  issue();
  ASSERT_TRUE(next_pair());
  EXPECT_THAT(files(), ElementsAre("metaserver-2026-06-05-07-00-00.pem", "metaserver-2026-06-09-02-00-00.pem",
                                   "metaserver-current.pem"));
  EXPECT_EQ(std::filesystem::read_symlink(options.directory / "metaserver-current.pem"),
            "metaserver-2026-06-09-02-00-00.pem");
}

TEST_F(ServingCertificateTest, TheDateIsLookedAtWithoutAnybodySayingSo) {
  options.pace.date_check = 10ms;
  start();
  issue();
  ASSERT_TRUE(next_pair());
  expect_quiet();
  clock.advance(95h);
  issue();
  EXPECT_TRUE(next_pair());
}

TEST_F(ServingCertificateTest, AnExpiredOneStaysInUseWhileANewOneIsAskedFor) {
  start();
  issue();
  const auto first = next_pair();
  stop();
  clock.advance(1000h);
  start();
  EXPECT_EQ(next_pair(), first);
  issue();
  const auto second = next_pair();
  ASSERT_TRUE(second);
  EXPECT_NE(second->first, first->first);
}

TEST_F(ServingCertificateTest, ANewAddressNeedsANewOne) {
  start();
  issue();
  const auto first = next_pair();
  stop();
  options.ip_addresses = {"127.0.0.1", "fd00::0010", "169.254.30.10", "127.0.0.1", "localhost"};
  start();
  EXPECT_EQ(next_pair(), first);
  const MessagePtr insert = expect("insert");
  EXPECT_THAT(net::CertificateRequest::from_pem(request_pem(insert->content)).ip_addresses(),
              ElementsAre("127.0.0.1", "fd00::10", "169.254.30.10"));
  auto what = ClusterAuthority::granted(clock.wall());
  what.ip_addresses.emplace_back("fd00::10");
  answer(insert, issued(created(insert), what));
  EXPECT_TRUE(next_pair());
  expect_quiet();
}

TEST_F(ServingCertificateTest, ABoardThatBootsIn1970KeepsItsCertificate) {
  start();
  issue();
  const auto first = next_pair();
  stop();
  clock.set_wall(WallTime{});
  start();
  EXPECT_EQ(next_pair(), first);
  expect_quiet();
}

TEST_F(ServingCertificateTest, AnApprovalThatCameWhileTheProgramWasNotRunningIsNotLost) {
  start();
  const MessagePtr insert = expect("insert");
  answer(insert, created(insert));
  expect("query");
  restart();
  const MessagePtr again = expect("insert");
  EXPECT_EQ(name_of(again), name_of(insert));
  refuse(again, kube::Status::already_exists("certificatesigningrequests", name_of(again)));
  answer(expect("query"), issued(created(insert)));
  ASSERT_TRUE(next_pair());
  expect_quiet();
}

TEST_F(ServingCertificateTest, ARequestOfAnotherKeyUnderItsNameIsInNobodysWay) {
  start();
  const MessagePtr insert = expect("insert");
  refuse(insert, kube::Status::already_exists("certificatesigningrequests", name_of(insert)));
  Json stranger = created(insert);
  const auto other = net::PrivateKey::generate();
  const auto request = net::CertificateRequest::make(
      other, {{"O", "system:nodes"}, {"CN", "system:node:edge-1"}}, {{}, {"127.0.0.1", "169.254.30.10"}});
  stranger["spec"]["request"] = net::base64(request.pem());
  answer(expect("query"), issued(stranger));
  const MessagePtr next_one = issue();
  EXPECT_NE(name_of(next_one), name_of(insert));
  EXPECT_TRUE(next_pair());
}

TEST_F(ServingCertificateTest, ARequestThatWasReplacedInTheClusterIsStartedOver) {
  start();
  const MessagePtr insert = expect("insert");
  answer(insert, created(insert, "u1"));
  answer(expect("query"), issued(created(insert, "u2")));
  EXPECT_NE(name_of(issue()), name_of(insert));
  EXPECT_TRUE(next_pair());
}

TEST_F(ServingCertificateTest, ARequestThatTheClusterHasForgottenIsMadeAgain) {
  start();
  const MessagePtr insert = expect("insert");
  answer(insert, created(insert));
  refuse(expect("query"), kube::Status::not_found("certificatesigningrequests", name_of(insert)));
  const MessagePtr again = expect("insert");
  EXPECT_EQ(name_of(again), name_of(insert));
  answer(again, issued(created(again, "u2")));
  EXPECT_TRUE(next_pair());
}

TEST_F(ServingCertificateTest, ADeniedOrFailedRequestIsFollowedByOneWithANewKey) {
  start();
  const MessagePtr denied = expect("insert");
  answer(denied, created(denied));
  answer(expect("query"), with_condition(created(denied), "Denied"));
  const MessagePtr failed = expect("insert");
  EXPECT_NE(name_of(failed), name_of(denied));
  answer(failed, created(failed));
  answer(expect("query"), with_condition(with_condition(created(failed), "Approved"), "Failed"));
  EXPECT_NE(name_of(issue()), name_of(failed));
  EXPECT_TRUE(next_pair());
}

TEST_F(ServingCertificateTest, ARefusalIsFollowedByAPauseWhateverTheConnectionDoes) {
  options.pace.first_retry = 10min;
  options.pace.longest_retry = 10min;
  start();
  const MessagePtr insert = expect("insert");
  answer(insert, with_condition(created(insert), "Denied"));
  for (int i = 0; i < 5; ++i) connected();
  expect_quiet();
}

TEST_F(ServingCertificateTest, ARequestThatNobodyApprovesIsLookedAtEverMoreSeldom) {
  options.pace.approval_within = 30ms;
  options.pace.longest_retry = 10min;
  start();
  const MessagePtr insert = expect("insert");
  answer(insert, created(insert));
  int looks = 0;
  while (const MessagePtr query = next(100ms)) {
    answer(query, created(insert));
    ASSERT_LT(++looks, 30);
  }
  EXPECT_GE(looks, 3);
  connected();
  answer(expect("query"), issued(created(insert)));
  EXPECT_TRUE(next_pair());
}

TEST_F(ServingCertificateTest, ACertificateThatDoesNotFitIsRefused) {
  start();
  std::vector<std::string> names;
  const auto give = [&](const std::function<std::string(const Json&)>& chain) {
    const MessagePtr insert = expect("insert");
    names.push_back(name_of(insert));
    answer(insert, issued_as(created(insert), chain(insert->content)));
  };
  give([&](const Json&) {  // of another key
    const auto key = net::PrivateKey::generate();
    return net::sign(ClusterAuthority::granted(clock.wall()), key, authority.ca, authority.key).pem();
  });
  give([&](const Json& object) {  // for one address only
    auto what = ClusterAuthority::granted(clock.wall());
    what.ip_addresses = {"127.0.0.1"};
    return authority.sign(what, request_pem(object));
  });
  give([&](const Json& object) {  // for another node
    auto what = ClusterAuthority::granted(clock.wall());
    what.subject[1].value = "system:node:edge-2";
    return authority.sign(what, request_pem(object));
  });
  give([&](const Json& object) {  // for no node
    auto what = ClusterAuthority::granted(clock.wall());
    what.subject[0].value = "system:masters";
    return authority.sign(what, request_pem(object));
  });
  give([](const Json&) { return std::string("no certificate"); });
  const MessagePtr insert = expect("insert");
  names.push_back(name_of(insert));
  Json broken = with_condition(created(insert), "Approved");
  broken["status"]["certificate"] = "no base64!";
  answer(insert, broken);

  names.push_back(name_of(issue()));
  ASSERT_TRUE(next_pair());
  EXPECT_FALSE(next_pair(20ms));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end()) << "a key was used twice";
}

TEST_F(ServingCertificateTest, ACertificateThatHasEndedByAWrongClockIsTakenWhenTheClockIsRight) {
  const WallTime today = clock.wall();
  clock.advance(24h * 365 * 5);
  start();
  const MessagePtr insert = expect("insert");
  answer(insert, created(insert));
  const Json object = issued(created(insert), ClusterAuthority::granted(today));
  answer(expect("query"), object);
  const MessagePtr again = expect("query");
  EXPECT_EQ(name_of(again), name_of(insert));
  EXPECT_FALSE(next_pair(0ms)) << "it has ended by this clock";
  clock.set_wall(today);
  answer(again, object);
  EXPECT_TRUE(next_pair());
}

TEST_F(ServingCertificateTest, AConnectionThatIsLostInTheMiddleOnlyCostsItsTime) {
  options.pace.first_retry = 10min;
  options.pace.longest_retry = 10min;
  start();
  const auto cut = kube::Status::service_unavailable("the connection to the cloud was lost");
  refuse(expect("insert"), cut);
  expect_quiet();  // nothing is asked without a connection
  connected();
  const MessagePtr insert = expect("insert");
  answer(insert, created(insert));
  refuse(expect("query"), cut);
  expect_quiet();
  connected();
  const MessagePtr query = expect("query");
  EXPECT_EQ(name_of(query), name_of(insert));
  answer(query, issued(created(insert)));
  EXPECT_TRUE(next_pair());
}

TEST_F(ServingCertificateTest, WithoutANoticeTheCloudIsAskedAgainAllTheSame) {
  start();
  for (int i = 0; i < 4; ++i) refuse(expect("insert"), kube::Status::timeout("no answer"));
  issue();
  EXPECT_TRUE(next_pair());
}

TEST_F(ServingCertificateTest, AnApiServerThatTakesNoRequestIsAskedAgainForTheSame) {
  start();
  const MessagePtr first = expect("insert");
  refuse(first, kube::Status::forbidden("certificatesigningrequests", name_of(first), "no"));
  EXPECT_EQ(name_of(issue()), name_of(first));
  EXPECT_TRUE(next_pair());
}

TEST_F(ServingCertificateTest, ACertificateThatCannotBeStoredIsUsedAllTheSame) {
  write_file_atomic(options.directory, "a file where the directory should be", 0600);
  start();
  issue();
  EXPECT_TRUE(next_pair());
  expect_quiet();
}

TEST_F(ServingCertificateTest, ItSaysWhenTheCertificateEnds) {
  ServingCertificate unused(context, options, [](const std::string&, const std::string&) {});
  EXPECT_EQ(unused.not_after(), std::nullopt);
  start();
  issue();
  ASSERT_TRUE(next_pair());
  expect_quiet();
  EXPECT_EQ(certificate->not_after(), clock.wall() + 100h);
}

}  // namespace
}  // namespace edgecore::metaserver
