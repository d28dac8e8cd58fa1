// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/pod_resources.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/json.hpp"
#include "unit/edged/spec_pod.hpp"

namespace edgecore::edged {
namespace {

kube::PodPtr one(const std::string& resources) {
  return pod_of(R"({"containers": [{"name": "c", "resources": )" + resources + "}]}");
}

TEST(PodResources, QosClass) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "BestEffort"},
      {R"({"limits": {"nvidia.com/gpu": "1"}})", "BestEffort"},
      {R"({"requests": {"cpu": "0"}})", "BestEffort"},
      {R"({"requests": {"cpu": "1"}})", "Burstable"},
      {R"({"limits": {"cpu": "1", "memory": "1Mi"}, "requests": {"cpu": "1", "memory": "1Mi"}})",
       "Guaranteed"},
      {R"({"limits": {"cpu": "1", "memory": "1Mi"}, "requests": {"cpu": "1000m", "memory": "1024Ki"}})",
       "Guaranteed"},
      {R"({"limits": {"cpu": "1", "memory": "1Mi"}, "requests": {"cpu": "1"}})", "Burstable"},
      {R"({"limits": {"cpu": "2", "memory": "1Mi"}, "requests": {"cpu": "1", "memory": "1Mi"}})",
       "Burstable"},
  };
  for (const auto& [resources, wanted] : cases)
    EXPECT_EQ(qos_name(qos_class(*one(resources))), wanted) << resources;
  EXPECT_EQ(qos_class(*pod_of(R"({"initContainers": [{"name": "i"}], "containers": [{"name": "c", "resources":
      {"limits": {"cpu": "1", "memory": "1Mi"}, "requests": {"cpu": "1", "memory": "1Mi"}}}]})")),
            QosClass::kBurstable);
}

TEST(PodResources, SumsCountInitContainersAtTheirWorst) {
  const auto pod = pod_of(R"({"overhead": {"cpu": "10m"},
    "initContainers": [{"name": "i1", "resources": {"requests": {"cpu": "100m"}}},
                       {"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}},
                       {"name": "i2", "resources": {"requests": {"cpu": "500m", "memory": "1Mi"}}}],
    "containers": [{"name": "a", "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "5Mi"}}},
                   {"name": "b", "resources": {"requests": {"cpu": "200m"}}}]})");
  EXPECT_EQ(pod_requests(*pod, Overhead::kWithout).at("cpu").milli_value(), 550);
  EXPECT_EQ(pod_requests(*pod, Overhead::kWith).at("cpu").milli_value(), 560);
  EXPECT_EQ(pod_requests(*pod, Overhead::kWith).at("memory").value(), 1 << 20);
  EXPECT_FALSE(pod_limits(*pod, Overhead::kWith).contains("cpu"));
}

TEST(PodResources, SharesAndQuota) {
  EXPECT_EQ(cpu_shares(0), 2);
  EXPECT_EQ(cpu_shares(50), 51);
  EXPECT_EQ(cpu_shares(1000), 1024);
  EXPECT_EQ(cpu_shares(INT64_MAX), 262144);
  EXPECT_EQ(cpu_quota(0, 100000), 0);
  EXPECT_EQ(cpu_quota(5, 100000), 1000);
  EXPECT_EQ(cpu_quota(1500, 100000), 150000);
  EXPECT_GT(cpu_quota(INT64_MAX, 1000000), 0);
}

TEST(PodResources, SharesComeFromTheLimitOnlyWithoutARequest) {
  const ResourcePolicy policy;
  const auto shares = [&](const char* resources) {
    const auto pod = one(resources);
    return container_resources(*pod, pod->spec.containers[0], policy).cpu_shares;
  };
  EXPECT_EQ(shares(R"({"limits": {"cpu": "1"}})"), 1024);
  EXPECT_EQ(shares(R"({"limits": {"cpu": "1"}, "requests": {"cpu": "0"}})"), 2);
}

TEST(PodResources, OomScore) {
  const auto score = [](const char* resources, const char* extra = "") {
    const auto pod = pod_of(std::string(R"({)") + extra + R"("containers": [{"name": "c", "resources": )" +
                            resources + "}]}");
    return oom_score_adj(*pod, pod->spec.containers[0], 1000 << 20);
  };
  EXPECT_EQ(score("{}"), 1000);
  EXPECT_EQ(score("{}", R"("priorityClassName": "system-node-critical", )"), -997);
  EXPECT_EQ(score(R"({"limits": {"cpu": "1", "memory": "1Mi"}, "requests": {"cpu": "1", "memory": "1Mi"}})"),
            -997);
  EXPECT_EQ(score(R"({"requests": {"cpu": "1"}})"), 999);
  EXPECT_EQ(score(R"({"requests": {"memory": "250Mi"}})"), 750);
  EXPECT_EQ(score(R"({"requests": {"memory": "8Ei"}})"), 3);
}

TEST(PodResources, KernelFeatures) {
  ResourcePolicy policy;
  policy.hugepage_sizes = {"2MB", "1GB"};
  policy.swap_controller = true;
  const auto pod = one(R"({"limits": {"memory": "32Mi", "hugepages-2Mi": "4Mi"}})");
  const auto v1 = container_resources(*pod, pod->spec.containers[0], policy);
  EXPECT_EQ(v1.hugepage_limits, (std::vector<cri::HugepageLimit>{{"2MB", 4 << 20}, {"1GB", 0}}));
  EXPECT_EQ(v1.memory_swap_limit_in_bytes, 32 << 20);
  EXPECT_TRUE(v1.unified.empty());
  policy.cgroup_v2 = true;
  policy.cpu_cfs_quota = false;
  const auto v2 = container_resources(*pod, pod->spec.containers[0], policy);
  EXPECT_EQ(v2.unified, (cri::StringMap{{"memory.oom.group", "1"}, {"memory.swap.max", "0"}}));
  EXPECT_EQ(v2.memory_swap_limit_in_bytes, 0);
  EXPECT_EQ(v2.cpu_period, 0);
}

}  // namespace
}  // namespace edgecore::edged
