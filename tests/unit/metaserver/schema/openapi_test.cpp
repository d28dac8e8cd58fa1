// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/openapi.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "edgecore/base/ascii.hpp"
#include "metaserver/http/api_error.hpp"
#include "support/paths.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::metaserver {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Test;

class OpenApiTest : public Test {
 protected:
  void learn(const Json& schema) {
    Json crd = kube::parse_json(
        R"({"kind": "CustomResourceDefinition", "metadata": {"name": "crontabs.stable.example.com"},
      "spec": {"group": "stable.example.com", "scope": "Namespaced", "names": {"plural": "crontabs", "kind": "CronTab"},
               "versions": [{"name": "v1", "served": true}]}})");
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = schema;
    resources_.learn(crd);
  }
  kube::ApiResources resources_;
};

constexpr const char* kGvk = "x-kubernetes-group-version-kind";
constexpr const char* kCronTab = "com.example.stable.v1.CronTab";

Json cron_schema() {
  return kube::parse_json(R"({"type": "object", "description": "A cron tab.", "properties": {
    "spec": {"type": "object", "description": "The spec.", "required": ["a"], "properties": {"a": {"type": "string"}}},
    "list": {"type": "array", "items": {"type": "string"}},
    "port": {"x-kubernetes-int-or-string": true}}})");
}

/// What `$ref` of a schema leads to, also through `allOf`; the schema itself if it has none.
const Json& followed(const Json& document, const Json& schema) {
  const Json* at = &schema;
  if (const auto all = at->find("allOf"); all != at->end()) at = &all->front();
  const auto reference = at->find("$ref");
  if (reference == at->end()) return *at;
  return document.at(Json::json_pointer(reference->get<std::string>().substr(1)));
}

/// The schema of a field as `kubectl explain` finds it: through lists and maps. Null if there is none.
Json explained(const Json& document, const std::string& definition, const std::string& path) {
  const bool v2 = document.contains("swagger");
  const Json* at = &(v2 ? document["definitions"] : document["components"]["schemas"])[definition];
  std::istringstream names(path);
  for (std::string name; std::getline(names, name, '.');) {
    for (const char* inner : {"items", "additionalProperties"})
      while (at->contains(inner)) at = &followed(document, (*at)[inner]);
    const Json& properties = kube::object_or_empty(*at, "properties");
    if (!properties.contains(name)) return nullptr;
    at = &followed(document, properties[name]);
  }
  return *at;
}

TEST_F(OpenApiTest, KindsAreDescribedToAnyDepth) {
  const Json v2 = openapi_v2(resources_);
  const std::string core = "io.k8s.api.core.v1.", devices = "io.kubeedge.devices.v1beta1.";
  for (const auto& [definition, path, type] : std::vector<std::array<std::string, 3>>{
           {core + "Pod", "spec.containers.securityContext.seccompProfile.localhostProfile", "string"},
           {core + "Pod", "spec.initContainers.livenessProbe.httpGet.httpHeaders.value", "string"},
           {core + "Pod", "spec.containers.lifecycle.preStop.sleep.seconds", "integer"},
           {core + "Pod", "spec.volumes.projected.sources.serviceAccountToken.expirationSeconds", "integer"},
           {core + "Pod",
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
            "nodeSelectorTerms.matchExpressions.values",
            "array"},
           {core + "Pod", "status.containerStatuses.lastState.terminated.exitCode", "integer"},
           {core + "Pod", "metadata.ownerReferences.blockOwnerDeletion", "boolean"},
           {core + "Node", "status.nodeInfo.kubeletVersion", "string"},
           {core + "Node", "spec.taints.timeAdded", "string"},
           {core + "Secret", "stringData", "object"},
           {"io.k8s.api.coordination.v1.Lease", "spec.leaseDurationSeconds", "integer"},
           {"io.k8s.api.apps.v1.Deployment", "spec.template.spec.containers.env.valueFrom.fieldRef",
            "object"},
           {"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
            "spec.versions.schema.openAPIV3Schema.properties.properties.pattern", "string"},
           {devices + "Device", "spec.properties.pushMethod.mqtt.qos", "integer"},
           {devices + "Device", "status.twins.reported.value", "string"},
           {devices + "DeviceModel", "spec.properties.accessMode", "string"},
       }) {
    const Json found = explained(v2, definition, path);
    EXPECT_EQ(found.is_null() ? "nothing" : found["type"], type) << definition << " " << path;
  }
  const Json v3 = openapi_v3(resources_, "/openapi/v3/api/v1");
  EXPECT_EQ(explained(v3, core + "Pod", "spec.containers.securityContext.seccompProfile.type")["type"],
            "string");
  EXPECT_EQ(explained(v3, core + "Pod", "spec.containers.ports.containerPort")["format"], "int32");
  EXPECT_EQ(explained(v3, core + "Pod", "spec.containers.livenessProbe.tcpSocket.port")["oneOf"].size(), 2U);
}

TEST_F(OpenApiTest, AFieldThatDoesNotExistIsInNoSchema) {
  const Json v2 = openapi_v2(resources_);
  for (const char* path : {"specs", "spec.container", "spec.containers.imag", "spec.containers.ports.port",
                           "spec.containers.securityContext.seccompProfile.kind", "status.phases"})
    EXPECT_TRUE(explained(v2, "io.k8s.api.core.v1.Pod", path).is_null()) << path;
}

TEST_F(OpenApiTest, AFieldSaysWhatItIs) {
  const Json v2 = openapi_v2(resources_);
  const Json& pod = v2["definitions"]["io.k8s.api.core.v1.Pod"];
  EXPECT_EQ(pod[kGvk], kube::parse_json(R"([{"group": "", "version": "v1", "kind": "Pod"}])"));
  EXPECT_EQ(pod["properties"].size(), 5U);
  const Json& spec = v2["definitions"]["io.k8s.api.core.v1.PodSpec"];
  EXPECT_EQ(spec["required"], Json({"containers"}));
  const Json& containers = spec["properties"]["containers"];
  EXPECT_EQ(containers["description"], "The containers.");
  EXPECT_EQ(containers["items"]["$ref"], "#/definitions/io.k8s.api.core.v1.Container");
  EXPECT_EQ(containers["x-kubernetes-patch-merge-key"], "name");
  EXPECT_EQ(spec["properties"]["volumes"]["x-kubernetes-patch-strategy"], "merge,retainKeys");
  EXPECT_FALSE(spec["properties"]["tolerations"].contains("x-kubernetes-patch-strategy"));
  const Json& finalizers =
      v2["definitions"]["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]["properties"]["finalizers"];
  EXPECT_EQ(finalizers["x-kubernetes-patch-strategy"], "merge");
  EXPECT_FALSE(finalizers.contains("x-kubernetes-patch-merge-key"));
  // Beside a reference, version 3 has nothing.
  const Json v3 = openapi_v3(resources_, "/openapi/v3/apis/apps/v1")["components"]["schemas"];
  const Json& strategy = v3["io.k8s.api.apps.v1.DeploymentSpec"]["properties"]["strategy"];
  EXPECT_EQ(strategy["allOf"][0]["$ref"], "#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy");
  EXPECT_EQ(strategy["x-kubernetes-patch-strategy"], "retainKeys");
}

TEST_F(OpenApiTest, EveryBuiltInKindHasItsFields) {
  const Json v2 = openapi_v2(resources_);
  std::size_t seen = 0;
  for (const auto& [name, definition] : v2["definitions"].items()) {
    if (!definition.contains(kGvk)) continue;
    ++seen;
    EXPECT_GT(kube::object_or_empty(definition, "properties").size(), 3U) << name;
    EXPECT_FALSE(kube::string_or(definition, "description").empty()) << name;
  }
  EXPECT_GT(seen, 60U);
}

void expect_references(const Json& document, const Json& at) {
  // A field of CustomResourceDefinitions is called $ref.
  if (const auto reference = at.find("$ref"); reference != at.end() && reference->is_string()) {
    const std::string where = *reference;
    EXPECT_TRUE(document.contains(Json::json_pointer(where.substr(1)))) << where;
  }
  if (at.is_structured())
    for (const Json& inner : at) expect_references(document, inner);
}

TEST_F(OpenApiTest, EveryReferenceLeadsSomewhere) {
  learn(cron_schema());
  const Json v2 = openapi_v2(resources_);
  expect_references(v2, v2);
  const Json index = openapi_v3(resources_, "/openapi/v3");
  for (const auto& [name, entry] : index["paths"].items()) {
    const Json v3 = openapi_v3(resources_, "/openapi/v3/" + name);
    expect_references(v3, v3);
  }
}

TEST_F(OpenApiTest, OnlyOpenKindsHaveNoFields) {
  // A word in the tables that means nothing would become an open object.
  const Json v2 = openapi_v2(resources_);
  for (const auto& [name, definition] : v2["definitions"].items())
    EXPECT_TRUE(definition.contains("properties") || definition["type"] == "string") << name;
}

TEST_F(OpenApiTest, WritesTakeFieldValidationAndDryRun) {
  // By these kubectl knows that the server validates, and that `kubectl diff` can ask it.
  const Json v3 = openapi_v3(resources_, "/openapi/v3/apis/apps/v1");
  const Json& one = v3["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
  for (const char* method : {"put", "patch"}) {
    EXPECT_EQ(one[method]["parameters"][0]["name"], "dryRun");
    EXPECT_EQ(one[method]["parameters"][1]["name"], "fieldValidation");
    EXPECT_EQ(one[method]["parameters"][1]["in"], "query");
    EXPECT_EQ(one[method]["x-kubernetes-action"], method);
    EXPECT_EQ(one[method][kGvk],
              kube::parse_json(R"({"group": "apps", "version": "v1", "kind": "Deployment"})"));
  }
  EXPECT_EQ(v3["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments"]["post"]["parameters"][1]["name"],
            "fieldValidation");
  EXPECT_EQ(openapi_v2(resources_)["paths"]["/api/v1/nodes/{name}"]["patch"]["parameters"][0]["name"],
            "dryRun");
}

TEST_F(OpenApiTest, StrategicMergePatchesAreNotOffered) {
  // kubectl would take merge keys from these schemas, and lose deletions from lists.
  const Json patch = openapi_v2(resources_)["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"];
  EXPECT_THAT(patch["consumes"], AllOf(Contains("application/merge-patch+json"),
                                       Not(Contains("application/strategic-merge-patch+json"))));
  EXPECT_THAT(openapi_v3(resources_, "/openapi/v3/api/v1").dump(), Not(HasSubstr("strategic-merge-patch")));
}

TEST_F(OpenApiTest, ACrdsSchemaIsWholeInV3AndItsFieldsAreInV2) {
  learn(cron_schema());
  const Json v3 =
      openapi_v3(resources_, "/openapi/v3/apis/stable.example.com/v1")["components"]["schemas"][kCronTab];
  EXPECT_EQ(v3["properties"]["spec"]["properties"]["a"]["type"], "string");
  EXPECT_EQ(v3["properties"]["spec"]["required"], Json({"a"}));
  EXPECT_TRUE(v3["properties"].contains("metadata"));
  EXPECT_EQ(v3[kGvk][0]["kind"], "CronTab");
  const Json v2 = openapi_v2(resources_)["definitions"][kCronTab];
  EXPECT_EQ(v2["description"], "A cron tab.");
  EXPECT_EQ(
      v2["properties"]["spec"],
      kube::parse_json(
          R"({"type": "object", "description": "The spec.", "properties": {"a": {"type": "string"}}})"));
  EXPECT_EQ(v2["properties"]["list"]["items"]["type"], "string");
  EXPECT_FALSE(v2["properties"]["port"].contains("type"));
}

TEST_F(OpenApiTest, ASchemaThatKeepsUnknownFieldsStaysOpen) {
  Json schema = cron_schema();
  schema["x-kubernetes-preserve-unknown-fields"] = true;
  learn(schema);
  EXPECT_FALSE(openapi_v2(resources_)["definitions"][kCronTab].contains("properties"));
}

TEST_F(OpenApiTest, AStrangeSchemaDoesNoHarm) {
  for (const char* text : {R"({"properties": [1]})", R"({"properties": {"a": 7, "b": {"type": 3, "items": 4},
                           "c": {"type": "array"}, "d": {"type": "array", "items": {"type": "array"}}}})",
                           R"({"type": 5, "description": {}})"}) {
    learn(kube::parse_json(text));
    const Json document = openapi_v2(resources_);
    EXPECT_EQ(document["definitions"][kCronTab]["type"], "object") << text;
    EXPECT_FALSE(openapi_v2_proto(document).empty());
    EXPECT_TRUE(openapi_v3(resources_, "/openapi/v3/apis/stable.example.com/v1").contains("paths"));
  }
}

TEST_F(OpenApiTest, TheIndexNamesDocumentsByTheirContent) {
  const Json before = openapi_v3(resources_, "/openapi/v3/");
  EXPECT_THAT(before["paths"]["api/v1"]["serverRelativeURL"].get<std::string>(),
              ::testing::MatchesRegex("/openapi/v3/api/v1\\?hash=[0-9a-f]{64}"));
  EXPECT_EQ(before, openapi_v3(resources_, "/openapi/v3"));
  learn(cron_schema());
  const Json after = openapi_v3(resources_, "/openapi/v3");
  EXPECT_EQ(after["paths"]["api/v1"], before["paths"]["api/v1"]);
  Json changed = cron_schema();
  changed["description"] = "Other.";
  learn(changed);
  EXPECT_NE(openapi_v3(resources_, "/openapi/v3")["paths"]["apis/stable.example.com/v1"],
            after["paths"]["apis/stable.example.com/v1"]);
}

TEST_F(OpenApiTest, OtherPathsAreNotFound) {
  for (const char* path :
       {"/openapi/v3/apis/nothing.io/v1", "/openapi/v3x", "/openapi/v3/api", "/openapi/v2", ""}) {
    try {
      openapi_v3(resources_, path);
      ADD_FAILURE() << path;
    } catch (const ApiError& error) {
      EXPECT_EQ(error.status().code, 404) << path;
    }
  }
}

/// What protoc reads in the document, by proto/openapi_v2.proto.
std::string decoded(const std::string& document) {
  const edgecore::test::TemporaryDirectory directory;
  const auto file = directory / "document";
  std::ofstream(file, std::ios::binary) << document;
  const std::string command = "protoc --decode=openapi.v2.Document -I " +
                              (test::source_dir() / "proto").string() + " openapi_v2.proto < " +
                              file.string() + " 2>&1";
  std::string text;
  if (FILE* out = ::popen(command.c_str(), "r")) {
    std::array<char, 65536> buffer;
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), out))
      text.append(buffer.data(), got);
    if (::pclose(out) != 0) text = "protoc failed: " + text;
  }
  return text;
}

TEST_F(OpenApiTest, TheProtobufFormSaysTheSame) {
  if (std::system("protoc --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "protoc is not installed";
  learn(cron_schema());
  const std::string text = decoded(openapi_v2_proto(openapi_v2(resources_)));
  // The text is long: a failure names only what is missed.
  for (const char* part : {
           "swagger: \"2.0\"",
           "name: \"io.k8s.api.core.v1.ConfigMap\"",
           "query_parameter_sub_schema {\n                in: \"query\"",
           "_ref: \"#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta\"",
           R"(yaml: "[{\"group\":\"stable.example.com\",\"kind\":\"CronTab\",\"version\":\"v1\"}]")",
       })
    EXPECT_TRUE(text.find(part) != text.npos) << part;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto start = line.find_first_not_of(' ');
    EXPECT_FALSE(start != line.npos && is_digit(line[start])) << "is in no description: " << line;
  }
}

}  // namespace
}  // namespace edgecore::metaserver
