// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/oneshot.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "support/loop.hpp"
#include "support/skipped_time.hpp"

namespace edgecore::async {
namespace {

using namespace std::chrono_literals;
using test::asio::awaitable;
using Text = std::unique_ptr<std::string>;

struct OneshotTest : testing::Test {
  awaitable<void> wait(SteadyTime until) { woken = co_await shot.wait_until(until); }
  awaitable<void> wait_through(SteadyTime until) {
    through = co_await shot.wait_through(until);
    co_await test::sleep_for_ever();
  }

  test::asio::io_context loop;
  Oneshot<Text> shot{loop.get_executor()};
  test::Outcome waiter;
  std::optional<Woken> woken;
  std::optional<bool> through;
};

TEST_F(OneshotTest, BringsAValueFromAnotherThread) {
  std::thread other([send = shot.sender()] { send(std::make_unique<std::string>("here")); });
  waiter.start(loop, wait(SteadyTime::max()));
  while (!waiter.ended) loop.run_one();
  other.join();
  EXPECT_EQ(woken, Woken::kNotified);
  EXPECT_EQ(*shot.take(), "here");
}

TEST_F(OneshotTest, KeepsTheFirstValue) {
  const auto send = shot.sender();
  send(std::make_unique<std::string>("first"));
  send(std::make_unique<std::string>("second"));
  waiter.start(loop, wait(SteadyTime::max()));
  loop.poll();
  EXPECT_EQ(*shot.take(), "first");
}

TEST_F(OneshotTest, DropsWhatComesWhenNobodyIsThere) {
  const auto watched = std::make_shared<int>(1);
  std::optional<Oneshot<std::shared_ptr<int>>::Sender> send;
  {
    const Oneshot<std::shared_ptr<int>> gone(loop.get_executor());
    send = gone.sender();
  }
  (*send)(watched);
  send.reset();
  EXPECT_EQ(watched.use_count(), 1);
}

TEST_F(OneshotTest, IsNotWaitedForBeyondItsTimeAndMayStillCome) {
  test::SkippedTime time(loop);
  waiter.start(loop, wait(steady_now() + 1s));
  EXPECT_TRUE(time.until([&] { return waiter.ended; }));
  EXPECT_EQ(woken, Woken::kTimeUp);
  shot.sender()(std::make_unique<std::string>("late"));
  test::Outcome again;
  again.start(loop, wait(steady_now() + 1s));
  EXPECT_TRUE(time.until([&] { return again.ended; }));
  EXPECT_EQ(woken, Woken::kNotified);
}

TEST_F(OneshotTest, TellsACancelledWaiter) {
  waiter.start(loop, wait(SteadyTime::max()));
  loop.poll();
  waiter.cancel();
  loop.poll();
  EXPECT_EQ(woken, Woken::kCancelled);
}

TEST_F(OneshotTest, IsWaitedForInSpiteOfACancellationThatIsHonouredAfterwards) {
  waiter.start(loop, wait_through(SteadyTime::max()));
  loop.poll();
  waiter.cancel();
  waiter.cancel();
  loop.poll();
  EXPECT_FALSE(through);
  shot.sender()(std::make_unique<std::string>("at last"));
  loop.poll();
  EXPECT_EQ(through, true);
  EXPECT_TRUE(waiter.aborted());
}

TEST_F(OneshotTest, IsNotWaitedForForEverByACancelledWaiter) {
  test::SkippedTime time(loop);
  waiter.start(loop, wait_through(steady_now() + 6s));
  loop.poll();
  waiter.cancel();
  EXPECT_TRUE(time.until([&] { return waiter.ended; }, 12s));
  EXPECT_EQ(through, false);
  EXPECT_TRUE(waiter.aborted());
}

}  // namespace
}  // namespace edgecore::async
