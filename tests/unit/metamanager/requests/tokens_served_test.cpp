// SPDX-License-Identifier: Apache-2.0
// Service account tokens, through the whole module (protocol/02-metamanager.md §3.9, pains.md row 10).
#include "unit/metamanager/node_fixture.hpp"

namespace edgecore::metamanager {
namespace {

class TokensServed : public NodeFixture {
 protected:
  static Json request(const std::string& uid = "u1") {
    Json made;
    made["spec"] = {
        {"audiences", nullptr},
        {"expirationSeconds", 3607},
        {"boundObjectRef", {{"kind", "Pod"}, {"apiVersion", "v1"}, {"name", "nginx"}, {"uid", uid}}}};
    return made;
  }
  Json answer_with(const std::string& text, const std::string& uid = "u1") {
    Json made = request(uid);
    made["kind"] = "TokenRequest";
    made["apiVersion"] = "authentication.k8s.io/v1";
    made["metadata"]["name"] = "default";
    made["spec"]["audiences"] = {"https://kubernetes.default.svc.cluster.local"};
    made["status"] = {{"token", text},
                      {"expirationTimestamp", kube::format_time(clock.wall() + std::chrono::seconds(3607))}};
    return made;
  }
  /// Gets a first token from the cloud, for a pod of this node.
  void get_first() {
    Json pod;
    pod["metadata"] = {{"name", "nginx"}, {"namespace", "default"}, {"uid", "u1"}};
    store.put("default/pod/nginx", "pod", pod.dump());
    auto answer = ask("query", resource, request());
    const auto question = next(cloud);
    ASSERT_TRUE(question);
    EXPECT_EQ(question->content, request());
    reply(question, answer_with("first"));
    EXPECT_EQ(content(std::move(answer))["status"]["token"], "first");
  }
  const std::string resource = "default/serviceaccounttoken/default";
};

TEST_F(TokensServed, AFreshTokenIsServedWithoutTheCloud) {
  start_connected();
  get_first();
  clock.advance(std::chrono::seconds(2800));  // 78 %
  EXPECT_EQ(content(ask("query", resource, request()))["status"]["token"], "first");
  expect_quiet(cloud);
}

TEST_F(TokensServed, AnotherPodOfTheAccountGetsItsOwn) {
  start_connected();
  get_first();
  auto answer = ask("query", resource, request("u2"));
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, answer_with("second", "u2"));
  EXPECT_EQ(content(std::move(answer))["status"]["token"], "second");
  EXPECT_EQ(content(ask("query", resource, request()))["status"]["token"], "first");
}

TEST_F(TokensServed, AfterEightyPercentItIsRefreshed) {
  start_connected();
  get_first();
  clock.advance(std::chrono::seconds(2900));
  auto answer = ask("query", resource, request());
  auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, answer_with("second"));
  EXPECT_EQ(content(std::move(answer))["status"]["token"], "second");
  expect_quiet(cloud);
}

TEST_F(TokensServed, AFailedRefreshKeepsTheOneThatIsStillGood) {
  start_connected();
  get_first();
  clock.advance(std::chrono::seconds(2900));
  for (const Json& shape : {refused(500, "InternalError"), Json::object()}) {
    auto answer = ask("query", resource, request());
    const auto question = next(cloud);
    ASSERT_TRUE(question);
    reply(question, shape);
    const Json got = content(std::move(answer));
    EXPECT_EQ(got["status"]["token"], "first");
    EXPECT_FALSE(got["metadata"].contains("annotations"));
  }
}

TEST_F(TokensServed, AnExpiredTokenIsBetterThanNoneOfflineAndSaysSo) {
  start_connected();
  get_first();
  connect(false);
  clock.advance(std::chrono::hours(48));
  const Json got = content(ask("query", resource, request()));
  EXPECT_EQ(got["status"]["token"], "first");
  EXPECT_EQ(got["metadata"]["annotations"]["edgecore/expired"], "true");
  // It was not written back as expired, nor deleted.
  EXPECT_EQ(content(ask("query", resource, request()))["status"]["token"], "first");
  EXPECT_EQ(content(ask("query", resource, request("u2")))["code"], 503);
}

TEST_F(TokensServed, AnExpiredTokenIsNotServedAgainstTheApiServersWord) {
  start_connected();
  get_first();
  clock.advance(std::chrono::hours(48));
  auto answer = ask("query", resource, request());
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, refused(403, "Forbidden"));
  EXPECT_EQ(content(std::move(answer))["code"], 403);
}

TEST_F(TokensServed, AnAnswerWithoutATokenIsAnError) {
  start_connected();
  auto answer = ask("query", resource, request());
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  Json empty = request();
  empty["kind"] = "TokenRequest";
  empty["status"]["token"] = "";
  reply(question, empty);
  const auto message = wait(answer);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->route.operation, "error");
  const auto reader = store->open_reader();
  EXPECT_TRUE(store::meta::list(reader, "serviceaccounttoken").empty());
}

TEST_F(TokensServed, ThePodsTokensAreDroppedWithIt) {
  start_connected();
  get_first();
  EXPECT_EQ(content(ask("delete", "default/serviceaccounttoken/u1")), "OK");
  auto answer = ask("query", resource, request());
  ASSERT_TRUE(next(cloud));  // asked again
  connect(false);
}

TEST_F(TokensServed, TenPodsAskInParallel) {
  start_connected();
  std::vector<Answer> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(ask("query", resource, request("u" + std::to_string(i))));
  std::vector<MessagePtr> questions;
  for (int i = 0; i < 10; ++i) questions.push_back(next(cloud));
  for (const auto& question : questions) {
    ASSERT_TRUE(question);  // all are out before the first is answered
    const std::string uid = question->content["spec"]["boundObjectRef"]["uid"];
    reply(question, answer_with("t-" + uid, uid));
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(content(std::move(answers[static_cast<std::size_t>(i)]))["status"]["token"],
              "t-u" + std::to_string(i));
  }
}

}  // namespace
}  // namespace edgecore::metamanager
