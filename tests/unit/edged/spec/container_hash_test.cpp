// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/container_hash.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "edgecore/kube/json.hpp"
#include "support/paths.hpp"

namespace edgecore::edged {
namespace {

kube::Container container(const char* text) {
  kube::Container one;
  one.raw = kube::parse_json(text);
  return one;
}

TEST(ContainerHash, MatchesTheCheckValues) {
  EXPECT_EQ(container_hash_text(container(R"({"name":"a","image":"nginx:1.25","resources":{}})")),
            "79fe30af");
  EXPECT_EQ(container_hash_text(container(R"({"name":"test_container","image":"foo/image:v1",
      "args":["/bin/sh","-c","echo abc"],"ports":[{"containerPort":8001}],"resources":{}})")),
            "3c42280f");
}

TEST(ContainerHash, MatchesTheRecordedPod) {
  const auto file = edgecore::test::recordings_dir() / "pod-life.jsonl";
  std::ifstream lines(file);
  std::string line;
  std::getline(lines, line);
  const auto pod = kube::parse_pod(kube::parse_json(line)["msg"]["content"]);
  EXPECT_EQ(container_hash_text(pod->spec.containers[0]), "44b2a8af");
}

TEST(ContainerHash, DoesNotDependOnKeyOrderNullsZerosOrUnknownMembers) {
  const auto plain = container(R"({"name":"a","image":"nginx:1.25"})");
  const auto noisy =
      container(R"({"zzz":1,"image":"nginx:1.25","resources":{"limits":{}},"name":"a","args":[],
      "tty":false,"env":null,"livenessProbe":null,"workingDir":""})");
  EXPECT_EQ(container_json(plain), R"({"name":"a","image":"nginx:1.25","resources":{}})");
  EXPECT_EQ(container_json(noisy), container_json(plain));
  EXPECT_EQ(container_hash(noisy), container_hash(plain));
}

TEST(ContainerHash, WritesEveryMemberInGoOrder) {
  const auto all = container(R"({
    "tty":true,"stdinOnce":true,"stdin":true,"imagePullPolicy":"Always","terminationMessagePolicy":"File",
    "terminationMessagePath":"/t","restartPolicy":"Always","workingDir":"/w","args":["a"],"command":["c"],
    "image":"i","name":"n",
    "securityContext":{"seccompProfile":{"localhostProfile":"l","type":"Localhost"},"procMount":"Default",
      "allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"runAsNonRoot":false,"runAsGroup":0,"runAsUser":0,
      "seLinuxOptions":{"level":"l","type":"t","role":"r","user":"u"},"privileged":false,
      "capabilities":{"drop":["ALL"],"add":["X"]}},
    "lifecycle":{"preStop":{"httpGet":{"scheme":"HTTP","port":"web","path":"/"}},"postStart":{"exec":{}}},
    "startupProbe":{"grpc":{"port":5},"failureThreshold":1},
    "readinessProbe":{"tcpSocket":{"host":"h","port":80},"terminationGracePeriodSeconds":0},
    "livenessProbe":{"periodSeconds":5.0,"exec":{"command":["x"]},"initialDelaySeconds":0},
    "volumeDevices":[{"devicePath":"/d","name":"d"}],
    "volumeMounts":[{"subPathExpr":"e","mountPropagation":"None","subPath":"s","mountPath":"/m","readOnly":true,"name":"v"}],
    "resizePolicy":[{"restartPolicy":"R","resourceName":"cpu"}],
    "resources":{"claims":[{"name":"q"}],"requests":{"memory":"1Mi","cpu":"1m"},"limits":{"cpu":"2"}},
    "env":[{"value":"","name":"E"},{"name":"F","valueFrom":{"fieldRef":{"fieldPath":"p","apiVersion":"v1"}}},
           {"name":"G","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}},
           {"name":"H","valueFrom":{"configMapKeyRef":{"optional":false,"key":"k","name":"m"}}}],
    "envFrom":[{"secretRef":{"optional":true,"name":"s"},"prefix":"P"}],
    "ports":[{"hostIP":"1.1.1.1","protocol":"TCP","containerPort":80,"hostPort":81,"name":"web"}]})");
  EXPECT_EQ(
      container_json(all),
      R"({"name":"n","image":"i","command":["c"],"args":["a"],"workingDir":"/w",)"
      R"("ports":[{"name":"web","hostPort":81,"containerPort":80,"protocol":"TCP","hostIP":"1.1.1.1"}],)"
      R"("envFrom":[{"prefix":"P","secretRef":{"name":"s","optional":true}}],)"
      R"("env":[{"name":"E"},{"name":"F","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"p"}}},)"
      R"({"name":"G","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu","divisor":"0"}}},)"
      R"({"name":"H","valueFrom":{"configMapKeyRef":{"name":"m","key":"k","optional":false}}}],)"
      R"("resources":{"limits":{"cpu":"2"},"requests":{"cpu":"1m","memory":"1Mi"},"claims":[{"name":"q"}]},)"
      R"("resizePolicy":[{"resourceName":"cpu","restartPolicy":"R"}],"restartPolicy":"Always",)"
      R"("volumeMounts":[{"name":"v","readOnly":true,"mountPath":"/m","subPath":"s","mountPropagation":"None","subPathExpr":"e"}],)"
      R"("volumeDevices":[{"name":"d","devicePath":"/d"}],)"
      R"("livenessProbe":{"exec":{"command":["x"]},"periodSeconds":5},)"
      R"("readinessProbe":{"tcpSocket":{"port":80,"host":"h"},"terminationGracePeriodSeconds":0},)"
      R"("startupProbe":{"grpc":{"port":5,"service":null},"failureThreshold":1},)"
      R"("lifecycle":{"postStart":{"exec":{}},"preStop":{"httpGet":{"path":"/","port":"web","scheme":"HTTP"}}},)"
      R"("terminationMessagePath":"/t","terminationMessagePolicy":"File","imagePullPolicy":"Always",)"
      R"("securityContext":{"capabilities":{"add":["X"],"drop":["ALL"]},"privileged":false,)"
      R"("seLinuxOptions":{"user":"u","role":"r","type":"t","level":"l"},"runAsUser":0,"runAsGroup":0,"runAsNonRoot":false,)"
      R"("readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false,"procMount":"Default",)"
      R"("seccompProfile":{"type":"Localhost","localhostProfile":"l"}},"stdin":true,"stdinOnce":true,"tty":true})");
  EXPECT_EQ(ports_json(all),
            R"([{"name":"web","hostPort":81,"containerPort":80,"protocol":"TCP","hostIP":"1.1.1.1"}])");
  EXPECT_EQ(pre_stop_json(all), R"({"httpGet":{"path":"/","port":"web","scheme":"HTTP"}})");
}

TEST(ContainerHash, EscapesAsGoDoes) {
  EXPECT_EQ(container_json(container(R"({"name":"a<b>&\u2028\u2029\u0001\b\n\t\"\\é"})")),
            "{\"name\":\"a\\u003cb\\u003e\\u0026\\u2028\\u2029\\u0001\\u0008\\n\\t\\\"\\\\\xc3\xa9\","
            "\"resources\":{}}");
}

}  // namespace
}  // namespace edgecore::edged
