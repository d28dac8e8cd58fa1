// SPDX-License-Identifier: Apache-2.0
#include "edged/probes/probe_state.hpp"

#include <gtest/gtest.h>

namespace edgecore::edged {
namespace {

using ReplyKind = ProbeReply::Kind;

ProbeState state(ProbeKind kind, int success, int failure) {
  kube::Probe probe;
  probe.success_threshold = success;
  probe.failure_threshold = failure;
  ProbeState made(kind, probe);
  made.restart(std::nullopt);
  return made;
}

TEST(ProbeState, BeginsUnreadyAliveAndNotStarted) {
  EXPECT_TRUE(state(ProbeKind::kReadiness, 1, 3).failed());
  EXPECT_TRUE(state(ProbeKind::kLiveness, 1, 3).succeeded());
  EXPECT_EQ(state(ProbeKind::kStartup, 1, 3).verdict(), std::nullopt);
  EXPECT_FALSE(state(ProbeKind::kStartup, 1, 3).settled());
}

TEST(ProbeState, ChangesOnlyAfterEnoughAnswersInARow) {
  ProbeState ready = state(ProbeKind::kReadiness, 2, 3);
  EXPECT_FALSE(ready.take(ReplyKind::kSuccess));
  EXPECT_FALSE(ready.take(ReplyKind::kFailure));
  EXPECT_FALSE(ready.take(ReplyKind::kSuccess));
  EXPECT_TRUE(ready.take(ReplyKind::kSuccess));
  EXPECT_TRUE(ready.succeeded());
  EXPECT_FALSE(ready.take(ReplyKind::kFailure));
  EXPECT_FALSE(ready.take(ReplyKind::kFailure));
  EXPECT_TRUE(ready.take(ReplyKind::kFailure));
  EXPECT_FALSE(ready.settled()) << "readiness is asked for as long as the container runs";
}

TEST(ProbeState, ErrorsNeitherCountNorInterruptARow) {
  ProbeState live = state(ProbeKind::kLiveness, 1, 2);
  EXPECT_FALSE(live.take(ReplyKind::kFailure));
  EXPECT_FALSE(live.take(ReplyKind::kError));
  EXPECT_TRUE(live.take(ReplyKind::kFailure));
  EXPECT_TRUE(live.settled());
  live.restart(std::nullopt);
  EXPECT_TRUE(live.succeeded());
  EXPECT_FALSE(live.take(ReplyKind::kFailure)) << "another container begins at none";
}

TEST(ProbeState, StartupIsSettledEitherWay) {
  ProbeState startup = state(ProbeKind::kStartup, 1, 1);
  EXPECT_TRUE(startup.take(ReplyKind::kSuccess));
  EXPECT_TRUE(startup.settled());
  startup.restart(std::nullopt);
  EXPECT_TRUE(startup.take(ReplyKind::kFailure));
  EXPECT_TRUE(startup.settled());
  startup.give_in();
  EXPECT_TRUE(startup.succeeded());
}

TEST(ProbeState, GoesOnFromWhatIsKnown) {
  ProbeState ready = state(ProbeKind::kReadiness, 1, 1);
  ready.restart(true);
  EXPECT_TRUE(ready.succeeded());
  EXPECT_TRUE(ready.take(ReplyKind::kFailure));
}

}  // namespace
}  // namespace edgecore::edged
