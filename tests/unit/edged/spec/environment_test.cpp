// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgecore::edged {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ConfigKind = kube::EnvFrom::Kind;

kube::PodPtr pod_with_container(const std::string& container_members) {
  return kube::parse_pod(kube::parse_json(
      R"x({"metadata": {"name": "p", "namespace": "ns", "uid": "u", "labels": {"a/b": "x\"y", "z": "1"}},
          "spec": {"nodeName": "n", "serviceAccountName": "sa", "containers": [{"name": "c", )x" +
      container_members + "}]}}"));
}

std::vector<std::string> lines(const std::vector<cri::KeyValue>& all) {
  std::vector<std::string> out;
  for (const auto& one : all) out.push_back(one.key + "=" + one.value);
  return out;
}

std::vector<std::string> environment(const std::string& members, const ConfigObjects& objects = {}) {
  const auto pod = pod_with_container(members);
  const PodFacts facts{"192.0.2.2", {"10.0.0.5", "fd00::5"}, {{"cpu", "4"}, {"memory", "1Gi"}}};
  return lines(make_environment({*pod, pod->spec.containers[0], objects, facts, "169.254.30.10", "10550"}));
}

std::string error_of(const std::string& members) {
  try {
    environment(members);
  } catch (const ContainerConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Environment, TheServiceVariablesAreAlwaysThereAndLast) {
  EXPECT_THAT(environment(R"x("env": [{"name": "B", "value": "1"}])x"),
              ElementsAre("B=1", "KUBERNETES_SERVICE_HOST=169.254.30.10", "KUBERNETES_SERVICE_PORT=10550"));
  const auto pod = pod_with_container(R"x("image": "i")x");
  EXPECT_THAT(lines(make_environment({*pod, pod->spec.containers[0], {}, {}, "", ""})),
              ElementsAre("KUBERNETES_SERVICE_HOST=", "KUBERNETES_SERVICE_PORT="));
}

TEST(Environment, WhatTheContainerSaysOfTheApiWinsOverWhatTheAgentAdds) {
  EXPECT_THAT(
      environment(
          R"x("env": [{"name": "KUBERNETES_SERVICE_HOST", "value": "own"}, {"name": "B", "value": "1"}])x"),
      ElementsAre("KUBERNETES_SERVICE_HOST=own", "B=1", "KUBERNETES_SERVICE_PORT=10550"));
  const ConfigObjects objects{
      {{ConfigKind::kConfigMap, "api"},
       Json::parse(
           R"({"data": {"KUBERNETES_SERVICE_HOST": "127.0.0.8", "KUBERNETES_SERVICE_PORT": "6443"}})")}};
  EXPECT_THAT(environment(R"x("envFrom": [{"configMapRef": {"name": "api"}}])x", objects),
              ElementsAre("KUBERNETES_SERVICE_HOST=127.0.0.8", "KUBERNETES_SERVICE_PORT=6443"));
}

TEST(Environment, TheServiceVariablesAreKnownToReferences) {
  const auto all = environment(
      R"x("env": [{"name": "URL", "value": "https://$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)/"},
          {"name": "KUBERNETES_SERVICE_PORT", "value": "1"}, {"name": "P", "value": "$(KUBERNETES_SERVICE_PORT)"}])x");
  EXPECT_THAT(all, ElementsAre("URL=https://169.254.30.10:10550/", "KUBERNETES_SERVICE_PORT=1", "P=1",
                               "KUBERNETES_SERVICE_HOST=169.254.30.10"));
}

TEST(Environment, KeepsDeclarationOrderAndExpandsEarlierValuesOnly) {
  const auto all =
      environment(R"x("env": [{"name": "Z", "value": "1"}, {"name": "A", "value": "$(Z)-$(LATER)-$$(Z)"},
      {"name": "LATER", "value": "x"}, {"name": "Z", "value": "$(A)!"}])x");
  EXPECT_EQ(all[0], "Z=1-$(LATER)-$(Z)!");
  EXPECT_EQ(all[1], "A=1-$(LATER)-$(Z)");
  EXPECT_EQ(all[2], "LATER=x");
}

TEST(Environment, ReadsConfigMapsAndSecrets) {
  const ConfigObjects objects = {
      {{ConfigKind::kConfigMap, "cm"},
       kube::parse_json(R"x({"data": {"k": "v", "bad name": "x", "1st": "y"}})x")},
      {{ConfigKind::kSecret, "s"}, kube::parse_json(R"x({"data": {"pw": "c2VjcmV0"}})x")}};
  const auto all = environment(
      R"x("envFrom": [{"prefix": "P_", "configMapRef": {"name": "cm"}}, {"secretRef": {"name": "s"}},
                     {"secretRef": {"name": "gone", "optional": true}}],
         "env": [{"name": "A", "value": "$(pw)"},
                 {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "pw"}}},
                 {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "no", "optional": true}}}])x",
      objects);
  EXPECT_THAT(all, ElementsAre("P_1st=y", "P_k=v", "pw=secret", "A=secret", "B=secret",
                               "KUBERNETES_SERVICE_HOST=169.254.30.10", "KUBERNETES_SERVICE_PORT=10550"));
  const auto pod = pod_with_container(R"x("envFrom": [{"secretRef": {"name": "s"}}],
      "env": [{"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "pw"}}}])x");
  EXPECT_THAT(environment_references(pod->spec.containers[0]),
              ElementsAre(ConfigRef{ConfigKind::kSecret, "s"}));
}

TEST(Environment, SaysWhatIsMissing) {
  EXPECT_EQ(error_of(R"x("envFrom": [{"configMapRef": {"name": "cm"}}])x"), "configmap \"cm\" not found");
  EXPECT_EQ(error_of(R"x("env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}])x"),
            "secret \"s\" not found");
  EXPECT_EQ(error_of(R"x("env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.x"}}}])x"),
            "unsupported fieldPath: spec.x");
}

TEST(Environment, ServesTheDownwardApi) {
  const auto pod = pod_with_container(
      R"x("resources": {"limits": {"cpu": "1500m", "memory": "1025Ki"}, "requests": {"cpu": "100m"}})x");
  const PodFacts facts{"192.0.2.2", {"10.0.0.5", "fd00::5"}, {{"ephemeral-storage", "10Gi"}}};
  const auto field = [&](const char* path, bool volume = false) {
    return field_value({"v1", path}, *pod, facts, volume);
  };
  EXPECT_EQ(field("metadata.labels['a/b']"), "x\"y");
  EXPECT_EQ(field("metadata.annotations['none']"), "");
  EXPECT_EQ(field("metadata.labels", true), "a/b=\"x\\\"y\"\nz=\"1\"");
  EXPECT_THROW(field("metadata.labels"), ContainerConfigError);
  EXPECT_EQ(field("status.podIPs"), "10.0.0.5,fd00::5");
  EXPECT_EQ(field("status.podIP") + field("status.hostIP") + field("spec.nodeName"), "10.0.0.5192.0.2.2n");
  const auto resource = [&](const char* name, const char* divisor) {
    return resource_value({"", name, divisor}, *pod, &pod->spec.containers[0], facts);
  };
  EXPECT_EQ(resource("limits.cpu", "0"), "2");
  EXPECT_EQ(resource("limits.cpu", "1m"), "1500");
  EXPECT_EQ(resource("requests.cpu", "1"), "1");
  EXPECT_EQ(resource("limits.memory", "1Mi"), "2");
  EXPECT_EQ(resource("requests.memory", "1"), "0");
  EXPECT_EQ(resource("limits.ephemeral-storage", "1Gi"), "10");
  EXPECT_THROW(resource("limits.gpu", "1"), ContainerConfigError);
}

TEST(Environment, ExpandsAsKubernetesDoes) {
  const Lookup lookup = [](std::string_view name) {
    return name == "A" ? std::optional<std::string>("1") : std::nullopt;
  };
  const std::pair<const char*, const char*> cases[] = {
      {"$(A)", "1"},  {"$$(A)", "$(A)"},      {"$$$(A)", "$1"}, {"$(B)", "$(B)"},
      {"$A", "$A"},   {"$(A", "$(A"},         {"x$", "x$"},     {"$$", "$"},
      {"$()", "$()"}, {"a$(A)b$(A)", "a1b1"}, {"$(A)$(", "1$("}};
  for (const auto& [text, wanted] : cases) EXPECT_EQ(expand(text, lookup), wanted) << text;
  EXPECT_EQ(expand_sub_path("x/$(P)", {{"P", "p"}}), "x/p");
  EXPECT_THROW(expand_sub_path("x/$(P)", {{"P", ""}}), ContainerConfigError);
}

}  // namespace
}  // namespace edgecore::edged
