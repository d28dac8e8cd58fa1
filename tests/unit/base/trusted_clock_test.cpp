// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/trusted_clock.hpp"

#include <gtest/gtest.h>

namespace edgecore {
namespace {

using namespace std::chrono_literals;

TEST(TrustedClockTest, ABoardThatBootsIn1970DoesNotGoBackBehindWhatIsKnown) {
  FakeClock board{WallTime(0s)};
  TrustedClock clock(board);
  EXPECT_EQ(clock.wall(), kReleaseDate);
  clock.raise(kReleaseDate + 100h);
  clock.raise(kReleaseDate + 50h);
  EXPECT_EQ(clock.wall(), kReleaseDate + 100h);
  board.set_wall(kReleaseDate + 200h);
  EXPECT_EQ(clock.wall(), kReleaseDate + 200h);
  board.set_wall(WallTime(0s));
  EXPECT_EQ(clock.wall(), kReleaseDate + 100h);
  EXPECT_EQ(clock.steady(), board.steady());
}

}  // namespace
}  // namespace edgecore
