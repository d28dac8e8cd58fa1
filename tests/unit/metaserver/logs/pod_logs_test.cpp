// SPDX-License-Identifier: Apache-2.0
#include "metaserver/logs/pod_logs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "metaserver/http/api_error.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::metaserver {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string line(int number, const char* tag = "F", const char* stream = "stdout") {
  char text[64];
  std::snprintf(text, sizeof text, "2024-06-10T06:%02d:%02d.5Z %s %s line %d\n", number / 60 % 60,
                number % 60, stream, tag, number);
  return text;
}
std::string lines(int from, int to) {
  std::string out;
  for (int i = from; i < to; ++i) out += line(i);
  return out;
}
/// What a client sees of them.
std::string shown(int from, int to) {
  std::string out;
  for (int i = from; i < to; ++i) out += "line " + std::to_string(i) + "\n";
  return out;
}

/// The logs of one container, as runtime and edged leave them, and one who reads them.
class PodLogTest : public ::testing::Test {
 protected:
  PodLogTest() {
    fs::create_directories(directory_);
    request_.target = {"default", "web", "u", "c", "containerd://x", 0, true};
    request_.pod_logs = root_;
    request_.look = 20ms;
    request_.settle = 20ms;
    request_.runs = [this] { return runs_; };
  }
  ~PodLogTest() override {
    loop_.restart();
    stop_.emit(boost::asio::cancellation_type::terminal);
    loop_.run_for(1s);
  }

  void write(const std::string& text, const std::string& name = "0.log") {
    std::ofstream(directory_ / name, std::ios::binary | std::ios::app) << text;
  }
  void write_packed(const std::string& text, const std::string& name) {
    const gzFile packed = ::gzopen((directory_ / name).c_str(), "wb");
    ASSERT_EQ(::gzwrite(packed, text.data(), static_cast<unsigned>(text.size())),
              static_cast<int>(text.size()));
    ::gzclose(packed);
  }
  void move_aside(const std::string& stamp) {
    fs::rename(directory_ / "0.log", directory_ / ("0.log." + stamp));
  }
  void pack(const std::string& stamp) {
    std::ifstream in(directory_ / ("0.log." + stamp), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    write_packed(text, "0.log." + stamp + ".gz");
    fs::remove(directory_ / ("0.log." + stamp));
  }

  /// Reads to the end.
  std::string read() {
    start();
    EXPECT_TRUE(until([this] { return done_; }));
    return text_;
  }
  void start() {
    text_.clear();
    done_ = false;
    failure_ = nullptr;
    log_ = std::make_unique<PodLog>(loop_.get_executor(), watches_, request_);
    const LogSink sink = [this](std::string piece) -> boost::asio::awaitable<void> {
      longest_ = std::max(longest_, piece.size());
      text_ += piece;
      while (held_) {
        SteadyTimer timer(loop_, 1ms);
        co_await timer.async_wait(boost::asio::use_awaitable);
      }
    };
    boost::asio::co_spawn(loop_, log_->run(sink),
                          boost::asio::bind_cancellation_slot(stop_.slot(), [this](std::exception_ptr why) {
                            failure_ = std::move(why);
                            done_ = true;
                          }));
  }
  bool until(const std::function<bool()>& what) {
    const auto deadline = steady_now() + 10s;
    while (!what() && steady_now() < deadline) {
      loop_.restart();
      loop_.run_one_for(5ms);
    }
    return what();
  }
  bool shows(const std::string& text) {
    const bool equal = until([&] { return text_ == text; });
    EXPECT_EQ(text_, text);
    return equal;
  }
  void turn_for(std::chrono::milliseconds time) {
    loop_.restart();
    loop_.run_for(time);
  }
  kube::Status refusal() {
    try {
      PodLog(loop_.get_executor(), watches_, request_);
    } catch (const ApiError& error) {
      return error.status();
    }
    ADD_FAILURE() << "it was not refused";
    return {};
  }

  boost::asio::io_context loop_;
  boost::asio::cancellation_signal stop_;
  async::DirectoryWatches watches_{loop_.get_executor()};
  edgecore::test::TemporaryDirectory root_;
  const fs::path directory_ = root_ / "default_web_u" / "c";
  PodLogRequest request_;
  std::unique_ptr<PodLog> log_;
  bool runs_ = true, done_ = false, held_ = false;
  std::string text_;
  std::size_t longest_ = 0;
  std::exception_ptr failure_;
};

TEST_F(PodLogTest, IsTheTextWithoutTimesAndTags) {
  write(line(1) + line(2, "P") + line(3, "F", "stderr") + "rubbish\n" + std::string(300, '\1') + "\n" +
        line(4));
  // What stands in a line that goes on has no newline of its own.
  EXPECT_EQ(read(), "line 1\nline 2line 3\nline 4\n");
}

TEST_F(PodLogTest, TimesStandAtTheBeginningOfWholeLines) {
  write(line(1) + line(2, "P") + line(3));
  request_.options.timestamps = true;
  EXPECT_EQ(read(), "2024-06-10T06:00:01.500000000Z line 1\n2024-06-10T06:00:02.500000000Z line 2line 3\n");
}

TEST_F(PodLogTest, OfOneStreamOnly) {
  write(line(1) + line(2, "F", "stderr") + line(3) + line(4));
  request_.options.stream = PodLogOptions::Stream::kStderr;
  EXPECT_EQ(read(), "line 2\n");
  request_.options.stream = PodLogOptions::Stream::kStdout;
  request_.options.tail_lines = 3;
  EXPECT_EQ(read(), "line 1\nline 3\nline 4\n");
}

TEST_F(PodLogTest, ALineWithoutAnEndIsShownAsFarAsItGoes) {
  write(line(1) + "2024-06-10T06:00:02Z stdout F cut");
  EXPECT_EQ(read(), "line 1\ncut");
  request_.options.tail_lines = 1;
  EXPECT_EQ(read(), "cut");
  write("\n2024-06-10T06:00:03Z std");
  EXPECT_EQ(read(), "cut\n");
}

TEST_F(PodLogTest, TheTailIsFoundWhereverItBegins) {
  write(lines(0, 20'000));  // many slices
  for (const int count : {0, 1, 10, 1500, 1999, 19'999, 20'000, 30'000}) {
    request_.options.tail_lines = static_cast<std::uint64_t>(count);
    ASSERT_EQ(read(), shown(std::max(0, 20'000 - count), 20'000)) << count;
  }
  EXPECT_LE(longest_, kLogSlice);
}

TEST_F(PodLogTest, TheTailCountsWholeLines) {
  write(line(1) + line(2, "P") + line(3, "P") + line(4) + line(5, "P"));
  request_.options.tail_lines = 1;
  EXPECT_EQ(read(), "line 5");
  request_.options.tail_lines = 2;
  EXPECT_EQ(read(), "line 2line 3line 4\nline 5");
}

TEST_F(PodLogTest, TheTailGoesBackIntoRotatedFiles) {
  write_packed(lines(0, 5000), "0.log.20240610-000001.gz");
  write_packed(lines(5000, 10'000), "0.log.20240610-000002.gz");
  write(lines(10'000, 15'000), "0.log.20240610-000003");
  write(lines(15'000, 15'010));
  write(line(1), "1.log");
  EXPECT_EQ(read(), shown(15'000, 15'010)) << "without a tail it is the newest file";
  for (const int count : {10, 11, 5010, 5011, 7000, 10'010, 10'011, 15'010, 99'999}) {
    request_.options.tail_lines = static_cast<std::uint64_t>(count);
    ASSERT_EQ(read(), shown(std::max(0, 15'010 - count), 15'010)) << count;
  }
}

TEST_F(PodLogTest, OnlyLinesSinceATimeAreShown) {
  write_packed(lines(0, 600), "0.log.20240610-061000.gz");
  write(lines(600, 1800), "0.log.20240610-063000");
  write(lines(1800, 2400));
  const auto since = [&](int number) {
    request_.options.since_time = WallTime(std::chrono::seconds(1'717'999'200 + number));
    return read();
  };
  ASSERT_EQ(since(2000), shown(2000, 2400));
  ASSERT_EQ(since(1000), shown(1000, 2400));
  ASSERT_EQ(since(300), shown(300, 2400));
  ASSERT_EQ(since(0), shown(0, 2400));
  ASSERT_EQ(since(9999), "");
  request_.options.tail_lines = 10;
  ASSERT_EQ(since(300), shown(2390, 2400));
  request_.options.tail_lines = 2000;
  ASSERT_EQ(since(300), shown(400, 2400));
}

TEST_F(PodLogTest, TheLimitCutsToTheByte) {
  write(lines(0, 10'000));
  const std::string all = read();
  for (const std::uint64_t limit : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{65'537}}) {
    request_.options.limit_bytes = limit;
    ASSERT_EQ(read(), all.substr(0, limit));
  }
  request_.options.limit_bytes = 3;
  request_.options.follow = true;
  EXPECT_EQ(read(), all.substr(0, 3)) << "then it is over, though the container still runs";
}

TEST_F(PodLogTest, ALineOfManyMegabytesGoesThroughInSmallPieces) {
  const std::string text(5 << 20, 'g');
  write("2024-06-10T06:00:00Z stdout F " + text + "\n" + line(1));
  EXPECT_EQ(read(), text + "\nline 1\n");
  EXPECT_LE(longest_, kLogSlice);
  request_.options.tail_lines = 2;
  EXPECT_EQ(read(), text + "\nline 1\n");
}

TEST_F(PodLogTest, OfBinaryGarbageNothingIsShown) {
  std::string garbage(300'000, '\0');
  unsigned state = 12345;
  for (char& byte : garbage) byte = static_cast<char>((state = state * 1103515245U + 12345U) >> 16U);
  write(garbage);
  EXPECT_EQ(read(), "");
  request_.options.tail_lines = 5;
  EXPECT_EQ(read(), "");
  write("\n" + line(1));
  EXPECT_EQ(read(), "line 1\n");
}

TEST_F(PodLogTest, WhatIsNotThereOrNoPlainFileIsRefused) {
  EXPECT_EQ(refusal().code, 404);
  fs::create_symlink("/etc/passwd", directory_ / "0.log");
  EXPECT_EQ(refusal().code, 500);
  request_.target.pod = "../../etc";
  EXPECT_EQ(refusal().code, 400);
}

TEST_F(PodLogTest, PreviousSkipsStartsWithoutALog) {
  write(line(1), "1.log");
  request_.target.number = 3;
  request_.target.running = false;
  EXPECT_EQ(refusal().code, 404);
  request_.options.previous = true;
  EXPECT_EQ(read(), "line 1\n");
}

// ---- Following

TEST_F(PodLogTest, FollowingEndsWhenTheContainerHasEndedAndAllIsRead) {
  write(lines(0, 3));
  request_.options.follow = true;
  request_.options.tail_lines = 1;
  start();
  ASSERT_TRUE(shows(shown(2, 3)));
  write("2024-06-10T06:00:03Z stdout F line");
  write(" 3\n");
  ASSERT_TRUE(shows(shown(2, 4)));
  turn_for(100ms);
  EXPECT_FALSE(done_);
  write(lines(4, 6));
  runs_ = false;
  EXPECT_TRUE(until([this] { return done_; }));
  EXPECT_EQ(failure_, nullptr);
  EXPECT_EQ(text_, shown(2, 6));
}

TEST_F(PodLogTest, FollowingLosesAndRepeatsNothingWhileTheLogIsRotated) {
  write(lines(0, 3));
  request_.options.follow = true;
  start();
  ASSERT_TRUE(shows(shown(0, 3)));
  std::ofstream old(directory_ / "0.log", std::ios::app);
  move_aside("20240610-000001");
  old << line(3) << std::flush;  // the runtime has not reopened yet
  ASSERT_TRUE(shows(shown(0, 4)));
  write(line(5));                // it has now,
  old << line(4) << std::flush;  // but one of its writers is late
  ASSERT_TRUE(shows(shown(0, 6)));
  move_aside("20240610-000002");
  pack("20240610-000001");
  write(line(6));
  ASSERT_TRUE(shows(shown(0, 7)));
}

TEST_F(PodLogTest, ASlowClientGetsWhatWasRotatedSeveralTimesMeanwhile) {
  write(lines(0, 3));
  request_.options.follow = true;
  start();
  ASSERT_TRUE(shows(shown(0, 3)));
  held_ = true;
  write(line(3));
  ASSERT_TRUE(shows(shown(0, 4)));
  write(line(4));
  move_aside("20240610-000001");
  write(line(5));
  pack("20240610-000001");
  move_aside("20240610-000002");
  write(line(6));
  pack("20240610-000002");
  move_aside("20240610-000003");
  write(line(7));
  held_ = false;
  ASSERT_TRUE(shows(shown(0, 8)));
  runs_ = false;
  EXPECT_TRUE(until([this] { return done_; }));
  EXPECT_EQ(text_, shown(0, 8));
}

TEST_F(PodLogTest, TheOneThatWasFollowedMayBeGoneAltogether) {
  write(lines(0, 3));
  request_.options.follow = true;
  start();
  ASSERT_TRUE(shows(shown(0, 3)));
  fs::remove(directory_ / "0.log");
  write(line(3), "0.log.20240610-000007");
  write(line(4));
  ASSERT_TRUE(shows(shown(0, 5)));
}

TEST_F(PodLogTest, ALogThatIsNotThereYetIsWaitedFor) {
  fs::remove_all(directory_);
  request_.options.follow = true;
  start();
  turn_for(50ms);
  fs::create_directories(directory_);
  write(line(1));
  ASSERT_TRUE(shows("line 1\n"));
  fs::resize_file(directory_ / "0.log", 0);
  turn_for(60ms);
  write(line(2));
  ASSERT_TRUE(shows("line 1\nline 2\n"));
}

/// No descriptor can be opened while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int free = ::dup(STDIN_FILENO);
    ::close(free);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(free);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// It was 500, which clients do not try again.
TEST_F(PodLogTest, WithoutDescriptorsItIsTheClientsTurnLater) {
  write(line(1));
  try {
    const NoDescriptors scarce;
    PodLog(loop_.get_executor(), watches_, request_);
    ADD_FAILURE() << "the log was opened";
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status().code, 503);
    EXPECT_EQ(error.status().details.retry_after_seconds, 1);
    EXPECT_THAT(error.status().message, ::testing::HasSubstr("Too many open files"));
  }
  EXPECT_EQ(read(), "line 1\n");
}

TEST_F(PodLogTest, FollowingCanBeBrokenOff) {
  write(line(1));
  request_.options.follow = true;
  start();
  ASSERT_TRUE(shows("line 1\n"));
  stop_.emit(boost::asio::cancellation_type::terminal);
  EXPECT_TRUE(until([this] { return done_; }));
  EXPECT_NE(failure_, nullptr);
}

}  // namespace
}  // namespace edgecore::metaserver
