// SPDX-License-Identifier: Apache-2.0
#include "edged/cgroups/pod_cgroups.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/json.hpp"
#include "support/await.hpp"
#include "unit/edged/memory_cgroup_files.hpp"

namespace edgecore::edged {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

class PodCgroupsTest : public testing::Test {
 protected:
  static kube::PodPtr best_effort_pod() {
    return kube::parse_pod({{"metadata", {{"name", "p"}, {"namespace", "ns"}, {"uid", "u-1"}}},
                            {"spec", {{"containers", Json::array({{{"name", "c"}, {"image", "i"}}})}}}});
  }
  void prepare() {
    CgroupOptions options;
    options.allocatable_memory = 1'000'000'000;
    options.allocatable_milli_cpu = 2000;
    edgecore::test::await(loop_, cgroups_.prepare(std::move(options)));
  }

  boost::asio::io_context loop_;
  BlockingPool pool_{"pod-cgroups-test", {}};
  bool mounted_ = true;
  MemoryCgroupFiles* files_ = nullptr;
  PodCgroups cgroups_{pool_, log::get("test"), [this]() -> std::unique_ptr<CgroupFiles> {
                        if (!mounted_) throw Error("no cgroups are mounted");
                        auto files = std::make_unique<MemoryCgroupFiles>(MemoryCgroupFiles::separate());
                        files_ = files.get();
                        return files;
                      }};
};

TEST_F(PodCgroupsTest, APodHasItsCgroupFromEnsureToRemove) {
  prepare();
  ASSERT_NE(files_, nullptr);
  EXPECT_EQ(cgroups_.files(), files_);
  const kube::PodPtr pod = best_effort_pod();
  EXPECT_EQ(cgroups_.parent(*pod), "/kubepods/besteffort/podu-1");
  edgecore::test::await(loop_, cgroups_.ensure(pod));
  EXPECT_TRUE(files_->exists("memory", "/kubepods/besteffort/podu-1"));
  edgecore::test::await(loop_, cgroups_.remove(pod));
  EXPECT_FALSE(files_->exists("memory", "/kubepods/besteffort/podu-1"));
}

TEST_F(PodCgroupsTest, AProcessThatDoesNotDieMakesRemoveFail) {
  prepare();
  const kube::PodPtr pod = best_effort_pod();
  edgecore::test::await(loop_, cgroups_.ensure(pod));
  files_->put("pids", "/kubepods/besteffort/podu-1", 4001);
  files_->unkillable[4001] = "in the kernel";
  EXPECT_THROW(edgecore::test::await(loop_, cgroups_.remove(pod)), Error);
  files_->unkillable.clear();
  edgecore::test::await(loop_, cgroups_.remove(pod));
  EXPECT_FALSE(files_->exists("pids", "/kubepods/besteffort/podu-1"));
}

TEST_F(PodCgroupsTest, WhereNoneAreMountedPodsRunWithoutThem) {
  mounted_ = false;
  prepare();
  const kube::PodPtr pod = best_effort_pod();
  EXPECT_EQ(cgroups_.parent(*pod), "");
  EXPECT_EQ(cgroups_.files(), nullptr);
  edgecore::test::await(loop_, cgroups_.ensure(pod));
  edgecore::test::await(loop_, cgroups_.update_qos({pod}));
  edgecore::test::await(loop_, cgroups_.remove(pod));
}

class OrphanCgroupsTest : public PodCgroupsTest {
 protected:
  OrphanCgroupsTest() {
    prepare();
    for (const char* uid : {"known", "gone", "mounted"})
      edgecore::test::await(loop_, cgroups_.ensure(burstable(uid)));
  }
  static kube::PodPtr burstable(const char* uid) {
    const Json container = {{"name", "c"}, {"image", "i"}, {"resources", {{"requests", {{"cpu", "100m"}}}}}};
    return kube::parse_pod({{"metadata", {{"name", uid}, {"namespace", "ns"}, {"uid", uid}}},
                            {"spec", {{"containers", Json::array({container})}}}});
  }
  void remove(std::set<std::string> in_use, std::set<std::string> held) {
    edgecore::test::await(loop_, cgroups_.remove_orphans([in_use] { return in_use; }, std::move(held)));
  }
  [[nodiscard]] std::vector<std::string> left() const {
    std::vector<std::string> uids;
    for (const char* uid : {"known", "gone", "mounted"}) {
      if (files_->exists("memory", path(uid))) uids.emplace_back(uid);
    }
    return uids;
  }
  static std::string path(const std::string& uid) { return "/kubepods/burstable/pod" + uid; }
  [[nodiscard]] std::string shares(const std::string& uid) const {
    return files_->value(path(uid), "cpu.shares");
  }
};

TEST_F(OrphanCgroupsTest, OnlyThoseOfPodsInUseAndOfMountedVolumesStay) {
  remove({"known"}, {"mounted"});
  EXPECT_THAT(left(), UnorderedElementsAre("known", "mounted"));
  EXPECT_EQ(shares("mounted"), "2");
  EXPECT_EQ(shares("known"), "102");
  remove({"known"}, {});
  EXPECT_THAT(left(), UnorderedElementsAre("known"));
}

TEST_F(OrphanCgroupsTest, WhatRunsInOneIsKilledAndWhatWouldNotDieIsTriedAgain) {
  files_->put("memory", "/kubepods/burstable/podgone", 77);
  files_->unkillable[77] = "in the kernel";
  remove({"known", "mounted"}, {});
  EXPECT_THAT(left(), UnorderedElementsAre("known", "gone", "mounted"));
  EXPECT_FALSE(files_->killed.empty());
  files_->unkillable.clear();
  remove({}, {});
  EXPECT_THAT(left(), IsEmpty());
}

}  // namespace
}  // namespace edgecore::edged
