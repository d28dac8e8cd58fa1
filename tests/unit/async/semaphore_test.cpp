// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/semaphore.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "edgecore/async/event.hpp"
#include "support/loop.hpp"

namespace edgecore::async {
namespace {

using test::asio::awaitable;

struct SemaphoreTest : testing::Test {
  /// Acquires, waits until its event is notified, releases.
  awaitable<void> visit(int who) {
    const Semaphore::Permit permit = co_await semaphore->acquire();
    entered.push_back(who);
    co_await leave[static_cast<std::size_t>(who)]->sleep();
  }
  void start(int who) {
    leave.push_back(std::make_unique<Event>(loop.get_executor()));
    visits.push_back(std::make_unique<test::Outcome>());
    visits.back()->start(loop, visit(who));
    loop.poll();
  }

  /// Ends all sleeps and destroys the events before the loop of their timers.
  void TearDown() override {
    for (auto& one : visits) one->cancel();
    loop.restart();
    loop.poll();
    leave.clear();
  }

  std::vector<std::unique_ptr<Event>> leave;
  std::unique_ptr<Semaphore> semaphore = std::make_unique<Semaphore>(1);
  test::asio::io_context loop;
  std::vector<std::unique_ptr<test::Outcome>> visits;
  std::vector<int> entered;
};

TEST_F(SemaphoreTest, LetsThemInOneAfterTheOtherInOrder) {
  for (int who = 0; who < 3; ++who) start(who);
  EXPECT_EQ(entered, std::vector<int>({0}));
  EXPECT_EQ(semaphore->waiting(), 2U);
  leave[0]->notify();
  loop.poll();
  EXPECT_EQ(entered, std::vector<int>({0, 1}));
  leave[1]->notify();
  loop.poll();
  EXPECT_EQ(entered, std::vector<int>({0, 1, 2}));
  EXPECT_EQ(semaphore->waiting(), 0U);
}

TEST_F(SemaphoreTest, LetsAsManyInAsItHasPermits) {
  semaphore = std::make_unique<Semaphore>(2);
  for (int who = 0; who < 3; ++who) start(who);
  EXPECT_EQ(entered, std::vector<int>({0, 1}));
}

TEST_F(SemaphoreTest, ForgetsOneWhoIsCancelledInLine) {
  for (int who = 0; who < 3; ++who) start(who);
  visits[1]->cancel();
  loop.poll();
  EXPECT_TRUE(visits[1]->aborted());
  leave[0]->notify();
  loop.poll();
  EXPECT_EQ(entered, std::vector<int>({0, 2}));
}

TEST_F(SemaphoreTest, PassesOnTheTurnOfOneWhoIsCancelledWhenItComes) {
  for (int who = 0; who < 3; ++who) start(who);
  leave[0]->notify();
  loop.poll_one();  // the first releases and wakes the second, which has not run yet
  ASSERT_TRUE(visits[0]->ended);
  ASSERT_EQ(entered, std::vector<int>({0}));
  visits[1]->cancel();
  loop.poll();
  EXPECT_TRUE(visits[1]->aborted());
  EXPECT_EQ(entered, std::vector<int>({0, 2}));
}

TEST_F(SemaphoreTest, MayBeDestroyedBeforeThoseItLetIn) {
  start(0);
  start(1);
  semaphore.reset();
  leave[0]->notify();
  loop.poll();
  EXPECT_EQ(entered, std::vector<int>({0, 1}));
}

}  // namespace
}  // namespace edgecore::async
