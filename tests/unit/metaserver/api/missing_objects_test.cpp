// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/missing_objects.hpp"

#include <gtest/gtest.h>

namespace edgecore::metaserver {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kMissedAt{1000s};

TEST(MissingObjectsTest, AreKnownForAMomentOrUntilTheyAreMade) {
  MissingObjects missing;
  EXPECT_FALSE(missing.contains("a", kMissedAt));
  missing.add("a", kMissedAt);
  missing.add("b", kMissedAt);
  EXPECT_TRUE(missing.contains("a", kMissedAt + 1999ms));
  EXPECT_FALSE(missing.contains("a", kMissedAt + 2s));
  missing.remove("b");
  EXPECT_FALSE(missing.contains("b", kMissedAt));
}

TEST(MissingObjectsTest, MadeUpNamesDoNotFillTheMemory) {
  MissingObjects missing;
  for (int i = 0; i < 100'000; ++i) {
    missing.add("name " + std::to_string(i), kMissedAt + i * 1us);
    ASSERT_LE(missing.size(), MissingObjects::kMost);
  }
  EXPECT_TRUE(missing.contains("name 99999", kMissedAt + 1s));
}

}  // namespace
}  // namespace edgecore::metaserver
