// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/access_reviews.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/metaserver/access_objects.hpp"
#include "unit/metaserver/refusal.hpp"

namespace edgecore::metaserver {
namespace {

using samples::access;
using samples::account_user;
using samples::role_binding;
using samples::rule;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AccessReviews : public ::testing::Test {
 protected:
  AccessReviews() {
    Json named = rule({"get"}, {""}, {"secrets"});
    named["resourceNames"] = {"cert"};
    rules.put(access("shop", "web", "sa-uid",
                     {role_binding("shop", "b", "Role", "r", {{{"kind", "ServiceAccount"}, {"name", "web"}}},
                                   {rule({"get", "list"}, {"", "apps"}, {"pods", "pods/log"}), named})}));
  }

  static Json ask_for(const std::string& verb, const std::string& resource, const std::string& ns) {
    return {{"spec", {{"resourceAttributes", {{"verb", verb}, {"resource", resource}, {"namespace", ns}}}}}};
  }

  /// The Status of a refusal; its code is 0 when there was none.
  template <typename Call>
  static kube::Status refusal(Call&& call) {
    kube::Status none;
    none.code = 0;
    return refusal_if_any(call).value_or(none);
  }

  AccessRules rules;
  const User user = samples::kWebUser;
  const User admin{"system:admin", "", {"system:masters", "system:authenticated"}, {}};
  ReviewContext gate_on{user, &rules};
  ReviewContext gate_off{admin, nullptr};
};

TEST_F(AccessReviews, MayI) {
  struct Row {
    std::string verb, resource, ns;
    bool allowed;
  };
  const Row rows[] = {
      {"get", "pods", "shop", true}, {"list", "pods", "shop", true},    {"delete", "pods", "shop", false},
      {"get", "pods", "", false},    {"get", "secrets", "shop", false}, {"*", "*", "shop", false},
  };
  for (const Row& row : rows) {
    const Json body = ask_for(row.verb, row.resource, row.ns);
    const Json review = self_subject_access_review(body, gate_on);
    EXPECT_EQ(review["status"]["allowed"], row.allowed) << row.verb << " " << row.resource;
    EXPECT_FALSE(review["status"].contains("evaluationError"));
    EXPECT_EQ(review["kind"], "SelfSubjectAccessReview");
    EXPECT_EQ(review["apiVersion"], "authorization.k8s.io/v1");
    EXPECT_EQ(review["spec"], body["spec"]);
    EXPECT_EQ(self_subject_access_review(body, gate_off)["status"], Json({{"allowed", true}}));
  }
}

TEST_F(AccessReviews, AllAttributesCount) {
  Json body = ask_for("get", "secrets", "shop");
  Json& attributes = body["spec"]["resourceAttributes"];
  attributes["name"] = "cert";
  EXPECT_EQ(self_subject_access_review(body, gate_on)["status"]["allowed"], true);
  attributes["name"] = "other";
  EXPECT_EQ(self_subject_access_review(body, gate_on)["status"]["allowed"], false);
  attributes = {{"verb", "get"}, {"resource", "pods"}, {"subresource", "log"}, {"namespace", "shop"}};
  EXPECT_EQ(self_subject_access_review(body, gate_on)["status"]["allowed"], true);
  attributes["subresource"] = "exec";
  EXPECT_EQ(self_subject_access_review(body, gate_on)["status"]["allowed"], false);
  attributes = {{"verb", "get"}, {"resource", "pods"}, {"group", "batch"}, {"namespace", "shop"}};
  EXPECT_EQ(self_subject_access_review(body, gate_on)["status"]["allowed"], false);
  body["spec"] = {{"nonResourceAttributes", {{"verb", "get"}, {"path", "/version"}}}};
  EXPECT_EQ(self_subject_access_review(body, gate_on)["status"]["allowed"], true);
  body["spec"]["nonResourceAttributes"]["path"] = "/metrics";
  EXPECT_EQ(self_subject_access_review(body, gate_on)["status"]["allowed"], false);
}

TEST_F(AccessReviews, TheReasonIsGiven) {
  const Json review = self_subject_access_review(ask_for("get", "pods", "shop"), gate_on);
  EXPECT_EQ(review["status"]["reason"],
            R"(RBAC: allowed by RoleBinding "b/shop" of Role "r" to ServiceAccount "web/shop")");
}

TEST_F(AccessReviews, BodiesAreChecked) {
  struct Row {
    Json body;
    int code;
    std::string message;
  };
  const Json attributes = {{"verb", "get"}, {"resource", "pods"}};
  const Row rows[] = {
      {5, 400, "must be an object"},
      {{{"kind", "Pod"}}, 400, "the body is a Pod"},
      {{{"kind", 5}}, 400, "\"kind\""},
      {{{"apiVersion", "authorization.k8s.io/v1beta1"}}, 400, "authorization.k8s.io/v1beta1"},
      {{{"spec", {{"resourceAttributes", 5}}}}, 400, "resourceAttributes"},
      {{{"spec", {{"resourceAttributes", {{"verb", 5}}}}}}, 400, "\"verb\""},
      {{{"spec", {{"nonResourceAttributes", {{"path", Json::array()}}}}}}, 400, "\"path\""},
      {Json::object(), 422, "exactly one of nonResourceAttributes or resourceAttributes must be specified"},
      {{{"spec", nullptr}}, 422, "exactly one of"},
      {{{"spec", {{"resourceAttributes", attributes}, {"nonResourceAttributes", {{"path", "/"}}}}}},
       422,
       "spec.nonResourceAttributes: Invalid value: cannot be specified in combination with"},
  };
  for (const Row& row : rows) {
    const auto status = refusal([&] { std::ignore = self_subject_access_review(row.body, gate_on); });
    EXPECT_EQ(status.code, row.code) << row.body;
    EXPECT_THAT(status.message, HasSubstr(row.message)) << row.body;
  }
  const auto status = refusal([&] { std::ignore = self_subject_access_review(Json::object(), gate_on); });
  EXPECT_THAT(status.message, HasSubstr("SelfSubjectAccessReview.authorization.k8s.io \"\" is invalid: "));
  EXPECT_EQ(status.details.group, "authorization.k8s.io");
}

TEST_F(AccessReviews, MaySomebody) {
  Json body = ask_for("get", "pods", "shop");
  body["spec"]["user"] = "system:serviceaccount:shop:web";
  const ReviewContext asker{admin, &rules};
  EXPECT_EQ(subject_access_review(body, asker)["status"]["allowed"], true);
  body["spec"]["user"] = "system:serviceaccount:shop:db";
  EXPECT_EQ(subject_access_review(body, asker)["status"]["allowed"], false);
  EXPECT_THAT(subject_access_review(body, asker)["status"]["evaluationError"],
              HasSubstr("only the rules of"));
  body["spec"]["groups"] = {"system:masters"};
  EXPECT_EQ(subject_access_review(body, asker)["status"]["allowed"], true);
  EXPECT_EQ(subject_access_review(body, gate_off)["status"]["allowed"], true);

  body["spec"].erase("user");
  body["spec"].erase("groups");
  auto status = refusal([&] { std::ignore = subject_access_review(body, asker); });
  EXPECT_EQ(status.code, 422);
  EXPECT_THAT(status.message, HasSubstr("spec.user: Invalid value: \"\": at least one of user or group"));
  body["spec"]["groups"] = {5};
  EXPECT_EQ(refusal([&] { std::ignore = subject_access_review(body, asker); }).code, 400);
}

TEST_F(AccessReviews, MaySomebodyInTheNamespaceOfThePath) {
  const ReviewContext asker{admin, &rules};
  Json body = ask_for("get", "pods", "shop");
  body["spec"]["user"] = "system:serviceaccount:shop:web";
  const Json review = local_subject_access_review(body, "shop", asker);
  EXPECT_EQ(review["status"]["allowed"], true);
  EXPECT_EQ(review["metadata"]["namespace"], "shop");
  EXPECT_EQ(refusal([&] { std::ignore = local_subject_access_review(body, "bank", asker); }).code, 422);
  body["metadata"]["namespace"] = "bank";
  EXPECT_EQ(refusal([&] { std::ignore = local_subject_access_review(body, "shop", asker); }).code, 400);
  body = {{"spec", {{"user", "x"}, {"nonResourceAttributes", {{"verb", "get"}, {"path", "/"}}}}}};
  EXPECT_THAT(refusal([&] { std::ignore = local_subject_access_review(body, "shop", asker); }).message,
              HasSubstr("disallowed on this kind of request"));
}

TEST_F(AccessReviews, WhatMayI) {
  const Json body = {{"spec", {{"namespace", "shop"}}}};
  const Json status = self_subject_rules_review(body, gate_on)["status"];
  EXPECT_EQ(status["incomplete"], false);
  const Json& resource_rules = status["resourceRules"];
  ASSERT_EQ(resource_rules.size(), 4U);  // two of everybody's
  EXPECT_EQ(resource_rules[2], rule({"get", "list"}, {"", "apps"}, {"pods", "pods/log"}));
  EXPECT_EQ(resource_rules[3]["resourceNames"], Json::array({"cert"}));
  EXPECT_THAT(status["nonResourceRules"][0]["nonResourceURLs"].dump(), HasSubstr("\"/version\""));

  const Json all = {{{"verbs", {"*"}}, {"apiGroups", {"*"}}, {"resources", {"*"}}}};
  for (const ReviewContext& context : {gate_off, ReviewContext{admin, &rules}}) {
    const Json everything = self_subject_rules_review(body, context)["status"];
    EXPECT_EQ(everything["resourceRules"], all);
    EXPECT_EQ(everything["nonResourceRules"][0]["nonResourceURLs"], Json::array({"*"}));
  }
  EXPECT_EQ(refusal([&] { std::ignore = self_subject_rules_review(Json::object(), gate_on); }).code, 400);
}

TEST_F(AccessReviews, RulesOfARoleThatIsMissingAreSaidToBeMissing) {
  rules.put(access("shop", "db", "u",
                   {role_binding("bank", "b", "Role", "gone",
                                 {{{"kind", "Group"}, {"name", "system:authenticated"}}}, {})}));
  const Json status = self_subject_rules_review({{"spec", {{"namespace", "bank"}}}}, gate_on)["status"];
  EXPECT_EQ(status["incomplete"], true);
  EXPECT_EQ(status["evaluationError"], "role bank/gone not found");
}

TEST_F(AccessReviews, WhoAmI) {
  User pod = user;
  pod.extra["authentication.kubernetes.io/pod-name"] = {"web-1"};
  const Json review = self_subject_review(Json::object(), {pod, &rules});
  EXPECT_EQ(review["kind"], "SelfSubjectReview");
  EXPECT_EQ(review["apiVersion"], "authentication.k8s.io/v1");
  const Json& info = review["status"]["userInfo"];
  EXPECT_EQ(info["username"], "system:serviceaccount:shop:web");
  EXPECT_EQ(info["uid"], "uid");
  EXPECT_EQ(info["groups"].size(), 3U);
  EXPECT_EQ(info["extra"]["authentication.kubernetes.io/pod-name"], Json::array({"web-1"}));
  const Json off = self_subject_review({{"kind", "SelfSubjectReview"}}, gate_off)["status"]["userInfo"];
  EXPECT_EQ(off["username"], "system:admin");
  EXPECT_FALSE(off.contains("uid"));
}

TEST_F(AccessReviews, WhoseToken) {
  std::vector<std::string> asked;
  gate_on.check_token = [&](std::string_view token, const std::vector<std::string>& audiences) {
    asked = audiences;
    if (token != "good") return Authentication{nullptr, {}, "the token has expired"};
    return Authentication{std::make_shared<const User>(user), {"vault"}, {}};
  };
  Json body = {{"spec", {{"token", "good"}, {"audiences", {"vault", "x"}}}}};
  const Json status = token_review(body, gate_on)["status"];
  EXPECT_THAT(asked, ElementsAre("vault", "x"));
  EXPECT_EQ(status["authenticated"], true);
  EXPECT_EQ(status["audiences"], Json::array({"vault"}));
  EXPECT_EQ(status["user"]["username"], "system:serviceaccount:shop:web");

  body["spec"]["token"] = "bad";
  const Json refused = token_review(body, gate_on)["status"];
  EXPECT_EQ(refused,
            Json({{"authenticated", false}, {"user", Json::object()}, {"error", "the token has expired"}}));

  EXPECT_EQ(refusal([&] { std::ignore = token_review(body, gate_off); }).code, 503);
  body["spec"]["token"] = "";
  EXPECT_EQ(refusal([&] { std::ignore = token_review(body, gate_on); }).code, 400);
  body["spec"]["token"] = 5;
  EXPECT_EQ(refusal([&] { std::ignore = token_review(body, gate_on); }).code, 400);
}

TEST_F(AccessReviews, EachResourceHasItsReview) {
  struct Row {
    std::string group, resource, kind;
    Json body;
  };
  Json somebody = ask_for("get", "pods", "shop");
  somebody["spec"]["user"] = "x";
  const Row rows[] = {
      {"authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", somebody},
      {"authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview", somebody},
      {"authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview", somebody},
      {"authorization.k8s.io",
       "selfsubjectrulesreviews",
       "SelfSubjectRulesReview",
       {{"spec", {{"namespace", "a"}}}}},
      {"authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", Json::object()},
      {"authentication.k8s.io", "tokenreviews", "TokenReview", {{"spec", {{"token", "t"}}}}},
  };
  gate_on.check_token = [](auto, const auto&) { return Authentication{nullptr, {}, "no"}; };
  for (const Row& row : rows) {
    EXPECT_TRUE(is_review(row.group, row.resource));
    EXPECT_FALSE(is_review("", row.resource));
    const Json review = answer_review(row.resource, "shop", row.body, gate_on);
    EXPECT_EQ(review["kind"], row.kind);
    EXPECT_EQ(review["apiVersion"], row.group + "/v1");
  }
  EXPECT_FALSE(is_review("authorization.k8s.io", "pods"));
  EXPECT_EQ(refusal([&] { std::ignore = answer_review("pods", "", Json::object(), gate_on); }).code, 404);
}

}  // namespace
}  // namespace edgecore::metaserver
