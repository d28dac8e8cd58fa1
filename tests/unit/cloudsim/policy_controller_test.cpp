// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/policy_controller.hpp"

#include <gtest/gtest.h>

#include "unit/cloudsim/downlink_fixture.hpp"

namespace edgecore::cloudsim {
namespace {

class PolicyControllerTest : public testing::Test {
 protected:
  PolicyControllerTest() {
    all_.add_edge_node("n");
    all_.add_edge_node("m");
  }
  void add_role(const char* verb) {
    const Json rule = {{"verbs", {verb}}, {"apiGroups", {""}}, {"resources", {"configmaps"}}};
    cluster_.create(kind_named("Role"), "default",
                    {{"metadata", {{"name", "reader"}}}, {"rules", Json::array({rule})}});
  }
  void bind() {
    const Json subject = {{"kind", "ServiceAccount"}, {"name", "default"}, {"namespace", "default"}};
    const Json role = {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", "reader"}};
    cluster_.create(
        kind_named("RoleBinding"), "default",
        {{"metadata", {{"name", "rb"}}}, {"subjects", Json::array({subject})}, {"roleRef", role}});
  }
  /// "<node> <operation> <resource>" of the messages since the last call.
  std::vector<std::string> settle() {
    downlink_.sent.clear();
    while (!all_.changes.empty()) {
      const Change change = all_.changes.front();
      all_.changes.pop_front();
      policy_.changed(change);
    }
    std::vector<std::string> lines;
    for (const auto& [node, message] : downlink_.sent)
      lines.push_back(node + " " + message.route.operation + " " + message.route.resource);
    return lines;
  }
  using Lines = std::vector<std::string>;

  ObservedCluster all_;
  Cluster& cluster_ = all_.cluster;
  KeptDownlink downlink_;
  PolicyController policy_{cluster_, downlink_};
};

TEST_F(PolicyControllerTest, ANodeLearnsTheRightsOfItsPodsAccount) {
  add_role("list");
  bind();
  EXPECT_TRUE(settle().empty()) << "nobody uses an account";
  all_.add_pod("p", "n");
  EXPECT_EQ(settle(), Lines{"n update default/serviceaccountaccess/default"});
  const Json& content = downlink_.sent[0].message.content;
  EXPECT_EQ(content["kind"], "ServiceAccountAccess");
  EXPECT_EQ(content["status"], Json::object());
  EXPECT_EQ(content["spec"]["serviceAccountUid"],
            uid_of(*cluster_.get(kind_named("ServiceAccount"), "default", "default")));
  EXPECT_EQ(content["spec"]["accessRoleBinding"][0]["rules"][0]["verbs"][0], "list");
  EXPECT_FALSE(downlink_.sent[0].message.header.resource_version.empty());
  EXPECT_TRUE(settle().empty()) << "nothing is new";
}

TEST_F(PolicyControllerTest, AFurtherNodeIsToldOnlyWhenSomethingElseChanges) {
  all_.add_pod("p", "n");
  settle();
  all_.add_pod("q", "m");
  EXPECT_TRUE(settle().empty()) << "as v1.17.4 does";
  cluster_.remove(kind_named("Pod"), "default", "p");  // begins to be deleted
  EXPECT_EQ(settle(), Lines{"m insert default/serviceaccountaccess/default"});
  DeleteOptions now;
  now.grace_seconds = 0;
  cluster_.remove(kind_named("Pod"), "default", "p", now);
  EXPECT_EQ(settle(), Lines{"n delete default/serviceaccountaccess/default"})
      << "its last change is seen when it is gone";
  policy_.replay();
  EXPECT_TRUE(settle().empty()) << "a cloud that starts has nothing to add";
}

TEST_F(PolicyControllerTest, ChangedRulesGoToAllNodes) {
  add_role("get");
  bind();
  all_.add_pod("p", "n");
  all_.add_pod("q", "m");
  EXPECT_EQ(settle().size(), 2U);
  const Json rule = {{"verbs", {"*"}}, {"apiGroups", {""}}, {"resources", {"configmaps"}}};
  cluster_.patch(kind_named("Role"), "default", "reader", PatchType::kMerge,
                 {{"rules", Json::array({rule})}});
  EXPECT_EQ(settle(), (Lines{"m update default/serviceaccountaccess/default",
                             "n update default/serviceaccountaccess/default"}));
}

TEST_F(PolicyControllerTest, AnAccountThatIsGoneTakesItsRightsAlong) {
  all_.add_pod("p", "n");
  settle();
  cluster_.remove(kind_named("ServiceAccount"), "default", "default");
  EXPECT_EQ(settle(), Lines{"n delete default/serviceaccountaccess/default"});
  EXPECT_TRUE(cluster_.list(kind_named("ServiceAccountAccess")).empty());
}

TEST_F(PolicyControllerTest, ABindingWithoutItsRoleLeavesTheListShort) {
  bind();
  all_.add_pod("p", "n");
  ASSERT_EQ(settle().size(), 1U);
  EXPECT_FALSE(downlink_.sent[0].message.content["spec"].contains("accessRoleBinding"));
}

}  // namespace
}  // namespace edgecore::cloudsim
