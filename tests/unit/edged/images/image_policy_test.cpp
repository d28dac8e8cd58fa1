// SPDX-License-Identifier: Apache-2.0
#include "edged/images/image_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgecore::edged {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> users(const Keyring& keyring, const char* image) {
  std::vector<std::string> out;
  for (const auto& one : keyring.lookup(image)) out.push_back(one.username + ":" + one.password);
  return out;
}

TEST(ImagePolicy, AddsTheDefaultTagAndRefusesNonsense) {
  EXPECT_EQ(choose_image("nginx").reference, "nginx:latest");
  EXPECT_EQ(choose_image("localhost/busybox:1.35").reference, "localhost/busybox:1.35");
  EXPECT_EQ(choose_image("Bad Image").refused->reason, "InvalidImageName");
}

TEST(ImagePolicy, DecidesByPolicyAndPresence) {
  EXPECT_EQ(decide_pull("Always", "a", true), PullDecision::kPull);
  EXPECT_EQ(decide_pull("IfNotPresent", "a", true), PullDecision::kUseLocal);
  EXPECT_EQ(decide_pull("IfNotPresent", "a", false), PullDecision::kPull);
  EXPECT_EQ(decide_pull("Never", "a", true), PullDecision::kUseLocal);
  EXPECT_EQ(decide_pull("Never", "a", false), PullDecision::kRefuse);
  EXPECT_EQ(decide_pull("", "a:1", true), PullDecision::kUseLocal);
  EXPECT_EQ(decide_pull("", "a", true), PullDecision::kPull);
  EXPECT_EQ(never_pull_refusal("x").message,
            "Container image \"x\" is not present with pull policy of Never");
  EXPECT_EQ(pull_failure("SignatureValidationFailed: x").reason, "SignatureValidationFailed");
  EXPECT_EQ(pull_failure("rpc error").reason, "ErrImagePull");
}

TEST(Keyring, MatchesHostsByLabelPortsExactlyAndPathsByPrefix) {
  Keyring keyring;
  EXPECT_TRUE(keyring.add_config(R"({"auths": {"https://index.docker.io/v1/": {"auth": "aHViOnB3"},
      "*.example.com": {"username": "glob", "password": "1"}, "r.example.com/team": {"username": "team", "password": "2"},
      "r.example.com:5000": {"username": "port", "password": "3"}, "broken": {"auth": "!!"}, "empty": {}}})"));
  EXPECT_THAT(users(keyring, "nginx"), ElementsAre("hub:pw"));
  EXPECT_THAT(users(keyring, "r.example.com/team/app:1"), ElementsAre("team:2", "glob:1"));
  EXPECT_THAT(users(keyring, "r.example.com/team-evil/app:1"), ElementsAre("glob:1"));
  EXPECT_THAT(users(keyring, "r.example.com/other"), ElementsAre("glob:1"));
  EXPECT_THAT(users(keyring, "r.example.com:5000/team/app"), ElementsAre("port:3"));
  EXPECT_THAT(users(keyring, "a.b.example.com/x"), IsEmpty());
  EXPECT_THAT(users(keyring, "quay.io/x"), IsEmpty());
}

TEST(Keyring, ReadsBothKindsOfSecretAndNothingElse) {
  Keyring keyring;
  EXPECT_TRUE(keyring.add_secret(
      {{"type", "kubernetes.io/dockercfg"}, {"data", {{".dockercfg", "eyJyLmlvIjp7ImF1dGgiOiJZVHBpIn19"}}}}));
  EXPECT_THAT(users(keyring, "r.io/x"), ElementsAre("a:b"));
  EXPECT_FALSE(keyring.add_secret({{"type", "Opaque"}, {"data", {{".dockercfg", "e30="}}}}));
  EXPECT_FALSE(keyring.add_secret({{"type", "kubernetes.io/dockerconfigjson"}, {"data", nullptr}}));
  EXPECT_FALSE(keyring.add_config("{not json"));
}

}  // namespace
}  // namespace edgecore::edged
