// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/exit_watch.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "unit/edged/fake_processes.hpp"
#include "unit/edged/upkeep_fixture.hpp"

namespace edgecore::edged {
namespace {

using namespace std::chrono_literals;

class ExitWatchTest : public test::UpkeepTest {
 protected:
  void SetUp() override {
    UpkeepTest::SetUp();
    runtime_.with_pids = true;
    box_ = sandbox("u");
    id_ = container(box_, "u", "c");
    boost::asio::co_spawn(
        io_, watch_.run(),
        boost::asio::bind_cancellation_slot(stop_.slot(), [](const std::exception_ptr&) {}));
  }
  void TearDown() override {
    stop_.emit(boost::asio::cancellation_type::terminal);
    time_.pass(10ms);
    UpkeepTest::TearDown();
  }
  void watch() {
    watch_.update("u", {{box_, true}, {id_, false}});
    ASSERT_TRUE(time_.until([this] { return processes_.is_watched(id_) && processes_.is_watched(box_); }));
  }
  /// The time from now until an end is reported; nullopt: not within a minute.
  std::optional<SteadyTime::duration> told_after() {
    const SteadyTime begin = steady_now();
    if (!time_.until([this] { return !told_.empty(); }, 60s)) return std::nullopt;
    return steady_now() - begin;
  }

  std::string box_, id_;
  std::vector<std::string> told_;
  int unwatched_ = 0;
  test::FakeProcesses processes_;
  std::unique_ptr<cri::Processes> view_ = processes_.make();
  ExitWatch watch_{{runtime_, view_.get(), io_.get_executor(), log_,
                    [this](const std::string& uid) { told_.push_back(uid); }, [this] { ++unwatched_; }}};
  boost::asio::cancellation_signal stop_;
};

TEST_F(ExitWatchTest, AnEndIsToldAsSoonAsTheRuntimeShowsIt) {
  watch();
  EXPECT_TRUE(watch_.covers_all());
  processes_.end(id_);
  time_.pass(150ms);  // so long containerd cleans up before it shows the end
  EXPECT_TRUE(told_.empty());
  runtime_.exit_container(id_, 137);
  ASSERT_LE(told_after(), 20ms);
  EXPECT_EQ(told_, std::vector<std::string>{"u"});
  time_.pass(60s);
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(ExitWatchTest, TheEndOfASandboxIsToldAsWell) {
  watch();
  processes_.end(box_);
  runtime_.kill_sandbox(box_);
  EXPECT_LE(told_after(), 20ms);
}

TEST_F(ExitWatchTest, WhatRunsCostsNothing) {
  watch();
  runtime_.clear_calls();
  time_.pass(60s);
  EXPECT_TRUE(runtime_.calls().empty());
}

TEST_F(ExitWatchTest, WhatHasEndedBeforeItsProcessWasFoundIsTold) {
  runtime_.exit_container(id_, 1);
  watch_.update("u", {{id_, false}});
  EXPECT_LE(told_after(), 20ms);
  EXPECT_EQ(unwatched_, 0);
}

TEST_F(ExitWatchTest, AProcessThatCannotBeWaitedForIsLeftToLists) {
  processes_.foreign.insert(id_);
  watch_.update("u", {{id_, false}});
  ASSERT_TRUE(time_.until([this] { return unwatched_ == 1; }));
  EXPECT_FALSE(watch_.covers_all());
  EXPECT_TRUE(told_.empty());
  watch_.update("u", {});
  EXPECT_TRUE(watch_.covers_all());
}

TEST_F(ExitWatchTest, ARuntimeThatDoesNotTellNumbersIsLeftToLists) {
  runtime_.with_pids = false;
  watch_.update("u", {{id_, false}});
  ASSERT_TRUE(time_.until([this] { return unwatched_ == 1; }));
  EXPECT_FALSE(watch_.covers_all());
}

TEST_F(ExitWatchTest, AnEndWhileTheRuntimeIsAwayIsToldWhenItIsBack) {
  watch();
  runtime_.exit_container(id_, 1);
  runtime_.set_down(true);
  processes_.end(id_);
  time_.pass(90s);
  EXPECT_TRUE(told_.empty());
  runtime_.set_down(false);
  EXPECT_LE(told_after(), 1100ms);
}

TEST_F(ExitWatchTest, ARuntimeThatWasAwayAtFirstIsAskedAgain) {
  runtime_.set_down(true);
  watch_.update("u", {{id_, false}});
  time_.pass(5s);
  EXPECT_FALSE(watch_.covers_all()) << "until the process is known lists are needed";
  runtime_.set_down(false);
  ASSERT_TRUE(time_.until([this] { return processes_.is_watched(id_); }, 30s));
  EXPECT_TRUE(watch_.covers_all());
}

TEST_F(ExitWatchTest, WhatSomebodySawEndIsNotTold) {
  watch();
  processes_.end(id_);
  watch_.update("u", {{box_, true}});
  runtime_.exit_container(id_, 0);
  time_.pass(60s);
  EXPECT_TRUE(told_.empty());
}

TEST_F(ExitWatchTest, ARuntimeThatNeverShowsTheEndIsNotAskedForEver) {
  watch();
  processes_.end(id_);
  time_.pass(60s);
  runtime_.clear_calls();
  time_.pass(60s);
  EXPECT_TRUE(runtime_.calls().empty());
  EXPECT_TRUE(told_.empty());
}

}  // namespace
}  // namespace edgecore::edged
