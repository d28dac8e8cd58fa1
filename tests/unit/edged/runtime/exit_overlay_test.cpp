// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/exit_overlay.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "support/skipped_time.hpp"

namespace edgecore::edged {
namespace {

using cri::ContainerState;
using Kind = cri::TaskEvent::Kind;
using namespace std::chrono_literals;

class ExitOverlayTest : public testing::Test {
 protected:
  /// The container as CRI shows it, with what is known laid over.
  cri::ContainerStatus shown(ContainerState state = ContainerState::kRunning, const char* reason = "") {
    cri::ContainerStatus one;
    one.id = "c";
    one.state = state;
    one.reason = reason;
    PodRuntime runtime;
    runtime.containers = {one};
    settles_ = overlay_.lay_over(runtime);
    EXPECT_EQ(settles_, runtime.settling.contains("c"));
    return runtime.containers.front();
  }
  void exits(std::int32_t code) { overlay_.add({"c", Kind::kExit, code, 42}); }
  void runs_out_of_memory() { overlay_.add({"c", Kind::kOom, 0, 0}); }

  boost::asio::io_context io_;
  edgecore::test::SkippedTime time_{io_};
  ExitOverlay overlay_;
  bool settles_ = false;
};

TEST_F(ExitOverlayTest, AnExitIsShownAsCriWillShowIt) {
  exits(137);
  const cri::ContainerStatus now = shown();
  EXPECT_TRUE(settles_);
  EXPECT_EQ(now.state, ContainerState::kExited);
  EXPECT_EQ(now.exit_code, 137);
  EXPECT_EQ(now.finished_at, 42);
  EXPECT_EQ(now.reason, "Error");
}

TEST_F(ExitOverlayTest, AnExitWithoutAnErrorIsACompletion) {
  exits(0);
  EXPECT_EQ(shown().reason, "Completed");
}

TEST_F(ExitOverlayTest, AnyKillForLackOfMemoryIsTheReasonOfALaterExit) {
  runs_out_of_memory();
  EXPECT_EQ(shown().state, ContainerState::kRunning);
  EXPECT_FALSE(settles_);
  exits(1);
  EXPECT_EQ(shown().reason, "OOMKilled");
}

TEST_F(ExitOverlayTest, AReasonThatCriAlreadyKnowsStays) {
  exits(1);
  EXPECT_EQ(shown(ContainerState::kRunning, "OOMKilled").reason, "OOMKilled");
}

TEST_F(ExitOverlayTest, AKillForLackOfMemoryThatCriRecordsLaterThanTheExitIsShownThroughout) {
  runs_out_of_memory();
  exits(137);
  EXPECT_EQ(shown().reason, "OOMKilled");
  EXPECT_EQ(shown(ContainerState::kExited, "Error").reason, "OOMKilled");
  EXPECT_FALSE(settles_);
}

TEST_F(ExitOverlayTest, WhatCriShowsAsNotRunningStays) {
  exits(137);
  for (const ContainerState state :
       {ContainerState::kCreated, ContainerState::kExited, ContainerState::kUnknown}) {
    EXPECT_EQ(shown(state, "StartError").state, state);
    EXPECT_EQ(shown(state, "StartError").reason, "StartError");
    EXPECT_FALSE(settles_);
  }
}

TEST_F(ExitOverlayTest, AnExitThatCriDoesNotShowIsForgottenAfterAWhile) {
  exits(137);
  time_.pass(ExitOverlay::kPatience - 1s);
  EXPECT_TRUE(overlay_.forget_old({"c"}).empty());
  EXPECT_EQ(shown().state, ContainerState::kExited);
  time_.pass(2s);
  EXPECT_EQ(overlay_.forget_old({"c"}), std::vector<std::string>{"c"});
  EXPECT_EQ(shown().state, ContainerState::kRunning);
}

TEST_F(ExitOverlayTest, AKillForLackOfMemoryIsKnownAsLongAsTheContainerIsThere) {
  runs_out_of_memory();
  time_.pass(10 * ExitOverlay::kPatience);
  EXPECT_TRUE(overlay_.forget_old({"c"}).empty());
  EXPECT_EQ(shown(ContainerState::kExited, "Error").reason, "OOMKilled");
  EXPECT_TRUE(overlay_.forget_old({}).empty());
  EXPECT_EQ(shown(ContainerState::kExited, "Error").reason, "Error");
}

TEST_F(ExitOverlayTest, EventsOfStrangersTakeNoMoreThanALimitedPlace) {
  for (std::size_t i = 0; i < ExitOverlay::kMostEnds; ++i)
    overlay_.add({std::to_string(i), Kind::kExit, 0, 1});
  exits(137);
  EXPECT_EQ(shown().state, ContainerState::kRunning);
  time_.pass(ExitOverlay::kPatience + 1s);
  EXPECT_EQ(overlay_.forget_old({}).size(), ExitOverlay::kMostEnds);
  exits(137);
  EXPECT_EQ(shown().state, ContainerState::kExited);
}

}  // namespace
}  // namespace edgecore::edged
