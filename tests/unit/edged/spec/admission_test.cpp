// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/admission.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edged/spec/security.hpp"

namespace edgecore::edged {
namespace {

using ::testing::HasSubstr;

kube::PodPtr pod_to_admit(const std::string& spec, const std::string& container = "") {
  return kube::parse_pod(
      kube::parse_json(R"({"metadata": {"name": "p", "namespace": "ns", "uid": "u"}, "spec": {)" + spec +
                       R"("containers": [{"name": "c")" + container + "}]}}"));
}

AdmissionNode node_of() {
  AdmissionNode node;
  node.name = "n";
  node.node = kube::parse_json(R"({"metadata": {"labels": {"zone": "a", "size": "5"}},
    "spec": {"taints": [{"key": "t", "value": "v", "effect": "NoSchedule"}]},
    "status": {"allocatable": {"cpu": "1", "memory": "1Gi", "pods": "3"}}})");
  return node;
}

std::string verdict(const kube::PodPtr& pod, const AdmissionNode& node = node_of(),
                    const std::vector<kube::PodPtr>& others = {}) {
  const auto refusal = admit(*pod, others, node);
  return refusal ? refusal->reason + "|" + refusal->message : "admitted";
}

TEST(Admission, CountsResourcesOfActivePods) {
  const auto half = pod_to_admit("", R"(, "resources": {"requests": {"cpu": "600m", "vendor/x": "1"}})");
  EXPECT_EQ(verdict(half), "admitted");
  EXPECT_EQ(verdict(half, node_of(), {half}),
            "OutOfcpu|Node didn't have enough resource: cpu, requested: 600, used: 600, capacity: 1000");
  const auto small = pod_to_admit("");
  EXPECT_THAT(verdict(small, node_of(), {small, small, small}), HasSubstr("OutOfpods|"));
}

TEST(Admission, PlacementRules) {
  EXPECT_EQ(verdict(pod_to_admit(R"("nodeSelector": {"zone": "b"}, )")),
            "NodeAffinity|Predicate NodeAffinity failed");
  EXPECT_EQ(verdict(pod_to_admit(R"("nodeSelector": {"zone": "a"}, )")), "admitted");
  EXPECT_EQ(verdict(pod_to_admit(R"("nodeName": "m", )")), "NodeName|Predicate NodeName failed");
  const auto port = pod_to_admit("", R"(, "ports": [{"containerPort": 80, "hostPort": 80}])");
  EXPECT_EQ(verdict(port, node_of(), {port}), "NodePorts|Predicate NodePorts failed");
  AdmissionNode tainted = node_of();
  tainted.node["spec"]["taints"][0]["effect"] = "NoExecute";
  EXPECT_EQ(verdict(pod_to_admit(""), tainted), "TaintToleration|Predicate TaintToleration failed");
  EXPECT_EQ(verdict(pod_to_admit(R"("tolerations": [{"key": "t", "value": "v"}], )"), tainted), "admitted");
  EXPECT_EQ(verdict(pod_to_admit(R"("tolerations": [{"operator": "Exists"}], )"), tainted), "admitted");
}

TEST(Admission, RequiredAffinity) {
  const auto fits = [](const std::string& term) {
    const auto pod =
        pod_to_admit(R"("affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
        {"nodeSelectorTerms": [)" +
                     term + "]}}}, ");
    return matches_node(*pod, {{"zone", "a"}, {"size", "5"}}, "n");
  };
  EXPECT_TRUE(fits(R"({"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]})"));
  EXPECT_FALSE(fits(R"({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]})"));
  EXPECT_TRUE(fits(
      R"({"matchExpressions": [{"key": "size", "operator": "Gt", "values": ["4"]}, {"key": "no", "operator": "DoesNotExist"}]})"));
  EXPECT_FALSE(fits(R"({"matchExpressions": [{"key": "no", "operator": "Exists"}]})"));
  EXPECT_TRUE(fits(R"({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]})"));
  EXPECT_FALSE(fits("{}"));
}

TEST(Admission, NodeStateAndPodDemands) {
  AdmissionNode node = node_of();
  node.pressures = {"MemoryPressure"};
  EXPECT_EQ(verdict(pod_to_admit(""), node), "Evicted|The node had condition: [MemoryPressure]. ");
  EXPECT_EQ(verdict(pod_to_admit("", R"(, "resources": {"requests": {"cpu": "1m"}})"), node), "admitted");
  EXPECT_EQ(verdict(pod_to_admit(R"("priority": 2000000000, )"), node), "admitted");
  node.pressures = {"DiskPressure"};
  EXPECT_THAT(verdict(pod_to_admit("", R"(, "resources": {"requests": {"cpu": "1m"}})"), node),
              HasSubstr("Evicted|"));
  const char* sysctl = R"("securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}, )";
  EXPECT_THAT(verdict(pod_to_admit(sysctl)), HasSubstr("SysctlForbidden|"));
  node = node_of();
  node.allowed_unsafe_sysctls = {"kernel.msg*"};
  EXPECT_EQ(verdict(pod_to_admit(sysctl), node), "admitted");
  EXPECT_THAT(
      verdict(pod_to_admit(
          R"("hostNetwork": true, "securityContext": {"sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]}, )")),
      HasSubstr("SysctlForbidden|"));
  EXPECT_THAT(verdict(pod_to_admit(R"("os": {"name": "windows"}, )")), HasSubstr("PodOSNotSupported|"));
  const auto sidecar = pod_to_admit(R"("initContainers": [{"name": "s", "restartPolicy": "Always"}], )");
  EXPECT_EQ(verdict(sidecar), "admitted");
}

TEST(Sysctls, AreNamedWithDotsBetweenTheirParts) {
  EXPECT_EQ(sysctl_name("net.ipv4.tcp_syncookies"), "net.ipv4.tcp_syncookies");
  EXPECT_EQ(sysctl_name("net/ipv4/tcp_syncookies"), "net.ipv4.tcp_syncookies");
  EXPECT_EQ(sysctl_name("net.ipv4.conf.eno2/100.rp_filter"), "net.ipv4.conf.eno2/100.rp_filter");
  EXPECT_EQ(sysctl_name("net/ipv4/conf/eno2.100/rp_filter"), "net.ipv4.conf.eno2/100.rp_filter");
}

TEST(Unsupported, IsNamedAndNeverIgnored) {
  const auto why = [](const std::string& spec, const std::string& container = "") {
    const auto refusal = unsupported(*pod_to_admit(spec, container));
    return refusal ? refusal->message : "supported";
  };
  EXPECT_EQ(why(""), "supported");
  EXPECT_THAT(why(R"("volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}], )"),
              HasSubstr("persistentVolumeClaim"));
  EXPECT_THAT(why(R"("volumes": [{"name": "v", "csi": {"driver": "d"}}], )"), HasSubstr("csi"));
  EXPECT_EQ(why(R"("runtimeClassName": "kata", )"), "RuntimeClass \"kata\" not found");
  EXPECT_EQ(why(R"("ephemeralContainers": [{"name": "e"}], )"), "supported");
  EXPECT_THAT(why("", R"(, "volumeDevices": [{"name": "d", "devicePath": "/dev/x"}])"),
              HasSubstr("block devices"));
  EXPECT_THAT(why("", R"(, "resources": {"limits": {"nvidia.com/gpu": "1"}})"), HasSubstr("nvidia.com/gpu"));
  EXPECT_THAT(why("", R"(, "resources": {"claims": [{"name": "q"}]})"), HasSubstr("claims"));
}

}  // namespace
}  // namespace edgecore::edged
