// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/directory_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "support/loop.hpp"
#include "support/skipped_time.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::async {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::asio::awaitable;

constexpr std::uint32_t kFiles = IN_MODIFY | IN_CREATE | IN_DELETE;

/// How many inotify instances this process has.
std::size_t instances() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (fs::read_symlink(entry.path(), gone) == "anon_inode:inotify") ++count;
  }
  return count;
}

/// One who sleeps on a watch.
struct Sleeper {
  Sleeper(const DirectoryWatches& watches, std::uint32_t events, DirectoryWatch::Filter filter = nullptr)
      : watch(watches, events, std::move(filter)) {}
  awaitable<void> sleep(SteadyTime until) { woken = co_await watch.sleep_until(until); }
  void start(test::asio::io_context& loop, SteadyTime::duration time = 1h) {
    woken.reset();
    outcome.ended = false;
    outcome.start(loop, sleep(steady_now() + time));
    loop.poll();
  }

  DirectoryWatch watch;
  test::Outcome outcome;
  std::optional<bool> woken;
};

struct DirectoryWatchTest : testing::Test {
  void SetUp() override { fs::create_directory(directory); }
  static void write(const fs::path& file) { std::ofstream(file, std::ios::app) << "x"; }
  bool ends(const Sleeper& sleeper) {
    return time.until([&] { return sleeper.outcome.ended; }, 1s);
  }

  test::asio::io_context loop;
  test::SkippedTime time{loop};
  test::TemporaryDirectory root;
  const fs::path directory = root / "d";
  DirectoryWatches watches{loop.get_executor()};
};

TEST_F(DirectoryWatchTest, WakesWhenAFileIsWritten) {
  Sleeper sleeper(watches, kFiles);
  ASSERT_TRUE(sleeper.watch.start(directory));
  sleeper.start(loop);
  time.pass(100ms);
  EXPECT_FALSE(sleeper.outcome.ended);
  write(directory / "a");
  ASSERT_TRUE(ends(sleeper));
  EXPECT_EQ(sleeper.woken, true);
}

TEST_F(DirectoryWatchTest, KeepsWhatHappenedWhileNobodySlept) {
  Sleeper sleeper(watches, kFiles);
  ASSERT_TRUE(sleeper.watch.start(directory));
  write(directory / "a");
  sleeper.start(loop);
  EXPECT_TRUE(ends(sleeper));
  EXPECT_EQ(sleeper.woken, true);
}

TEST_F(DirectoryWatchTest, EndsASleepAtItsTimeAndWhenCancelled) {
  Sleeper sleeper(watches, kFiles);
  ASSERT_TRUE(sleeper.watch.start(directory));
  sleeper.start(loop, 500ms);
  ASSERT_TRUE(ends(sleeper));
  EXPECT_EQ(sleeper.woken, false);
  sleeper.start(loop);
  sleeper.outcome.cancel();
  ASSERT_TRUE(ends(sleeper));
  EXPECT_TRUE(sleeper.outcome.aborted());
  loop.restart();
  loop.run();  // nothing waits for the kernel while nobody sleeps
  write(directory / "a");
  sleeper.start(loop);
  EXPECT_TRUE(ends(sleeper)) << "a cancelled sleep does not spoil the next";
}

TEST_F(DirectoryWatchTest, AsksTheFilterWithEventAndName) {
  Sleeper sleeper(watches, IN_CREATE | IN_DELETE, [](std::uint32_t event, std::string_view name) {
    return event == IN_DELETE && name == "a";
  });
  ASSERT_TRUE(sleeper.watch.start(directory));
  sleeper.start(loop);
  for (const char* name : {"a", "b"}) write(directory / name);
  fs::remove(directory / "b");
  time.pass(100ms);
  EXPECT_FALSE(sleeper.outcome.ended);
  fs::remove(directory / "a");
  EXPECT_TRUE(ends(sleeper));
}

TEST_F(DirectoryWatchTest, WatchesShareOneInstanceAlsoForOneDirectory) {
  const std::size_t before = instances();
  {
    Sleeper written(watches, IN_MODIFY), removed(watches, IN_DELETE), elsewhere(watches, kFiles);
    ASSERT_TRUE(written.watch.start(directory));
    ASSERT_TRUE(removed.watch.start(directory));
    ASSERT_TRUE(elsewhere.watch.start(root));
    EXPECT_EQ(instances(), before + 1);
    for (Sleeper* sleeper : {&written, &removed, &elsewhere}) sleeper->start(loop);
    write(directory / "a");
    EXPECT_TRUE(ends(written));
    EXPECT_FALSE(removed.outcome.ended);
    fs::remove(directory / "a");
    EXPECT_TRUE(ends(removed));
    EXPECT_FALSE(elsewhere.outcome.ended);
    write(root / "b");
    EXPECT_TRUE(ends(elsewhere));
  }
  EXPECT_EQ(instances(), before) << "it is closed with the last watch";
}

TEST_F(DirectoryWatchTest, TheEndOfOneWatchLeavesTheOtherOfItsDirectory) {
  Sleeper stays(watches, kFiles);
  ASSERT_TRUE(stays.watch.start(directory));
  {
    DirectoryWatch goes(watches, kFiles);
    ASSERT_TRUE(goes.start(directory));
  }
  stays.start(loop);
  write(directory / "a");
  EXPECT_TRUE(ends(stays));
}

TEST_F(DirectoryWatchTest, ADirectoryThatIsRemovedWakesAndIsWatchedAgainOnceItIsBack) {
  Sleeper sleeper(watches, kFiles, [](std::uint32_t, std::string_view) { return true; });
  ASSERT_TRUE(sleeper.watch.start(directory));
  sleeper.start(loop);
  fs::remove(directory);
  ASSERT_TRUE(ends(sleeper));
  EXPECT_FALSE(sleeper.watch.is_watching());
  const Outcome<void> missing = sleeper.watch.start(directory);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.failure().message(), testing::HasSubstr("No such file or directory"));

  fs::create_directory(directory);
  ASSERT_TRUE(sleeper.watch.start(directory));
  sleeper.start(loop);
  write(directory / "a");
  EXPECT_TRUE(ends(sleeper));
}

TEST_F(DirectoryWatchTest, AnotherDirectoryOfThatPathIsWatchedByTheNextStart) {
  Sleeper sleeper(watches, kFiles);
  fs::create_directories(root / "old" / "d");
  ASSERT_TRUE(sleeper.watch.start(root / "old" / "d"));
  fs::rename(root / "old", root / "older");  // its own name stays: the kernel says nothing
  fs::create_directories(root / "old" / "d");
  EXPECT_TRUE(sleeper.watch.is_watching());
  ASSERT_TRUE(sleeper.watch.start(root / "old" / "d"));
  sleeper.start(loop);
  write(root / "older" / "d" / "a");
  time.pass(100ms);
  EXPECT_FALSE(sleeper.outcome.ended);
  write(root / "old" / "d" / "a");
  EXPECT_TRUE(ends(sleeper));
}

TEST_F(DirectoryWatchTest, ADirectoryThatIsRenamedEndsTheWatch) {
  Sleeper sleeper(watches, kFiles);
  ASSERT_TRUE(sleeper.watch.start(directory));
  sleeper.start(loop);
  fs::rename(directory, root / "elsewhere");
  ASSERT_TRUE(ends(sleeper));
  EXPECT_FALSE(sleeper.watch.is_watching());
}

TEST_F(DirectoryWatchTest, EventsThatTheKernelLostWakeEverySleeper) {
  std::size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  ASSERT_GT(most, 0U);
  const DirectoryWatch::Filter none = [](std::uint32_t, std::string_view) { return false; };
  Sleeper busy(watches, IN_CREATE | IN_DELETE, none), quiet(watches, kFiles, none);
  fs::create_directory(root / "quiet");
  ASSERT_TRUE(busy.watch.start(directory));
  ASSERT_TRUE(quiet.watch.start(root / "quiet"));
  const std::string file = directory / "a";
  for (std::size_t i = 0; i <= most / 2 + 1; ++i) {
    ASSERT_EQ(::symlink("x", file.c_str()), 0);
    ASSERT_EQ(::unlink(file.c_str()), 0);
  }
  for (Sleeper* sleeper : {&busy, &quiet}) sleeper->start(loop);
  EXPECT_TRUE(ends(busy));
  EXPECT_TRUE(ends(quiet));
}

/// A process has no more descriptors while it lives. The kernel answers as at the limit of instances, which
/// would disturb every other program of this user.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    const ::rlimit full{static_cast<::rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &full);
  }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  ::rlimit before_{};
};

TEST_F(DirectoryWatchTest, AtTheLimitOfInstancesItNamesTheSysctlAndSleepsToItsTime) {
  Sleeper sleeper(watches, kFiles);
  {
    const NoMoreDescriptors limit;
    const Outcome<void> refused = sleeper.watch.start(directory);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.failure().message(), testing::HasSubstr("fs.inotify.max_user_instances"));
  }
  EXPECT_FALSE(sleeper.watch.is_watching());
  sleeper.start(loop, 500ms);
  write(directory / "a");
  ASSERT_TRUE(ends(sleeper));
  EXPECT_EQ(sleeper.woken, false);
  EXPECT_TRUE(sleeper.watch.start(directory)) << "once there is room it watches";
}

TEST_F(DirectoryWatchTest, AWatchMayOutliveTheModulesInstance) {
  auto short_lived = std::make_unique<DirectoryWatches>(loop.get_executor());
  Sleeper sleeper(*short_lived, kFiles);
  ASSERT_TRUE(sleeper.watch.start(directory));
  short_lived.reset();
  EXPECT_FALSE(sleeper.watch.start(directory));
  sleeper.start(loop, 500ms);
  write(directory / "a");
  ASSERT_TRUE(ends(sleeper));
  EXPECT_EQ(sleeper.woken, false);
}

}  // namespace
}  // namespace edgecore::async
