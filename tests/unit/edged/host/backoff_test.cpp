// SPDX-License-Identifier: Apache-2.0
#include "edged/host/backoff.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/json.hpp"

namespace edgecore::edged {
namespace {

using std::chrono::seconds;

const WallTime kStart = WallTime(seconds(1'800'000'000));

TEST(Backoff, DoublesFromTenSecondsToFiveMinutes) {
  FakeClock clock(kStart);
  Backoff backoff(clock);
  for (const int pause : {10, 20, 40, 80, 160, 300, 300}) {
    backoff.advance("k");
    clock.advance(seconds(pause) - std::chrono::milliseconds(1));
    EXPECT_EQ(backoff.waiting("k"), seconds(pause));
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(backoff.waiting("k"), std::nullopt);
  }
  EXPECT_EQ(backoff.waiting("other"), std::nullopt);
}

TEST(Backoff, CountsFromTheEndOfTheContainer) {
  FakeClock clock(kStart);
  Backoff backoff(clock);
  backoff.advance("k");
  clock.advance(seconds(60));
  const WallTime end = clock.wall();
  clock.advance(seconds(9));
  EXPECT_EQ(backoff.waiting_since("k", end), seconds(10));
  clock.advance(seconds(1));
  EXPECT_EQ(backoff.waiting_since("k", end), std::nullopt);
}

TEST(Backoff, BeginsAnewAfterAContainerThatRanLong) {
  FakeClock clock(kStart);
  Backoff backoff(clock);
  backoff.advance("k");
  backoff.advance("k");
  clock.advance(seconds(601));
  EXPECT_EQ(backoff.waiting_since("k", clock.wall()), std::nullopt);
  backoff.advance("k", clock.wall());
  EXPECT_EQ(backoff.waiting_since("k", clock.wall()), seconds(10));
}

TEST(Backoff, AWallClockSetBackDoesNotProlongIt) {
  FakeClock clock(kStart);
  Backoff backoff(clock);
  backoff.advance("k");
  const WallTime end = clock.wall();
  clock.set_wall(WallTime(seconds(0)));
  EXPECT_EQ(backoff.waiting_since("k", end), seconds(10));
  clock.advance(seconds(10));
  EXPECT_EQ(backoff.waiting_since("k", end), std::nullopt);
}

TEST(Backoff, ForgetsWhatRestsLong) {
  FakeClock clock(kStart);
  Backoff backoff(clock);
  backoff.advance("old");
  clock.advance(seconds(500));
  backoff.advance("new");
  clock.advance(seconds(200));
  backoff.forget_idle();
  EXPECT_EQ(backoff.size(), 1u);
}

}  // namespace
}  // namespace edgecore::edged
