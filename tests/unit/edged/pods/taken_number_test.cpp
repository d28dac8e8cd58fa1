// SPDX-License-Identifier: Apache-2.0
#include "edged/pods/taken_number.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace edgecore::edged::test {
namespace {

using namespace std::chrono_literals;

TEST(TakenNumber, IsAskedForAgainUntilPatienceEnds) {
  TakenNumber taken;
  const SteadyTime begin{};
  EXPECT_EQ(taken.choose(3, begin), 3U);
  taken.refused(3, begin);
  taken.refused(3, begin + 5s);
  EXPECT_EQ(taken.choose(3, begin + 9s), 3U);
  EXPECT_EQ(taken.choose(3, begin + 10s), 4U);
  EXPECT_EQ(taken.choose(5, begin + 1s), 5U) << "the wanted number is higher anyway";
  taken.refused(4, begin + 10s);
  EXPECT_EQ(taken.choose(3, begin + 11s), 4U);
  EXPECT_EQ(taken.choose(3, begin + 20s), 5U);
}

}  // namespace
}  // namespace edgecore::edged::test
