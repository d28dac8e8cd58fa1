// SPDX-License-Identifier: Apache-2.0
#include "edged/images/image_gc.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "edgecore/async/attempt.hpp"
#include "edged/host/disk_stats.hpp"
#include "unit/edged/upkeep_fixture.hpp"

namespace edgecore::edged {
namespace {

using ::testing::ElementsAre;
using Candidate = ImageRecords::Candidate;

cri::Image image(const std::string& id, std::uint64_t size = 10, bool pinned = false) {
  cri::Image out;
  out.id = id;
  out.size = size;
  out.pinned = pinned;
  return out;
}

TEST(JudgeImageDisk, FreesFromTheHighThresholdDownToTheLow) {
  struct Row {
    std::uint64_t available, to_free;
    std::int32_t high = 85;
  };
  for (const auto& row : {Row{1000, 0}, Row{160, 0}, Row{150, 50}, Row{0, 200}, Row{0, 0, 100}}) {
    ImageGcPolicy policy;
    policy.high_percent = row.high;
    const auto verdict =
        judge_image_disk({0, "/i", 10, {}}, {.capacity = 1000, .available = row.available}, policy);
    EXPECT_EQ(verdict.value().to_free, row.to_free) << row.available;
  }
}

TEST(JudgeImageDisk, DoubtsFiguresOfAnotherFileSystem) {
  EXPECT_FALSE(judge_image_disk({0, "/i", 10, {}}, {}, {}).ok());
  EXPECT_FALSE(judge_image_disk({0, "/i", 2000, {}}, {.capacity = 1000, .available = 0}, {}).ok());
}

TEST(ImageRecords, LongestUnusedFirstNotPinnedNotUsedNotYoung) {
  const SteadyTime start{};
  const auto at = [&](int minutes) { return start + std::chrono::minutes(minutes); };
  ImageRecords records;
  records.take({image("a"), image("b"), image("p", 10, true), image("u")}, {"a", "u"}, at(0));
  records.take({image("a"), image("b"), image("p", 10, true), image("u"), image("new")}, {"u"}, at(5));
  const std::chrono::minutes age(2);
  EXPECT_THAT(records.candidates(age, at(6)), ElementsAre(Candidate{"b", 10}, Candidate{"a", 10}));
  EXPECT_THAT(records.candidates(age, at(7)),
              ElementsAre(Candidate{"b", 10}, Candidate{"new", 10}, Candidate{"a", 10}));
  records.take({image("u")}, {}, at(8));
  EXPECT_EQ(records.size(), 1U);
}

TEST(UsedImages, AreKnownByIdTagAndSpelling) {
  cri::Image by_tag = image("sha256:1"), by_id = image("sha256:2"), unused = image("sha256:3");
  by_tag.repo_tags = {"docker.io/library/nginx:latest"};
  unused.repo_tags = {"docker.io/library/redis:7"};
  cri::Container container;
  container.image_ref = "sha256:2";
  EXPECT_EQ(used_images({by_tag, by_id, unused}, {container}, {"nginx"}),
            (std::set<std::string>{"sha256:1", "sha256:2"}));
}

TEST(RuntimeSandboxImage, IsReadFromContainerdsConfig) {
  cri::RuntimeStatus status;
  EXPECT_EQ(runtime_sandbox_image(status), "");
  status.info["config"] = R"({"sandboxImage":"registry.k8s.io/pause:3.8","other":{}})";
  EXPECT_EQ(runtime_sandbox_image(status), "registry.k8s.io/pause:3.8");
  for (const char* odd : {"", "{", "[]", R"({"sandboxImage":7})"}) {
    status.info["config"] = odd;
    EXPECT_EQ(runtime_sandbox_image(status), "") << odd;
  }
}

class ImageGcTest : public test::UpkeepTest {
 protected:
  void SetUp() override {
    UpkeepTest::SetUp();
    container(sandbox("u"), "u", "a");  // uses busybox:1
    runtime_.add_image("old:1", 100);
    runtime_.add_image("pause:3", 100);
    runtime_.add_image("wanted:1", 100);
    runtime_.image_filesystems = {{0, "/images", 400, {}}};
    disks_.disks["/images"] = {.capacity = 1000, .available = 100};
    runtime_.clear_calls();
  }
  std::uint64_t collect() {
    ImageGcPolicy policy;
    policy.sandbox_image = "pause:3";
    ImageGc gc({runtime_, disks_, io_.get_executor(), clock_, log_, policy, [this] { return ready_; },
                [this] {
                  auto wanted = std::set<std::string>{"wanted:1"};
                  if (runtime_.count_calls("RemoveImage") > 0)
                    wanted.insert(wanted_after_first_.begin(), wanted_after_first_.end());
                  return wanted;
                },
                std::chrono::minutes(5)});
    return edgecore::test::await(io_, gc.collect());
  }
  bool has(const std::string& reference) {
    return !edgecore::test::await(io_, runtime_.list_images(reference)).empty();
  }

  FakeDiskStats disks_;
  bool ready_ = true;
  std::set<std::string> wanted_after_first_;  ///< become wanted while images are being removed
};

TEST_F(ImageGcTest, AnImageThatIsWantedMeanwhileStays) {
  runtime_.add_image("older:1", 100);
  disks_.disks["/images"].available = 0;
  wanted_after_first_ = {"old:1", "older:1"};
  EXPECT_THROW(collect(), Error);  // there was not enough to remove
  EXPECT_NE(has("old:1"), has("older:1")) << "exactly one of them was removed";
  EXPECT_EQ(runtime_.count_calls("RemoveImage"), 1U);
}

TEST_F(ImageGcTest, TheRuntimesOwnSandboxImageStays) {
  runtime_.runtime_status.info["config"] = R"({"sandboxImage":"old:1"})";
  EXPECT_THROW(collect(), Error);
  EXPECT_TRUE(has("old:1"));
}

TEST_F(ImageGcTest, OnlyWhatNobodyUsesGoes) {
  EXPECT_EQ(collect(), 100U);
  EXPECT_FALSE(has("old:1"));
  EXPECT_TRUE(has("busybox:1") && has("pause:3") && has("wanted:1"));
}

TEST_F(ImageGcTest, SaysWhenThereIsNotEnoughToRemove) {
  disks_.disks["/images"].available = 0;
  EXPECT_THROW(collect(), Error);
  EXPECT_FALSE(has("old:1"));
  EXPECT_TRUE(has("wanted:1"));
}

TEST_F(ImageGcTest, NothingGoesBeforeAllPodsAreKnown) {
  ready_ = false;
  EXPECT_EQ(collect(), 0U);
  EXPECT_TRUE(has("old:1"));
}

TEST_F(ImageGcTest, NothingGoesByTheFiguresOfAWrongFileSystem) {
  disks_.disks["/"] = {.capacity = 1000, .available = 0};
  runtime_.image_filesystems = {{0, "", 400, {}}};
  EXPECT_THROW(collect(), Error);
  runtime_.image_filesystems = {{0, "/elsewhere", 400, {}}};
  EXPECT_THROW(collect(), SystemError);
  runtime_.image_filesystems.clear();
  EXPECT_THROW(collect(), Error);
  runtime_.image_filesystems = {{0, "/images", 5000, {}}};
  EXPECT_THROW(collect(), Error);
  EXPECT_EQ(runtime_.count_calls("RemoveImage"), 0U);
}

class DiskStatsTest : public test::UpkeepTest {};

TEST_F(DiskStatsTest, AsksTheKernel) {
  SystemDiskStats disks(pool_, io_.get_executor());
  const auto usage = edgecore::test::await(io_, disks.read(root_.string()));
  EXPECT_GT(usage.capacity, 0U);
  EXPECT_LE(usage.available, usage.capacity);
  EXPECT_EQ(usage.device, statfs_usage(root_).device);
  EXPECT_THROW(edgecore::test::await(io_, disks.read((root_ / "none").string())), SystemError);
}

/// Callers on a pool of one thread whose first answer is held back.
class SlowDiskTest : public DiskStatsTest {
 protected:
  void ask(std::string path, boost::asio::cancellation_signal* stop = nullptr) {
    const auto one = [](SystemDiskStats& disks, std::string of) -> boost::asio::awaitable<std::uint64_t> {
      const DiskUsage usage = co_await disks.read(std::move(of));
      co_return usage.capacity;
    };
    const auto ended = [this](const std::exception_ptr& failure, std::uint64_t capacity) {
      answers_.push_back(failure ? -1 : static_cast<int>(capacity));
    };
    if (stop == nullptr)
      boost::asio::co_spawn(io_, one(disks_, std::move(path)), ended);
    else
      boost::asio::co_spawn(io_, one(disks_, std::move(path)),
                            boost::asio::bind_cancellation_slot(stop->slot(), ended));
    io_.restart();
    io_.poll();
  }
  bool answered(std::size_t count) {
    return time_.until([&] { return answers_.size() >= count; });
  }

  std::promise<void> go_on_;
  std::shared_future<void> going_on_ = go_on_.get_future().share();
  std::atomic<int> asked_ = 0;
  BlockingPool one_thread_{"disk-test", {1, 256}};
  edgecore::test::SkippedTime time_{io_, [this] { return one_thread_.busy(); }};
  SystemDiskStats disks_{one_thread_, io_.get_executor(), std::chrono::seconds(10),
                         [this](const std::filesystem::path& path) {
                           const int number = ++asked_;
                           if (number == 1) going_on_.wait();
                           if (path == "/none") throw SystemError("no such disk", ENOENT);
                           return DiskUsage{.capacity = static_cast<std::uint64_t>(number)};
                         }};
  std::vector<int> answers_;  ///< capacities, -1 for a failure
};

TEST_F(SlowDiskTest, CallersThatWaitShareTheNextAnswer) {
  ask("/a");
  while (asked_ == 0) std::this_thread::yield();
  for (const char* path : {"/a", "/a", "/none"}) ask(path);
  go_on_.set_value();
  ASSERT_TRUE(answered(4));
  EXPECT_THAT(answers_, ::testing::UnorderedElementsAre(1, -1, 3, 3));
}

TEST_F(SlowDiskTest, AnAnswerThatWasBegunBeforeIsAskedForAnew) {
  ask("/a");
  while (asked_ == 0) std::this_thread::yield();
  ask("/a");
  go_on_.set_value();
  ASSERT_TRUE(answered(2));
  EXPECT_EQ(answers_, (std::vector<int>{1, 2}));
}

TEST_F(SlowDiskTest, ACancelledCallerHarmsNoOther) {
  boost::asio::cancellation_signal stop;
  ask("/a", &stop);
  while (asked_ == 0) std::this_thread::yield();
  ask("/a");
  stop.emit(boost::asio::cancellation_type::terminal);
  ASSERT_TRUE(answered(1));
  EXPECT_EQ(answers_, std::vector<int>{-1});
  go_on_.set_value();
  ASSERT_TRUE(answered(2));
  EXPECT_EQ(answers_.back(), 2);
}

TEST_F(DiskStatsTest, ADeadFileSystemCostsOneThread) {
  std::promise<void> revive;
  std::atomic<int> asked = 0;
  SystemDiskStats disks(pool_, io_.get_executor(), std::chrono::milliseconds(20),
                        [&asked, alive = revive.get_future().share()](const std::filesystem::path&) {
                          ++asked;
                          alive.wait();
                          return DiskUsage{.capacity = 7};
                        });
  const auto read = [&]() -> std::optional<DiskUsage> {
    std::optional<Outcome<DiskUsage>> usage;
    boost::asio::co_spawn(io_, edgecore::test::keep_result(async::attempt(disks.read("/dead")), usage),
                          boost::asio::detached);
    EXPECT_TRUE(time_.until([&] { return usage.has_value(); }));
    return usage && *usage ? std::optional(**usage) : std::nullopt;
  };
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(read());
  EXPECT_EQ(asked, 1);
  revive.set_value();
  ASSERT_TRUE(time_.until([&] { return read().has_value(); }));
  EXPECT_EQ(read()->capacity, 7U);
}

}  // namespace
}  // namespace edgecore::edged
