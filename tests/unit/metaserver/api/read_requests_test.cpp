// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/read_requests.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "edgecore/base/clock.hpp"

namespace edgecore::metaserver {
namespace {

using namespace std::chrono_literals;

TEST(WatchTimeoutTest, WhateverIsAskedForIsAnHourAtMostAndNeverOverflows) {
  EXPECT_EQ(watch_timeout(0), 0s);
  EXPECT_EQ(watch_timeout(7), 7s);
  EXPECT_EQ(watch_timeout(3600), 3600s);
  for (const std::uint64_t asked : {std::uint64_t{3601}, std::uint64_t{4'000'000'000},
                                    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()),
                                    std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(watch_timeout(asked), 3600s) << asked;
    EXPECT_GT(steady_now() + watch_timeout(asked), steady_now()) << asked;
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_GE(watch_timeout(std::nullopt), 1800s);
    EXPECT_LE(watch_timeout(std::nullopt), 3600s);
  }
}

}  // namespace
}  // namespace edgecore::metaserver
