// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/pod.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/json.hpp"
#include "support/paths.hpp"

namespace edgecore::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json minimal() {
  return parse_json(R"({
    "metadata": {"name": "p", "namespace": "default", "uid": "u-1", "creationTimestamp": null},
    "spec": {
      "volumes": [{"name": "v", "emptyDir": {}}],
      "containers": [{"name": "c", "image": "busybox", "resources": {},
                      "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]
    }})");
}

std::string error_of(const std::function<void(Json&)>& spoil) {
  Json object = minimal();
  spoil(object);
  try {
    (void)parse_pod(std::move(object));
  } catch (const BadInput& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Pod, NeedsNeitherKindNorDefaults) {
  const PodPtr pod = parse_pod(minimal());
  EXPECT_EQ(pod->full_name(), "p_default");
  EXPECT_FALSE(pod->deleting());
  EXPECT_EQ(pod->creation_timestamp, "");
  EXPECT_TRUE(pod->status.is_null());
  EXPECT_EQ(pod->spec.restart_policy, "Always");
  EXPECT_EQ(pod->spec.dns_policy, "ClusterFirst");
  EXPECT_FALSE(pod->spec.security_context.has_value());
  ASSERT_EQ(pod->spec.containers.size(), 1u);
  const Container& container = pod->spec.containers[0];
  EXPECT_EQ(container.termination_message_path, "/dev/termination-log");
  EXPECT_EQ(container.raw["image"], "busybox");
  EXPECT_EQ(pod->raw["metadata"]["uid"], "u-1");
}

TEST(Pod, TakesNullMembersForAbsent) {
  Json object = minimal();
  object["metadata"]["labels"] = nullptr;
  object["metadata"]["deletionTimestamp"] = nullptr;
  object["spec"]["initContainers"] = nullptr;
  object["spec"]["securityContext"] = nullptr;
  object["spec"]["containers"][0]["env"] = nullptr;
  object["spec"]["containers"][0]["securityContext"] = {{"runAsUser", nullptr}};
  object["status"] = nullptr;
  const PodPtr pod = parse_pod(std::move(object));
  EXPECT_TRUE(pod->labels.empty());
  EXPECT_TRUE(pod->status.is_null());
  EXPECT_FALSE(pod->spec.containers[0].security_context->run_as_user.has_value());
}

TEST(Pod, ADeleteMessageMayCarryOnlyMetadata) {
  Json object = {{"metadata", {{"name", "p"}, {"namespace", "default"}, {"uid", "u-1"}}}};
  EXPECT_TRUE(parse_pod(object)->spec.containers.empty());
  object["spec"] = {{"containers", nullptr}};  // how Go writes an empty PodSpec
  EXPECT_TRUE(parse_pod(object)->spec.containers.empty());
}

TEST(Pod, ReadsWhatAContainerSays) {
  Json object = minimal();
  object["spec"]["containers"][0] = parse_json(R"({
    "name": "c", "image": "i", "command": ["sh"], "args": ["-c"], "workingDir": "/w", "tty": true, "stdin": true,
    "ports": [{"name": "web", "containerPort": 80, "hostPort": 8080, "protocol": "UDP"}, {"containerPort": 81}],
    "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}},
            {"name": "D", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}}],
    "envFrom": [{"prefix": "X_", "configMapRef": {"name": "cm"}}, {"secretRef": {"name": "s", "optional": true}}],
    "resources": {"limits": {"cpu": "100m", "memory": "32Mi"}, "requests": {"cpu": 1}},
    "volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "a/b", "readOnly": true,
                      "mountPropagation": "Bidirectional"}],
    "livenessProbe": {"httpGet": {"port": "web", "httpHeaders": [{"name": "H", "value": "x"}]}, "periodSeconds": 0},
    "readinessProbe": {"tcpSocket": {"port": 80}, "failureThreshold": 5},
    "startupProbe": {"grpc": {"port": 90, "service": null}},
    "lifecycle": {"preStop": {"exec": {"command": ["bye"]}}},
    "securityContext": {"privileged": false, "runAsUser": 0, "capabilities": {"add": ["NET_ADMIN"]},
                        "seccompProfile": {"type": "Localhost", "localhostProfile": "a/b.json"}}
  })");
  const PodPtr pod = parse_pod(std::move(object));
  const Container& c = pod->spec.containers[0];
  EXPECT_EQ(c.ports[0].protocol, "UDP");
  EXPECT_EQ(c.ports[0].host_port, 8080);
  EXPECT_EQ(c.ports[1].protocol, "TCP");
  EXPECT_EQ(c.env[1].field_ref->field_path, "metadata.name");
  EXPECT_TRUE(c.env[2].secret_key_ref->optional);
  EXPECT_EQ(c.env[3].resource_field_ref->divisor, "1m");
  EXPECT_EQ(c.env_from[0].prefix, "X_");
  EXPECT_EQ(c.env_from[1].kind, EnvFrom::Kind::kSecret);
  EXPECT_EQ(c.resources.requests.at("cpu"), "1");
  EXPECT_EQ(c.volume_mounts[0].sub_path, "a/b");
  const auto& http = std::get<HttpGetAction>(c.liveness->handler);
  EXPECT_EQ(std::get<std::string>(http.port.value), "web");
  EXPECT_EQ(http.path, "/");
  EXPECT_EQ(c.liveness->period_seconds, 10);
  EXPECT_EQ(c.readiness->failure_threshold, 5);
  EXPECT_EQ(std::get<GrpcAction>(c.startup->handler).service, "");
  EXPECT_THAT(std::get<ExecAction>(c.pre_stop).command, ElementsAre("bye"));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(c.post_start));
  EXPECT_EQ(c.security_context->privileged, false);
  EXPECT_EQ(c.security_context->run_as_user, 0);
  EXPECT_EQ(c.security_context->seccomp->localhost_profile, "a/b.json");
}

TEST(Pod, KnowsVolumesAndNamesWhatItDoesNotKnow) {
  Json object = minimal();
  object["spec"]["volumes"] = parse_json(R"([
    {"name": "v"},
    {"name": "h", "hostPath": {"path": "/data", "type": "DirectoryOrCreate"}},
    {"name": "s", "secret": {"secretName": "s", "defaultMode": 256, "optional": true}},
    {"name": "p", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}},
       {"secret": {"name": "x"}}, {"downwardAPI": {"items": [{"path": "ns", "fieldRef": {"fieldPath": "metadata.namespace"}}]}}]}},
    {"name": "pvc", "persistentVolumeClaim": {"claimName": "c"}, "emptyDir": null},
    {"name": "ctb", "projected": {"sources": [{"clusterTrustBundle": {"path": "x"}}]}}])");
  const PodPtr pod = parse_pod(std::move(object));
  const auto& volumes = pod->spec.volumes;
  EXPECT_TRUE(std::holds_alternative<EmptyDirSource>(volumes[0].source));
  EXPECT_EQ(std::get<HostPathSource>(volumes[1].source).type, "DirectoryOrCreate");
  EXPECT_EQ(std::get<SecretSource>(volumes[2].source).default_mode, 256);
  const auto& projected = std::get<ProjectedSource>(volumes[3].source);
  EXPECT_EQ(std::get<ServiceAccountTokenProjection>(projected.sources[0]).expiration_seconds, 3600);
  EXPECT_EQ(std::get<SecretSource>(projected.sources[1]).name, "x");
  EXPECT_EQ(std::get<UnsupportedSource>(volumes[4].source).kind, "persistentVolumeClaim");
  EXPECT_EQ(std::get<UnsupportedSource>(volumes[5].source).kind, "projected.clusterTrustBundle");
}

TEST(Pod, RefusesHostileInputAndNamesThePlace) {
  struct Case {
    const char* pointer;
    const char* value;
    const char* error;
  };
  const Case cases[] = {
      {"/metadata/name", R"("../x")", "metadata.name must be lower-case"},
      {"/metadata/name", "null", "metadata.name is missing"},
      {"/metadata/namespace", R"("a/b")", "metadata.namespace must be"},
      {"/metadata/uid", R"("..")", "metadata.uid must be"},
      {"/metadata/uid", R"("a/b")", "metadata.uid must be"},
      {"/metadata/uid", "7", "metadata.uid must be text, not number"},
      {"/metadata/labels", R"({"a": 1})", "metadata.labels.a must be text"},
      {"/metadata", "[]", "metadata must be an object"},
      {"/spec", R"("x")", "spec must be an object"},
      {"/status", "3", "status must be an object"},
      {"/spec/restartPolicy", R"("Sometimes")", "spec.restartPolicy must be Always"},
      {"/spec/containers/0/name", "null", "spec.containers[0].name is missing"},
      {"/spec/containers/0/name", R"("A")", "spec.containers[0].name must be lower-case"},
      {"/spec/containers/0/command", R"(["a\u0000b"])", "spec.containers[0].command[0] holds a NUL"},
      {"/spec/containers/0/ports", R"([{"containerPort": 65536}])", "ports[0].containerPort is 65536"},
      {"/spec/containers/0/ports", R"([{"containerPort": 1.5}])", "ports[0].containerPort must be a whole"},
      {"/spec/containers/0/resources/limits", R"({"cpu": "much"})", "resources.limits.cpu is \"much\""},
      {"/spec/containers/0/resources/requests", R"({"cpu": "-1"})", "requests.cpu must not be negative"},
      {"/spec/containers/0/volumeMounts/0/name", R"("w")", "mounts \"w\", which is not a volume"},
      {"/spec/containers/0/volumeMounts/0/mountPath", R"("/a/../../b")", "mountPath must not hold '..'"},
      {"/spec/containers/0/volumeMounts/0/subPath", R"("/etc")", "subPath must be a relative path"},
      {"/spec/containers/0/volumeMounts/0/subPath", R"("a/..")", "subPath must not hold '..'"},
      {"/spec/containers/0/volumeMounts/0/subPathExpr", R"x("../$(X)")x", "subPathExpr must not hold"},
      {"/spec/containers/0/env", R"([{"name": "A=B"}])", "env[0].name must not hold '='"},
      {"/spec/containers/0/env", R"([{"name": "A", "valueFrom": {}}])", "env[0].valueFrom must name one"},
      {"/spec/containers/0/livenessProbe", R"({"httpGet": {"port": 0}})", "httpGet.port is 0"},
      {"/spec/containers/0/livenessProbe", R"({"exec": {}, "tcpSocket": {"port": 1}})", "one handler only"},
      {"/spec/containers/0/securityContext",
       R"({"seccompProfile": {"type": "Localhost", "localhostProfile": "../../etc/x"}})",
       "localhostProfile must"},
      {"/spec/containers/1", R"({"name": "c"})", "second container named \"c\""},
      {"/spec/volumes/1", R"({"name": "v"})", "two volumes named \"v\""},
      {"/spec/volumes/1", R"({"name": "w", "hostPath": {"path": "etc"}})",
       "spec.volumes[1].hostPath.path must"},
      {"/spec/volumes/1", R"({"name": "w", "secret": {"secretName": "a/b"}})", "secret.secretName must be"},
      {"/spec/volumes/1", R"({"name": "w", "emptyDir": {}, "secret": {"secretName": "s"}})", "not both"},
      {"/spec/volumes/1", R"({"name": "w", "emptyDir": {"sizeLimit": "x"}})", "sizeLimit is \"x\""},
      {"/spec/volumes/1",
       R"({"name": "w", "configMap": {"name": "c", "items": [{"key": "k", "path": "../p"}]}})",
       "configMap.items[0].path must not hold '..'"},
      {"/spec/volumes/1", R"({"name": "w", "configMap": {"name": "c", "defaultMode": 512}})",
       "defaultMode is 512"},
      {"/spec/volumes/1", R"({"name": "w", "projected": {"sources": [{}]}})", "sources[0] names no source"},
      {"/spec/volumes/1", R"({"name": "w", "projected": {"sources": [null]}})", "sources[0] is missing"},
      {"/spec/volumes/1", "7", "spec.volumes[1] must be an object"},
      {"/spec/hostAliases", R"([{"ip": "x"}])", "hostAliases[0].ip must be an IP"},
      {"/spec/hostAliases", R"([{"ip": "1.1.1.1", "hostnames": ["a\n127.0.0.1 b"]}])", "must be one word"},
      {"/spec/dnsConfig", R"({"searches": ["a b"]})", "dnsConfig.searches[0] must be one word"},
  };
  for (const Case& one : cases) {
    const std::string error =
        error_of([&](Json& object) { object[Json::json_pointer(one.pointer)] = parse_json(one.value); });
    EXPECT_THAT(error, HasSubstr(one.error)) << one.pointer;
  }
}

TEST(Pod, AFaultyPartIsTheProblemOfWhatItBelongsToAndTheRestIsRead) {
  const PodPtr pod = read_pod(parse_json(R"({
    "metadata": {"name": "p", "namespace": "default", "uid": "u-1", "deletionTimestamp": "2024-06-10T06:13:20Z",
                 "labels": {"a": 1}},
    "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 7,
      "volumes": [{"name": "good", "emptyDir": {}}, {"name": "odd", "hostPath": {"path": "srv/data"}}],
      "containers": [
        {"name": "new", "image": "i", "env": [{"name": "A", "valueFrom": {"fileKeyRef": {"key": "A"}}}],
         "lifecycle": {"preStop": {"exec": {"command": ["bye"]}}}},
        {"name": "old", "image": "i", "volumeMounts": [{"name": "good", "mountPath": "/g"}]},
        {"name": "lost", "image": "i", "volumeMounts": [{"name": "none", "mountPath": "/n"}]}]}})"));
  EXPECT_TRUE(pod->deleting());
  EXPECT_EQ(pod->spec.restart_policy, "Never");
  EXPECT_EQ(pod->spec.termination_grace_period_seconds, 7);
  EXPECT_THAT(pod->spec.problem, HasSubstr("metadata.labels.a must be text"));
  ASSERT_EQ(pod->spec.containers.size(), 3U);
  EXPECT_THAT(pod->spec.containers[0].problem, HasSubstr("env[0].valueFrom must name one"));
  EXPECT_THAT(std::get<ExecAction>(pod->spec.containers[0].pre_stop).command, ElementsAre("bye"));
  EXPECT_EQ(pod->spec.containers[1].problem, "");
  EXPECT_THAT(pod->spec.containers[2].problem, HasSubstr("not a volume of the pod"));
  EXPECT_EQ(pod->spec.volumes.size(), 2U);
  EXPECT_THAT(std::get<UnsupportedSource>(pod->spec.volumes[1].source).problem, HasSubstr("absolute path"));
}

TEST(Pod, WhatNestsTooDeeplyCanStillBeReportedAndDeleted) {
  Json deep = 1;
  for (int i = 0; i < 200; ++i) deep = Json::array({std::move(deep)});
  Json object = minimal();
  object["spec"]["affinity"] = std::move(deep);
  object["metadata"]["deletionTimestamp"] = "2024-06-10T06:13:20Z";
  const std::string uid = object["metadata"]["uid"];
  const PodPtr pod = read_pod(std::move(object));
  EXPECT_EQ(pod->uid, uid);
  EXPECT_TRUE(pod->deleting());
  EXPECT_THAT(pod->spec.problem, HasSubstr("nests deeper"));
  EXPECT_THROW((void)read_pod({{"metadata", {{"name", "p"}}}}), BadInput);
}

TEST(Pod, RefusesMoreThanItsLimits) {
  EXPECT_THAT(error_of([](Json& object) { object["spec"]["containers"] = Json(300, Json::object()); }),
              HasSubstr("spec.containers holds 300 entries"));
  EXPECT_THAT(error_of([](Json& object) {
                for (int i = 0; i < 5000; ++i) object["metadata"]["labels"]["l" + std::to_string(i)] = "";
              }),
              HasSubstr("metadata.labels holds more than 4096"));
  EXPECT_THAT(error_of([](Json& object) { object["metadata"]["labels"]["l"] = std::string(2 << 20, 'x'); }),
              HasSubstr("is longer than"));
  EXPECT_THAT(error_of([](Json& object) {
                Json deep = 1;
                for (int i = 0; i < 2000; ++i) deep = Json::array({std::move(deep)});
                object["spec"]["affinity"] = std::move(deep);
              }),
              HasSubstr("nests deeper"));
  EXPECT_THROW((void)parse_pod(Json(7)), BadInput);
}

void visit_pods(const Json& value, const std::function<void(const Json&)>& visit) {
  if (value.is_string() && value.get_ref<const std::string&>().starts_with("{")) {
    const Json inner = Json::parse(value.get_ref<const std::string&>(), nullptr, false);
    if (!inner.is_discarded()) visit_pods(inner, visit);
    return;
  }
  if (value.is_object() && find_path(value, "metadata.name") != nullptr &&
      find_path(value, "spec.containers") != nullptr) {
    visit(value);
    return;
  }
  if (value.is_structured()) {
    for (const auto& one : value) visit_pods(one, visit);
  }
}

TEST(Pod, AcceptsEveryRecordedPod) {
  const auto folder = test::recordings_dir();
  int pods = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".jsonl") continue;
    std::ifstream lines(file.path());
    for (std::string line; std::getline(lines, line);) {
      visit_pods(parse_json(line), [&](const Json& object) {
        ++pods;
        EXPECT_NO_THROW((void)parse_pod(object)) << file.path() << " " << object.dump();
      });
    }
  }
  EXPECT_GT(pods, 5);
}

}  // namespace
}  // namespace edgecore::kube
