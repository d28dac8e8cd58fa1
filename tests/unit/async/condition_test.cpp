// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/condition.hpp"

#include <gtest/gtest.h>

#include "support/loop.hpp"
#include "support/skipped_time.hpp"

namespace edgecore::async {
namespace {

using namespace std::chrono_literals;
using test::asio::awaitable;

struct ConditionTest : testing::Test {
  awaitable<void> sleep(SteadyTime until) {
    const bool woken = co_await changed.sleep_until(until);
    ++(woken ? notified : late);
  }

  Condition changed;
  test::asio::io_context loop;
  test::SkippedTime time{loop};
  test::Outcome first, second;
  int notified = 0;
  int late = 0;
};

TEST_F(ConditionTest, WakesAllWhoWait) {
  first.start(loop, sleep(SteadyTime::max()));
  second.start(loop, sleep(SteadyTime::max()));
  loop.poll();
  EXPECT_EQ(changed.waiting(), 2U);
  changed.notify_all();
  EXPECT_TRUE(time.until([&] { return notified == 2; }));
  EXPECT_EQ(changed.waiting(), 0U);
}

TEST_F(ConditionTest, KeepsNoNotice) {
  changed.notify_all();
  first.start(loop, sleep(steady_now() + 6s));
  EXPECT_TRUE(time.until([&] { return first.ended; }, 12s));
  EXPECT_EQ(late, 1);
}

TEST_F(ConditionTest, LeavesTheOthersWhereTheyAreWhenOneIsCancelledOrLate) {
  test::Outcome third;
  first.start(loop, sleep(SteadyTime::max()));
  second.start(loop, sleep(SteadyTime::max()));
  third.start(loop, sleep(steady_now() + 1s));
  loop.poll();
  first.cancel();
  EXPECT_TRUE(time.until([&] { return third.ended; }));
  EXPECT_TRUE(first.aborted());
  EXPECT_FALSE(second.ended);
  EXPECT_EQ(changed.waiting(), 1U);
  changed.notify_all();
  EXPECT_TRUE(time.until([&] { return second.ended; }));
  EXPECT_EQ(notified, 1);
}

TEST_F(ConditionTest, ForgetsWhoIsDestroyedWithItsLoop) {
  {
    test::asio::io_context other;
    test::Outcome gone;
    gone.start(other, sleep(SteadyTime::max()));
    other.poll();
    EXPECT_EQ(changed.waiting(), 1U);
  }
  EXPECT_EQ(changed.waiting(), 0U);
  changed.notify_all();
}

}  // namespace
}  // namespace edgecore::async
