// SPDX-License-Identifier: Apache-2.0
#include "edged/eviction/evictor.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/json.hpp"
#include "support/await.hpp"
#include "unit/edged/byte_units.hpp"

namespace edgecore::edged {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FakeSignals final : public NodeSignals {
 public:
  Observations now;
  boost::asio::awaitable<Observations> read() override { co_return now; }
};

class FakeUsage final : public PodUsageReader {
 public:
  PodFootprints footprints;
  int reads = 0;
  bool down = false;
  boost::asio::awaitable<PodFootprints> read(std::vector<kube::PodPtr>, bool) override {
    ++reads;
    if (down) throw cri::CallError("ListContainerStats", cri::Code::kUnavailable, "no one there");
    co_return footprints;
  }
};

class EvictorTest : public ::testing::Test {
 protected:
  struct Eviction {
    std::string uid, message;
    std::int64_t grace = -1;
  };

  void add(const std::string& uid, std::int64_t memory, const Json& volumes = Json::array()) {
    pods_.push_back(kube::parse_pod({{"metadata", {{"name", uid}, {"namespace", "ns"}, {"uid", uid}}},
                                     {"spec",
                                      {{"terminationGracePeriodSeconds", 20},
                                       {"volumes", volumes},
                                       {"containers", Json::array({{{"name", "c"}, {"image", "i"}}})}}}}));
    usage_.footprints[uid].usage.memory = memory;
    usage_.footprints[uid].usage.disk = memory;
  }
  boost::asio::awaitable<void> make_room() {
    ++rooms_made_;
    signals_.now[EvictionSignal::kNodeFs].available += room_;
    co_return;
  }
  void make(const config::TailoredKubeletConfig& config) {
    evictor_ = std::make_unique<Evictor>(
        Evictor::Deps{signals_, usage_, io_.get_executor(), clock_, log::get("test"), eviction_policy(config),
                      [this] { return ready_; }, [this] { return make_room(); }, [this] { return pods_; },
                      [this](const std::string& uid, const Refusal& why, std::int64_t grace) {
                        evicted_.push_back({uid, why.message, grace});
                        std::erase_if(pods_, [&](const kube::PodPtr& pod) { return pod->uid == uid; });
                        return true;
                      },
                      [](const std::string&) { return true; }, [this] { ++changes_; }});
  }
  static config::TailoredKubeletConfig hard(const config::StringMap& thresholds) {
    config::TailoredKubeletConfig config;
    config.eviction_hard = thresholds;
    return config;
  }
  void round() { edgecore::test::await(io_, evictor_->round()); }
  [[nodiscard]] std::vector<std::string> evicted() const {
    std::vector<std::string> out;
    for (const auto& one : evicted_) out.push_back(one.uid);
    return out;
  }

  boost::asio::io_context io_;
  FakeClock clock_{WallTime(std::chrono::hours(24 * 365 * 54))};
  FakeSignals signals_;
  FakeUsage usage_;
  std::vector<kube::PodPtr> pods_;
  std::vector<Eviction> evicted_;
  bool ready_ = true;
  int rooms_made_ = 0, changes_ = 0;
  std::int64_t room_ = 0;
  std::unique_ptr<Evictor> evictor_;
};

TEST_F(EvictorTest, OnePodGoesAtATimeUntilThereIsEnough) {
  add("small", 10 * kMi);
  add("big", 300 * kMi);
  add("middle", 100 * kMi);
  make(hard({{"memory.available", "100Mi"}}));
  signals_.now[EvictionSignal::kMemory] = {150 * kMi, 1000 * kMi};
  round();
  EXPECT_THAT(evicted(), IsEmpty());
  EXPECT_EQ(usage_.reads, 0) << "usage is not measured without pressure";
  signals_.now[EvictionSignal::kMemory].available = 50 * kMi;
  round();
  EXPECT_THAT(evicted(), ElementsAre("big"));
  EXPECT_EQ(evicted_[0].grace, 0);
  EXPECT_TRUE(evicted_[0].message.starts_with(
      "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. "))
      << evicted_[0].message;
  EXPECT_EQ(changes_, 1);
  EXPECT_TRUE(evictor_->pressures().memory);
  signals_.now[EvictionSignal::kMemory].available = 350 * kMi;
  clock_.advance(10s);
  round();
  EXPECT_EQ(evicted_.size(), 1U);
  EXPECT_EQ(rooms_made_, 0) << "a disk is not short";
  signals_.now[EvictionSignal::kMemory].available = 99 * kMi;
  round();
  EXPECT_THAT(evicted(), ElementsAre("big", "middle"));
}

TEST_F(EvictorTest, OnAFullDiskWhatNobodyUsesGoesFirst) {
  add("writer", 100);
  make(hard({{"nodefs.available", "10%"}}));
  signals_.now[EvictionSignal::kNodeFs] = {90, 1000};
  room_ = 20;
  round();
  EXPECT_EQ(rooms_made_, 1);
  EXPECT_THAT(evicted(), IsEmpty());
  EXPECT_TRUE(evictor_->pressures().disk);
  signals_.now[EvictionSignal::kNodeFs] = {90, 1000};
  room_ = 5;
  round();
  EXPECT_EQ(rooms_made_, 2);
  EXPECT_THAT(evicted(), ElementsAre("writer"));
  EXPECT_NE(evicted_[0].message.find("ephemeral-storage. Threshold quantity: 100, available: 95. "),
            std::string::npos)
      << evicted_[0].message;
}

TEST_F(EvictorTest, NobodyIsEvictedBeforeAllPodsAreKnownButThePressureIsTold) {
  add("a", 1);
  make(hard({{"memory.available", "100Mi"}}));
  signals_.now[EvictionSignal::kMemory] = {0, 1000 * kMi};
  ready_ = false;
  round();
  EXPECT_THAT(evicted(), IsEmpty());
  EXPECT_EQ(evictor_->pressures().conditions(), std::vector<std::string>{"MemoryPressure"});
  ready_ = true;
  round();
  EXPECT_THAT(evicted(), ElementsAre("a"));
}

TEST_F(EvictorTest, ASoftThresholdGivesTheGraceThatIsConfigured) {
  add("a", 1);
  auto config = hard({});
  config.eviction_soft = {{"memory.available", "50%"}};
  config.eviction_soft_grace_period = {{"memory.available", "1m"}};
  config.eviction_max_pod_grace_period = 7;
  make(config);
  signals_.now[EvictionSignal::kMemory] = {400 * kMi, 1000 * kMi};
  round();
  EXPECT_THAT(evicted(), IsEmpty());
  clock_.advance(61s);
  round();
  ASSERT_THAT(evicted(), ElementsAre("a"));
  EXPECT_EQ(evicted_[0].grace, 7);
}

TEST_F(EvictorTest, NobodyGoesByFiguresThatCouldNotBeRead) {
  add("a", 1);
  make(hard({{"memory.available", "100Mi"}}));
  signals_.now[EvictionSignal::kMemory] = {0, 1000 * kMi};
  usage_.down = true;
  EXPECT_THROW(round(), Error);
  EXPECT_THAT(evicted(), IsEmpty());
  usage_.down = false;
  round();
  EXPECT_THAT(evicted(), ElementsAre("a"));
}

TEST_F(EvictorTest, APodIsHeldToItsOwnLimitsOnceAMinute) {
  add("free", 0);
  make(hard({}));
  round();
  EXPECT_EQ(usage_.reads, 0) << "directories are walked only for pods that have limits";
  add("bounded", 0, Json::array({{{"name", "v"}, {"emptyDir", {{"sizeLimit", "1Mi"}}}}}));
  usage_.footprints["bounded"].storage.volumes["v"] = kMi;
  usage_.footprints["free"].storage.volumes["v"] = 100 * kMi;
  clock_.advance(61s);
  round();
  round();
  EXPECT_EQ(usage_.reads, 1);
  EXPECT_THAT(evicted(), IsEmpty());
  usage_.footprints["bounded"].storage.volumes["v"] = kMi + 1;
  clock_.advance(61s);
  round();
  ASSERT_THAT(evicted(), ElementsAre("bounded"));
  EXPECT_EQ(evicted_[0].message, "Usage of EmptyDir volume \"v\" exceeds the limit \"1Mi\". ");
}

}  // namespace
}  // namespace edgecore::edged
