// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/token_bucket.hpp"

#include <gtest/gtest.h>

namespace edgecore {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1000s};

TEST(TokenBucket, GivesItsBurstAndThenItsRate) {
  TokenBucket bucket(2, 3);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(bucket.take(kStart)) << i;
  const auto wait = bucket.take(kStart);
  ASSERT_TRUE(wait);
  EXPECT_NEAR(std::chrono::duration<double>(*wait).count(), 0.5, 0.001);
  EXPECT_TRUE(bucket.take(kStart + 400ms));
  EXPECT_FALSE(bucket.take(kStart + 501ms));
  EXPECT_TRUE(bucket.take(kStart + 501ms));
}

TEST(TokenBucket, SavesNoMoreThanItsBurst) {
  TokenBucket bucket(100, 2);
  EXPECT_FALSE(bucket.take(kStart));
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(bucket.take(kStart + 1h)) << i;
  EXPECT_TRUE(bucket.take(kStart + 1h));
}

TEST(TokenBucket, TakesNothingFromAClockThatGoesBack) {
  TokenBucket bucket(1, 1);
  EXPECT_FALSE(bucket.take(kStart));
  EXPECT_TRUE(bucket.take(kStart - 1h));
  EXPECT_TRUE(bucket.take(kStart - 1h + 500ms));
}

TEST(TokenBucket, ARateOfZeroIsNoLimit) {
  TokenBucket bucket(0, 1);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(bucket.take(kStart));
}

}  // namespace
}  // namespace edgecore
