// SPDX-License-Identifier: Apache-2.0
#include "edgehub/reconnect_delay.hpp"

#include <gtest/gtest.h>

namespace edgecore::edgehub {
namespace {

using std::chrono::milliseconds;

TEST(ReconnectDelay, GrowsFromOneToThirtySecondsAndNeverLeavesThatRange) {
  ReconnectDelay delay({}, 42);
  milliseconds previous_base{1000};
  for (int i = 0; i < 20; ++i) {
    const auto wait = delay.next();
    EXPECT_GE(wait, milliseconds(1000));
    EXPECT_LE(wait, milliseconds(30000));
    EXPECT_GE(wait, previous_base * 3 / 4 < milliseconds(1000) ? milliseconds(1000) : previous_base * 3 / 4);
    previous_base = std::min(milliseconds(30000), previous_base * 2);
  }
}

TEST(ReconnectDelay, TwoNodesDoNotReconnectInStep) {
  ReconnectDelay one({}, 1), two({}, 2);
  int differing = 0;
  for (int i = 0; i < 10; ++i) differing += one.next() != two.next() ? 1 : 0;
  EXPECT_GE(differing, 7);
}

TEST(ReconnectDelay, AConnectionThatDiesAtOnceDoesNotResetTheDelay) {
  ReconnectDelay delay({}, 7);
  for (int i = 0; i < 6; ++i) delay.next();
  const SteadyTime start{std::chrono::seconds(1000)};
  delay.connected(start);
  delay.disconnected(start + std::chrono::seconds(1));
  EXPECT_GT(delay.next(), milliseconds(20000));
  delay.connected(start);
  delay.disconnected(start + std::chrono::seconds(60));
  EXPECT_LE(delay.next(), milliseconds(1250));
}

TEST(ReconnectDelay, NetworkUpMakesTheNextAttemptEarly) {
  ReconnectDelay delay({}, 7);
  for (int i = 0; i < 6; ++i) delay.next();
  delay.network_up();
  EXPECT_LE(delay.next(), milliseconds(1250));
}

}  // namespace
}  // namespace edgecore::edgehub
