// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/sleep.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "support/loop.hpp"
#include "support/skipped_time.hpp"

namespace edgecore::async {
namespace {

using namespace std::chrono_literals;

TEST(SleepTest, EndsWhenItsTimeIsOver) {
  boost::asio::io_context loop;
  test::SkippedTime time(loop);
  const SteadyTime begun = steady_now();
  test::Outcome sleeper;
  sleeper.start(loop, sleep_for(10s));
  ASSERT_TRUE(time.until([&] { return sleeper.ended; }, 20s));
  EXPECT_GE(steady_now() - begun, 10s);
  EXPECT_FALSE(sleeper.error);
}

TEST(SleepTest, IsCancelledWithItsCoroutine) {
  boost::asio::io_context loop;
  test::SkippedTime time(loop);
  test::Outcome sleeper;
  sleeper.start(loop, sleep_for(10s));
  time.pass(1s);
  EXPECT_FALSE(sleeper.ended);
  sleeper.cancel();
  ASSERT_TRUE(time.until([&] { return sleeper.ended; }, 1s));
  EXPECT_TRUE(sleeper.aborted());
}

}  // namespace
}  // namespace edgecore::async
