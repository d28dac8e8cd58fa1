// SPDX-License-Identifier: Apache-2.0
#include "edged/eviction/eviction.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/json.hpp"
#include "unit/edged/byte_units.hpp"

namespace edgecore::edged {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

kube::PodPtr pod(const std::string& uid, const Json& resources = Json::object(), int priority = 0,
                 const Json& volumes = Json::array()) {
  return kube::parse_pod(
      {{"metadata", {{"name", uid}, {"namespace", "ns"}, {"uid", uid}}},
       {"spec",
        {{"priority", priority},
         {"volumes", volumes},
         {"containers", Json::array({{{"name", "c"}, {"image", "i"}, {"resources", resources}}})}}}});
}

config::TailoredKubeletConfig only(const config::StringMap& hard) {
  config::TailoredKubeletConfig config;
  config.eviction_hard = hard;
  return config;
}

Observations memory(std::int64_t available) {
  return {{EvictionSignal::kMemory, {available, 1000 * kMi}}};
}

TEST(Eviction, DefaultsAreTheFourHardThresholdsMemoryFirst) {
  const auto thresholds = eviction_thresholds({});
  ASSERT_EQ(thresholds.size(), 4U);
  EXPECT_EQ(thresholds[0].signal, EvictionSignal::kMemory);
  EXPECT_EQ(thresholds[0].quantity, 100 * kMi);
  for (const auto& each : thresholds) EXPECT_TRUE(each.hard);
}

TEST(Eviction, ThresholdsThatMakeNoSenseAreNamed) {
  EXPECT_THROW(eviction_thresholds(only({{"memory.free", "1Gi"}})), BadInput);
  EXPECT_THROW(eviction_thresholds(only({{"memory.available", "101%"}})), BadInput);
  EXPECT_THROW(eviction_thresholds(only({{"memory.available", "lots"}})), BadInput);
  EXPECT_TRUE(eviction_thresholds(only({{"memory.available", "0%"}})).empty()) << "switched off";
  config::TailoredKubeletConfig soft = only({});
  soft.eviction_soft = {{"memory.available", "1Gi"}};
  EXPECT_THROW(eviction_thresholds(soft), BadInput) << "without a grace period";
}

TEST(Eviction, HardThresholdsActAtOnceAndTheConditionOutlastsThem) {
  EvictionState state(eviction_thresholds(only({{"memory.available", "100Mi"}})), 5min);
  const SteadyTime start{};
  EXPECT_FALSE(state.observe(memory(100 * kMi), start));
  EXPECT_TRUE(state.pressures().conditions().empty());
  EXPECT_TRUE(state.observe(memory(99 * kMi), start + 10s));
  EXPECT_THAT(state.pressures().conditions(), ElementsAre("MemoryPressure"));
  EXPECT_FALSE(state.observe(memory(500 * kMi), start + 20s)) << "nobody has to go any more";
  EXPECT_TRUE(state.pressures().memory);
  EXPECT_FALSE(state.observe(memory(500 * kMi), start + 5min + 9s));
  EXPECT_TRUE(state.pressures().memory);
  EXPECT_FALSE(state.observe(memory(500 * kMi), start + 5min + 10s));
  EXPECT_FALSE(state.pressures().memory);
}

TEST(Eviction, SoftThresholdsWaitForTheirGracePeriod) {
  config::TailoredKubeletConfig config = only({});
  config.eviction_soft = {{"memory.available", "50%"}};
  config.eviction_soft_grace_period = {{"memory.available", "1m"}};
  EvictionState state(eviction_thresholds(config), 0s);
  const SteadyTime start{};
  EXPECT_FALSE(state.observe(memory(400 * kMi), start));
  EXPECT_FALSE(state.pressures().memory);
  EXPECT_FALSE(state.observe(memory(600 * kMi), start + 30s)) << "recovered: the period begins anew";
  EXPECT_FALSE(state.observe(memory(400 * kMi), start + 40s));
  EXPECT_FALSE(state.observe(memory(400 * kMi), start + 90s));
  const auto act = state.observe(memory(400 * kMi), start + 100s);
  ASSERT_TRUE(act);
  EXPECT_FALSE(act->hard);
  EXPECT_TRUE(state.pressures().memory);
}

TEST(Eviction, MinimumReclaimKeepsAThresholdMet) {
  config::TailoredKubeletConfig config = only({{"memory.available", "100Mi"}});
  config.eviction_minimum_reclaim = {{"memory.available", "50Mi"}};
  EvictionState state(eviction_thresholds(config), 0s);
  EXPECT_FALSE(state.observe(memory(120 * kMi), SteadyTime{}));
  EXPECT_TRUE(state.observe(memory(90 * kMi), SteadyTime{} + 10s));
  EXPECT_TRUE(state.observe(memory(120 * kMi), SteadyTime{} + 20s));
  EXPECT_FALSE(state.observe(memory(150 * kMi), SteadyTime{} + 30s));
}

TEST(Eviction, MemoryIsActedUponBeforeDisk) {
  EvictionState state(eviction_thresholds({}), 0s);
  Observations both = memory(1);
  both[EvictionSignal::kImageFs] = {1, 1000};
  const auto act = state.observe(both, SteadyTime{});
  ASSERT_TRUE(act);
  EXPECT_EQ(act->signal, EvictionSignal::kMemory);
  EXPECT_TRUE(state.pressures().disk && state.pressures().memory && !state.pressures().pids);
}

TEST(Eviction, TheVictimIsWhoUsesMoreThanItAskedForThenWhoCountsLeast) {
  const Json asks = {{"requests", {{"memory", "200Mi"}}}};
  const auto modest = pod("modest", asks), greedy = pod("greedy", asks), free = pod("free"),
             important = pod("important", Json::object(), 10), critical = pod("critical", {}, 2'000'000'000);
  std::map<std::string, PodUsage> usage;
  usage["modest"].memory = 199 * kMi;
  usage["greedy"].memory = 300 * kMi;
  usage["free"].memory = 150 * kMi;
  usage["important"].memory = 900 * kMi;
  usage["critical"].memory = 999 * kMi;
  EXPECT_EQ(choose_victim({modest, critical, greedy, important, free}, usage, EvictionResource::kMemory),
            free)
      << "150Mi beyond a request of none";
  EXPECT_EQ(choose_victim({modest, critical, greedy, important}, usage, EvictionResource::kMemory), greedy);
  EXPECT_EQ(choose_victim({modest, critical, important}, usage, EvictionResource::kMemory), important);
  EXPECT_EQ(choose_victim({modest, critical}, usage, EvictionResource::kMemory), modest);
  EXPECT_EQ(choose_victim({critical}, usage, EvictionResource::kMemory), nullptr);
  usage["modest"].pids = 7;
  usage["greedy"].pids = 8;
  EXPECT_EQ(choose_victim({modest, greedy}, usage, EvictionResource::kPids), greedy);
  usage["modest"].disk = 5;
  usage["greedy"].disk = 4;
  EXPECT_EQ(choose_victim({greedy, modest}, usage, EvictionResource::kDisk), modest);
}

TEST(Eviction, TheMessageSaysWhatWasLow) {
  PodUsage usage;
  usage.container_memory["c"] = 300 * kMi;
  const auto thresholds = eviction_thresholds(only({{"memory.available", "100Mi"}}));
  const Refusal told = eviction_refusal(*pod("p", {{"requests", {{"memory", "200Mi"}}}}), usage,
                                        thresholds.front(), {50 * kMi, 1000 * kMi});
  EXPECT_EQ(told.reason, "Evicted");
  EXPECT_EQ(
      told.message,
      "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container c was "
      "using 300Mi, request is 200Mi, has larger consumption of memory. ");
}

TEST(Eviction, APodGoesForItsOwnLimits) {
  const auto volumes = Json::array({{{"name", "v"}, {"emptyDir", {{"sizeLimit", "1Gi"}}}}});
  const auto limited = pod("p", {{"limits", {{"ephemeral-storage", "2Gi"}}}}, 0, volumes);
  LocalStorageUsage usage;
  usage.volumes["v"] = 1024 * kMi;
  usage.containers["c"] = 500 * kMi;
  EXPECT_FALSE(over_own_limits(*limited, usage));
  usage.volumes["v"] += 1;
  EXPECT_EQ(over_own_limits(*limited, usage)->message,
            "Usage of EmptyDir volume \"v\" exceeds the limit \"1Gi\". ");
  usage.volumes["v"] = 1000 * kMi;
  usage.containers["c"] = 1500 * kMi;
  EXPECT_TRUE(over_own_limits(*limited, usage)) << "both together";
  usage.containers["c"] = 1000 * kMi;
  EXPECT_FALSE(over_own_limits(*limited, usage));
  usage.pod = 100 * kMi;
  EXPECT_TRUE(over_own_limits(*limited, usage)) << "with /etc/hosts";
  EXPECT_FALSE(over_own_limits(*pod("q"), usage));
}

}  // namespace
}  // namespace edgecore::edged
