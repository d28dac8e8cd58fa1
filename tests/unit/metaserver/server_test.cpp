// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "edgecore/base/clock.hpp"
#include "unit/metaserver/server_fixture.hpp"

namespace edgecore::metaserver {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kList[] = "/api/v1/namespaces/default/configmaps";

class MetaServerTest : public ServerFixture {};

TEST_F(MetaServerTest, AListIsFetchedOnceAndThenServedFromTheNode) {
  cloud->put(key("a"), config_map("a"));
  cloud->put(key("b"), config_map("b"));
  cloud->put(key("x", "other"), config_map("x", "other"));
  start();
  const Reply first = get(kList);
  ASSERT_EQ(first.status, 200) << first.text;
  EXPECT_EQ(first.body["kind"], "ConfigMapList");
  EXPECT_EQ(first.body["items"].size(), 2U);
  EXPECT_EQ(first.body["items"][0]["kind"], "ConfigMap");
  EXPECT_EQ(first.body["metadata"]["resourceVersion"], "1003");
  const auto calls = cloud->calls().size();
  EXPECT_EQ(get(kList).body, first.body);
  EXPECT_EQ(get(std::string(kList) + "/a").body["metadata"]["name"], "a");
  EXPECT_EQ(get(std::string(kList) + "/nothing").status, 404);
  EXPECT_EQ(cloud->calls().size(), calls) << "the cloud was asked again";
}

TEST_F(MetaServerTest, APageUnderAForeignNameGetsNothing) {
  cloud->put(key("a"), config_map("a"));
  start();
  EXPECT_EQ(get(kList).status, 200);
  EXPECT_EQ(get(kList, {{"Host", "evil.example"}}).status, 403);
  EXPECT_EQ(request("POST", kList, config_map("b").dump(), {{"Origin", "http://evil.example"}}).status, 403);
  EXPECT_EQ(get(kList, {{"Impersonate-User", "somebody"}}).status, 403);
  EXPECT_EQ(cloud->count("create /core/v1/configmaps/default/null"), 0U);
}

// The host of a target in absolute form counts, not the header Host beside it.
TEST_F(MetaServerTest, ATargetInAbsoluteFormNamesTheHost) {
  start();
  EXPECT_EQ(get("/healthz").status, 200);
  const auto status = [&](const std::string& host, const std::string& header) {
    auto socket =
        dial("GET http://" + host + "/api HTTP/1.1\r\nHost: " + header + "\r\nConnection: close\r\n\r\n");
    return answer_of(socket).substr(0, 12);
  };
  EXPECT_EQ(status(options.config.server, "evil.example"), "HTTP/1.1 200");
  EXPECT_EQ(status("edge1", options.config.server), "HTTP/1.1 200");
  EXPECT_EQ(status("evil.example", options.config.server), "HTTP/1.1 403");
  EXPECT_EQ(status("user@edge1", "edge1"), "HTTP/1.1 400");
}

TEST_F(MetaServerTest, AMissingObjectIsAskedForOnceInAMoment) {
  start();
  const std::string target = std::string(kList) + "/made-up";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get(target).status, 404);
  EXPECT_EQ(cloud->count("get " + key("made-up")), 1U);
  // It is known at once when it is made through this node.
  EXPECT_EQ(request("POST", kList, config_map("made-up").dump()).status, 201);
  EXPECT_EQ(get(target).status, 200);
}

// 700 watches of made-up names were accepted, each with a listener in the cloud.
TEST_F(MetaServerTest, OneClientsWatchesLeaveListenersForOthers) {
  start();
  ASSERT_EQ(get("/healthz").status, 200);
  const std::string named = std::string(kList) + "?watch=1&timeoutSeconds=60&fieldSelector=metadata.name%3Dx";
  std::vector<std::shared_ptr<Lines>> open;
  for (int i = 0; i < 300; ++i) open.push_back(watch(named + std::to_string(i)));
  eventually("a refusal", [&] {
    return get(std::string(kList) + "?watch=1&timeoutSeconds=0&fieldSelector=metadata.name%3Dlast").status ==
           429;
  });
  EXPECT_LE(cloud->count("watch /core/v1/configmaps/default/null"), 260U);
  EXPECT_EQ(get(kList).status, 200) << "what is not held by anybody is left";
}

// A watch of what CloudCore may not list stops CloudCore v1.17 for everybody.
TEST_F(MetaServerTest, NoWatchGoesToTheCloudBeforeAListOfAllNamespacesWasAllowed) {
  cloud->forbids_lists = true;
  start();
  const Reply refused = get(std::string(kList) + "?watch=1");
  EXPECT_EQ(refused.status, 403) << refused.text;
  EXPECT_THAT(refused.body.value("message", ""), HasSubstr("is forbidden"));
  for (const std::string& call : cloud->calls()) EXPECT_FALSE(call.starts_with("watch")) << call;
}

TEST_F(MetaServerTest, TheOrderIsProbeWatchList) {
  start();
  get(kList);
  const auto calls = cloud->calls();
  ASSERT_GE(calls.size(), 3U);
  EXPECT_EQ(calls[0], "list /core/v1/configmaps/null/null");
  EXPECT_EQ(calls[1], "watch /core/v1/configmaps/default/null");
  EXPECT_EQ(calls[2], "list /core/v1/configmaps/default/null");
}

TEST_F(MetaServerTest, AWatchSeesWhatMetamanagerTellsAndNothingTwice) {
  const std::string a = cloud->put(key("a"), config_map("a"));
  start();
  const Reply list = get(kList);
  const auto lines = watch(std::string(kList) + "?watch=1&resourceVersion=" +
                           kube::string_or(list.body, "metadata.resourceVersion"));
  const std::string b = cloud->put(key("b"), config_map("b"));
  changed(key("a"), a);
  changed(key("b"), b);
  changed(key("b"), b);
  removed(key("a"), "uid-of-" + key("a"), "1010");
  eventually("two events", [&] { return lines->seen().size() >= 2; });
  EXPECT_THAT(lines->seen(), ElementsAre("ADDED b@1002", "DELETED a@1010"));
}

// The orphan deletes of CloudCore's sync controller have no version, and come late.
TEST_F(MetaServerTest, AnObjectMadeAnewIsNewerThanItsDeletionInEveryWatch) {
  Json red = config_map("a");
  red["metadata"]["labels"]["color"] = "red";
  cloud->put(key("a"), red);
  cloud->put(key("b"), config_map("b"));
  start();
  const std::string from =
      "?watch=1&resourceVersion=" + kube::string_or(get(kList).body, "metadata.resourceVersion");
  const auto plain = watch(kList + from);
  const auto selected = watch(kList + from + "&labelSelector=color%3Dred");
  cloud->erase(key("a"));
  red["metadata"]["uid"] = "another";
  const std::string anew = cloud->put(key("a"), red);
  changed(key("c"), cloud->put(key("c"), config_map("c")));
  removed(key("a"), "uid-of-" + key("a"));
  changed(key("a"), anew);
  eventually("three events", [&] { return plain->seen().size() >= 3; });
  EXPECT_THAT(plain->seen(), ElementsAre("ADDED c@1005", "DELETED a@1003", "ADDED a@1004"));
  eventually("two events", [&] { return selected->seen().size() >= 2; });
  EXPECT_THAT(selected->seen(), ElementsAre("DELETED a@1003", "ADDED a@1004"));
  const auto resumed = watch(std::string(kList) + "?watch=1&resourceVersion=1003");
  eventually("what is behind the deletion", [&] { return !resumed->seen().empty(); });
  EXPECT_THAT(resumed->seen(), ElementsAre("ADDED a@1004"));
}

TEST_F(MetaServerTest, BehindADeletionThatIsNoPositionComesABookmarkThatIsOne) {
  for (const char* name : {"a", "b"}) {
    Json kept = config_map(name);
    kept["metadata"]["resourceVersion"] = name[0] == 'a' ? "5" : "9";
    kept["metadata"]["uid"] = std::string("uid-") + name;
    stored("", "v1", "configmaps", kept);
  }
  start(false);
  eventually("offline", [&] { return get(kList).headers.has("X-Edgecore-Offline"); });
  const auto lines = watch(std::string(kList) + "?watch=1&resourceVersion=9&allowWatchBookmarks=true");
  removed(key("a"), "uid-a");
  eventually("two lines", [&] { return lines->events().size() >= 2; });
  EXPECT_EQ(lines->seen()[0], "DELETED a@5");
  EXPECT_EQ(lines->events()[1]["type"], "BOOKMARK");
  EXPECT_EQ(lines->events()[1]["object"]["metadata"]["resourceVersion"], "9");
}

// A pod's status without a connection: the version is the cloud's, what the node shows is newer.
TEST_F(MetaServerTest, WhatTheNodeKnowsBetterIsShownAndNotAnnounced) {
  const std::string a = cloud->put(key("a"), config_map("a"));
  start();
  const Reply list = get(kList);
  const auto lines = watch(std::string(kList) + "?watch=1&resourceVersion=" +
                           kube::string_or(list.body, "metadata.resourceVersion"));
  Json better = Json::parse(a);
  better["data"]["k"] = "better";
  changed(key("a"), better.dump());
  eventually("it is shown", [&] { return get(std::string(kList) + "/a").body["data"]["k"] == "better"; });
  EXPECT_EQ(get(kList).body["items"][0]["data"]["k"], "better");
  changed(key("b"), cloud->put(key("b"), config_map("b")));
  eventually("the next event", [&] { return !lines->seen().empty(); });
  EXPECT_THAT(lines->seen(), ElementsAre("ADDED b@1002"));
}

TEST_F(MetaServerTest, AWatchWithoutVersionBeginsWithEverything) {
  cloud->put(key("a"), config_map("a"));
  start();
  const auto lines =
      watch(std::string(kList) +
            "?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
  eventually("the bookmark", [&] { return lines->events().size() >= 2; });
  EXPECT_EQ(lines->seen()[0], "ADDED a@1001");
  EXPECT_EQ(lines->events()[1]["type"], "BOOKMARK");
  EXPECT_EQ(lines->events()[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
}

TEST_F(MetaServerTest, AnOldVersionIsAnsweredWithAnExpiredEvent) {
  cloud->put(key("a"), config_map("a"));
  start();
  get(kList);
  const auto lines = watch(std::string(kList) + "?watch=1&resourceVersion=7");
  eventually("the error", [&] { return !lines->events().empty(); });
  EXPECT_EQ(lines->events()[0]["type"], "ERROR");
  EXPECT_EQ(lines->events()[0]["object"]["code"], 410);
  EXPECT_EQ(lines->events()[0]["object"]["reason"], "Expired");
}

TEST_F(MetaServerTest, WhatChangedWithoutAConnectionIsFoundByTheListAfterIt) {
  cloud->put(key("a"), config_map("a"));
  cloud->put(key("b"), config_map("b"));
  start();
  const Reply list = get(kList);
  const auto lines = watch(std::string(kList) + "?watch=1&resourceVersion=" +
                           kube::string_or(list.body, "metadata.resourceVersion"));
  connect(false);
  cloud->erase(key("a"));
  cloud->put(key("b"), config_map("b", "default", "new"));
  cloud->put(key("c"), config_map("c"));
  connect(true);
  eventually("three events", [&] { return lines->seen().size() >= 3; });
  EXPECT_THAT(lines->seen(),
              ::testing::UnorderedElementsAre("MODIFIED b@1004", "ADDED c@1005", "DELETED a@1003"));
  EXPECT_THAT(cloud->calls(), Contains("sync"));
  EXPECT_EQ(cloud->last_sync().size(), 1U);
}

TEST_F(MetaServerTest, WithoutTheCloudTheNodesCopyIsServedAndSaysSo) {
  cloud->put(key("a"), config_map("a"));
  start();
  get(kList);
  connect(false);
  eventually("offline", [&] { return get(kList).headers.has("X-Edgecore-Offline"); });
  const Reply offline = get(kList);
  EXPECT_EQ(offline.status, 200);
  EXPECT_EQ(offline.body["items"].size(), 1U);
  EXPECT_TRUE(offline.headers.has("Age"));
  EXPECT_EQ(get(std::string(kList) + "/a").status, 200);
  EXPECT_EQ(get(std::string(kList) + "/b").status, 404) << "the whole list was known";
  EXPECT_EQ(get("/api/v1/namespaces/other/configmaps/b").status, 503) << "that namespace was never looked at";
}

TEST_F(MetaServerTest, WhatWasListedSurvivesARestartWithoutTheCloud) {
  Json kept = config_map("a");
  kept["metadata"]["resourceVersion"] = "5";
  kept["metadata"]["uid"] = "u";
  stored("", "v1", "configmaps", kept);
  start(false);
  eventually("offline", [&] { return get(kList).headers.has("X-Edgecore-Offline"); });
  const Reply list = get(kList);
  EXPECT_EQ(list.body["items"].size(), 1U);
  EXPECT_EQ(list.body["metadata"]["resourceVersion"], "5");
}

TEST_F(MetaServerTest, ACloudThatDoesNotAnswerCostsLittleOnceItIsKnown) {
  cloud->silent = true;
  start();
  const auto begin = steady_now();
  EXPECT_EQ(get(std::string(kList) + "?timeout=1s").status, 200);
  EXPECT_LT(steady_now() - begin, 5s);
}

TEST_F(MetaServerTest, AListComesInPagesOfOneMoment) {
  for (int i = 0; i < 5; ++i) cloud->put(key("c" + std::to_string(i)), config_map("c" + std::to_string(i)));
  start();
  const Reply first = get(std::string(kList) + "?limit=2");
  EXPECT_EQ(first.body["items"].size(), 2U);
  EXPECT_EQ(first.body["metadata"]["remainingItemCount"], 3);
  removed(key("c3"), "uid-of-" + key("c3"));
  const std::string token = first.body["metadata"]["continue"];
  const Reply second = get(std::string(kList) + "?limit=10&continue=" + token);
  EXPECT_EQ(second.body["items"].size(), 3U) << "the second page is of the first one's moment";
  EXPECT_FALSE(second.body["metadata"].contains("continue"));
  EXPECT_EQ(get(std::string(kList) + "?limit=2").body["metadata"]["remainingItemCount"], 2);
}

// A broken token was passed on to the cloud, and answered with 500 or with the first page once more.
TEST_F(MetaServerTest, AContinueTokenThatCannotBeContinuedIsRefused) {
  start();
  const Reply broken = get(std::string(kList) + "?limit=2&continue=broken!");
  EXPECT_EQ(broken.status, 400);
  EXPECT_EQ(broken.body["message"], "invalid continue token: continue key is not valid");
  EXPECT_EQ(broken.body["reason"], "BadRequest");
  const std::string forgotten = net::base64url("6ba7b810-9dad-11d1-80b4-00c04fd430c8/2");
  const Reply expired = get(std::string(kList) + "?limit=2&continue=" + forgotten);
  EXPECT_EQ(expired.status, 410);
  EXPECT_EQ(expired.body["reason"], "Expired");
  connect(false);
  const std::string of_cluster = net::base64url(R"({"v":"meta.k8s.io/v1","rv":5,"start":"a"})");
  EXPECT_EQ(get(std::string(kList) + "?limit=2&continue=" + of_cluster).status, 410);
  EXPECT_EQ(cloud->count("list /core/v1/configmaps/null/null"), 0U);
}

// POST and DELETE began a watch as well.
TEST_F(MetaServerTest, AWatchPathIsOnlyRead) {
  start();
  for (const char* path : {"/api/v1/watch/pods", "/api/v1/watch/namespaces/default/configmaps/a"}) {
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"})
      EXPECT_EQ(request(method, path).status, 405) << method << " " << path;
  }
}

TEST_F(MetaServerTest, SelectorsAreEvaluatedOnTheNode) {
  Json one = config_map("one"), two = config_map("two");
  one["metadata"]["labels"]["app"] = "x";
  two["metadata"]["labels"]["app"] = "y";
  cloud->put(key("one"), one);
  cloud->put(key("two"), two);
  start();
  EXPECT_EQ(get(std::string(kList) + "?labelSelector=app%3Dx").body["items"].size(), 1U);
  EXPECT_EQ(get(std::string(kList) + "?labelSelector=app%20notin%20(x)").body["items"][0]["metadata"]["name"],
            "two");
  EXPECT_EQ(get(std::string(kList) + "?fieldSelector=metadata.name%3Dtwo").body["items"].size(), 1U);
  EXPECT_EQ(get(std::string(kList) + "?fieldSelector=spec.x%3Dtwo").status, 400);
  EXPECT_EQ(get(std::string(kList) + "?labelSelector=%3D%3D").status, 400);
}

TEST_F(MetaServerTest, AWriteGoesToTheCloudAndIsReadAtOnce) {
  start();
  get(kList);
  const Reply made = request("POST", kList, config_map("new").dump());
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(get(std::string(kList) + "/new").body["metadata"]["uid"], made.body["metadata"]["uid"]);
  const Reply again = request("POST", kList, config_map("new").dump());
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.body["reason"], "AlreadyExists");
  const Reply gone = request("DELETE", std::string(kList) + "/new");
  EXPECT_EQ(gone.status, 200) << gone.text;
  EXPECT_EQ(gone.body["kind"], "Status");
  EXPECT_EQ(gone.body["details"]["name"], "new");
}

TEST_F(MetaServerTest, AWriteWithoutTheCloudIsRefusedWithASentenceAndATime) {
  start(false);
  eventually("offline", [&] { return get("/healthz").headers.has("X-Edgecore-Offline"); });
  const Reply refused = request("POST", kList, config_map("new").dump());
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.body["reason"], "ServiceUnavailable");
  EXPECT_TRUE(refused.headers.has("Retry-After"));
}

TEST_F(MetaServerTest, OneObjectIsAskedForOnceHoweverManyWant) {
  cloud->put(key("a"), config_map("a"));
  start();
  get("/healthz");
  cloud->holds = true;
  std::vector<std::future<int>> asking_for;
  for (int i = 0; i < 8; ++i)
    asking_for.push_back(
        std::async(std::launch::async, [this] { return get(std::string(kList) + "/a").status; }));
  std::this_thread::sleep_for(300ms);
  // What has come by now shares the question that waits; whoever comes later may ask anew.
  // Besides it there is the one that keeps the object current, because it was asked for more than once.
  EXPECT_LE(cloud->waiting(), 2U);
  cloud->holds = false;
  for (auto& one : asking_for) EXPECT_EQ(one.get(), 200);
  EXPECT_GE(cloud->count("get " + key("a")), 1U);
}

TEST_F(MetaServerTest, PathsThatAreNoResourcesAreAnswered) {
  start();
  EXPECT_EQ(get("/healthz").text, "ok");
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_EQ(get("/readyz?verbose").text, "[+]ping ok\nreadyz check passed\n");
  EXPECT_EQ(get("/readyz/module/edged").status, 404);
  EXPECT_EQ(get("/api").body["kind"], "APIVersions");
  EXPECT_EQ(get("/apis").body["kind"], "APIGroupList");
  EXPECT_EQ(get("/api/v1").body["kind"], "APIResourceList");
  EXPECT_EQ(get("/apis/nothing.example").status, 404);
  EXPECT_EQ(get("/nothing").status, 404);
  EXPECT_EQ(get("/apis/nothing.example/v1/things").status, 404);
  EXPECT_THAT(get("/metrics").text, HasSubstr("# TYPE"));
  EXPECT_EQ(get("/api/v1/namespaces/default/pods/p/exec").status, 501);
}

TEST_F(MetaServerTest, ACustomResourceIsServedOnceItsDefinitionIsThere) {
  Json crd = Json::parse(R"({"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1",
    "metadata":{"name":"gateways.example.io"},"spec":{"group":"example.io","scope":"Namespaced",
    "names":{"plural":"gateways","singular":"gateway","kind":"Gateway","listKind":"GatewayList"},
    "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}})");
  cloud->put("/apiextensions.k8s.io/v1/customresourcedefinitions/null/gateways.example.io", crd);
  Json gateway = {{"kind", "Gateway"}, {"apiVersion", "example.io/v1"}};
  gateway["metadata"] = {{"name", "g"}, {"namespace", "default"}};
  cloud->put("/example.io/v1/gateways/default/g", gateway);
  start();
  const Reply list = get("/apis/example.io/v1/namespaces/default/gateways");
  ASSERT_EQ(list.status, 200) << list.text;
  EXPECT_EQ(list.body["kind"], "GatewayList");
  EXPECT_EQ(list.body["items"].size(), 1U);
  EXPECT_EQ(get("/apis/example.io/v1").body["resources"][0]["name"], "gateways");
}

TEST_F(MetaServerTest, TheModuleStopsWithWatchesOpen) {
  start();
  const auto lines = watch(std::string(kList) + "?watch=1");
  get(kList);
  const auto begin = steady_now();
  EXPECT_TRUE(supervisor->stop());
  EXPECT_LT(steady_now() - begin, 2s);
}

}  // namespace
}  // namespace edgecore::metaserver
