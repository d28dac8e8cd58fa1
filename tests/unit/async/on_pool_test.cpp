// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/on_pool.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace edgecore::async {
namespace {

using boost::asio::awaitable;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A blocking call that hangs until let_go().
class Held {
 public:
  std::function<int()> work() {
    return [entered = entered_, let_go = let_go_] {
      entered->set_value();
      let_go.wait();
      return 7;
    };
  }
  void wait_until_entered() { entered_->get_future().wait(); }
  void let_go() { gate_.set_value(); }

 private:
  std::shared_ptr<std::promise<void>> entered_ = std::make_shared<std::promise<void>>();
  std::promise<void> gate_;
  std::shared_future<void> let_go_ = gate_.get_future().share();
};

class OnPool : public testing::Test {
 public:
  awaitable<void> call(std::function<int()> work, PoolWait wait) {
    try {
      result_ = co_await on_pool(pool_, std::move(work), wait);
      outcome_ = "result";
    } catch (const PoolTimeout&) {
      outcome_ = "timeout";
    } catch (const boost::system::system_error& error) {
      outcome_ = error.code() == boost::asio::error::operation_aborted ? "cancelled" : error.what();
    } catch (const std::exception& error) {
      outcome_ = error.what();
    }
    after_ = std::this_thread::get_id();
  }
  void start(boost::asio::io_context& loop, std::function<int()> work, PoolWait wait = {}) {
    auto ended = [this](const std::exception_ptr&) { ended_ = true; };
    boost::asio::co_spawn(loop, call(std::move(work), wait),
                          boost::asio::bind_cancellation_slot(signal_.slot(), ended));
  }
  void run(boost::asio::io_context& loop) {
    loop.restart();
    while (!ended_ && loop.run_one_for(seconds(20)) > 0) continue;
    ASSERT_TRUE(ended_);
  }

  /// Ends the call while the loop exists, because the pool posts each end to it.
  void finish(Held& held) {
    held.let_go();
    EXPECT_TRUE(pool_.stop(seconds(20)));
  }

  BlockingPool pool_{"test", {.threads = 1, .queued = 1}};
  boost::asio::cancellation_signal signal_;
  int result_ = 0;
  std::string outcome_;
  std::thread::id after_;
  bool ended_ = false;
};

TEST_F(OnPool, GoesOnWithTheResultOnItsOwnThread) {
  boost::asio::io_context loop;
  std::thread::id there;
  start(loop, [&there] {
    there = std::this_thread::get_id();
    return 7;
  });
  run(loop);
  EXPECT_EQ(outcome_, "result");
  EXPECT_EQ(result_, 7);
  EXPECT_NE(there, std::this_thread::get_id());
  EXPECT_EQ(after_, std::this_thread::get_id());
}

TEST_F(OnPool, ThrowsWhatTheWorkThrewAndWhatAFullPoolSays) {
  boost::asio::io_context loop;
  start(loop, []() -> int { throw std::runtime_error("the disk is gone"); });
  run(loop);
  EXPECT_EQ(outcome_, "the disk is gone");
  pool_.stop(seconds(20));
  ended_ = false;
  start(loop, [] { return 1; });
  run(loop);
  EXPECT_EQ(outcome_, "too many blocking calls wait for a thread; this one was not started");
}

TEST_F(OnPool, IsNotWaitedForLongerThanPatienceLasts) {
  boost::asio::io_context loop;
  Held held;
  start(loop, held.work(), {.patience = milliseconds(1)});
  run(loop);
  EXPECT_EQ(outcome_, "timeout");
  finish(held);
}

TEST_F(OnPool, ACancelledCallerLeavesAtOnceUnlessItLingers) {
  boost::asio::io_context loop;
  Held held;
  start(loop, held.work());
  loop.poll();
  held.wait_until_entered();
  signal_.emit(boost::asio::cancellation_type::terminal);
  run(loop);
  EXPECT_EQ(outcome_, "cancelled");
  finish(held);
}

TEST_F(OnPool, ACancelledCallerThatLingersGoesWhenTheCallEnds) {
  boost::asio::io_context loop;
  Held held;
  start(loop, held.work(), {.linger = std::chrono::hours(1)});
  loop.poll();
  held.wait_until_entered();
  signal_.emit(boost::asio::cancellation_type::terminal);
  loop.restart();
  loop.run_for(milliseconds(20));
  EXPECT_FALSE(ended_) << "the next call would overlap with the work";
  held.let_go();
  run(loop);
  EXPECT_EQ(outcome_, "cancelled");
}

TEST_F(OnPool, ACancelledCallerDoesNotLingerForEver) {
  boost::asio::io_context loop;
  Held held;
  start(loop, held.work(), {.linger = milliseconds(20)});
  loop.poll();
  held.wait_until_entered();
  signal_.emit(boost::asio::cancellation_type::terminal);
  run(loop);
  EXPECT_EQ(outcome_, "cancelled");
  finish(held);
}

TEST_F(OnPool, CallsOfOneOwnerWaitForEachOther) {
  boost::asio::io_context loop;
  BlockingPool pool("owners", {.threads = 2});
  Held held;
  std::string ended;
  const auto ask = [](BlockingPool& on, std::function<int()> work, const char* owner,
                      std::string& out) -> awaitable<void> {
    PoolWait wait;
    wait.owner = owner;
    const int result = co_await on_pool(on, std::move(work), wait);
    out += owner + std::to_string(result);
  };
  boost::asio::co_spawn(loop, ask(pool, held.work(), "pod", ended), boost::asio::detached);
  boost::asio::co_spawn(loop,
                        ask(
                            pool, [] { return 8; }, "pod", ended),
                        boost::asio::detached);
  boost::asio::co_spawn(loop,
                        ask(
                            pool, [] { return 9; }, "other", ended),
                        boost::asio::detached);
  while (ended.empty() && loop.run_one_for(seconds(20)) > 0) continue;
  EXPECT_EQ(ended, "other9");
  held.let_go();
  loop.run_for(seconds(20));
  EXPECT_NE(ended.find("pod7"), std::string::npos) << ended;
  EXPECT_NE(ended.find("pod8"), std::string::npos) << ended;
}

TEST_F(OnPool, RunsWorkThatGivesNothingAndWorkWhoseResultOnlyMoves) {
  boost::asio::io_context loop;
  bool done = false;
  std::unique_ptr<int> result;
  const auto body = [](BlockingPool& pool, bool& ran, std::unique_ptr<int>& out) -> awaitable<void> {
    const auto run = [&ran] { ran = true; };
    co_await on_pool(pool, run);
    const auto make = [] { return std::make_unique<int>(7); };
    out = co_await on_pool(pool, make);
  };
  boost::asio::co_spawn(loop, body(pool_, done, result), boost::asio::detached);
  loop.run();
  EXPECT_TRUE(done);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, 7);
}

TEST_F(OnPool, ACallerThatIsDestroyedMeanwhileIsDestroyedOnItsOwnThreadAndNotTouchedAfterwards) {
  struct Witness {
    explicit Witness(std::thread::id& at) : where(at) {}
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    ~Witness() { where = std::this_thread::get_id(); }
    std::thread::id& where;
  };
  const auto outer = [](OnPool* test, std::function<int()> work, std::thread::id* where) -> awaitable<void> {
    const Witness witness(*where);
    co_await test->call(std::move(work), kInTurn);
  };
  Held held;
  std::thread::id where;
  auto loop = std::make_unique<boost::asio::io_context>();
  boost::asio::co_spawn(*loop, outer(this, held.work(), &where), boost::asio::detached);
  loop->poll();
  held.wait_until_entered();
  loop.reset();
  EXPECT_EQ(where, std::this_thread::get_id());
  held.let_go();
  EXPECT_TRUE(pool_.stop(seconds(20)));
  EXPECT_EQ(outcome_, "");
}

}  // namespace
}  // namespace edgecore::async
