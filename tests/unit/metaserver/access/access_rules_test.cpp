// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/access_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/metaserver/access_objects.hpp"

namespace edgecore::metaserver {
namespace {

using samples::access;
using samples::account_user;
using samples::asks;
using samples::asks_path;
using samples::cluster_binding;
using samples::kWebUser;
using samples::role_binding;
using samples::rule;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const Json kWeb = {{"kind", "ServiceAccount"}, {"name", "web"}, {"namespace", "shop"}};

TEST(AccessRules, TheRecordedObjectAllowsWhatItSays) {
  AccessRules rules;
  rules.put(Json::parse(
      R"({"metadata":{"name":"default","namespace":"default","uid":"u","resourceVersion":"77"},"spec":{
      "serviceAccount":{"metadata":{"name":"default","namespace":"default","creationTimestamp":null}},
      "serviceAccountUid":"0b1c","accessRoleBinding":[{"roleBinding":{"metadata":{"name":"rb",
      "namespace":"default","creationTimestamp":null},"subjects":[{"kind":"ServiceAccount","name":"default",
      "namespace":"default"}],"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"reader"}},
      "rules":[{"verbs":["get","list","watch"],"apiGroups":[""],"resources":["configmaps"]}]}]},"status":{}})"));
  const User user = account_user("default", "default");
  const auto allowed = rules.decide(user, asks("list", "configmaps", "default"));
  EXPECT_TRUE(allowed.allowed);
  EXPECT_EQ(
      allowed.reason,
      R"(RBAC: allowed by RoleBinding "rb/default" of Role "reader" to ServiceAccount "default/default")");
  const auto denied = rules.decide(user, asks("delete", "configmaps", "default"));
  EXPECT_FALSE(denied.allowed);
  EXPECT_EQ(denied.reason, "");
  EXPECT_EQ(rules.account_uid("default", "default"), "0b1c");
  EXPECT_EQ(rules.account_uid("default", "other"), std::nullopt);
  EXPECT_EQ(rules.account_uid("other", "default"), std::nullopt);
}

TEST(AccessRules, ABindingIsForItsSubjectsAndItsNamespace) {
  struct Row {
    std::string what;
    Json binding;
    User user;
    Attributes asked;
    bool allowed;
  };
  const std::vector<Json> reads{rule({"get"}, {""}, {"pods"})};
  const Attributes in_shop = asks("get", "pods", "shop");
  const auto by = [&](const Json& subject) {
    return role_binding("shop", "b", "Role", "r", {subject}, reads);
  };
  const auto everywhere = [&](const Json& subject) {
    return cluster_binding("b", "ClusterRole", "r", {subject}, reads);
  };
  const Row rows[] = {
      {"the account", by(kWeb), kWebUser, in_shop, true},
      {"another account", by(kWeb), account_user("shop", "db"), in_shop, false},
      {"its name elsewhere", by(kWeb), account_user("bank", "web"), in_shop, false},
      {"another namespace", by(kWeb), kWebUser, asks("get", "pods", "bank"), false},
      {"the cluster", by(kWeb), kWebUser, asks("get", "pods", ""), false},
      {"no namespace: the binding's", by({{"kind", "ServiceAccount"}, {"name", "web"}}), kWebUser, in_shop,
       true},
      {"by user name", by({{"kind", "User"}, {"name", kWebUser.name}}), kWebUser, in_shop, true},
      {"by group", by({{"kind", "Group"}, {"name", "system:serviceaccounts:shop"}}), kWebUser, in_shop, true},
      {"by another group", by({{"kind", "Group"}, {"name", "system:nodes"}}), kWebUser, in_shop, false},
      {"a group is no user", by({{"kind", "Group"}, {"name", kWebUser.name}}), kWebUser, in_shop, false},
      {"unknown kind", by({{"kind", "Robot"}, {"name", kWebUser.name}}), kWebUser, in_shop, false},
      {"cluster-wide", everywhere(kWeb), kWebUser, asks("get", "pods", ""), true},
      {"cluster-wide in a namespace", everywhere(kWeb), kWebUser, asks("get", "pods", "bank"), true},
      {"cluster-wide without namespace", everywhere({{"kind", "ServiceAccount"}, {"name", "web"}}), kWebUser,
       in_shop, false},
  };
  for (const Row& row : rows) {
    AccessRules rules;
    rules.put(access("shop", "web", "sa-uid", {row.binding}));
    EXPECT_EQ(rules.decide(row.user, row.asked).allowed, row.allowed) << row.what;
  }
}

TEST(AccessRules, BindingsOfAllObjectsAreOneSet) {
  AccessRules rules;
  const Json group = {{"kind", "Group"}, {"name", "system:serviceaccounts"}};
  rules.put(access("bank", "db", "u",
                   {cluster_binding("all", "ClusterRole", "r", {group}, {rule({"get"}, {""}, {"nodes"})}),
                    role_binding("bank", "b", "Role", "r", {group}, {rule({"get"}, {""}, {"pods"})})}));
  rules.put(access("shop", "web", "u", {}));
  EXPECT_TRUE(rules.decide(kWebUser, asks("get", "nodes", "")).allowed);
  EXPECT_TRUE(rules.decide(kWebUser, asks("get", "pods", "bank")).allowed);
  EXPECT_FALSE(rules.decide(kWebUser, asks("get", "pods", "shop")).allowed);
  rules.remove("bank", "db");
  EXPECT_FALSE(rules.decide(kWebUser, asks("get", "nodes", "")).allowed);
  EXPECT_EQ(rules.size(), 1U);
}

TEST(AccessRules, TheFirstOfABindingOrRoleThatComesTwiceCounts) {
  AccessRules rules;
  const std::vector<Json> first{rule({"get"}, {""}, {"pods"})};
  const std::vector<Json> second{rule({"delete"}, {""}, {"pods"})};
  // Put in the other order: the names decide.
  rules.put(access("shop", "b", "u",
                   {role_binding("shop", "rb", "Role", "r", {kWeb}, second),
                    role_binding("shop", "rb2", "Role", "r", {kWeb}, second)}));
  rules.put(access("shop", "a", "u", {role_binding("shop", "rb", "Role", "r", {kWeb}, first)}));
  EXPECT_TRUE(rules.decide(kWebUser, asks("get", "pods", "shop")).allowed);
  EXPECT_FALSE(rules.decide(kWebUser, asks("delete", "pods", "shop")).allowed);
  EXPECT_THAT(rules.rules_of(kWebUser, "shop").rules, SizeIs(2));  // rb and rb2, both with the first rules
}

TEST(AccessRules, AnObjectIsReplacedAsAWhole) {
  AccessRules rules;
  const auto with_verb = [](const std::string& verb) {
    return access("shop", "web", verb,
                  {role_binding("shop", "b", "Role", "r", {kWeb}, {rule({verb}, {""}, {"pods"})})});
  };
  rules.put(with_verb("get"));
  EXPECT_TRUE(rules.decide(kWebUser, asks("get", "pods", "shop")).allowed);
  rules.put(with_verb("list"));
  EXPECT_FALSE(rules.decide(kWebUser, asks("get", "pods", "shop")).allowed);
  EXPECT_TRUE(rules.decide(kWebUser, asks("list", "pods", "shop")).allowed);
  EXPECT_EQ(rules.account_uid("shop", "web"), "list");
  rules.put({{"metadata", {{"name", "web"}, {"namespace", "shop"}}}, {"spec", nullptr}});
  EXPECT_FALSE(rules.decide(kWebUser, asks("list", "pods", "shop")).allowed);
  EXPECT_EQ(rules.account_uid("shop", "web"), std::nullopt);
  rules.clear();
  EXPECT_EQ(rules.size(), 0U);
}

TEST(AccessRules, ARoleThatIsMissingIsNamed) {
  struct Row {
    Json binding;
    std::string reason;
  };
  const Row rows[] = {
      // A Role comes only with an object of its own namespace.
      {role_binding("bank", "b", "Role", "reader", {kWeb}, {}), "RBAC: role bank/reader not found"},
      {cluster_binding("b", "Role", "reader", {kWeb}, {}), "RBAC: role /reader not found"},
      {cluster_binding("b", "Rolle", "reader", {kWeb}, {}),
       R"(RBAC: unsupported role reference kind: "Rolle")"},
  };
  for (const Row& row : rows) {
    AccessRules rules;
    rules.put(access("shop", "web", "u", {row.binding}));
    EXPECT_EQ(rules.decide(kWebUser, asks("get", "pods", "bank")).reason, row.reason);
    EXPECT_EQ("RBAC: " + rules.rules_of(kWebUser, "bank").problem, row.reason);
    EXPECT_EQ(rules.decide(account_user("shop", "db"), asks("get", "pods", "bank")).reason, "");
  }
  AccessRules rules;
  rules.put(access("shop", "web", "u", {rows[0].binding, rows[1].binding}));
  EXPECT_EQ(rules.decide(kWebUser, asks("get", "pods", "bank")).reason,
            "RBAC: [role /reader not found, role bank/reader not found]");
}

TEST(AccessRules, MalformedPartsAreLeftOutAndTheRestCounts) {
  const Json good = role_binding("shop", "good", "Role", "good", {kWeb}, {rule({"get"}, {""}, {"pods"})});
  const auto broken = [&](const std::string& pointer, const Json& value) {
    Json binding = role_binding("shop", "bad", "Role", "bad", {kWeb}, {rule({"delete"}, {""}, {"pods"})});
    binding[Json::json_pointer(pointer)] = value;
    return binding;
  };
  const Json bad[] = {
      5,
      nullptr,
      Json::object(),
      broken("/roleBinding", "x"),
      broken("/roleBinding/metadata", nullptr),
      broken("/roleBinding/metadata/namespace", nullptr),
      broken("/roleBinding/roleRef", 5),
      broken("/roleBinding/roleRef/name", Json::array()),
      broken("/roleBinding/subjects", "all"),
      broken("/roleBinding/subjects/0", 5),
      broken("/roleBinding/subjects/0/name", Json::object()),
      broken("/rules", "all"),
      broken("/rules/0", "all"),
      broken("/rules/0/verbs", "*"),
      broken("/rules/0/verbs/0", 5),
      broken("/rules/0/resources", nullptr),
      broken("/rules/0/resourceNames", 5),
  };
  for (const Json& item : bad) {
    AccessRules rules;
    Json object = access("shop", "web", "u", {});
    object["spec"]["accessRoleBinding"] = Json::array({item, good});
    rules.put(object);
    EXPECT_TRUE(rules.decide(kWebUser, asks("get", "pods", "shop")).allowed) << item;
    EXPECT_FALSE(rules.decide(kWebUser, asks("delete", "pods", "shop")).allowed) << item;
  }
  for (const Json& object :
       {Json(), Json(5), Json::array(), Json::object(), Json{{"metadata", {{"name", "x"}}}}}) {
    AccessRules rules;
    rules.put(object);
    EXPECT_EQ(rules.size(), 0U) << object;
  }
}

TEST(AccessRules, AnObjectBeyondAllMeasureIsCutShort) {
  AccessRules rules;
  std::vector<Json> many;
  for (int i = 0; i < 20'100; ++i) many.push_back(rule({"get"}, {""}, {"r" + std::to_string(i)}));
  rules.put(access("shop", "web", "u", {role_binding("shop", "b", "Role", "r", {kWeb}, many)}));
  EXPECT_TRUE(rules.decide(kWebUser, asks("get", "r0", "shop")).allowed);
  EXPECT_FALSE(rules.decide(kWebUser, asks("get", "r20099", "shop")).allowed);
}

TEST(AccessRules, PathsComeOnlyFromTheCluster) {
  AccessRules rules;
  const Json path = {{"verbs", {"get"}}, {"nonResourceURLs", {"/metrics"}}};
  rules.put(access("shop", "web", "u", {role_binding("shop", "b", "ClusterRole", "r", {kWeb}, {path})}));
  Attributes asked = asks_path("get", "/metrics");
  asked.ns = "shop";
  EXPECT_FALSE(rules.decide(kWebUser, asked).allowed);
  rules.put(access("shop", "db", "u", {cluster_binding("b", "ClusterRole", "r", {kWeb}, {path})}));
  EXPECT_TRUE(rules.decide(kWebUser, asked).allowed);
}

TEST(PolicyRule, MatchesAsKubernetesDoes) {
  struct Row {
    Json rule;
    Attributes asked;
    bool allowed;
  };
  const auto named = [](Attributes asked, const std::string& name) {
    asked.name = name;
    return asked;
  };
  const auto sub = [](const std::string& resource, const std::string& subresource) {
    Attributes asked = asks("get", resource, "ns");
    asked.subresource = subresource;
    return asked;
  };
  const auto grouped = [](const std::string& group) {
    Attributes asked = asks("get", "deployments", "ns");
    asked.group = group;
    return asked;
  };
  const auto only = [](const std::string& name) {
    Json made = rule({"get"}, {""}, {"pods"});
    made["resourceNames"] = {name};
    return made;
  };
  const auto paths = [](const std::string& path) {
    return Json{{"verbs", {"get"}}, {"nonResourceURLs", {path}}};
  };
  const Row rows[] = {
      {rule({"get"}, {""}, {"pods"}), asks("get", "pods", "ns"), true},
      {rule({"get"}, {""}, {"pods"}), asks("GET", "pods", "ns"), false},
      {rule({"*"}, {""}, {"pods"}), asks("deletecollection", "pods", "ns"), true},
      {rule({}, {""}, {"pods"}), asks("get", "pods", "ns"), false},
      {rule({"get"}, {}, {"pods"}), asks("get", "pods", "ns"), false},
      {rule({"get"}, {"apps"}, {"deployments"}), grouped("apps"), true},
      {rule({"get"}, {""}, {"deployments"}), grouped("apps"), false},
      {rule({"get"}, {"*"}, {"deployments"}), grouped("apps"), true},
      {rule({"get"}, {""}, {"*"}), sub("pods", "log"), true},
      {rule({"get"}, {""}, {"pods"}), sub("pods", "log"), false},
      {rule({"get"}, {""}, {"pods/log"}), sub("pods", "log"), true},
      {rule({"get"}, {""}, {"pods/log"}), sub("pods", "exec"), false},
      {rule({"get"}, {""}, {"pods/log"}), asks("get", "pods", "ns"), false},
      {rule({"get"}, {""}, {"*/log"}), sub("pods", "log"), true},
      {rule({"get"}, {""}, {"*/log"}), asks("get", "pods", "ns"), false},
      {rule({"get"}, {""}, {"*/"}), asks("get", "pods", "ns"), false},
      {rule({"get"}, {""}, {"pod"}), asks("get", "pods", "ns"), false},
      {only("web-1"), named(asks("get", "pods", "ns"), "web-1"), true},
      {only("web-1"), named(asks("get", "pods", "ns"), "web-2"), false},
      {only("web-1"), asks("get", "pods", "ns"), false},
      {only("*"), named(asks("get", "pods", "ns"), "web-2"), false},
      {paths("/metrics"), asks_path("get", "/metrics"), true},
      {paths("/metrics"), asks_path("get", "/metrics/cadvisor"), false},
      {paths("/metrics"), asks_path("post", "/metrics"), false},
      {paths("/metrics/*"), asks_path("get", "/metrics/cadvisor"), true},
      {paths("/metrics/*"), asks_path("get", "/metrics"), false},
      {paths("/met**"), asks_path("get", "/metrics"), true},
      {paths("*"), asks_path("get", "/"), true},
      {paths("*"), asks("get", "pods", "ns"), false},
      {rule({"*"}, {"*"}, {"*"}), asks_path("get", "/metrics"), false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(PolicyRule::from_json(row.rule).allows(row.asked), row.allowed)
        << row.rule << " " << row.asked.verb << " " << row.asked.resource << row.asked.path;
  }
}

}  // namespace
}  // namespace edgecore::metaserver
