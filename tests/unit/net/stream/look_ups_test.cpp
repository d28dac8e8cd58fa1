// SPDX-License-Identifier: Apache-2.0
#include "net/stream/look_ups.hpp"

#include <atomic>
#include <fstream>
#include <future>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>

#include "edgecore/base/error.hpp"
#include "unit/net/net_fixture.hpp"

namespace edgecore::net {
namespace {

using Addresses = LookUps::Addresses;

const asio::ip::address kAnswer = asio::ip::make_address("192.0.2.7");

/// Look-ups of which those for "dead…" hang until the test ends.
class LookUpsTest : public NetTest {
 protected:
  LookUpsTest() : hosts_(std::filesystem::temp_directory_path() / ("hosts-" + std::to_string(::getpid()))) {
    write_hosts("127.0.0.9 Written other # comment\n\nnonsense written\n::9 written\n");
  }
  ~LookUpsTest() override {
    gate_.set_value();
    while (auto thread = take_thread()) thread->join();
    std::filesystem::remove(hosts_);
  }
  void write_hosts(const std::string& text) const { std::ofstream(hosts_) << text; }

  LookUps::Found resolve(const std::string& host) {
    ++resolved_;
    if (host.starts_with("dead")) open_.wait();
    if (host == "unknown") return {{}, "it is unknown"};
    return {{kAnswer}, ""};
  }
  void start(std::function<void()> work) {
    if (refused_ > 0) {
      --refused_;
      throw std::system_error(EAGAIN, std::generic_category());
    }
    const std::lock_guard lock(mutex_);
    threads_.emplace_back(std::move(work));
  }
  std::optional<std::thread> take_thread() {
    const std::lock_guard lock(mutex_);
    if (threads_.empty()) return std::nullopt;
    std::optional<std::thread> first = std::move(threads_.front());
    threads_.pop_front();
    return first;
  }

  /// Asks and does not wait for the answer.
  void leave(const std::string& host, const std::string& owner, std::chrono::milliseconds patience = 1h) {
    spawn(ask(host, owner, patience));
  }
  asio::awaitable<void> ask(std::string host, std::string owner, std::chrono::milliseconds patience) {
    co_await look_ups_.find(std::move(host), std::move(owner), steady_now() + patience);
    ++answered_;
  }
  /// The addresses, or the reason why there are none.
  std::string found(const std::string& host, const std::string& owner,
                    std::chrono::milliseconds patience = 10s) {
    std::string out;
    const auto scenario = [&]() -> asio::awaitable<void> {
      try {
        const Addresses all = co_await look_ups_.find(host, owner, steady_now() + patience);
        for (const auto& address : all) out += (out.empty() ? "" : " ") + address.to_string();
      } catch (const NetError& error) {
        out = error.what();
      }
    };
    run(scenario());
    return out;
  }
  void wait_for_look_ups(int count) {
    const auto until = steady_now() + 10s;
    while (resolved_ < count && steady_now() < until) std::this_thread::yield();
    ASSERT_EQ(resolved_, count);
  }
  /// Lets what was spawned begin.
  void begin() { io_.restart(), io_.poll(); }

  std::filesystem::path hosts_;
  std::atomic<int> resolved_ = 0;
  int refused_ = 0;
  int answered_ = 0;
  std::promise<void> gate_;
  std::shared_future<void> open_ = gate_.get_future().share();
  std::mutex mutex_;
  std::list<std::thread> threads_;  ///< each starts those that follow it before it ends
  LookUps look_ups_{[this](const std::string& host) { return resolve(host); },
                    [this](std::function<void()> work) { start(std::move(work)); }, hosts_};
};

TEST_F(LookUpsTest, ThreadThatCouldNotBeStartedKeptItsSlot) {
  refused_ = 20;
  for (int i = 0; i < 10; ++i) {
    for (const std::string owner : {"", "pod"})
      EXPECT_EQ(found("cloud" + std::to_string(i), owner),
                "The name cloud" + std::to_string(i) +
                    " has no address: no thread could be started for its look-up.");
  }
  EXPECT_EQ(found("cloud", ""), "192.0.2.7");
  EXPECT_EQ(found("cloud", "pod"), "192.0.2.7");
}

TEST_F(LookUpsTest, NamesOfPodsKeptTheTunnelDown) {
  for (std::size_t i = 0; i < 2 * kNameLookups; ++i)
    leave("dead" + std::to_string(i), "pod" + std::to_string(i));
  begin();
  wait_for_look_ups(static_cast<int>(kNameLookups));
  EXPECT_EQ(found("cloud", ""), "192.0.2.7");
  EXPECT_EQ(found("192.0.2.1", "another"), "192.0.2.1");
  EXPECT_EQ(found("WRITTEN", "another"), "127.0.0.9 ::9");
  EXPECT_EQ(found("localhost", "another"), "127.0.0.1 ::1");
  EXPECT_EQ(found("web", "another", 50ms), "The name web was not resolved in time.");
}

TEST_F(LookUpsTest, OnePodTookAllLookUps) {
  for (int i = 0; i < 20; ++i) leave("dead" + std::to_string(i), "greedy");
  begin();
  wait_for_look_ups(1);
  EXPECT_EQ(found("web", "another"), "192.0.2.7");
  EXPECT_EQ(resolved_, 2);
}

TEST_F(LookUpsTest, AskersOfOneNameShareALookUp) {
  for (int i = 0; i < 5; ++i) leave("dead", "pod" + std::to_string(i));
  leave("dead", "");
  begin();
  wait_for_look_ups(1);
  EXPECT_EQ(found("dead", "late", 50ms), "The name dead was not resolved in time.");
  EXPECT_EQ(resolved_, 1);
}

TEST_F(LookUpsTest, WhatWaitsRunsWhenItsTurnComes) {
  for (int i = 0; i < 10; ++i) leave("web" + std::to_string(i), "pod");
  EXPECT_EQ(found("last", "pod"), "192.0.2.7");
  const auto scenario = [this]() -> asio::awaitable<void> {
    while (answered_ < 10) co_await sleep(1ms);
  };
  run(scenario());
  EXPECT_EQ(resolved_, 11);
  EXPECT_EQ(found("unknown", "pod"), "The name unknown has no address: it is unknown.");
}

TEST_F(LookUpsTest, LookUpOfBeforeTheNetworkWasThereIsNotShared) {
  leave("dead", "");
  begin();
  wait_for_look_ups(1);
  SteadyClock::skipped += LookUps::kFreshLookup + 1s;
  found("dead", "", 50ms);
  wait_for_look_ups(2);
  SteadyClock::skipped += LookUps::kFreshLookup + 1s;
  found("dead", "", 50ms);
  SteadyClock::skipped = {};
  EXPECT_EQ(resolved_, 2) << "a name has two at most";
}

TEST_F(LookUpsTest, HostsFileIsReadAgainWhenItChanges) {
  EXPECT_EQ(found("other", ""), "127.0.0.9");
  write_hosts("127.0.0.10 other more\n");
  EXPECT_EQ(found("other", ""), "127.0.0.10");
  EXPECT_EQ(found("written", ""), "192.0.2.7");
  std::filesystem::remove(hosts_);
  EXPECT_EQ(found("more", ""), "192.0.2.7");
  EXPECT_EQ(found("localhost", ""), "127.0.0.1 ::1");
}

}  // namespace
}  // namespace edgecore::net
