// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/thread_event.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "support/loop.hpp"
#include "support/skipped_time.hpp"

namespace edgecore::async {
namespace {

using namespace std::chrono_literals;
using test::asio::awaitable;

awaitable<void> count_up_to(ThreadEvent& event, const std::atomic<int>& counter, int goal) {
  while (counter < goal) co_await event.sleep();
}

TEST(ThreadEventTest, LosesNoNoticeOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  test::asio::io_context loop;
  ThreadEvent event(loop.get_executor());
  std::atomic<int> counter{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&counter, setter = event.setter()] {
      for (int n = 0; n < kEach; ++n) {
        ++counter;
        setter.set();
      }
    });
  }
  test::Outcome sleeper;
  sleeper.start(loop, count_up_to(event, counter, kThreads * kEach));
  loop.run();  // ends by itself only when the sleeper has seen the last one
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(sleeper.ended);
}

TEST(ThreadEventTest, ShowsTheSleeperWhatTheThreadWroteBefore) {
  test::asio::io_context loop;
  auto work = test::asio::make_work_guard(loop);
  ThreadEvent event(loop.get_executor());
  std::string text;  // not atomic: ThreadSanitizer sees whether `set` orders it
  std::thread writer([&text, setter = event.setter()] {
    text = "written";
    setter.set();
  });
  test::Outcome sleeper;
  std::string seen;
  const auto sleep = [](ThreadEvent& on, std::string& from, std::string& to) -> awaitable<void> {
    co_await on.sleep();
    to = from;
  };
  sleeper.start(loop, sleep(event, text, seen));
  while (!sleeper.ended) loop.run_one();
  writer.join();
  EXPECT_EQ(seen, "written");
}

TEST(ThreadEventTest, MayBeSetWhenItAndItsLoopAreGone) {
  std::optional<ThreadEvent::Setter> setter;
  {
    test::asio::io_context loop;
    ThreadEvent event(loop.get_executor());
    setter = event.setter();
  }
  setter->set();
}

TEST(ThreadEventTest, MayBeSetWhileItAndItsLoopAreDestroyed) {
  for (int round = 0; round < 200; ++round) {
    auto loop = std::make_unique<test::asio::io_context>();
    auto event = std::make_unique<ThreadEvent>(loop->get_executor());
    std::thread other([setter = event->setter()] {
      for (int i = 0; i < 20; ++i) setter.set();
    });
    loop->poll();
    event.reset();
    loop.reset();
    other.join();
  }
}

TEST(ThreadEventTest, ANoticeOnItsWayToAnEventThatIsGoneReachesNobody) {
  test::asio::io_context loop;
  auto event = std::make_unique<ThreadEvent>(loop.get_executor());
  event->setter().set();
  event.reset();
  EXPECT_EQ(loop.poll(), 1U);
}

TEST(ThreadEventTest, CoroutinesAreDestroyedOnTheirOwnThread) {
  struct Witness {
    explicit Witness(std::thread::id& at) : where(at) {}
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    ~Witness() { where = std::this_thread::get_id(); }
    std::thread::id& where;
  };
  std::thread::id where;
  std::optional<ThreadEvent::Setter> setter;
  const auto sleep = [](std::optional<ThreadEvent::Setter>& out, std::thread::id& at) -> awaitable<void> {
    const Witness witness(at);
    const test::asio::any_io_executor executor = co_await test::asio::this_coro::executor;
    ThreadEvent event(executor);
    out = event.setter();
    co_await event.sleep();
  };
  test::Outcome sleeper;
  {
    test::asio::io_context loop;
    sleeper.start(loop, sleep(setter, where));
    loop.poll();
  }
  EXPECT_EQ(where, std::this_thread::get_id());
  std::thread([kept = *setter] { kept.set(); }).join();
  EXPECT_FALSE(sleeper.ended);
}

}  // namespace
}  // namespace edgecore::async
