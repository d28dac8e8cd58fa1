// SPDX-License-Identifier: Apache-2.0
#include "net/stream/deadline.hpp"

#include "edgecore/base/clock.hpp"
#include "unit/net/net_fixture.hpp"

namespace edgecore::net {
namespace {

class DeadlineTest : public NetTest {
 protected:
  void pass(std::chrono::milliseconds time) { run(sleep(time)); }

  int expiries_ = 0;
  std::optional<Deadline> deadline_{std::in_place, io_.get_executor(), [this] { ++expiries_; }};
};

TEST_F(DeadlineTest, ExpiresOnceWhenItsTimeIsUp) {
  deadline_->arm(400ms);
  pass(10ms);
  EXPECT_EQ(expiries_, 0);
  EXPECT_FALSE(deadline_->expired());
  pass(450ms);
  EXPECT_EQ(expiries_, 1);
  EXPECT_TRUE(deadline_->expired());
  pass(80ms);
  EXPECT_EQ(expiries_, 1);
}

TEST_F(DeadlineTest, TheLatestTimeCountsWhetherLaterOrEarlier) {
  deadline_->arm(30ms);
  deadline_->arm(500ms);
  pass(70ms);
  EXPECT_EQ(expiries_, 0);
  pass(500ms);
  EXPECT_EQ(expiries_, 1);
  deadline_->arm(10s);
  deadline_->arm(30ms);
  pass(80ms);
  EXPECT_EQ(expiries_, 2);
  deadline_->arm(30ms);
  pass(80ms);
  EXPECT_EQ(expiries_, 3);
}

TEST_F(DeadlineTest, DisarmedOrZeroNeverExpires) {
  deadline_->arm(20ms);
  deadline_->disarm();
  pass(60ms);
  deadline_->arm(20ms);
  deadline_->arm(0ms);
  pass(60ms);
  EXPECT_EQ(expiries_, 0);
  deadline_->arm(20ms);
  deadline_->disarm();
  deadline_->arm(40ms);
  pass(80ms);
  EXPECT_EQ(expiries_, 1);
}

TEST_F(DeadlineTest, DestroyedOneLeavesNothingToWaitFor) {
  deadline_->arm(1h);
  deadline_.reset();
  io_.restart();
  const auto begun = steady_now();
  io_.run_for(5s);
  EXPECT_LT(steady_now() - begun, 4s);
  EXPECT_EQ(expiries_, 0);
}

}  // namespace
}  // namespace edgecore::net
