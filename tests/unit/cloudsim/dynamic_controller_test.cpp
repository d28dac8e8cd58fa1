// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/dynamic_controller.hpp"

#include <gtest/gtest.h>

#include "edgecore/net/digest.hpp"
#include "support/temporary_directory.hpp"
#include "unit/cloudsim/downlink_fixture.hpp"

namespace edgecore::cloudsim {
namespace {

class DynamicControllerTest : public testing::Test {
 protected:
  static Json application(const char* verb, const char* key, const Json& option = Json::object()) {
    return {{"ID", std::string(verb) + key},
            {"Key", key},
            {"Verb", verb},
            {"Nodename", "n"},
            {"ReqBody", Json()},
            {"Option", net::base64(option.dump())},
            {"Subresource", ""},
            {"Status", "InApplying"},
            {"Reason", ""}};
  }
  static Json with_body(Json application, const Json& body) {
    application["ReqBody"] = net::base64(body.dump());
    return application;
  }
  void say(const Json& content, const char* resource = "null") {
    controller_.handle("n",
                       beehive::make_message("metaserver", "dynamiccontroller", "null", resource, content));
  }
  /// The cloud's answer; null if there is none.
  Json ask(const Json& content, const char* resource = "null") {
    downlink_.sent.clear();
    say(content, resource);
    for (const auto& [node, message] : downlink_.sent) {
      if (message.route.operation == "applicationResponse") return message.content;
    }
    return nullptr;
  }
  static Json body_of(const Json& answer) {
    return Json::parse(net::base64_decode(kube::get_string(answer, "RespBody")));
  }
  /// "<operation> <resource>" of the events since the last call.
  std::vector<std::string> events() {
    downlink_.sent.clear();
    for (const Change& change : all_.changes) controller_.changed(change);
    all_.changes.clear();
    std::vector<std::string> seen;
    for (const auto& [node, message] : downlink_.sent)
      seen.push_back(message.route.operation + " " + message.route.resource);
    return seen;
  }

  edgecore::test::TemporaryDirectory folder_;
  ObservedCluster all_;
  Cluster& cluster_ = all_.cluster;
  Authority authority_{folder_.path(), all_.clock};
  KeptDownlink downlink_;
  Faults faults_;
  Traffic traffic_;
  DynamicController controller_{cluster_, authority_, downlink_, faults_, traffic_};
};

TEST_F(DynamicControllerTest, ListsComeInPagesWithTheKindsName) {
  for (const char* name : {"a", "b", "c"})
    cluster_.create(kind_named("ConfigMap"), "default", {{"metadata", {{"name", name}}}});
  const Json first = body_of(ask(application("list", "/core/v1/configmaps/default/null", {{"limit", 3}})));
  EXPECT_EQ(first["kind"], "ConfigMapList");
  EXPECT_EQ(first["items"].size(), 3U);
  const Json option = {{"limit", 3}, {"continue", first["metadata"]["continue"]}};
  const Json second = body_of(ask(application("list", "/core/v1/configmaps/default/null", option)));
  EXPECT_EQ(second["items"].size(), 1U);
  EXPECT_FALSE(second["metadata"].contains("continue"));
}

TEST_F(DynamicControllerTest, AFailedListHasASentenceAndOtherFailuresAStatus) {
  faults_.apply({{"forbidden", {"secrets"}}});
  const Json list = ask(application("list", "/core/v1/secrets/null/null"));
  EXPECT_EQ(list["Status"], "Rejected");
  EXPECT_EQ(list["Reason"],
            "get current list error: secrets is forbidden: User \"system:serviceaccount:kubeedge:cloudcore\" "
            "cannot list resource \"secrets\" in API group \"\" at the cluster scope");
  const Json get = ask(application("get", "/core/v1/secrets/default/s"));
  EXPECT_EQ(get["Error"]["ErrStatus"]["code"], 403);
  const Json unknown = ask(application("get", "/example.org/v1/things/default/s"));
  EXPECT_EQ(unknown["Error"]["ErrStatus"]["reason"], "NotFound");
  const Json no_list = ask(application("list", "/example.org/v1/things/null/null"));
  EXPECT_EQ(no_list["Reason"], "get current list error: the server could not find the requested resource");
}

TEST_F(DynamicControllerTest, AWatchOfWhatMayNotBeListedHoldsUpEverything) {
  faults_.apply({{"forbidden", {"secrets"}}});
  EXPECT_TRUE(ask(application("watch", "/core/v1/secrets/null/null")).is_null());
  EXPECT_TRUE(ask(application("get", "/core/v1/namespaces/null/default")).is_null());
  EXPECT_EQ(traffic_.to_json()["n"]["hangingWatches"], 1);
  downlink_.sent.clear();
  controller_.faults_changed();
  EXPECT_TRUE(downlink_.sent.empty()) << "nothing is allowed that was not";
  faults_.apply({{"forbidden", Json::array()}});
  controller_.faults_changed();
  EXPECT_EQ(downlink_.sent.size(), 2U) << "both are answered now";
  EXPECT_EQ(traffic_.to_json()["n"]["hangingWatches"], 1);
}

TEST_F(DynamicControllerTest, AWatchThatWouldEndTheCloudIsCounted) {
  EXPECT_EQ(ask(application("watch", "/example.org/v1/things/null/null"))["Status"], "Rejected");
  EXPECT_EQ(ask(application("watch", "/core/v1/pods/null/null", {{"fieldSelector", "a"}}))["Status"],
            "Rejected");
  EXPECT_EQ(traffic_.to_json()["n"]["fatalWatches"], 2);
}

TEST_F(DynamicControllerTest, ADefaultCloudDropsApplications) {
  faults_.apply({{"dynamicController", false}});
  EXPECT_TRUE(ask(application("get", "/core/v1/namespaces/null/default")).is_null());
}

TEST_F(DynamicControllerTest, EventsOfDefinedKindsHaveTheGuessedType) {
  const Json definition = Json::parse(R"({"metadata":{"name":"gateways.mesh.example"},"spec":{
    "group":"mesh.example","scope":"Namespaced","names":{"kind":"Gateway","plural":"gateways"},
    "versions":[{"name":"v1","served":true,"storage":true}]}})");
  const Json made = ask(with_body(
      application("create", "/apiextensions.k8s.io/v1/customresourcedefinitions/null/null"), definition));
  EXPECT_EQ(made["Status"], "Approved") << made;
  EXPECT_EQ(ask(application("watch", "/mesh.example/v1/gateways/null/null"))["Status"], "Approved");
  EXPECT_EQ(ask(application("watch", "/coordination.k8s.io/v1/leases/null/null"))["Status"], "Approved");
  all_.changes.clear();
  ask(with_body(application("create", "/mesh.example/v1/gateways/default/null"),
                {{"metadata", {{"name", "g"}}}}));
  cluster_.create(kind_named("Lease"), "default", {{"metadata", {{"name", "l"}}}});
  EXPECT_EQ(events(), (std::vector<std::string>{"insert default/gateway/g", "insert default/leas/l"}));
}

TEST_F(DynamicControllerTest, AWatchOfPodsInOneNamespaceIsSilent) {
  all_.add_edge_node("n");
  ask(application("watch", "/core/v1/pods/default/null"));
  all_.changes.clear();
  all_.add_pod("p", "n");
  EXPECT_TRUE(events().empty());
  ask(application("watch", "/core/v1/pods/null/null"));
  all_.add_pod("q", "n");
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(DynamicControllerTest, ASyncAddsWhatIsMissingAndEndsWhatIsNotNamed) {
  ask(application("watch", "/core/v1/configmaps/null/null"));
  const Json services = application("watch", "/core/v1/services/null/null");
  const Json failed = ask({{"x", services}, {"y", application("watch", "/example.org/v1/things/null/null")}},
                          "watchapp/sync");
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed["y"]["Status"], "Rejected");
  all_.changes.clear();
  cluster_.create(kind_named("ConfigMap"), "default", {{"metadata", {{"name", "c"}}}});
  cluster_.create(kind_named("Service"), "default", {{"metadata", {{"name", "s"}}}});
  EXPECT_EQ(events(), std::vector<std::string>{"insert default/service/s"});
}

TEST_F(DynamicControllerTest, SubresourcesAreWritten) {
  all_.add_edge_node("n");
  all_.add_pod("p", "n");
  Json eviction = with_body(application("create", "/core/v1/pods/default/p"), Json::object());
  eviction["Subresource"] = "eviction";
  EXPECT_EQ(ask(eviction)["Status"], "Approved");
  EXPECT_TRUE(
      kube::find_path(*cluster_.get(kind_named("Pod"), "default", "p"), "metadata.deletionTimestamp"));
  const Json spec = {{"spec", {{"replicas", 1}}}, {"metadata", {{"name", "d"}}}};
  cluster_.create(kind_named("Deployment"), "default", spec);
  const Json data = {{"spec", {{"replicas", 3}}}};
  const Json scale = ask(application("patch", "/apps/v1/deployments/default/d",
                                     {{"Name", "d"},
                                      {"PatchType", "application/merge-patch+json"},
                                      {"Data", net::base64(data.dump())},
                                      {"Subresources", {"scale"}}}));
  EXPECT_EQ(body_of(scale)["spec"]["replicas"], 3);
  EXPECT_EQ((*cluster_.get(kind_named("Deployment"), "default", "d"))["spec"]["replicas"], 3);
}

TEST(GuessedTypeTest, IsAsWrongAsTheCloudsRules) {
  EXPECT_EQ(guessed_type("configmaps"), "configmap");
  EXPECT_EQ(guessed_type("leases"), "leas");
  EXPECT_EQ(guessed_type("storageclasses"), "storageclass");
  EXPECT_EQ(guessed_type("networkpolicies"), "networkpolicy");
  EXPECT_EQ(guessed_type("endpoints"), "endpoints");
  EXPECT_EQ(guessed_type("endpointslices"), "endpointslice");
  EXPECT_EQ(guessed_type("gateways"), "gateway");
}

}  // namespace
}  // namespace edgecore::cloudsim
