// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/body.hpp"

#include <gmock/gmock.h>

#include <chrono>

#include "metaserver/http/api_error.hpp"
#include "unit/metaserver/refusal.hpp"

namespace edgecore::metaserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Test;

net::Headers of_type(const char* type) {
  return {{"Content-Type", type}};
}

TEST(BodyTest, ObjectsAreJsonOrYaml) {
  const Json expected = {{"a", 1}};
  EXPECT_EQ(read_object({}, R"({"a": 1})"), expected);
  EXPECT_EQ(read_object(of_type("application/json; charset=utf-8"), R"({"a": 1})"), expected);
  EXPECT_EQ(read_object(of_type("Application/YAML"), "a: 1\n"), expected);
  EXPECT_EQ(read_object(of_type("application/yaml"), R"({"a": 1})"), expected);
}

TEST(BodyTest, OtherTypesAreUnsupported) {
  const auto status = refusal([] { read_object(of_type("application/vnd.kubernetes.protobuf"), "k8s"); });
  EXPECT_EQ(status.code, 415);
  EXPECT_EQ(
      status.message,
      "the body of the request was in an unknown format - accepted media types include: application/json, "
      "application/yaml");
}

TEST(BodyTest, WhatIsNoObjectIsABadRequest) {
  for (const char* bad : {"", "{", "[]", "7", "{\"a\":\"\xff\"}"})
    EXPECT_EQ(refusal([&] { read_object({}, bad); }).code, 400) << bad;
  for (const char* bad : {"", "- a", "a: [", "a: &x [*x]", "text"})
    EXPECT_EQ(refusal([&] { read_object(of_type("application/yaml"), bad); }).code, 400) << bad;
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  EXPECT_EQ(refusal([&] { read_object({}, "{\"a\":" + deep + "}"); }).code, 400);
  EXPECT_EQ(refusal([&] { read_object(of_type("application/yaml"), "a: " + deep); }).code, 400);
}

TEST(BodyTest, AnOversizedBodyIsTooLarge) {
  const auto status = refusal([] { read_object({}, std::string(kMaxBodyBytes + 1, ' ')); });
  EXPECT_EQ(status.code, 413);
  EXPECT_EQ(status.reason, "RequestEntityTooLarge");
  EXPECT_EQ(status.message, "Request entity too large: limit is 3145728");
}

// 3 MiB of `{},` took 64 MiB, and everybody else waited while they were parsed.
TEST(BodyTest, ManySmallValuesAreMeasuredBeforeTheyAreParsed) {
  const auto list = [](std::size_t count) {
    std::string text = "{\"a\":[{}";
    for (std::size_t i = 1; i < count; ++i) text += ",{}";
    return text + "]}";
  };
  EXPECT_EQ(read_object({}, list(kMaxBodyValues / 2 - 2))["a"].size(), kMaxBodyValues / 2 - 2);
  EXPECT_EQ(refusal([&] { read_object({}, list(kMaxBodyValues)); }).code, 400);
}

TEST(BodyTest, AReviewIsSmallerThanAnObject) {
  const std::string large = R"({"spec": ")" + std::string(kMaxReviewBytes, 'x') + "\"}";
  EXPECT_EQ(refusal([&] { read_object({}, large, kMaxReviewBytes); }).code, 413);
  EXPECT_EQ(read_object({}, large).size(), 1U);
}

TEST(BodyTest, DeletionsNeedNoBody) {
  EXPECT_EQ(read_delete_options(of_type("application/vnd.kubernetes.protobuf"), ""), Json::object());
  EXPECT_EQ(read_delete_options({}, R"({"gracePeriodSeconds": 0})")["gracePeriodSeconds"], 0);
  EXPECT_EQ(refusal([] { read_delete_options(of_type("application/vnd.kubernetes.protobuf"), "k8s"); }).code,
            415);
}

// A restart of pods parsed its body without limits: 2.9 MiB of brackets took 134 MiB.
TEST(BodyTest, AListOfNamesIsMeasuredBeforeItIsParsed) {
  EXPECT_EQ(read_names(R"(["a", "b"])", 2), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(read_names("[]", 2).empty());
  const std::string brackets(std::size_t{2'900'000}, '[');
  for (const std::string& bad : {std::string(), std::string("{}"), std::string("[1]"), std::string("[[]]"),
                                 std::string(R"(["a","b","c"])"), brackets}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(refusal([&] { read_names(bad, 2); }).code, 400) << bad.substr(0, 20);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(500));
  }
  EXPECT_EQ(refusal([] { read_names(std::string(kMaxBodyBytes + 1, ' '), 2); }).code, 413);
}

TEST(BodyTest, PatchesAreKnownByTheirType) {
  EXPECT_EQ(read_patch(of_type("application/json-patch+json"), "[]").type, PatchType::kJson);
  EXPECT_EQ(read_patch(of_type("application/merge-patch+json"), "{}").type, PatchType::kMerge);
  const PatchBody strategic =
      read_patch(of_type("application/strategic-merge-patch+json; q=1"), R"({"a":1})");
  EXPECT_EQ(strategic.type, PatchType::kStrategicMerge);
  EXPECT_EQ(strategic.content_type, "application/strategic-merge-patch+json");
  EXPECT_EQ(strategic.text, R"({"a":1})");
  EXPECT_EQ(read_patch(of_type("application/apply-patch+yaml"), "a: 1\n").text, "a: 1\n");

  EXPECT_EQ(refusal([] { read_patch(of_type("application/json"), "{}"); }).code, 415);
  EXPECT_THAT(refusal([] { read_patch({}, "{}"); }).message, HasSubstr("application/merge-patch+json"));
  EXPECT_EQ(refusal([] { read_patch(of_type("application/json-patch+json"), "{}"); }).code, 400);
  EXPECT_EQ(refusal([] { read_patch(of_type("application/merge-patch+json"), "[]"); }).code, 400);
  EXPECT_EQ(refusal([] { read_patch(of_type("application/merge-patch+json"), "nonsense"); }).code, 400);
  EXPECT_EQ(
      refusal([] { read_patch(of_type("application/apply-patch+yaml"), std::string(4 << 20, 'a')); }).code,
      413);
}

/// Whatever is sent with whatever method and type is taken or refused with a Status; nothing else is thrown.
TEST(BodyTest, EveryVerbTakesOrRefusesEveryBody) {
  const kube::ApiResources resources;
  const std::string bodies[] = {"",
                                "{}",
                                "[]",
                                "null",
                                "\"x\"",
                                "{\"metadata\":null,\"kind\":null}",
                                "{\"metadata\":[],\"kind\":\"Pod\"}",
                                "{\"metadata\":{\"name\":{},\"namespace\":3}}",
                                "{\"apiVersion\":{\"a\":1}}",
                                "a: {b: [c, {d: ~}]}",
                                "? {a: 1}\n: 2",
                                "--- \n...\n---",
                                std::string("\0\xff\xfe{", 4),
                                "k8s\n\x0a\x0c",
                                "&a [*a]"};
  for (const char* type :
       {"", "application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/cbor",
        "application/json-patch+json", "application/merge-patch+json",
        "application/strategic-merge-patch+json", "application/apply-patch+yaml", ";", "\xff"}) {
    for (const std::string& body : bodies) {
      for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
        for (const char* path :
             {"/api/v1/namespaces/d/pods/a", "/api/v1/nodes/a", "/api/v1/namespaces/d/pods/a/eviction"}) {
          try {
            const RequestInfo info = parse_request(method, path);
            if (info.verb == "patch") {
              read_patch(of_type(type), body);
            } else if (info.verb == "delete") {
              read_delete_options(of_type(type), body);
            } else {
              const Json object =
                  prepare_object(read_object(of_type(type), body),
                                 *resources.find(info.group, info.version, info.resource), info);
              EXPECT_EQ(object["metadata"]["name"], "a");
            }
          } catch (const ApiError& error) {
            EXPECT_THAT(error.status().code, ::testing::AnyOf(400, 413, 415));
            EXPECT_NE(error.status().message, "");
          }
        }
      }
    }
  }
}

class PrepareObjectTest : public Test {
 protected:
  Json prepare(const char* method, const char* path, Json object) {
    const RequestInfo info = parse_request(method, path);
    return prepare_object(std::move(object), *resources_.find(info.group, info.version, info.resource), info);
  }
  std::string refused(const char* method, const char* path, const Json& object) {
    const auto status = refusal([&] { prepare(method, path, object); });
    EXPECT_EQ(status.code, 400);
    return status.message;
  }
  kube::ApiResources resources_;
};

TEST_F(PrepareObjectTest, WhatIsMissingComesFromThePath) {
  EXPECT_EQ(
      prepare("POST", "/api/v1/namespaces/d/configmaps", {{"metadata", {{"name", "a"}}}}),
      Json({{"kind", "ConfigMap"}, {"apiVersion", "v1"}, {"metadata", {{"name", "a"}, {"namespace", "d"}}}}));
  EXPECT_EQ(prepare("PUT", "/apis/apps/v1/namespaces/d/deployments/x", Json::object()),
            Json({{"kind", "Deployment"},
                  {"apiVersion", "apps/v1"},
                  {"metadata", {{"name", "x"}, {"namespace", "d"}}}}));
  EXPECT_EQ(prepare("POST", "/api/v1/nodes", {{"metadata", {{"name", "n"}, {"namespace", "x"}}}})["metadata"],
            Json({{"name", "n"}}));
}

TEST_F(PrepareObjectTest, WhatTheServerOwnsIsTakenOutOnCreate) {
  const Json sent = {{"metadata",
                      {{"name", "a"},
                       {"uid", "u"},
                       {"creationTimestamp", nullptr},
                       {"deletionTimestamp", "x"},
                       {"deletionGracePeriodSeconds", 1},
                       {"selfLink", "s"},
                       {"labels", {{"a", "b"}}}}}};
  EXPECT_EQ(prepare("POST", "/api/v1/namespaces/d/pods", sent)["metadata"],
            Json({{"name", "a"}, {"namespace", "d"}, {"labels", {{"a", "b"}}}}));
  EXPECT_EQ(prepare("PUT", "/api/v1/namespaces/d/pods/a", sent)["metadata"]["uid"], "u");
}

TEST_F(PrepareObjectTest, WhatContradictsThePathIsRefused) {
  EXPECT_EQ(refused("POST", "/api/v1/namespaces/d/pods", {{"apiVersion", "v2"}}),
            "the API version in the data (v2) does not match the expected API version (v1)");
  EXPECT_EQ(refused("POST", "/api/v1/namespaces/d/pods", {{"kind", "ConfigMap"}}),
            "ConfigMap in version \"v1\" cannot be handled as a Pod");
  EXPECT_EQ(refused("POST", "/api/v1/namespaces/d/pods", {{"metadata", {{"namespace", "e"}}}}),
            "the namespace of the provided object does not match the namespace sent on the request");
  EXPECT_EQ(refused("PUT", "/api/v1/namespaces/d/pods/b", {{"metadata", {{"name", "a"}}}}),
            "the name of the object (a) does not match the name on the URL (b)");
  EXPECT_EQ(refused("POST", "/api/v1/pods", Json::object()),
            "an empty namespace may not be set during creation");
  refused("POST", "/api/v1/namespaces/d/pods", {{"metadata", 7}});
  refused("POST", "/api/v1/namespaces/d/pods", {{"metadata", {{"name", 7}}}});
  refused("POST", "/api/v1/namespaces/d/pods", {{"metadata", {{"generateName", Json::array()}}}});
  refused("POST", "/api/v1/namespaces/d/pods", {{"kind", Json::object()}});
  refused("POST", "/api/v1/namespaces/d/pods", Json::array());
  refused("POST", "/api/v1/namespaces/d/pods", Json());
}

TEST_F(PrepareObjectTest, SubresourcesHaveBodiesOfTheirOwn) {
  const Json eviction = prepare("POST", "/api/v1/namespaces/d/pods/a/eviction", Json::object());
  EXPECT_EQ(eviction["kind"], "Eviction");
  EXPECT_EQ(eviction["apiVersion"], "policy/v1");
  EXPECT_EQ(eviction["metadata"]["name"], "a");
  EXPECT_EQ(prepare("POST", "/api/v1/namespaces/d/pods/a/eviction",
                    {{"apiVersion", "policy/v1beta1"}})["apiVersion"],
            "policy/v1beta1");
  EXPECT_EQ(prepare("POST", "/api/v1/namespaces/d/serviceaccounts/a/token",
                    {{"kind", "TokenRequest"}})["apiVersion"],
            "authentication.k8s.io/v1");
  EXPECT_EQ(prepare("PUT", "/apis/apps/v1/namespaces/d/deployments/a/scale", Json::object())["kind"],
            "Scale");
  EXPECT_EQ(prepare("POST", "/api/v1/namespaces/d/pods/a/binding", Json::object())["kind"], "Binding");
  EXPECT_EQ(prepare("PUT", "/api/v1/namespaces/d/pods/a/status", Json::object())["kind"], "Pod");
  refused("POST", "/api/v1/namespaces/d/pods/a/eviction", {{"kind", "Pod"}, {"apiVersion", "v1"}});
}

}  // namespace
}  // namespace edgecore::metaserver
