// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/single_flight.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "edgecore/async/event.hpp"
#include "support/loop.hpp"
#include "support/skipped_time.hpp"

namespace edgecore::async {
namespace {

using namespace std::chrono_literals;
using test::asio::awaitable;
using Flights = SingleFlight<std::string, std::string>;

struct Caller {
  test::Outcome outcome;
  std::optional<std::string> answer;
  bool late = false;

  [[nodiscard]] std::string error() const {
    try {
      if (outcome.error) std::rethrow_exception(outcome.error);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }
};

struct SingleFlightTest : testing::Test {
  awaitable<std::string> work(std::string key) {
    ++begun;
    co_await gate.sleep();
    if (!failure.empty()) throw Error(failure);
    co_return key + " " + std::to_string(begun);
  }
  awaitable<void> ask(Caller& caller, std::string key, SteadyTime until) {
    const Flights::Work begin = [this, key] { return work(key); };
    auto answer = co_await flights->get(key, begin, until);
    caller.late = !answer.has_value();
    caller.answer = std::move(answer);
  }
  void start(Caller& caller, std::string key, SteadyTime until = SteadyTime::max()) {
    caller.outcome.start(loop, ask(caller, std::move(key), until));
    poll();
  }
  void finish() {
    gate.notify();
    poll();
  }
  /// Works also after the loop has run out of work.
  void poll() {
    loop.restart();
    loop.poll();
  }

  test::asio::io_context loop;
  test::SkippedTime time{loop};
  TaskGroup tasks{loop.get_executor()};
  std::unique_ptr<Flights> flights = std::make_unique<Flights>(tasks, "question");
  Event gate{loop.get_executor()};
  std::string failure;
  int begun = 0;
  Caller first, second;
};

TEST_F(SingleFlightTest, AsksOnceForAllWhoAskMeanwhile) {
  start(first, "pods");
  start(second, "pods");
  EXPECT_EQ(begun, 1);
  EXPECT_TRUE(flights->begun("pods"));
  EXPECT_FALSE(flights->begun("nodes"));
  finish();
  EXPECT_EQ(first.answer, "pods 1");
  EXPECT_EQ(second.answer, "pods 1");
  EXPECT_FALSE(flights->begun("pods"));
}

TEST_F(SingleFlightTest, AsksAnewForWhoComesAfterTheAnswer) {
  start(first, "pods");
  finish();
  start(second, "pods");
  EXPECT_EQ(begun, 2);
  finish();
  EXPECT_EQ(second.answer, "pods 2");
}

TEST_F(SingleFlightTest, TellsEveryoneTheError) {
  failure = "the cloud is away";
  start(first, "pods");
  start(second, "pods");
  finish();
  EXPECT_EQ(first.error(), "the cloud is away");
  EXPECT_EQ(second.error(), "the cloud is away");
  EXPECT_EQ(tasks.running(), 0U);
  tasks.spawn("another", test::sleep_for_ever());
  EXPECT_EQ(tasks.running(), 1U) << "the group does not fail with it";
}

TEST_F(SingleFlightTest, ACancelledCallerLeavesTheOthersAlone) {
  start(first, "pods");
  start(second, "pods");
  first.outcome.cancel();
  poll();
  EXPECT_TRUE(first.outcome.aborted());
  finish();
  EXPECT_EQ(second.answer, "pods 1");
}

TEST_F(SingleFlightTest, ACallerWhoseTimeIsUpLeavesTheOthersAlone) {
  start(first, "pods", steady_now() + 1s);
  start(second, "pods");
  EXPECT_TRUE(time.until([&] { return first.outcome.ended; }));
  EXPECT_TRUE(first.late);
  finish();
  EXPECT_EQ(second.answer, "pods 1");
}

TEST_F(SingleFlightTest, GoesOnWithNobodyLeftForTheNextWhoAsks) {
  start(first, "pods");
  first.outcome.cancel();
  poll();
  start(second, "pods");
  EXPECT_EQ(begun, 1);
  finish();
  EXPECT_EQ(second.answer, "pods 1");
}

TEST_F(SingleFlightTest, AnErrorThatNobodyWaitsForIsDropped) {
  failure = "the cloud is away";
  start(first, "pods");
  first.outcome.cancel();
  poll();
  finish();
  EXPECT_EQ(tasks.running(), 0U);
  EXPECT_FALSE(flights->begun("pods"));
}

TEST_F(SingleFlightTest, TellsCallersWhenItsGroupIsCancelled) {
  start(first, "pods");
  tasks.cancel();
  poll();
  EXPECT_EQ(first.error(), "it was stopped before it had ended");
  start(second, "pods");  // the group is cancelled
  EXPECT_EQ(second.error(), "it was stopped before it had ended");
  EXPECT_EQ(begun, 1);
}

TEST_F(SingleFlightTest, AnswersThoseWhoWaitWhenItIsGone) {
  start(first, "pods");
  flights.reset();
  finish();
  EXPECT_EQ(first.answer, "pods 1");
}

}  // namespace
}  // namespace edgecore::async
