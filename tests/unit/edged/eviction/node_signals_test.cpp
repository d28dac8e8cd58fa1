// SPDX-License-Identifier: Apache-2.0
#include "edged/eviction/node_signals.hpp"

#include "edgecore/kube/json.hpp"
#include "edged/eviction/pod_usage.hpp"
#include "unit/edged/byte_units.hpp"
#include "unit/edged/memory_cgroup_files.hpp"
#include "unit/edged/upkeep_fixture.hpp"

namespace edgecore::edged {
namespace {

bool is(const std::optional<Observation>& seen, std::int64_t available, std::int64_t capacity) {
  return seen && seen->available == available && seen->capacity == capacity;
}

TEST(MemorySignal, IsCapacityLessTheWorkingSetOfTheRootCgroup) {
  const char* stat = "cache 1\ninactive_file 7\ntotal_cache 3\ntotal_inactive_file 100\n";
  EXPECT_TRUE(is(memory_by_cgroup("600\n", stat, 1000), 500, 1000));
  EXPECT_TRUE(is(memory_by_cgroup("50\n", stat, 1000), 1000, 1000));
  EXPECT_TRUE(is(memory_by_cgroup("5000\n", stat, 1000), 0, 1000));
  EXPECT_FALSE(memory_by_cgroup("max\n", stat, 1000));
  EXPECT_FALSE(memory_by_cgroup("600\n", "cache 1\n", 1000));
  EXPECT_FALSE(memory_by_cgroup("600\n", stat, 0));
}

TEST(MemorySignal, IsReadFromMeminfoWithoutTheController) {
  const char* meminfo =
      "MemTotal:        1000 kB\nMemFree:          100 kB\nMemAvailable:     900 kB\n"
      "Inactive:         500 kB\nInactive(file):   300 kB\n";
  EXPECT_TRUE(is(memory_by_meminfo(meminfo, 1000 * 1024), 400 * 1024, 1000 * 1024));
  EXPECT_FALSE(memory_by_meminfo("MemTotal: 1 kB\n", 1024));
  EXPECT_FALSE(memory_by_meminfo("", 1024));
}

TEST(PidSignal, CountsThreadsAgainstTheSmallerLimit) {
  EXPECT_TRUE(is(pids_by_proc("0.05 0.10 0.09 2/312 4711\n", "32768\n", "1000\n"), 688, 1000));
  EXPECT_TRUE(is(pids_by_proc("0.05 0.10 0.09 2/312 4711\n", "300\n", ""), 0, 300));
  EXPECT_FALSE(pids_by_proc("", "300", "300"));
  EXPECT_FALSE(pids_by_proc("0 0 0 2/x 1", "300", "300"));
}

class MachineSignalsTest : public test::UpkeepTest {
 protected:
  void SetUp() override {
    UpkeepTest::SetUp();
    write(root_ / "proc" / "meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nInactive(file): 300 kB\n");
    write(root_ / "proc" / "loadavg", "0 0 0 1/100 5\n");
    write(root_ / "proc" / "sys/kernel/pid_max", "1000\n");
    disks_.disks["/node"] = {.capacity = 1000, .available = 400, .inodes = 50, .inodes_free = 20};
    disks_.disks["/images"] = {.capacity = 2000, .available = 300};  // no inodes counted
    runtime_.image_filesystems = {{0, "/images", 1, {}}};
  }
  Observations read() {
    MachineSignals signals(
        {runtime_, disks_, log_, "/node", 1000 * 1024, [this] { return cgroups_; }, root_ / "proc"});
    return edgecore::test::await(io_, signals.read());
  }
  FakeDiskStats disks_;
  CgroupFiles* cgroups_ = nullptr;
};

TEST_F(MachineSignalsTest, EverySignalIsMeasured) {
  const auto seen = read();
  EXPECT_EQ(seen.size(), 5U) << "a file system that counts no inodes is not short of them";
  EXPECT_TRUE(is(seen.at(EvictionSignal::kMemory), 400 * 1024, 1000 * 1024));
  EXPECT_TRUE(is(seen.at(EvictionSignal::kPids), 900, 1000));
  EXPECT_TRUE(is(seen.at(EvictionSignal::kNodeFs), 400, 1000));
  EXPECT_TRUE(is(seen.at(EvictionSignal::kNodeFsInodes), 20, 50));
  EXPECT_TRUE(is(seen.at(EvictionSignal::kImageFs), 300, 2000));
}

TEST_F(MachineSignalsTest, CgroupV1SaysWhatMemoryIsUsed) {
  auto files = MemoryCgroupFiles::separate();
  cgroups_ = &files;
  EXPECT_TRUE(is(read().at(EvictionSignal::kMemory), 400 * 1024, 1000 * 1024)) << "no figures there";
  files.set("memory", "/", "memory.usage_in_bytes", "102400\n");
  files.set("memory", "/", "memory.stat", "total_inactive_file 2400\n");
  EXPECT_TRUE(is(read().at(EvictionSignal::kMemory), 1000 * 1024 - 100000, 1000 * 1024));
}

TEST_F(MachineSignalsTest, WhatCannotBeMeasuredIsAbsent) {
  std::filesystem::remove_all(root_ / "proc");
  disks_.disks.clear();
  runtime_.fail_next("ImageFsInfo", {cri::Code::kUnavailable, "down"});
  EXPECT_TRUE(read().empty());
}

class PodUsageTest : public test::UpkeepTest {
 protected:
  kube::PodPtr pod() {
    return kube::parse_pod(
        {{"metadata", {{"name", "p"}, {"namespace", "ns"}, {"uid", "u"}}},
         {"spec",
          {{"volumes", Json::array({{{"name", "v"}, {"emptyDir", Json::object()}},
                                    {{"name", "m"}, {"emptyDir", {{"medium", "Memory"}}}}})},
           {"containers", Json::array({{{"name", "a"}, {"image", "i"}}})}}}});
  }
};

TEST_F(PodUsageTest, AddsUpWhatThePodHas) {
  const auto id = container(sandbox("u"), "u", "a");
  cri::ContainerStats stats;
  stats.id = id;
  stats.labels = labels("u", "a");
  stats.memory.emplace().working_set_bytes = 5 * kMi;
  stats.writable_layer.emplace().used_bytes = 7 * kMi;
  runtime_.stats_by_container[id] = stats;
  const auto volumes = root_ / "root" / "u" / "volumes" / "kubernetes.io~empty-dir";
  write(volumes / "v" / "deep" / "file", std::string(2 * kMi, 'x'));
  write(volumes / "m" / "file", std::string(2 * kMi, 'x'));  // memory, wherever a test has it
  write(log_of("u", "a", 0), std::string(kMi, 'x'));
  auto files = MemoryCgroupFiles::separate();
  files.make("pids", "/podu");
  files.set("pids", "/podu", "pids.current", "12\n");
  MachinePodUsage usage(
      {runtime_, pool_, log_, pods_, [this](const std::string& uid) { return root_ / "root" / uid; },
       [&]() -> CgroupFiles* { return &files; }, [](const kube::Pod& of) { return "/pod" + of.uid; }});
  const std::vector<kube::PodPtr> pods = {pod()};
  auto seen = edgecore::test::await(io_, usage.read(pods, false));
  EXPECT_EQ(seen["u"].usage.memory, 5 * kMi);
  EXPECT_EQ(seen["u"].usage.container_memory["a"], 5 * kMi);
  EXPECT_EQ(seen["u"].usage.pids, 12);
  EXPECT_EQ(seen["u"].usage.disk, 7 * kMi) << "nothing was walked";
  seen = edgecore::test::await(io_, usage.read(pods, true));
  const auto about = [](std::int64_t bytes, std::int64_t mebibytes) {
    return bytes >= mebibytes * kMi && bytes < mebibytes * kMi + kMi / 2;
  };
  EXPECT_TRUE(about(seen["u"].storage.volumes["v"], 2)) << seen["u"].storage.volumes["v"];
  EXPECT_FALSE(seen["u"].storage.volumes.contains("m"));
  EXPECT_TRUE(about(seen["u"].storage.containers["a"], 8)) << seen["u"].storage.containers["a"];
  EXPECT_TRUE(about(seen["u"].usage.disk, 10)) << seen["u"].usage.disk;
}

TEST_F(PodUsageTest, NoFileOfThePodOnTheDiskIsHiddenFromItsLimits) {
  const auto directory = root_ / "root" / "u";
  write(directory / "etc-hosts", std::string(3 * kMi, 'x'));
  write(directory / "containers" / "a" / "0a1b2c3d", std::string(2 * kMi, 'x'));
  write(directory / "volumes" / "kubernetes.io~configmap" / "c" / "..data" / "key", std::string(kMi, 'x'));
  write(directory / "volume-subpaths" / "v" / "a" / "0" / "of-a-host-path", std::string(kMi, 'x'));
  auto files = MemoryCgroupFiles::separate();
  MachinePodUsage usage(
      {runtime_, pool_, log_, pods_, [this](const std::string& uid) { return root_ / "root" / uid; },
       [&]() -> CgroupFiles* { return &files; }, [](const kube::Pod& of) { return "/pod" + of.uid; }});
  const std::vector<kube::PodPtr> pods = {pod()};
  const auto seen = edgecore::test::await(io_, usage.read(pods, true)).at("u");
  EXPECT_EQ(seen.storage.pod / kMi, 3) << "/etc/hosts, which a container may write";
  EXPECT_EQ(seen.storage.containers.at("a") / kMi, 2) << "the termination log";
  EXPECT_EQ(seen.storage.volumes.at("c") / kMi, 1);
  EXPECT_EQ(seen.usage.disk / kMi, 6);
}

TEST_F(PodUsageTest, LinksAreNotFollowedAndWhatIsNotThereIsNothing) {
  write(root_ / "big", std::string(4 * kMi, 'x'));
  write(root_ / "dir" / "small", "x");
  std::filesystem::create_symlink(root_ / "big", root_ / "dir" / "link");
  std::filesystem::create_directory_symlink(root_, root_ / "dir" / "up");
  EXPECT_LT(bytes_below(root_ / "dir"), kMi);
  EXPECT_EQ(bytes_below(root_ / "none"), 0);
  EXPECT_EQ(bytes_below(root_ / "dir" / "up"), 0);
}

}  // namespace
}  // namespace edgecore::edged
