// SPDX-License-Identifier: Apache-2.0
// edged's requests, through the whole module (docs/messages.md "edged → metamanager").
#include "unit/metamanager/node_fixture.hpp"

namespace edgecore::metamanager {
namespace {

class RequestsTest : public NodeFixture {};

TEST_F(RequestsTest, PodsAreAnsweredFromTheDatabaseWithoutTheCloud) {
  forget_resync();
  store.put("default/pod/a", "pod", pod("a", "ua", "1").dump());
  store.put("kube-system/pod/b", "pod", R"({"metadata":{"name":"b","namespace":"kube-system"}})");
  store.put("default/pod/broken", "pod", "{");
  start();
  connect(false);
  const Json all = get("default/pod");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["metadata"]["name"], "a");
  EXPECT_EQ(all[1]["kind"], "Pod");
  EXPECT_EQ(get("default/pod/a")["metadata"]["uid"], "ua");
  const Json missing = get("default/pod/none");
  EXPECT_EQ(missing["kind"], "Status");
  EXPECT_EQ(missing["code"], 404);
  expect_quiet(cloud);
}

// protocol/07-observed.md: of 49 equal queries 41 were answered.
TEST_F(RequestsTest, EightAskersOfOneConfigMapShareOneQuery) {
  start_connected();
  std::vector<Answer> answers;
  for (int i = 0; i < 8; ++i) answers.push_back(ask("query", "default/configmap/c"));
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->route.source, "edged");
  EXPECT_EQ(question->route.group, "meta");
  EXPECT_EQ(question->route.operation, "query");
  EXPECT_EQ(question->route.resource, "default/configmap/c");
  EXPECT_TRUE(question->content.is_null());
  get("default/pod/none");  // answered here: by then all eight are waiting
  expect_quiet(cloud);
  auto response = make_reply(question, config_map("7"));
  const std::string id = response.header.id;
  ASSERT_TRUE(bus->respond(std::move(response)));
  for (auto& answer : answers) EXPECT_EQ(content(std::move(answer)), config_map("7"));
  expect_ack(id);
  EXPECT_EQ(Json::parse(store.value("default/configmap/c")), config_map("7"));
  // From now on the cloud keeps it current: no more queries.
  EXPECT_EQ(get("default/configmap/c"), config_map("7"));
  expect_quiet(cloud);
}

TEST_F(RequestsTest, AFailureIsSharedToo) {
  start_connected();
  std::vector<Answer> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(ask("query", "default/secret/s"));
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  get("default/pod/none");  // answered here: by then all three are waiting
  expect_quiet(cloud);
  reply(question, refused(404, "NotFound", "secret \"s\" not found"));
  for (auto& answer : answers) {
    const auto message = wait(answer);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->route.operation, "error");
    EXPECT_EQ(message->content["code"], 404);
    EXPECT_EQ(message->content["reason"], "NotFound");
  }
  EXPECT_EQ(store.value("default/secret/s"), "");
}

TEST_F(RequestsTest, APushedObjectIsCurrent) {
  start_connected();
  push(from_cloud("update", "default/configmap/c", config_map("9")));
  ASSERT_TRUE(next(cloud));
  EXPECT_EQ(get("default/configmap/c"), config_map("9"));
  expect_quiet(cloud);
}

TEST_F(RequestsTest, AnAnswerWithAnotherVersionReachesThePodsThatDidNotAsk) {
  store.put("default/configmap/c", "configmap", config_map("3", "old").dump());
  start_connected();
  const auto ask_and_answer = [&](const Json& object) {
    auto answer = ask("query", "default/configmap/c");
    const auto question = next(cloud);
    ASSERT_TRUE(question);
    reply(question, object);
    EXPECT_EQ(content(std::move(answer)), object);
    ASSERT_TRUE(next(cloud)) << "the ack";
  };
  ask_and_answer(config_map("7", "new"));
  const auto news = next(edged);
  ASSERT_TRUE(news) << "the cloud takes the new version as known and pushes nothing";
  EXPECT_EQ(news->route.operation, "update");
  EXPECT_EQ(news->route.resource, "default/configmap/c");
  EXPECT_EQ(news->content, config_map("7", "new"));
  connect(false);
  connect(true);
  ask_and_answer(config_map("7", "new"));
  expect_quiet(edged);
}

TEST_F(RequestsTest, ACopyOfUnknownAgeIsServedWhenTheCloudIsSlowAndCheckedOnce) {
  store.put("default/configmap/c", "configmap", config_map("3", "old").dump());
  tuning.local_copy_patience = kSoon;
  start_connected();
  auto answer = ask("query", "default/configmap/c");
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(content(std::move(answer)), config_map("3", "old"));
  reply(question, config_map("7", "new"));
  ASSERT_TRUE(next(cloud));  // the ack, after the commit
  // The cloud counts the new version as delivered and pushes nothing, so a module that went on with the old
  // one is told here.
  const auto news = next(edged);
  ASSERT_TRUE(news) << "a pod would keep the old content for ever";
  EXPECT_EQ(news->route.operation, "update");
  EXPECT_EQ(news->route.resource, "default/configmap/c");
  EXPECT_EQ(news->content, config_map("7", "new"));
  EXPECT_EQ(get("default/configmap/c"), config_map("7", "new"));
  expect_quiet(cloud);
  expect_quiet(edged);
}

TEST_F(RequestsTest, AfterAReconnectACopyIsOfUnknownAgeAgain) {
  start_connected();
  push(from_cloud("update", "default/configmap/c", config_map("7", "new")));
  ASSERT_TRUE(next(cloud));
  EXPECT_EQ(get("default/configmap/c"), config_map("7", "new"));
  connect(false);
  connect(true);
  auto answer = ask("query", "default/configmap/c");
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->route.operation, "query");
  reply(question, config_map("8", "newer"));
  EXPECT_EQ(content(std::move(answer)), config_map("8", "newer"));
}

TEST_F(RequestsTest, AnAnswerThatIsLateForAnEdgedThatHasFailedIsKeptAllTheSame) {
  store.put("default/configmap/c", "configmap", config_map("3", "old").dump());
  edged->close("module edged has failed and is not started again");
  tuning.local_copy_patience = kSoon;
  start_connected();
  auto answer = ask("query", "default/configmap/c");
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(content(std::move(answer)), config_map("3", "old"));
  reply(question, config_map("7", "new"));
  ASSERT_TRUE(next(cloud));
  EXPECT_EQ(get("default/configmap/c"), config_map("7", "new"));
  expect_no_restart();
}

// protocol/02-metamanager.md §10.1, §10.2: error shapes are not objects.
TEST_F(RequestsTest, ErrorsOfTheCloudLeaveTheLocalRowAndServeIt) {
  store.put("default/configmap/c", "configmap", config_map("3").dump());
  start_connected();
  for (const Json& shape :
       {Json::object(), Json::parse(R"({"Op":"Get","URL":"https://x","Err":{}})"), Json("no route")}) {
    auto answer = ask("query", "default/configmap/c");
    const auto question = next(cloud);
    ASSERT_TRUE(question);
    reply(question, shape);
    EXPECT_EQ(content(std::move(answer)), config_map("3")) << shape;
    ASSERT_TRUE(next(cloud));  // acknowledged: it must not come back
    EXPECT_EQ(Json::parse(store.value("default/configmap/c")), config_map("3"));
  }
}

TEST_F(RequestsTest, OfflineTheLocalRowIsServedAndNothingIsAsked) {
  store.put("default/configmap/c", "configmap", config_map("3").dump());
  forget_resync();
  start();
  connect(false);
  EXPECT_EQ(get("default/configmap/c"), config_map("3"));
  const Json missing = get("default/configmap/none");
  EXPECT_EQ(missing["code"], 503);
  EXPECT_EQ(missing["reason"], "ServiceUnavailable");
  expect_quiet(cloud);
}

TEST_F(RequestsTest, TheTunnelsOwnErrorFallsBackToTheLocalRow) {
  store.put("default/configmap/c", "configmap", config_map("3").dump());
  forget_resync();
  start();  // no notice yet
  auto answer = ask("query", "default/configmap/c");
  auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, Json::parse(R"({"kind":"Status","code":503,"reason":"ServiceUnavailable"})"), "error");
  EXPECT_EQ(content(std::move(answer)), config_map("3"));
  answer = ask("query", "default/configmap/none");
  question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, Json::parse(R"({"kind":"Status","code":503,"reason":"ServiceUnavailable"})"), "error");
  EXPECT_EQ(content(std::move(answer))["code"], 503);
}

TEST_F(RequestsTest, ACloudThatDoesNotAnswerIsATimeout) {
  start_connected();
  auto answer = ask("query", "default/configmap/none");
  ASSERT_TRUE(next(cloud));
  const auto message = wait(answer);  // remote_query_timeout is 2 s
  ASSERT_TRUE(message);
  EXPECT_EQ(message->route.operation, "error");
  EXPECT_EQ(message->content["reason"], "Timeout");
}

TEST_F(RequestsTest, TheNodeIsAskedForOnceAndHeartbeatsAreNotWritten) {
  start_connected();
  auto answer = ask("query", "default/node/edge1");
  auto question = next(cloud);
  ASSERT_TRUE(question);
  Json bare = node("1", "10:00");
  bare["kind"] = "Node";
  bare["apiVersion"] = "v1";
  reply(question, bare);
  EXPECT_EQ(content(std::move(answer)), bare);
  EXPECT_EQ(get("default/node/edge1"), bare);
  expect_quiet(cloud);

  const auto commits = store->counters().commits;
  const Json patch = {{"status", {{"conditions", Json::array()}}}};
  answer = ask("patch", "default/nodepatch/edge1", patch);
  question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->route.resource, "default/nodepatch/edge1");
  EXPECT_EQ(question->content, Json(patch.dump()));  // a string that holds the patch
  reply(question, wrapped(node("2", "10:05")));
  EXPECT_EQ(content(std::move(answer))["kind"], "Node");
  EXPECT_EQ(get("default/node/edge1")["metadata"]["resourceVersion"], "2");
  EXPECT_EQ(store->counters().commits, commits);
  expect_quiet(cloud);

  Json labelled = node("3", "10:10");
  labelled["metadata"]["labels"]["zone"] = "x";
  answer = ask("patch", "default/nodepatch/edge1", patch);
  question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped(labelled));
  ASSERT_TRUE(wait(answer));
  EXPECT_EQ(Json::parse(store.value("default/node/edge1"))["metadata"]["labels"]["zone"], "x");
}

TEST_F(RequestsTest, ANodeTheCloudDoesNotKnowIsAskedForAgainAndCanBeCreated) {
  store.put("default/node/edge1", "node", node("1", "10:00").dump());
  start_connected();
  auto answer = ask("patch", "default/nodepatch/edge1", Json::object());
  auto question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->content, "{}");
  reply(question, wrapped_error(refused(404, "NotFound")));
  EXPECT_EQ(content(std::move(answer))["code"], 404);
  answer = ask("query", "default/node/edge1");
  question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, refused(404, "NotFound"));
  EXPECT_EQ(content(std::move(answer))["code"], 404);
  answer = ask("insert", "default/node/edge1", node("", ""));
  question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->route.operation, "insert");
  Json made = node("50", "11:00");
  made["metadata"]["uid"] = "another";
  reply(question, wrapped(made));
  EXPECT_EQ(content(std::move(answer))["metadata"]["uid"], "another");
  EXPECT_EQ(get("default/node/edge1")["metadata"]["uid"], "another");
  EXPECT_EQ(Json::parse(store.value("default/node/edge1"))["metadata"]["uid"], "another");
  connect(false);
  EXPECT_EQ(get("default/node/edge1")["metadata"]["uid"], "another");
}

TEST_F(RequestsTest, AnExistingNodeIsAlreadyExists) {
  start_connected();
  auto answer = ask("insert", "default/node/edge1", node("", ""));
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped_error(refused(409, "AlreadyExists")));
  EXPECT_EQ(content(std::move(answer))["reason"], "AlreadyExists");
}

TEST_F(RequestsTest, TheLeaseStaysInMemory) {
  start_connected();
  const std::string resource = "kube-node-lease/lease/edge1";
  const auto lease = [](const std::string& version) {
    Json made;
    made["metadata"] = {{"name", "edge1"}, {"namespace", "kube-node-lease"}, {"resourceVersion", version}};
    return made;
  };
  auto answer = ask("query", resource);
  auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, {{"Object", nullptr}, {"Err", refused(404, "NotFound")}});
  EXPECT_EQ(content(std::move(answer))["code"], 404);

  answer = ask("insert", resource, lease(""));
  question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped(lease("1")));
  Json got = content(std::move(answer));
  EXPECT_EQ(got["kind"], "Lease");
  EXPECT_EQ(got["apiVersion"], "coordination.k8s.io/v1");
  EXPECT_EQ(get(resource)["metadata"]["resourceVersion"], "1");
  expect_quiet(cloud);

  const auto commits = store->counters().commits;
  answer = ask("update", resource, lease("1"));
  question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->route.operation, "update");
  reply(question, wrapped(lease("2")));
  EXPECT_EQ(content(std::move(answer))["metadata"]["resourceVersion"], "2");
  EXPECT_EQ(store->counters().commits, commits);
  EXPECT_EQ(store.value(resource), "");

  // After a conflict the copy here is discarded.
  answer = ask("update", resource, lease("1"));
  question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped_error(refused(409, "Conflict")));
  EXPECT_EQ(content(std::move(answer))["reason"], "Conflict");
  answer = ask("query", resource);
  question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped(lease("9")));
  EXPECT_EQ(content(std::move(answer))["metadata"]["resourceVersion"], "9");
}

TEST_F(RequestsTest, ALostAnswerAboutTheNodeOrItsLeaseIsAskedForAnewAndNotJoined) {
  tuning.node_answer = 500ms;
  start_connected();
  for (const char* resource : {"kube-node-lease/lease/edge1", "default/node/edge1"}) {
    auto answer = ask("query", resource);
    ASSERT_TRUE(next(cloud)) << resource;  // and the answer is lost
    EXPECT_EQ(content(std::move(answer))["reason"], "Timeout") << resource;
    answer = ask("query", resource);
    const auto question = next(cloud);
    ASSERT_TRUE(question) << resource;
    reply(question, {{"ErrStatus", refused(404, "NotFound")["ErrStatus"]}});
    EXPECT_EQ(content(std::move(answer))["code"], 404) << resource;
  }
  // Other requests have all of remoteQueryTimeout.
  auto answer = ask("query", "default/configmap/c");
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  std::this_thread::sleep_for(2 * tuning.node_answer);
  reply(question, config_map("5"));
  EXPECT_EQ(content(std::move(answer))["data"]["k"], "v");
}

TEST_F(RequestsTest, ARenewalWithoutAnAnswerMakesTheNextReaderAskTheCloud) {
  tuning.node_answer = 500ms;
  start_connected();
  const std::string resource = "kube-node-lease/lease/edge1";
  Json lease;
  lease["metadata"] = {{"name", "edge1"}, {"namespace", "kube-node-lease"}, {"resourceVersion", "1"}};
  auto answer = ask("insert", resource, lease);
  reply(next(cloud), wrapped(lease));
  content(std::move(answer));
  answer = ask("update", resource, lease);
  ASSERT_TRUE(next(cloud));
  EXPECT_EQ(content(std::move(answer))["reason"], "Timeout");
  answer = ask("query", resource);
  const auto question = next(cloud);
  ASSERT_TRUE(question) << "the copy from before the renewal is served";
  lease["metadata"]["resourceVersion"] = "2";
  reply(question, wrapped(lease));
  EXPECT_EQ(content(std::move(answer))["metadata"]["resourceVersion"], "2");
}

TEST_F(RequestsTest, WritesAreRefusedAtOnceWithoutAConnection) {
  forget_resync();
  start();
  connect(false);
  struct Row {
    const char *operation, *resource;
    Json content;
  };
  const Row rows[] = {
      {"insert", "default/node/edge1", node("", "")},
      {"patch", "default/nodepatch/edge1", Json::object()},
      {"patch", "default/podpatch/p", {{"metadata", {{"uid", "u"}}}}},
      {"insert", "default/pod/static", pod("static", "", "")},
      {"delete", "default/pod/p", {{"gracePeriodSeconds", 0}}},
      {"insert", "kube-node-lease/lease/edge1", Json::object()},
      {"update", "kube-node-lease/lease/edge1", Json::object()},
  };
  for (const Row& row : rows) {
    auto answer = ask(row.operation, row.resource, row.content);
    const auto message = wait(answer);
    ASSERT_TRUE(message) << row.resource;
    EXPECT_EQ(message->route.operation, "error") << row.resource;
    EXPECT_EQ(message->content["code"], 503) << row.resource;
  }
  expect_quiet(cloud);
}

TEST_F(RequestsTest, APodPatchReplyBecomesThePodRow) {
  store.put("default/pod/p", "pod", pod("p", "u", "5").dump());
  start_connected();
  const Json patch = {{"metadata", {{"uid", "u"}}}, {"status", {{"phase", "Running"}}}};
  auto answer = ask("patch", "default/podpatch/p", patch);
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->route.resource, "default/podpatch/p");
  EXPECT_EQ(Json::parse(question->content.get<std::string>()), patch);
  Json object = pod("p", "u", "6", "Running");
  object.erase("kind");
  object.erase("apiVersion");
  reply(question, wrapped(object));
  EXPECT_EQ(content(std::move(answer)), pod("p", "u", "6", "Running"));
  EXPECT_EQ(Json::parse(store.value("default/pod/p")), pod("p", "u", "6", "Running"));
  expect_quiet(cloud);  // podpatch replies are not acknowledged
}

// §10.2: {"Object":{},"Err":{}} overwrote the pod with an empty one.
TEST_F(RequestsTest, APodPatchErrorWithoutStatusLeavesTheRow) {
  store.put("default/pod/p", "pod", pod("p", "u", "5").dump());
  start_connected();
  auto answer = ask("patch", "default/podpatch/p", {{"metadata", {{"uid", "u"}}}});
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, {{"Object", {{"metadata", {{"creationTimestamp", nullptr}}}}}, {"Err", Json::object()}});
  const auto message = wait(answer);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->route.operation, "error");
  EXPECT_EQ(Json::parse(store.value("default/pod/p")), pod("p", "u", "5"));
}

TEST_F(RequestsTest, MirrorPodsAreCreatedAndPodsDeletedThroughTheCloud) {
  start_connected();
  auto answer = ask("insert", "default/pod/static-edge1", pod("static-edge1", "", ""));
  auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped(pod("static-edge1", "mu", "4")));
  EXPECT_EQ(content(std::move(answer))["metadata"]["uid"], "mu");
  EXPECT_NE(store.value("default/pod/static-edge1"), "");

  const Json options = {{"gracePeriodSeconds", 0}, {"preconditions", {{"uid", "mu"}}}};
  answer = ask("delete", "default/pod/static-edge1", options);
  question = next(cloud);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->route.operation, "delete");
  EXPECT_EQ(question->content, options);  // an object: a string would be taken for a uid
  reply(question, "OK");
  EXPECT_EQ(content(std::move(answer)), "OK");
  EXPECT_NE(store.value("default/pod/static-edge1"), "");  // until the deletion is pushed
  EXPECT_EQ(content(ask("delete", "default/pod/x", "some-uid"))["code"], 400);
  expect_quiet(cloud);
}

TEST_F(RequestsTest, CertificateRequestsAlwaysAskTheCloud) {
  start_connected();
  const std::string resource = "default/certificatesigningrequest/csr-x";
  for (int i = 0; i < 2; ++i) {
    auto answer = ask("query", resource);
    const auto question = next(cloud);
    ASSERT_TRUE(question);
    reply(question, {{"kind", "CertificateSigningRequest"}, {"metadata", {{"name", "csr-x"}}}});
    EXPECT_EQ(content(std::move(answer))["metadata"]["name"], "csr-x");
  }
  auto answer = ask("insert", resource, {{"metadata", {{"name", "csr-x"}}}});
  const auto question = next(cloud);
  ASSERT_TRUE(question);
  reply(question, wrapped({{"metadata", {{"name", "csr-x"}}}}));
  EXPECT_EQ(content(std::move(answer))["kind"], "CertificateSigningRequest");
}

TEST_F(RequestsTest, ServiceAccountsComeFromTheirAccessRow) {
  start_connected();
  push(from_cloud("update", "default/serviceaccountaccess/default",
                  Json::parse(R"({"metadata":{"name":"default","namespace":"default"},
                    "spec":{"serviceAccount":{"metadata":{"name":"default"}},"serviceAccountUid":"su"}})"),
                  "policycontroller"));
  ASSERT_TRUE(next(cloud));
  expect_quiet(edged);
  EXPECT_EQ(get("default/serviceaccount/default")["metadata"]["uid"], "su");
  EXPECT_EQ(get("default/serviceaccount/none")["code"], 404);
}

TEST_F(RequestsTest, WhatIsNotInTheContractIsRefused) {
  start_connected();
  EXPECT_EQ(content(ask("delete", "default/node/edge1"))["code"], 405);
  EXPECT_EQ(content(ask("query", "nonsense"))["code"], 400);
  EXPECT_EQ(content(ask("query", "default/service/none"))["code"], 404);
}

TEST_F(RequestsTest, TooManyAtOnceAreRefusedNotQueued) {
  tuning.max_requests = 2;
  start_connected();
  auto first = ask("query", "default/configmap/a");
  auto second = ask("query", "default/configmap/b");
  ASSERT_TRUE(next(cloud));
  ASSERT_TRUE(next(cloud));
  EXPECT_EQ(get("default/configmap/d")["code"], 429);
  EXPECT_EQ(content(std::move(first))["reason"], "Timeout");
  EXPECT_EQ(content(std::move(second))["reason"], "Timeout");
}

}  // namespace
}  // namespace edgecore::metamanager
