// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/event.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "support/loop.hpp"
#include "support/skipped_time.hpp"

namespace edgecore::async {
namespace {

using namespace std::chrono_literals;
using test::asio::awaitable;

struct EventTest : testing::Test {
  awaitable<void> sleep(SteadyTime until) { noticed = co_await event.sleep_until(until); }
  awaitable<void> wait(SteadyTime until) {
    co_await test::asio::this_coro::throw_if_cancelled(false);
    first = co_await event.wait_until(until);
    if (first == Woken::kCancelled) second = co_await event.wait_until(until);
  }

  test::asio::io_context loop;
  test::SkippedTime time{loop};
  Event event{loop.get_executor()};
  test::Outcome sleeper;
  std::optional<bool> noticed;
  std::optional<Woken> first, second;
};

TEST_F(EventTest, EndsASleepWhenNotified) {
  sleeper.start(loop, sleep(SteadyTime::max()));
  loop.poll();
  EXPECT_FALSE(sleeper.ended);
  event.notify();
  EXPECT_FALSE(sleeper.ended) << "the sleeper runs from the loop, not inside notify";
  EXPECT_TRUE(time.until([&] { return sleeper.ended; }));
  EXPECT_EQ(noticed, true);
}

TEST_F(EventTest, EndsASleepAtItsTime) {
  const SteadyTime until = steady_now() + 6s;
  sleeper.start(loop, sleep(until));
  time.pass(5900ms);
  EXPECT_FALSE(sleeper.ended);
  EXPECT_TRUE(time.until([&] { return sleeper.ended; }, 200ms));
  EXPECT_EQ(noticed, false);
}

TEST_F(EventTest, KeepsANoticeForTheNextSleepAndNoMoreThanOne) {
  event.notify();
  event.notify();
  sleeper.start(loop, sleep(steady_now() + 6s));
  loop.poll();
  EXPECT_TRUE(sleeper.ended);
  EXPECT_EQ(noticed, true);
  test::Outcome next;
  next.start(loop, sleep(steady_now() + 6s));
  time.pass(3s);
  EXPECT_FALSE(next.ended);
  event.notify();
  EXPECT_TRUE(time.until([&] { return next.ended; }));
}

TEST_F(EventTest, LetsACancelledSleeperGo) {
  sleeper.start(loop, sleep(SteadyTime::max()));
  loop.poll();
  sleeper.cancel();
  EXPECT_TRUE(time.until([&] { return sleeper.ended; }));
  EXPECT_TRUE(sleeper.aborted());
}

TEST_F(EventTest, CancelsASleeperThatWasNotifiedInTheSameTurn) {
  sleeper.start(loop, sleep(SteadyTime::max()));
  loop.poll();
  event.notify();
  sleeper.cancel();
  EXPECT_TRUE(time.until([&] { return sleeper.ended; }));
  EXPECT_TRUE(sleeper.aborted());
}

TEST_F(EventTest, TellsACancellationOnceToOneWhoGoesOnWaiting) {
  sleeper.start(loop, wait(steady_now() + 1s));
  loop.poll();
  sleeper.cancel();
  loop.poll();
  EXPECT_EQ(first, Woken::kCancelled);
  EXPECT_FALSE(second);
  EXPECT_TRUE(time.until([&] { return second.has_value(); }, 2s));
  EXPECT_EQ(second, Woken::kTimeUp);
}

TEST_F(EventTest, TellsANoticeBeforeACancellation) {
  sleeper.start(loop, wait(SteadyTime::max()));
  loop.poll();
  event.notify();
  sleeper.cancel();
  loop.poll();
  EXPECT_EQ(first, Woken::kNotified);
}

}  // namespace
}  // namespace edgecore::async
