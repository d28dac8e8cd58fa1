// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/task_group.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "support/loop.hpp"

namespace edgecore::async {
namespace {

using namespace std::chrono_literals;
using test::Outcome;
using test::asio::awaitable;

struct Count {
  explicit Count(int& where) : count(where) { ++count; }
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;
  ~Count() { --count; }
  int& count;
};

awaitable<void> wait_counted(int& alive) {
  const Count one(alive);
  co_await test::sleep_for_ever();
}

awaitable<void> fail_after(std::chrono::milliseconds time, std::string text) {
  if (time > 0ms) co_await test::sleep(time);
  throw Error(text);
}

awaitable<void> succeed(int& done) {
  ++done;
  co_return;
}

/// Stops slowly.
awaitable<void> stop_slowly(bool& stopped) {
  co_await test::asio::this_coro::throw_if_cancelled(false);
  SteadyTimer timer(co_await test::asio::this_coro::executor, 1h);
  boost::system::error_code ignored;
  co_await timer.async_wait(test::asio::redirect_error(test::asio::use_awaitable, ignored));
  timer.expires_after(20ms);
  co_await timer.async_wait(test::asio::redirect_error(test::asio::use_awaitable, ignored));
  stopped = true;
}

struct TaskGroupTest : testing::Test {
  test::asio::io_context loop;
  TaskGroup tasks{loop.get_executor()};
  Outcome outcome;
  int alive = 0;

  std::string failure() const {
    try {
      if (outcome.error) std::rethrow_exception(outcome.error);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }
};

TEST_F(TaskGroupTest, JoinWaitsForAllAndMayBeCalledAgain) {
  int done = 0;
  const auto body = [&]() -> awaitable<void> {
    co_await tasks.join();  // without children
    tasks.spawn("a", succeed(done));
    tasks.spawn("b", test::sleep(5ms));
    EXPECT_EQ(tasks.running(), 2U);
    co_await tasks.join();
    EXPECT_EQ(tasks.running(), 0U);
    tasks.spawn("c", succeed(done));
    co_await tasks.join();
  };
  outcome.start(loop, body());
  loop.run();
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(failure(), "none");
  EXPECT_EQ(done, 2);
}

TEST_F(TaskGroupTest, TheFirstFailureCancelsTheOthersAndComesOutOfJoin) {
  tasks.spawn("a", wait_counted(alive));
  tasks.spawn("b", fail_after(5ms, "first"));
  tasks.spawn("c", fail_after(1h, "second"));
  outcome.start(loop, tasks.join());
  loop.run();
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(failure(), "first");
  EXPECT_EQ(alive, 0);
  int done = 0;
  tasks.spawn("late", succeed(done));
  loop.restart();
  loop.run();
  EXPECT_EQ(done, 0);
}

TEST_F(TaskGroupTest, AChildThatFailsInItsFirstStepIsAFailureLikeAnyOther) {
  const auto body = [&]() -> awaitable<void> {
    tasks.spawn("a", wait_counted(alive));
    tasks.spawn("b", fail_after(0ms, "at once"));
    co_await tasks.join();
  };
  outcome.start(loop, body());
  loop.run();
  EXPECT_EQ(failure(), "at once");
  EXPECT_EQ(alive, 0);
}

TEST_F(TaskGroupTest, CancellingTheJoinerCancelsAndAwaitsTheChildren) {
  bool stopped = false;
  tasks.spawn("slow", stop_slowly(stopped));
  tasks.spawn("a", wait_counted(alive));
  outcome.start(loop, tasks.join());
  loop.poll();
  EXPECT_EQ(alive, 1);
  outcome.cancel();
  loop.run();
  EXPECT_TRUE(outcome.aborted());
  EXPECT_TRUE(stopped);
  EXPECT_EQ(alive, 0);
}

TEST_F(TaskGroupTest, CancelWithoutFailureEndsJoinQuietly) {
  tasks.spawn("a", wait_counted(alive));
  outcome.start(loop, tasks.join());
  loop.poll();
  tasks.cancel();
  loop.run();
  EXPECT_TRUE(outcome.ended);
  EXPECT_FALSE(outcome.error);
  EXPECT_EQ(alive, 0);
}

TEST_F(TaskGroupTest, CancelBeforeTheFirstStepIsHarmless) {
  int done = 0;
  tasks.spawn("a", succeed(done));  // starts when the loop runs
  tasks.cancel();
  outcome.start(loop, tasks.join());
  EXPECT_NO_THROW(loop.run());
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(done, 0);
}

TEST_F(TaskGroupTest, AChildMayCancelItsGroupAndEndInOneStep) {
  const auto child = [&]() -> awaitable<void> {
    tasks.cancel();
    co_return;
  };
  const auto body = [&]() -> awaitable<void> {
    tasks.spawn("a", wait_counted(alive));
    tasks.spawn("b", child());
    co_await tasks.join();
  };
  outcome.start(loop, body());
  EXPECT_NO_THROW(loop.run());
  EXPECT_TRUE(outcome.ended);
  EXPECT_FALSE(outcome.error);
  EXPECT_EQ(alive, 0);
}

TEST(TaskGroup, AnAbortNobodyAskedForIsAFailure) {
  test::asio::io_context loop;
  TaskGroup tasks(loop.get_executor());
  const auto child = []() -> awaitable<void> {
    co_await test::sleep(1ms);
    throw boost::system::system_error(test::asio::error::operation_aborted);
  };
  tasks.spawn("a", child());
  Outcome outcome;
  outcome.start(loop, tasks.join());
  loop.run();
  EXPECT_TRUE(outcome.aborted());
}

TEST(TaskGroup, ItMayOutliveItsLoop) {
  int alive = 0;
  auto loop = std::make_unique<test::asio::io_context>();
  TaskGroup tasks(loop->get_executor());
  tasks.spawn("a", wait_counted(alive));
  loop->poll();
  EXPECT_EQ(alive, 1);
  loop.reset();
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace edgecore::async
