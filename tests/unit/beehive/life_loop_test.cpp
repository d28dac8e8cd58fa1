// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <mutex>
#include <vector>

#include "beehive/loop.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/supervisor.hpp"
#include "support/loop.hpp"

namespace edgecore::beehive {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::asio::awaitable;
namespace asio = test::asio;

/// Records the thread that destroyed it.
class Grave {
 public:
  explicit Grave(std::thread::id& where) : where_(where) {}
  Grave(const Grave&) = delete;
  Grave& operator=(const Grave&) = delete;
  ~Grave() { where_ = std::this_thread::get_id(); }

 private:
  std::thread::id& where_;
};

TEST(Loop, WhatIsPostedAfterItsEndIsDestroyedAndNotRun) {
  auto loop = Loop::make();
  const asio::any_io_executor executor = loop->executor();
  loop->close();
  loop.reset();
  bool ran = false;
  auto witness = std::make_shared<int>(0);
  asio::post(executor, [&ran, witness] { ran = true; });
  asio::dispatch(executor, [&ran, witness] { ran = true; });
  EXPECT_FALSE(ran);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Loop, ATimerMayOutliveItToo) {
  auto loop = Loop::make();
  SteadyTimer timer(loop->executor(), 1h);
  bool ran = false;
  timer.async_wait([&ran](boost::system::error_code) { ran = true; });
  loop->close();
  loop.reset();
  EXPECT_EQ(timer.cancel(), 0U);
  EXPECT_FALSE(ran);
}

TEST(Loop, ItIsFreedWithItsLastExecutor) {
  auto loop = Loop::make();
  const std::weak_ptr<Loop> weak = loop;
  std::optional<asio::any_io_executor> executor = loop->executor();
  asio::post(*executor, [copy = *executor] {});
  loop->close();
  loop.reset();
  EXPECT_FALSE(weak.expired());
  executor.reset();
  EXPECT_TRUE(weak.expired());
}

TEST(Loop, DispatchRunsAtOnceOnItsThreadAndPostLater) {
  const auto loop = Loop::make();
  const asio::any_io_executor executor = loop->executor();
  std::string order;
  asio::post(executor, [&] {
    asio::post(executor, [&] {
      order += "posted ";
      loop->stop();
    });
    asio::dispatch(executor, [&] { order += "dispatched "; });
    order += "done ";
  });
  asio::dispatch(executor, [&] { order += "elsewhere "; });
  EXPECT_EQ(order, "");
  loop->run();
  EXPECT_EQ(order, "dispatched done elsewhere posted ");
  loop->close();
}

TEST(Loop, CoroutinesThatWaitInItAreDestroyedByTheOneWhoClosesIt) {
  const auto loop = Loop::make();
  std::thread::id where;
  const auto body = [](std::thread::id& end) -> awaitable<void> {
    const Grave grave(end);
    co_await test::sleep_for_ever();
  };
  asio::co_spawn(loop->executor(), body(where), asio::detached);
  asio::post(loop->executor(), [&] { loop->stop(); });
  std::thread([&] { loop->run(); }).join();
  EXPECT_EQ(where, std::thread::id());
  loop->close();
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(Loop, PostsThatRaceWithItsEndAreEitherRunOrDestroyed) {
  for (int round = 0; round < 50; ++round) {
    auto loop = Loop::make();
    auto witness = std::make_shared<int>(0);
    std::atomic<bool> ended{false};
    std::vector<std::thread> posters;
    for (int n = 0; n < 2; ++n) {
      posters.emplace_back([&ended, &witness, executor = asio::any_io_executor(loop->executor())] {
        while (!ended) asio::post(executor, [copy = witness] { ++*copy; });
        asio::post(executor, [copy = witness] { ++*copy; });
      });
    }
    asio::post(loop->executor(), [&loop] { loop->stop(); });
    loop->run();
    loop->close();
    const int before = *witness;
    loop.reset();
    ended = true;
    for (auto& poster : posters) poster.join();
    EXPECT_EQ(*witness, before);
    EXPECT_EQ(witness.use_count(), 1);
  }
}

/// A module that gives its executor to another thread and fails.
struct LifeLoopTest : testing::Test {
  class Leaving final : public Module {
   public:
    Leaving(ModuleContext& context, LifeLoopTest& test) : context_(context), test_(test) {}
    ~Leaving() override { timer_.cancel(); }
    awaitable<void> run() override {
      const int life = ++test_.lives;
      if (life > 1) co_await test::sleep_for_ever();
      {
        const std::lock_guard lock(test_.mutex);
        test_.kept = asio::prefer(context_.executor, asio::execution::outstanding_work.tracked);
      }
      asio::co_spawn(context_.executor, test::sleep_for_ever(), asio::detached);
      throw Error("The first life ends.");
    }

   private:
    ModuleContext& context_;
    LifeLoopTest& test_;
    SteadyTimer timer_{context_.executor, 1h};
  };

  asio::any_io_executor left_behind() {
    const std::lock_guard lock(mutex);
    return kept;
  }

  std::mutex mutex;
  asio::any_io_executor kept;
  std::atomic<int> lives{0};
};

TEST_F(LifeLoopTest, PendingWorkKeepsNoLifeFromEndingAndWhatArrivesLaterIsDropped) {
  Bus bus;
  SupervisorOptions options{true, 5ms, 20ms, 60s, 30s, 5s};
  Supervisor supervisor(bus, SystemClock::instance(), options, {});
  std::vector<ModuleSpec> specs;
  specs.push_back({"leaving", "group", {}, [this](ModuleContext& context) {
                     return std::make_unique<Leaving>(context, *this);
                   }});
  supervisor.start(std::move(specs));
  ASSERT_TRUE(eventually([&] { return lives == 2; }));
  std::atomic<bool> ran{false};
  std::thread([&] { asio::post(left_behind(), [&] { ran = true; }); }).join();
  EXPECT_TRUE(supervisor.stop());
  EXPECT_EQ(supervisor.abandoned(), 0U);
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace edgecore::beehive
