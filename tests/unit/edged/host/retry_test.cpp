// SPDX-License-Identifier: Apache-2.0
#include "edged/host/retry.hpp"

#include <gtest/gtest.h>

namespace edgecore::edged {
namespace {

using std::chrono::seconds;

TEST(Retry, PausesGrowFromTenSecondsToFiveMinutesAndComplaintsBecomeRare) {
  const auto before = SteadyClock::skipped;
  Retry retry;
  EXPECT_FALSE(retry.waits());
  int said = 0;
  for (const int pause : {10, 20, 40, 80, 160, 300, 300}) {
    said += retry.failed() ? 1 : 0;
    EXPECT_EQ(retry.pause(), seconds(pause));
    SteadyClock::skipped += seconds(pause - 1);
    EXPECT_TRUE(retry.waits());
    SteadyClock::skipped += seconds(1);
    EXPECT_FALSE(retry.waits());
  }
  EXPECT_EQ(retry.failures(), 7U);
  EXPECT_EQ(said, 3) << "the 1st, the 2nd and the 4th";
  SteadyClock::skipped = before;
}

}  // namespace
}  // namespace edgecore::edged
