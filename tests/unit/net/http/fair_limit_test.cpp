// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/fair_limit.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace edgecore::net {
namespace {

/// As many shares of one as an address gets.
std::vector<FairLimit::Share> take_all(FairLimit& limit, const std::string& address) {
  std::vector<FairLimit::Share> got;
  for (;;) {
    FairLimit::Share share = limit.share_of(address);
    if (!share.resize(1)) return got;
    got.push_back(std::move(share));
  }
}

// One peer took all 8192 connections in 0.6 s, and an honest client got ECONNRESET.
TEST(FairLimitTest, OneAddressLeavesRoomForOthers) {
  FairLimit limit(8192, 3);
  const auto greedy = take_all(limit, "10.0.0.1");
  EXPECT_EQ(greedy.size(), 6144U);
  FairLimit::Share honest = limit.share_of("10.0.0.2");
  EXPECT_TRUE(honest.resize(100));
}

TEST(FairLimitTest, ManyAddressesTogetherNeverExceedTheSum) {
  FairLimit limit(1000);
  std::vector<std::vector<FairLimit::Share>> all;
  for (int i = 0; i < 200; ++i) {
    all.push_back(take_all(limit, "10.0.0." + std::to_string(i)));
    ASSERT_LE(limit.held(), 1000U);
  }
  EXPECT_EQ(all[0].size(), 500U);
  EXPECT_EQ(all[1].size(), 250U);
}

TEST(FairLimitTest, BytesComeBackWhenTheyAreHandledOrTheConnectionEnds) {
  FairLimit limit(100);
  {
    FairLimit::Share share = limit.share_of("a");
    EXPECT_TRUE(share.resize(50));
    EXPECT_FALSE(share.resize(51));
    EXPECT_EQ(share.held(), 50U) << "a refusal takes nothing";
    EXPECT_TRUE(share.resize(10));
    EXPECT_EQ(limit.held(), 10U);
    FairLimit::Share moved = std::move(share);
    EXPECT_TRUE(moved.resize(20));
    EXPECT_EQ(limit.held(), 20U);
    EXPECT_EQ(limit.addresses(), 1U);
  }
  EXPECT_EQ(limit.held(), 0U);
  EXPECT_EQ(limit.addresses(), 0U) << "nothing is kept for an address that is gone";
}

TEST(FairLimitTest, WithoutALimitNothingIsCounted) {
  FairLimit limit(0);
  FairLimit::Share share = limit.share_of("a");
  EXPECT_TRUE(share.resize(std::size_t{1} << 40));
  EXPECT_EQ(limit.addresses(), 0U);
}

}  // namespace
}  // namespace edgecore::net
