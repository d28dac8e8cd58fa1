// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/authorization.hpp"

#include <gtest/gtest.h>

#include "metaserver/access/authentication.hpp"
#include "unit/metaserver/access_objects.hpp"

namespace edgecore::metaserver {
namespace {

using samples::account_user;
using samples::asks;
using samples::asks_path;

const User kDefaultUser = account_user("default", "default");

Attributes reviews(const std::string& verb, const std::string& group, const std::string& resource) {
  Attributes asked = asks(verb, resource, "");
  asked.group = group;
  return asked;
}

TEST(Authorization, EverybodyMayAskForTheServerAndForHimself) {
  struct Row {
    Attributes asked;
    bool allowed;
  };
  const Row rows[] = {
      {asks_path("get", "/version"), true},
      {asks_path("get", "/healthz"), true},
      {asks_path("get", "/livez"), true},
      {asks_path("get", "/readyz"), true},
      {asks_path("get", "/api"), true},
      {asks_path("get", "/api/v1"), true},
      {asks_path("get", "/apis"), true},
      {asks_path("get", "/apis/apps/v1"), true},
      {asks_path("get", "/openapi/v2"), true},
      {asks_path("get", "/openapi/v3/apis/apps/v1"), true},
      {asks_path("post", "/version"), false},
      {asks_path("get", "/metrics"), false},
      {asks_path("get", "/"), false},
      {asks_path("get", "/versions"), false},
      {asks_path("get", "/apiserver"), false},
      {asks("get", "pods", "default"), false},
      {asks("list", "secrets", ""), false},
      {reviews("create", "authorization.k8s.io", "selfsubjectaccessreviews"), true},
      {reviews("create", "authorization.k8s.io", "selfsubjectrulesreviews"), true},
      {reviews("create", "authentication.k8s.io", "selfsubjectreviews"), true},
      {reviews("create", "authorization.k8s.io", "subjectaccessreviews"), false},
      {reviews("create", "authentication.k8s.io", "tokenreviews"), false},
      {reviews("get", "authentication.k8s.io", "selfsubjectreviews"), false},
      {reviews("create", "", "selfsubjectreviews"), false},
  };
  const AccessRules none;
  User stranger = kDefaultUser;
  stranger.groups.pop_back();  // system:authenticated
  for (const Row& row : rows) {
    EXPECT_EQ(authorize(none, kDefaultUser, row.asked).allowed, row.allowed)
        << row.asked.path << row.asked.resource;
    EXPECT_FALSE(authorize(none, stranger, row.asked).allowed) << row.asked.path << row.asked.resource;
    EXPECT_TRUE(authorize(none, node_admin("edge-1"), row.asked).allowed);
  }
}

TEST(Authorization, BindingsCount) {
  AccessRules rules;
  rules.put(samples::access(
      "default", "default", "u",
      {samples::role_binding("default", "b", "Role", "r", {{{"kind", "ServiceAccount"}, {"name", "default"}}},
                             {samples::rule({"get"}, {""}, {"pods"})})}));
  EXPECT_TRUE(authorize(rules, kDefaultUser, asks("get", "pods", "default")).allowed);
  EXPECT_FALSE(authorize(rules, kDefaultUser, asks("get", "pods", "other")).allowed);
}

TEST(Authorization, TheRefusalIsInTheWordsOfTheApiServer) {
  struct Row {
    Attributes asked;
    std::string reason, message;
  };
  const auto with = [](Attributes asked, const std::string& group, const std::string& subresource,
                       const std::string& name) {
    asked.group = group;
    asked.subresource = subresource;
    asked.name = name;
    return asked;
  };
  const Row rows[] = {
      {asks("list", "configmaps", "default"), "",
       R"(configmaps is forbidden: User "system:serviceaccount:default:default" cannot list resource "configmaps" in API group "" in the namespace "default")"},
      {with(asks("get", "configmaps", "default"), "", "", "x"), "",
       R"(configmaps "x" is forbidden: User "system:serviceaccount:default:default" cannot get resource "configmaps" in API group "" in the namespace "default")"},
      {asks("watch", "nodes", ""), "",
       R"(nodes is forbidden: User "system:serviceaccount:default:default" cannot watch resource "nodes" in API group "" at the cluster scope)"},
      {with(asks("get", "pods", "shop"), "", "log", "web"), "",
       R"(pods "web" is forbidden: User "system:serviceaccount:default:default" cannot get resource "pods/log" in API group "" in the namespace "shop")"},
      {with(asks("patch", "deployments", "shop"), "apps", "scale", "web"), "",
       R"(deployments.apps "web" is forbidden: User "system:serviceaccount:default:default" cannot patch resource "deployments/scale" in API group "apps" in the namespace "shop")"},
      {asks_path("get", "/metrics"), "",
       R"(forbidden: User "system:serviceaccount:default:default" cannot get path "/metrics")"},
      {asks("list", "pods", "default"), "RBAC: role default/reader not found",
       R"(pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default": RBAC: role default/reader not found)"},
      {asks_path("get", "/<script>&\"x\""), "",
       R"(forbidden: User "system:serviceaccount:default:default" cannot get path "/&lt;script&gt;&amp;\"x\"")"},
  };
  for (const Row& row : rows) {
    const auto status = forbidden_status(kDefaultUser, row.asked, row.reason);
    EXPECT_EQ(status.message, row.message);
    EXPECT_EQ(status.code, 403);
    EXPECT_EQ(status.reason, "Forbidden");
    EXPECT_EQ(status.details.kind, row.asked.resource);
    EXPECT_EQ(status.details.group, row.asked.group);
    EXPECT_EQ(status.details.name, row.asked.name);
  }
}

TEST(Authorization, TheRefusalOnTheWire) {
  EXPECT_EQ(
      kube::dump_json(forbidden_status(kDefaultUser, asks("list", "configmaps", "default"), "").to_json()),
      R"({"apiVersion":"v1","code":403,"details":{"kind":"configmaps"},"kind":"Status",)"
      R"("message":"configmaps is forbidden: User \"system:serviceaccount:default:default\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\"",)"
      R"("metadata":{},"reason":"Forbidden","status":"Failure"})");
}

}  // namespace
}  // namespace edgecore::metaserver
