// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/defaults.hpp"

#include <gtest/gtest.h>

namespace edgecore::kube {
namespace {

Json defaulted(const char* text) {
  Json pod = parse_json(text);
  apply_pod_defaults(pod);
  return pod;
}

TEST(PodDefaultsTest, MinimalPodGetsWhatAnApiServerWrites) {
  EXPECT_EQ(defaulted(R"({"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"nginx"}]}})"),
            parse_json(R"({
    "kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},
    "spec":{"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},
      "terminationGracePeriodSeconds":30,"enableServiceLinks":true,
      "containers":[{"name":"c","image":"nginx","imagePullPolicy":"Always","resources":{},
        "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}]},
    "status":{"phase":"Pending","qosClass":"BestEffort"}})"));
}

TEST(PodDefaultsTest, GivenValuesStay) {
  const char* text = R"({"kind":"Pod","apiVersion":"v1","spec":{"dnsPolicy":"Default","restartPolicy":"Never",
    "schedulerName":"s","securityContext":{"runAsUser":1},"terminationGracePeriodSeconds":0,"enableServiceLinks":false,
    "serviceAccountName":"x","serviceAccount":"x",
    "containers":[{"name":"c","image":"a:1","imagePullPolicy":"Never","resources":{"limits":{"cpu":"1"},"requests":{"cpu":"500m"}},
      "terminationMessagePath":"/t","terminationMessagePolicy":"FallbackToLogsOnError","ports":[{"containerPort":80,"protocol":"UDP"}],
      "readinessProbe":{"httpGet":{"path":"/h","scheme":"HTTPS","port":1},"timeoutSeconds":5,"periodSeconds":6,"successThreshold":7,"failureThreshold":8}}],
    "volumes":[{"name":"v","configMap":{"name":"m","defaultMode":256}},{"name":"h","hostPath":{"path":"/","type":"Directory"}}]},
    "status":{"phase":"Running","qosClass":"Burstable"}})";
  EXPECT_EQ(defaulted(text), parse_json(text));
}

TEST(PodDefaultsTest, ContainersInEveryList) {
  const Json pod = defaulted(R"({"spec":{"hostNetwork":true,"serviceAccount":"robot",
    "initContainers":[{"image":"a:1","ports":[{"containerPort":81}]}],
    "containers":[{"image":"a:latest","ports":[{"containerPort":80},{"containerPort":82,"hostPort":82}],
      "resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"100m"}},
      "env":[{"name":"N","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
             {"name":"C","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}},{"name":"P","value":"1"}],
      "livenessProbe":{"httpGet":{"port":80}},"startupProbe":{"grpc":{"port":1},"periodSeconds":0},
      "lifecycle":{"preStop":{"httpGet":{"port":80}},"postStart":{"exec":{"command":["x"]}}}}],
    "ephemeralContainers":[{"image":"busybox@sha256:0000000000000000000000000000000000000000000000000000000000000000"}]}})");
  const Json& spec = pod["spec"];
  const Json& container = spec["containers"][0];
  EXPECT_EQ(spec["serviceAccountName"], "robot");
  EXPECT_EQ(spec["initContainers"][0]["imagePullPolicy"], "IfNotPresent");
  EXPECT_EQ(spec["initContainers"][0]["ports"],
            parse_json(R"([{"containerPort":81,"hostPort":81,"protocol":"TCP"}])"));
  EXPECT_EQ(spec["ephemeralContainers"][0]["imagePullPolicy"], "IfNotPresent");
  EXPECT_EQ(container["imagePullPolicy"], "Always");
  EXPECT_EQ(container["ports"][0]["hostPort"], 80);
  EXPECT_EQ(container["resources"]["requests"], parse_json(R"({"cpu":"100m","memory":"1Gi"})"));
  EXPECT_EQ(container["env"][0]["valueFrom"]["fieldRef"]["apiVersion"], "v1");
  EXPECT_EQ(container["env"][1]["valueFrom"]["resourceFieldRef"]["divisor"], "0");
  EXPECT_EQ(container["env"][2], parse_json(R"({"name":"P","value":"1"})"));
  EXPECT_EQ(container["livenessProbe"],
            parse_json(R"({"httpGet":{"path":"/","port":80,"scheme":"HTTP"},"timeoutSeconds":1,
      "periodSeconds":10,"successThreshold":1,"failureThreshold":3})"));
  EXPECT_EQ(container["startupProbe"]["periodSeconds"], 10);
  EXPECT_EQ(container["startupProbe"]["grpc"]["service"], "");
  EXPECT_EQ(container["lifecycle"]["preStop"]["httpGet"]["scheme"], "HTTP");
  EXPECT_EQ(container["lifecycle"]["postStart"], parse_json(R"({"exec":{"command":["x"]}})"));
}

TEST(PodDefaultsTest, Volumes) {
  const Json pod =
      defaulted(R"({"spec":{"containers":[],"volumes":[{"name":"e"},{"name":"c","configMap":{"name":"m"}},
    {"name":"s","secret":{"secretName":"s"}},{"name":"h","hostPath":{"path":"/x"}},
    {"name":"d","downwardAPI":{"items":[{"path":"n","fieldRef":{"fieldPath":"metadata.name"}}]}},
    {"name":"p","projected":{"sources":[{"serviceAccountToken":{"path":"token"}},
       {"downwardAPI":{"items":[{"path":"n","fieldRef":{"fieldPath":"metadata.name"}}]}},{"configMap":{"name":"m"}}]}},
    {"name":"x","ephemeral":{"volumeClaimTemplate":{"spec":{}}}},{"name":"f","persistentVolumeClaim":{"claimName":"c"}}]}})");
  const Json& volumes = pod["spec"]["volumes"];
  EXPECT_EQ(volumes[0], parse_json(R"({"name":"e","emptyDir":{}})"));
  EXPECT_EQ(volumes[1]["configMap"]["defaultMode"], 420);
  EXPECT_EQ(volumes[2]["secret"]["defaultMode"], 420);
  EXPECT_EQ(volumes[3]["hostPath"]["type"], "");
  EXPECT_EQ(volumes[4]["downwardAPI"]["items"][0]["fieldRef"]["apiVersion"], "v1");
  EXPECT_EQ(volumes[5]["projected"]["defaultMode"], 420);
  EXPECT_EQ(volumes[5]["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"], 3600);
  EXPECT_EQ(volumes[5]["projected"]["sources"][1]["downwardAPI"]["items"][0]["fieldRef"]["apiVersion"], "v1");
  EXPECT_EQ(volumes[5]["projected"]["sources"][2], parse_json(R"({"configMap":{"name":"m"}})"));
  EXPECT_EQ(volumes[6]["ephemeral"]["volumeClaimTemplate"]["spec"]["volumeMode"], "Filesystem");
  EXPECT_EQ(volumes[7], parse_json(R"({"name":"f","persistentVolumeClaim":{"claimName":"c"}})"));
}

TEST(PodDefaultsTest, IsIdempotentAndLeavesNonsenseAlone) {
  for (
      const char* text :
      {"7", "[]", "{}", R"({"spec":null,"status":5})", R"({"spec":[]})",
       R"({"spec":{"containers":{},"volumes":[1,null]}})",
       R"({"spec":{"containers":[1,{"image":5,"ports":7,"resources":[],"env":[{"valueFrom":1}],"livenessProbe":[]}]}})",
       R"({"spec":{"hostNetwork":true,"containers":[{"resources":{"limits":{"cpu":1},"requests":3},"ports":[{}]}]}})"}) {
    const Json once = defaulted(text);
    Json twice = once;
    apply_pod_defaults(twice);
    EXPECT_EQ(twice, once) << text;
  }
}

TEST(QosClassTest, FollowsRequestsAndLimits) {
  const struct {
    const char* spec;
    const char* expected;
  } rows[] = {
      {R"({"containers":[{}]})", "BestEffort"},
      {R"({})", "BestEffort"},
      {R"({"containers":[{"resources":{"limits":{"nvidia.com/gpu":"1"}}}]})", "BestEffort"},
      {R"({"containers":[{"resources":{"limits":{"cpu":"0"}}}]})", "BestEffort"},
      {R"({"containers":[{"resources":{"limits":{"cpu":"junk"}}}]})", "BestEffort"},
      {R"({"containers":[{"resources":{"requests":{"cpu":"1"}}}]})", "Burstable"},
      {R"({"containers":[{"resources":{"limits":{"cpu":"1"}}}]})", "Burstable"},
      {R"({"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]})", "Guaranteed"},
      {R"({"containers":[{"resources":{"limits":{"cpu":1,"memory":"1Gi"}}}]})", "Guaranteed"},
      {R"({"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"1000m","memory":"1024Mi"}}}]})",
       "Guaranteed"},
      {R"({"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"500m"}}}]})",
       "Burstable"},
      {R"({"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"0"}}}]})",
       "Burstable"},
      {R"({"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}},{}]})", "Burstable"},
      {R"({"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}}],"initContainers":[{}]})",
       "Burstable"},
      {R"({"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}}],
           "initContainers":[{"resources":{"limits":{"cpu":"2","memory":"1Gi"}}}]})",
       "Guaranteed"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(qos_class(Json{{"spec", parse_json(row.spec)}}), row.expected) << row.spec;
}

}  // namespace
}  // namespace edgecore::kube
