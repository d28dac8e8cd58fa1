// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/blocking_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "edgecore/base/error.hpp"

namespace edgecore {
namespace {

using std::chrono::milliseconds;

TEST(BlockingPoolTest, ThreadsStartOnlyWhenNeededAndAreUsedAgain) {
  BlockingPool pool("pool", {.threads = 2, .queued = 10});
  EXPECT_EQ(pool.threads(), 0U);
  for (int i = 0; i < 5; ++i) {
    std::promise<void> done;
    ASSERT_TRUE(pool.submit([] {}, [&](std::exception_ptr) { done.set_value(); }));
    done.get_future().wait();
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_EQ(pool.threads(), 1U);
}

TEST(BlockingPoolTest, FullQueueRefuses) {
  BlockingPool pool("pool", {.threads = 2, .queued = 3});
  std::promise<void> gate;
  auto open = gate.get_future().share();
  std::atomic<int> ran = 0;
  std::atomic<int> running = 0;
  auto work = [&, open] {
    ++running;
    open.wait();
    ++ran;
  };
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(pool.submit(work));
  while (running < 2) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.submit(work));
  EXPECT_FALSE(pool.submit(work));
  EXPECT_EQ(running, 2);
  EXPECT_LE(pool.threads(), 3U);  // one keeps watch
  gate.set_value();
  while (ran < 5) std::this_thread::yield();
  EXPECT_TRUE(pool.stop(milliseconds(1000)));
  EXPECT_FALSE(pool.submit(work));
}

TEST(BlockingPoolTest, WhatTheWorkThrowsReachesItsCompletion) {
  BlockingPool pool("pool", {});
  std::promise<std::exception_ptr> outcome;
  ASSERT_TRUE(pool.submit([] { throw BadInput("the mount point is a file"); },
                          [&](std::exception_ptr failure) { outcome.set_value(failure); }));
  EXPECT_THROW(std::rethrow_exception(outcome.get_future().get()), BadInput);
}

TEST(BlockingPoolTest, StopTellsThoseThatHaveNotBegun) {
  auto pool = std::make_unique<BlockingPool>("pool", BlockingPool::Limits{.threads = 1, .queued = 3});
  std::promise<void> gate;
  std::promise<void> begun;
  ASSERT_TRUE(pool->submit([&] {
    begun.set_value();
    gate.get_future().wait();
  }));
  begun.get_future().wait();
  std::promise<std::exception_ptr> outcome;
  bool ran = false;
  ASSERT_TRUE(
      pool->submit([&] { ran = true; }, [&](std::exception_ptr failure) { outcome.set_value(failure); }));
  std::thread opener([&] {
    EXPECT_THROW(std::rethrow_exception(outcome.get_future().get()), Error);
    gate.set_value();
  });
  pool.reset();
  opener.join();
  EXPECT_FALSE(ran);
}

TEST(BlockingPoolTest, CallThatNeverComesBackIsLeftBehind) {
  auto gate = std::make_shared<std::promise<void>>();
  auto left = std::make_shared<std::promise<void>>();
  auto called = std::make_shared<std::atomic<bool>>(false);
  {
    BlockingPool pool("pool", {.threads = 1, .queued = 1});
    auto begun = std::make_shared<std::promise<void>>();
    ASSERT_TRUE(pool.submit(
        [gate, left, begun] {
          begun->set_value();
          gate->get_future().wait();
          left->set_value();
        },
        [called](std::exception_ptr) { *called = true; }));
    begun->get_future().wait();
    EXPECT_FALSE(pool.stop(milliseconds(20)));
  }
  gate->set_value();
  left->get_future().wait();
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_FALSE(*called);
}

/// Calls that hang until the test ends.
class HangingCalls {
 public:
  ~HangingCalls() { gate_.set_value(); }
  BlockingPool::Work call() {
    return [open = open_, begun = begun_] {
      ++*begun;
      open.wait();
    };
  }
  void wait_for(int count) const {
    while (*begun_ < count) std::this_thread::yield();
  }
  [[nodiscard]] int begun() const { return *begun_; }

 private:
  std::promise<void> gate_;
  std::shared_future<void> open_ = gate_.get_future().share();
  std::shared_ptr<std::atomic<int>> begun_ = std::make_shared<std::atomic<int>>(0);
};

TEST(BlockingPoolTest, FourPodsWithADeadMountKeptEverybodyWaiting) {
  BlockingPool pool("pool", {.threads = 4, .hangs_after = milliseconds(50)});
  HangingCalls dead;
  for (const char* pod : {"a", "b", "c", "d"}) ASSERT_TRUE(pool.submit(dead.call(), nullptr, pod));
  dead.wait_for(4);
  for (const char* owner : {"e", ""}) {
    std::promise<void> done;
    ASSERT_TRUE(pool.submit([&] { done.set_value(); }, nullptr, owner));
    EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  }
  EXPECT_LE(pool.threads(), 8U);
}

TEST(BlockingPoolTest, OneOwnerHasOneThread) {
  BlockingPool pool("pool", {.threads = 2, .queued_per_owner = 3});
  HangingCalls dead;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.submit(dead.call(), nullptr, "pod"));
  dead.wait_for(1);
  ASSERT_TRUE(pool.submit(dead.call(), nullptr, "pod"));
  EXPECT_FALSE(pool.submit(dead.call(), nullptr, "pod"));
  std::promise<void> done;
  ASSERT_TRUE(pool.submit([&] { done.set_value(); }, nullptr, "other"));
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(dead.begun(), 1);
}

TEST(BlockingPoolTest, AnOwnersCallsRunOneAfterTheOther) {
  BlockingPool pool("pool", {.threads = 4});
  std::atomic<int> running = 0, most = 0, ran = 0;
  const auto work = [&] {
    most = std::max(most.load(), ++running);
    std::this_thread::yield();
    --running;
    ++ran;
  };
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(pool.submit(work, nullptr, "pod"));
  while (ran < 16) std::this_thread::yield();
  EXPECT_EQ(most, 1);
}

TEST(BlockingPoolTest, ThreadsOfCallsThatCameBackEnd) {
  BlockingPool pool("pool", {.threads = 1, .hangs_after = milliseconds(20)});
  {
    HangingCalls dead;
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(pool.submit(dead.call()));
      dead.wait_for(i + 1);
    }
    EXPECT_GE(pool.threads(), 3U);
  }
  while (pool.threads() > 1) std::this_thread::yield();
  std::promise<void> done;
  ASSERT_TRUE(pool.submit([&] { done.set_value(); }));
  done.get_future().wait();
}

}  // namespace
}  // namespace edgecore
