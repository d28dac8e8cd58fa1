// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/volume_content.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/time.hpp"
#include "edged/volumes/token_cache.hpp"

namespace edgecore::edged {
namespace {

using ::testing::HasSubstr;
using ConfigKind = kube::EnvFrom::Kind;

kube::PodPtr pod_with_volume(const std::string& volume, const std::string& spec = "") {
  return kube::parse_pod(kube::parse_json(
      R"x({"metadata": {"name": "p", "namespace": "ns", "uid": "u", "labels": {"b": "2", "a": "1"}},
          "spec": {"serviceAccountName": "sa", )x" +
      spec + R"x("containers": [{"name": "c", "image": "i", "resources": {"limits": {"cpu": "1500m"}}}],
          "volumes": [{"name": "v", )x" +
      volume + "}]}}"));
}

MetaAnswer object(const std::string& text) {
  return {kube::parse_json(text), std::nullopt};
}
MetaAnswer missing() {
  return {nullptr, kube::Status::not_found("configmap", "x")};
}

Payload payload(const kube::Pod& pod, const ContentObjects& found) {
  return make_payload(pod.spec.volumes[0], pod, {}, found);
}
std::string error_of(const kube::Pod& pod, const ContentObjects& found) {
  try {
    payload(pod, found);
  } catch (const VolumeError& error) {
    return error.what();
  }
  return "no error";
}

TEST(VolumeContent, AConfigMapGivesAllItsKeys) {
  const auto pod = pod_with_volume(R"x("configMap": {"name": "m"})x");
  ContentObjects found;
  found.objects[{ConfigKind::kConfigMap, "m"}] =
      object(R"({"data": {"a": "text"}, "binaryData": {"b": "AP8="}})");
  const Payload expected{{"a", {"text", 0644}}, {"b", {std::string("\0\xff", 2), 0644}}};
  EXPECT_EQ(payload(*pod, found), expected);
}

TEST(VolumeContent, ItemsChooseKeysPathsAndModes) {
  const auto pod = pod_with_volume(R"x("secret": {"secretName": "s", "defaultMode": 256, "items": [
      {"key": "a", "path": "dir/one"}, {"key": "a", "path": "two", "mode": 511}]})x");
  ContentObjects found;
  found.objects[{ConfigKind::kSecret, "s"}] = object(R"({"data": {"a": "aGk=", "b": "aGk="}})");
  const Payload expected{{"dir/one", {"hi", 0400}}, {"two", {"hi", 0777}}};
  EXPECT_EQ(payload(*pod, found), expected);
}

TEST(VolumeContent, SaysWhatIsMissing) {
  const auto pod = pod_with_volume(R"x("configMap": {"name": "m", "items": [{"key": "k", "path": "k"}]})x");
  ContentObjects found;
  found.objects[{ConfigKind::kConfigMap, "m"}] = missing();
  EXPECT_EQ(error_of(*pod, found), "configmap \"m\" not found");
  found.objects[{ConfigKind::kConfigMap, "m"}] = object(R"({"data": {"other": ""}})");
  EXPECT_THAT(error_of(*pod, found), HasSubstr("references non-existent config key: k"));
  found.objects[{ConfigKind::kConfigMap, "m"}] = {nullptr,
                                                  kube::Status::service_unavailable("the link is down")};
  EXPECT_THAT(error_of(*pod, found), HasSubstr("the link is down"));
}

TEST(VolumeContent, OptionalToleratesAbsenceAndNothingElse) {
  const auto pod = pod_with_volume(
      R"x("secret": {"secretName": "s", "optional": true, "items": [{"key": "k", "path": "k"}]})x");
  ContentObjects found;
  found.objects[{ConfigKind::kSecret, "s"}] = missing();
  EXPECT_TRUE(payload(*pod, found).empty());
  found.objects[{ConfigKind::kSecret, "s"}] = object(R"({"data": {}})");
  EXPECT_TRUE(payload(*pod, found).empty());
  found.objects[{ConfigKind::kSecret, "s"}] = {nullptr, kube::Status::timeout("no answer")};
  EXPECT_THAT(error_of(*pod, found), HasSubstr("no answer"));
  found.objects[{ConfigKind::kSecret, "s"}] = object(R"({"data": {"k": "not base64!"}})");
  EXPECT_THAT(error_of(*pod, found), HasSubstr("no usable value at \"k\""));
}

TEST(VolumeContent, AHostileKeyIsNoPath) {
  const auto pod = pod_with_volume(R"x("configMap": {"name": "m"})x");
  for (const char* key : {"../../etc/passwd", "a/b", "..data", ""}) {
    ContentObjects found;
    found.objects[{ConfigKind::kConfigMap, "m"}] = {Json{{"data", {{key, "x"}}}}, std::nullopt};
    EXPECT_THAT(error_of(*pod, found), HasSubstr("no usable value")) << key;
  }
}

const char* const kProjected = R"x("projected": {"defaultMode": 420, "sources": [
    {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}},
      {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
      {"path": "cpu", "resourceFieldRef": {"containerName": "c", "resource": "limits.cpu"}}]}}]})x";

ContentObjects found_for_projected() {
  ContentObjects found;
  found.objects[{ConfigKind::kConfigMap, "kube-root-ca.crt"}] = object(R"({"data": {"ca.crt": "PEM"}})");
  found.tokens[{"", 3607}] = {"jwt", {}, {}, std::nullopt};
  return found;
}

TEST(VolumeContent, TheApiAccessVolumeHasTokenCaAndNamespace) {
  const auto pod = pod_with_volume(kProjected);
  const auto needs = content_needs(*pod);
  ASSERT_EQ(needs.objects.size(), 1U);
  EXPECT_EQ(needs.objects[0].name, "kube-root-ca.crt");
  ASSERT_EQ(needs.tokens.size(), 1U);
  const Payload expected{{"token", {"jwt", 0644}},
                         {"ca.crt", {"PEM", 0644}},
                         {"namespace", {"ns", 0644}},
                         {"labels", {"a=\"1\"\nb=\"2\"", 0644}},
                         {"cpu", {"2", 0644}}};
  EXPECT_EQ(payload(*pod, found_for_projected()), expected);
}

TEST(VolumeContent, TheTokenIsTheUsersOwnWhenThePodHasOne) {
  const auto user = pod_with_volume(kProjected, R"x("securityContext": {"runAsUser": 1000},)x");
  const ContentFile owned{"jwt", 0600, 1000};
  EXPECT_EQ(payload(*user, found_for_projected()).at("token"), owned);
  const auto group = pod_with_volume(kProjected, R"x("securityContext": {"fsGroup": 5},)x");
  const ContentFile grouped{"jwt", 0600};
  EXPECT_EQ(payload(*group, found_for_projected()).at("token"), grouped);
}

TEST(VolumeContent, OneSourceThatFailsFailsTheVolume) {
  const auto pod = pod_with_volume(kProjected);
  auto found = found_for_projected();
  found.tokens[{"", 3607}].refused = kube::Status::service_unavailable("offline");
  EXPECT_THAT(error_of(*pod, found), HasSubstr("cannot get a token for service account \"sa\": offline"));
}

WallTime at(const char* text) {
  return *kube::parse_time(text);
}

TEST(TokenCache, RenewsAtFourFifthsOfTheLifeOrAfterADay) {
  TokenAnswer token{"t", at("2026-01-01T00:00:00Z"), at("2026-01-01T01:00:00Z"), std::nullopt};
  EXPECT_EQ(renewal_time(token), at("2026-01-01T00:48:00Z"));
  token.expires = at("2027-01-01T00:00:00Z");
  EXPECT_EQ(renewal_time(token), at("2026-01-02T00:00:00Z"));
}

TEST(TokenCache, KeepsTheOldTokenWhileThereIsNoNewOne) {
  TokenCache cache;
  const TokenKey key{"", 3600};
  const TokenAnswer token{"t", at("2026-01-01T00:00:00Z"), at("2026-01-01T01:00:00Z"), std::nullopt};
  TokenAnswer refusal;
  refusal.refused = kube::Status::service_unavailable("offline");
  EXPECT_TRUE(cache.due("u", key, token.issued));
  EXPECT_EQ(cache.put("u", key, token, token.issued).token, "t");
  EXPECT_FALSE(cache.due("u", key, at("2026-01-01T00:47:59Z")));
  EXPECT_TRUE(cache.due("u", key, at("2026-01-01T00:48:00Z")));
  EXPECT_TRUE(cache.due("other", key, token.issued)) << "another pod never gets it";

  auto now = at("2026-01-01T00:48:00Z");
  EXPECT_EQ(cache.put("u", key, refusal, now).token, "t");
  EXPECT_EQ(cache.next("u"), now + std::chrono::seconds(30));
  now += std::chrono::seconds(30);
  EXPECT_EQ(cache.put("u", key, refusal, now).token, "t");
  EXPECT_EQ(cache.next("u"), now + std::chrono::seconds(60));
  now = at("2026-01-03T00:00:00Z");
  EXPECT_EQ(cache.put("u", key, refusal, now).token, "t") << "offline an expired token is served";
  EXPECT_EQ(cache.next("u"), now + std::chrono::seconds(120));

  TokenAnswer newer{"n", now, now + std::chrono::hours(1), std::nullopt};
  EXPECT_EQ(cache.put("u", key, newer, now).token, "n");
  EXPECT_EQ(cache.next("u"), now + std::chrono::minutes(48));
  cache.forget("u");
  EXPECT_EQ(cache.next("u"), std::nullopt);
}

TEST(TokenCache, AnExpiredRowDoesNotReplaceABetterToken) {
  TokenCache cache;
  const TokenKey key{"", 3600};
  const auto now = at("2026-01-02T00:00:00Z");
  const TokenAnswer good{"good", now - std::chrono::minutes(50), now + std::chrono::minutes(10),
                         std::nullopt};
  const TokenAnswer stale{"stale", now - std::chrono::hours(9), now - std::chrono::hours(8), std::nullopt};
  cache.put("u", key, good, now - std::chrono::minutes(50));
  EXPECT_EQ(cache.put("u", key, stale, now).token, "good");
  EXPECT_EQ(cache.put("v", key, stale, now).token, "stale");
  EXPECT_EQ(cache.next("v"), now + std::chrono::seconds(30));
}

TEST(TokenRequest, IsBoundToThePod) {
  const auto pod = pod_with_volume(kProjected);
  EXPECT_EQ(
      kube::dump_json(token_request(*pod, {"", "token", 3607})),
      R"({"spec":{"audiences":null,"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u"},)"
      R"("expirationSeconds":3607}})");
  EXPECT_EQ(token_request(*pod, {"vault", "token", 600})["spec"]["audiences"], Json::array({"vault"}));
}

TEST(TokenRequest, AnAnswerWithoutTokenIsARefusal) {
  EXPECT_TRUE(read_token(kube::parse_json(R"({"status": {"token": "x"}})"), {}).refused);
  EXPECT_TRUE(read_token(nullptr, {}).refused);
  const auto good = read_token(
      kube::parse_json(
          R"({"spec": {"expirationSeconds": 600}, "status": {"token": "x", "expirationTimestamp": "2026-01-01T01:00:00Z"}})"),
      {});
  EXPECT_FALSE(good.refused);
  EXPECT_EQ(good.issued, at("2026-01-01T00:50:00Z"));
}

}  // namespace
}  // namespace edgecore::edged
