// SPDX-License-Identifier: Apache-2.0
#include "edged/cgroups/cgroups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "edgecore/base/error.hpp"
#include "edgecore/base/process.hpp"
#include "edgecore/kube/json.hpp"
#include "support/temporary_directory.hpp"
#include "unit/edged/memory_cgroup_files.hpp"

namespace edgecore::edged {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

const std::string kUid = "0aa7-bb8";

kube::PodPtr pod_asking(const Json& resources, const std::string& uid = kUid) {
  return kube::parse_pod(
      {{"metadata", {{"name", "p"}, {"namespace", "ns"}, {"uid", uid}}},
       {"spec", {{"containers", Json::array({{{"name", "c"}, {"image", "i"}, {"resources", resources}}})}}}});
}
kube::PodPtr best_effort() {
  return pod_asking(Json::object());
}
kube::PodPtr burstable() {
  return pod_asking({{"requests", {{"cpu", "100m"}, {"memory", "64Mi"}}}, {"limits", {{"memory", "128Mi"}}}});
}
kube::PodPtr guaranteed() {
  const Json amounts = {{"cpu", "500m"}, {"memory", "64Mi"}};
  return pod_asking({{"requests", amounts}, {"limits", amounts}});
}

CgroupOptions options() {
  CgroupOptions made;
  made.allocatable_memory = 1'000'000'000;
  made.allocatable_milli_cpu = 2000;
  return made;
}

struct RecordingSlices final : SliceMaker {
  std::vector<std::string> made, stopped;
  void ensure(const std::string& unit, const CgroupLimits&) override { made.push_back(unit); }
  void stop(const std::string& unit) override { stopped.push_back(unit); }
};

TEST(Cgroups, ParentsHaveTheNamesTheRuntimeIsGivenByTheGoEdge) {
  auto files = MemoryCgroupFiles::separate();
  Cgroups cgroups(options(), files, nullptr);
  EXPECT_EQ(cgroups.pod_parent(*guaranteed()), "/kubepods/pod0aa7-bb8");
  EXPECT_EQ(cgroups.pod_parent(*burstable()), "/kubepods/burstable/pod0aa7-bb8");
  EXPECT_EQ(cgroups.pod_parent(*best_effort()), "/kubepods/besteffort/pod0aa7-bb8");

  CgroupOptions with_systemd = options();
  with_systemd.driver = CgroupOptions::Driver::kSystemd;
  RecordingSlices slices;
  Cgroups systemd(with_systemd, files, &slices);
  EXPECT_EQ(systemd.pod_parent(*guaranteed()), "/kubepods.slice/kubepods-pod0aa7_bb8.slice");
  EXPECT_EQ(systemd.pod_parent(*burstable()),
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0aa7_bb8.slice");
  EXPECT_EQ(systemd.pod_parent(*best_effort()),
            "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod0aa7_bb8.slice");
  EXPECT_THROW(Cgroups(with_systemd, files, nullptr), Error);
}

TEST(Cgroups, ARootOfTheirOwnComesFirst) {
  auto files = MemoryCgroupFiles::separate();
  CgroupOptions rooted = options();
  rooted.root = "/edge";
  EXPECT_EQ(Cgroups(rooted, files, nullptr).pod_parent(*burstable()), "/edge/kubepods/burstable/pod0aa7-bb8");
  rooted.driver = CgroupOptions::Driver::kSystemd;
  rooted.root = "/edge.slice/edge-west.slice";
  RecordingSlices slices;
  EXPECT_EQ(Cgroups(rooted, files, &slices).pod_parent(*guaranteed()),
            "/edge.slice/edge-west.slice/edge-west-kubepods.slice/edge-west-kubepods-pod0aa7_bb8.slice");
  rooted.per_qos = false;
  EXPECT_EQ(Cgroups(rooted, files, &slices).pod_parent(*guaranteed()), "");
}

TEST(Cgroups, NodeAndClassesAreLimitedInV1) {
  auto files = MemoryCgroupFiles::separate();
  Cgroups cgroups(options(), files, nullptr);
  cgroups.ensure_node();
  EXPECT_EQ(files.value("/kubepods", "memory.limit_in_bytes"), "1000000000");
  EXPECT_EQ(files.value("/kubepods", "cpu.shares"), "2048");
  EXPECT_EQ(files.value("/kubepods/besteffort", "cpu.shares"), "2");
  EXPECT_TRUE(files.exists("systemd", "/kubepods/burstable"));
  EXPECT_EQ(files.value("/kubepods/burstable", "cpuset.cpus"), "0-1")
      << "no process can enter a cpuset that is empty";
  EXPECT_TRUE(cgroups.missing_controllers().empty());
}

TEST(Cgroups, NodeIsNotLimitedWhenAllocatableIsNotEnforced) {
  auto files = MemoryCgroupFiles::separate();
  CgroupOptions free = options();
  free.enforce_allocatable = false;
  Cgroups cgroups(free, files, nullptr);
  cgroups.ensure_node();
  EXPECT_TRUE(files.exists("memory", "/kubepods"));
  EXPECT_EQ(files.value("/kubepods", "memory.limit_in_bytes"), "");
}

TEST(Cgroups, BurstableSharesFollowItsPodsAndAreWrittenOnlyWhenTheyChange) {
  auto files = MemoryCgroupFiles::separate();
  Cgroups cgroups(options(), files, nullptr);
  cgroups.ensure_node();
  cgroups.update_qos({burstable(), guaranteed(), burstable()});
  EXPECT_EQ(files.value("/kubepods/burstable", "cpu.shares"), "204");
  const int before = files.writes;
  cgroups.update_qos({burstable(), burstable(), best_effort()});
  EXPECT_EQ(files.writes, before);
  cgroups.update_qos({});
  EXPECT_EQ(files.value("/kubepods/burstable", "cpu.shares"), "2");
}

TEST(Cgroups, APodIsLimitedAsItsClassSays) {
  auto files = MemoryCgroupFiles::separate();
  CgroupOptions with_pids = options();
  with_pids.pod_pids_limit = 100;
  Cgroups cgroups(with_pids, files, nullptr);
  cgroups.ensure_node();

  cgroups.ensure_pod(*guaranteed());
  const std::string whole = "/kubepods/pod0aa7-bb8";
  EXPECT_EQ(files.value(whole, "cpu.shares"), "512");
  EXPECT_EQ(files.value(whole, "cpu.cfs_quota_us"), "50000");
  EXPECT_EQ(files.value(whole, "cpu.cfs_period_us"), "100000");
  EXPECT_EQ(files.value(whole, "memory.limit_in_bytes"), "67108864");
  EXPECT_EQ(files.value(whole, "pids.max"), "100");

  cgroups.ensure_pod(*burstable());
  const std::string part = "/kubepods/burstable/pod0aa7-bb8";
  EXPECT_EQ(files.value(part, "cpu.shares"), "102");
  EXPECT_EQ(files.value(part, "cpu.cfs_quota_us"), "") << "not every container has a cpu limit";
  EXPECT_EQ(files.value(part, "memory.limit_in_bytes"), "134217728");

  cgroups.ensure_pod(*best_effort());
  EXPECT_EQ(files.value("/kubepods/besteffort/pod0aa7-bb8", "cpu.shares"), "2");
  EXPECT_EQ(files.value("/kubepods/besteffort/pod0aa7-bb8", "memory.limit_in_bytes"), "");
}

TEST(Cgroups, ControllersAreHandedDownInV2) {
  auto files = MemoryCgroupFiles::unified();
  Cgroups cgroups(options(), files, nullptr);
  cgroups.ensure_node();
  cgroups.ensure_pod(*guaranteed());
  EXPECT_EQ(files.value("/kubepods", "memory.max"), "1000000000");
  EXPECT_EQ(files.value("/kubepods", "cpu.weight"), "79");
  const std::string whole = "/kubepods/pod0aa7-bb8";
  EXPECT_EQ(files.value(whole, "cpu.weight"), "20");
  EXPECT_EQ(files.value(whole, "cpu.max"), "50000 100000");
  EXPECT_EQ(files.value(whole, "memory.max"), "67108864");
  EXPECT_EQ(files.value("/", "cgroup.subtree_control").find("hugetlb"), std::string::npos)
      << "the root does not offer it";
  EXPECT_EQ(cpu_weight(2), 1);
  EXPECT_EQ(cpu_weight(1024), 39);
  EXPECT_EQ(cpu_weight(262144), 10000);
}

TEST(Cgroups, APodWithoutLimitsIsMaxInV2) {
  auto files = MemoryCgroupFiles::unified();
  CgroupOptions without_quota = options();
  without_quota.resources.cpu_cfs_quota = false;
  Cgroups cgroups(without_quota, files, nullptr);
  cgroups.ensure_node();
  cgroups.ensure_pod(*guaranteed());
  EXPECT_EQ(files.value("/kubepods/pod0aa7-bb8", "cpu.max"), "max 100000");
}

TEST(Cgroups, HugePagesOfSizesNotAskedForAreForbidden) {
  ResourcePolicy machine;
  machine.hugepage_sizes = {"2MB", "1GB"};
  const Json amounts = {{"hugepages-2Mi", "4Mi"}, {"memory", "64Mi"}};
  const auto limits =
      pod_limits_for_cgroup(*pod_asking({{"requests", amounts}, {"limits", amounts}}), machine, -1);
  EXPECT_THAT(limits.huge_pages_bytes,
              UnorderedElementsAre(std::pair<const std::string, std::int64_t>("2MB", 4 << 20),
                                   std::pair<const std::string, std::int64_t>("1GB", 0)));
  EXPECT_FALSE(limits.pids);
}

TEST(Cgroups, RemovalKillsWhatIsLeftAndTakesTheContainersGroupsAlong) {
  auto files = MemoryCgroupFiles::separate();
  Cgroups cgroups(options(), files, nullptr);
  cgroups.ensure_node();
  cgroups.ensure_pod(*burstable());
  const std::string below = "/kubepods/burstable/pod0aa7-bb8/container";
  files.make("memory", below);
  files.make("pids", below);
  files.put("memory", below, 4001);
  files.put("pids", below, 4001);
  files.put("pids", "/kubepods/burstable/pod0aa7-bb8", 4002);
  EXPECT_THAT(cgroups.list_pods(), ElementsAre(PodCgroup{kUid, QosClass::kBurstable}));
  EXPECT_TRUE(cgroups.remove_pod({kUid, QosClass::kBurstable}));
  EXPECT_THAT(files.killed, ElementsAre(4001, 4002));
  EXPECT_EQ(files.count("pod0aa7-bb8"), 0U);
  EXPECT_TRUE(files.exists("memory", "/kubepods/burstable"));
  EXPECT_TRUE(cgroups.list_pods().empty());
  EXPECT_TRUE(cgroups.remove_pod({kUid, QosClass::kBurstable})) << "gone is gone";
}

TEST(Cgroups, WhatDoesNotDieIsReportedAndCanBeTriedAgain) {
  auto files = MemoryCgroupFiles::separate();
  Cgroups cgroups(options(), files, nullptr);
  cgroups.ensure_node();
  cgroups.ensure_pod(*best_effort());
  files.put("pids", "/kubepods/besteffort/pod0aa7-bb8", 4001);
  files.unkillable[4001] = "in the kernel";
  const PodCgroup which{kUid, QosClass::kBestEffort};
  EXPECT_FALSE(cgroups.remove_pod(which));
  EXPECT_EQ(files.killed.size(), 5U);
  EXPECT_THAT(cgroups.list_pods(), ElementsAre(which));
  files.unkillable.clear();
  EXPECT_TRUE(cgroups.remove_pod(which));
}

TEST(Cgroups, AStarvedPodKeepsItsCgroup) {
  auto files = MemoryCgroupFiles::separate();
  Cgroups cgroups(options(), files, nullptr);
  cgroups.ensure_node();
  cgroups.ensure_pod(*guaranteed());
  cgroups.starve_pod({kUid, QosClass::kGuaranteed});
  EXPECT_EQ(files.value("/kubepods/pod0aa7-bb8", "cpu.shares"), "2");
  cgroups.starve_pod({"unknown", QosClass::kGuaranteed});
  EXPECT_EQ(files.count("unknown"), 0U);
}

TEST(Cgroups, WithSystemdSlicesAreMadeParentsFirstAndFoundAgain) {
  auto files = MemoryCgroupFiles::unified();
  CgroupOptions with_systemd = options();
  with_systemd.driver = CgroupOptions::Driver::kSystemd;
  RecordingSlices slices;
  Cgroups cgroups(with_systemd, files, &slices);
  cgroups.ensure_node();
  cgroups.ensure_pod(*burstable());
  EXPECT_THAT(slices.made, ElementsAre("kubepods.slice", "kubepods-burstable.slice",
                                       "kubepods-besteffort.slice", "kubepods-burstable-pod0aa7_bb8.slice"));
  EXPECT_EQ(files.value(cgroups.pod_parent(*burstable()), "memory.max"), "134217728");
  EXPECT_THAT(cgroups.list_pods(), ElementsAre(PodCgroup{kUid, QosClass::kBurstable}));
  EXPECT_TRUE(cgroups.remove_pod({kUid, QosClass::kBurstable}));
  EXPECT_THAT(slices.stopped, ElementsAre("kubepods-burstable-pod0aa7_bb8.slice"));
  EXPECT_TRUE(cgroups.list_pods().empty());
}

TEST(Cgroups, AKernelWithoutMemoryControllerIsNamedAndWorkedWith) {
  MemoryCgroupFiles files(false, {"cpu,cpuacct", "cpuset", "pids", "systemd"});
  Cgroups cgroups(options(), files, nullptr);
  EXPECT_THAT(cgroups.missing_controllers(), ElementsAre("memory"));
  cgroups.ensure_node();
  cgroups.ensure_pod(*guaranteed());
  EXPECT_THAT(cgroups.list_pods(), ElementsAre(pod_cgroup(*guaranteed())));
}

TEST(Cgroups, NoMountIsAnErrorThatSaysWhatToDo) {
  try {
    kernel_cgroup_files("/proc/self/fdinfo");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("cgroupsPerQOS"), std::string::npos);
  }
}

TEST(Cgroups, OnAHostWithBothVersionsTheV2TreeOfAPodIsRemovedAsWell) {
  const edgecore::test::TemporaryDirectory mount;
  namespace fs = std::filesystem;
  for (const char* v1 : {"cpu", "pids"}) {
    fs::create_directories(mount / v1 / "kubepods/burstable");
    std::ofstream(mount / v1 / "cgroup.procs");
  }
  const fs::path pod = mount / "unified" / "kubepods/burstable/pod0aa7-bb8";
  fs::create_directories(pod / "container");
  std::ofstream(mount / "unified" / "cgroup.controllers");
  const auto files = kernel_cgroup_files(mount.path());
  EXPECT_THAT(files->hierarchies(), ElementsAre("cpu", "pids")) << "no cgroup is made in the v2 tree";
  Cgroups cgroups(options(), *files, nullptr);
  EXPECT_THAT(cgroups.list_pods(), ElementsAre(PodCgroup{kUid, QosClass::kBurstable}));
  EXPECT_TRUE(cgroups.remove_pod({kUid, QosClass::kBurstable}));
  EXPECT_FALSE(fs::exists(pod));
}

/// The kernel's cgroups, below a root of the test's own.
class KernelCgroups : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      files_ = kernel_cgroup_files();
      for (const auto& hierarchy : files_->hierarchies()) {
        files_->make(hierarchy, root_);
        ASSERT_TRUE(files_->remove(hierarchy, root_));
      }
    } catch (const Error& error) {
      remove_root();
      GTEST_SKIP() << error.what();
    }
  }
  void TearDown() override { remove_root(); }
  void remove_root() {
    if (!files_) return;
    for (const auto& hierarchy : files_->hierarchies()) {
      for (const char* below :
           {"/kubepods/burstable/pod0aa7-bb8/container", "/kubepods/burstable/pod0aa7-bb8",
            "/kubepods/burstable", "/kubepods/besteffort", "/kubepods", ""})
        EXPECT_TRUE(files_->remove(hierarchy, root_ + below)) << hierarchy << root_ << below;
    }
  }
  const std::string root_ = "/edged-test-" + std::to_string(::getpid());
  std::unique_ptr<CgroupFiles> files_;
};

TEST_F(KernelCgroups, TakeLimitsAndGiveUpTheirProcesses) {
  CgroupOptions rooted = options();
  rooted.root = root_;
  Cgroups cgroups(rooted, *files_, nullptr);
  cgroups.ensure_node();
  cgroups.update_qos({burstable()});
  cgroups.ensure_pod(*burstable());
  const std::string group = cgroups.pod_parent(*burstable());
  const bool v2 = files_->v2();
  if (const auto memory = files_->hierarchy_of("memory")) {
    EXPECT_EQ(files_->read(*memory, group, v2 ? "memory.max" : "memory.limit_in_bytes"), "134217728\n");
  }
  if (const auto cpu = files_->hierarchy_of("cpu")) {
    EXPECT_EQ(files_->read(*cpu, group, v2 ? "cpu.weight" : "cpu.shares"), v2 ? "4\n" : "102\n");
  }

  Command sleeper;
  sleeper.argv = {"sleep", "60"};
  Child child = Child::spawn(sleeper);
  for (const auto& hierarchy : files_->hierarchies()) {
    files_->make(hierarchy, group + "/container");
    ASSERT_TRUE(files_->write(hierarchy, group, "cgroup.procs", std::to_string(child.pid())));
  }
  EXPECT_THAT(cgroups.list_pods(), ElementsAre(PodCgroup{kUid, QosClass::kBurstable}));
  EXPECT_TRUE(cgroups.remove_pod(pod_cgroup(*burstable())));
  EXPECT_EQ(child.wait().signal, SIGKILL);
  EXPECT_THAT(cgroups.list_pods(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace edgecore::edged
