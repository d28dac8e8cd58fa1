// SPDX-License-Identifier: Apache-2.0
#include "edgecore/beehive/supervisor.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/system/system_error.hpp>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "beehive/backoff.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/listeners.hpp"
#include "edgecore/base/process.hpp"
#include "support/loop.hpp"

namespace edgecore::beehive {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::asio::awaitable;
using Life = Supervisor::ModuleState::Life;

/// What modules on several threads report to the test.
class Diary {
 public:
  void write(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  [[nodiscard]] std::size_t size() const { return lines().size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A module whose run() is a function of the test.
class Scripted final : public Module {
 public:
  using Body = std::function<awaitable<void>(ModuleContext&)>;
  Scripted(ModuleContext& context, Body body) : context_(context), body_(std::move(body)) {}
  awaitable<void> run() override { return body_(context_); }

 private:
  ModuleContext& context_;
  Body body_;
};

struct SupervisorTest : testing::Test {
  ModuleSpec spec(const std::string& name, Scripted::Body body) {
    return {name, "group", {}, [body](ModuleContext& context) {
              return std::make_unique<Scripted>(context, body);
            }};
  }
  Supervisor& start(std::vector<ModuleSpec> specs) {
    supervisor.emplace(bus, SystemClock::instance(), options,
                       [this](const std::string& module, const MessagePtr& message, const std::string&) {
                         poison.write(module + ":" + message->route.resource);
                       });
    supervisor->start(std::move(specs));
    return *supervisor;
  }
  Supervisor::ModuleState state(std::size_t index = 0) { return supervisor->states().at(index); }
  void send(const std::string& module, const std::string& resource) {
    ASSERT_TRUE(bus.try_send(module, make_message("test", "group", "insert", resource, nullptr)));
  }

  Bus bus;
  Diary diary;
  Diary poison;
  SupervisorOptions options{true, 5ms, 20ms, 60s, 30s, 5s};
  std::optional<Supervisor> supervisor;
};

TEST(Backoff, DoublesUpToItsLimitAndStartsAnewAfterAStableLife) {
  Backoff backoff(1s, 30s, 60s);
  std::vector<std::chrono::milliseconds> waits;
  for (int i = 0; i < 7; ++i) waits.push_back(backoff.next(59s));
  EXPECT_EQ(waits, (std::vector<std::chrono::milliseconds>{1s, 2s, 4s, 8s, 16s, 30s, 30s}));
  EXPECT_EQ(backoff.next(60s), 1s);
  EXPECT_EQ(backoff.next(0s), 2s);
}

TEST_F(SupervisorTest, StartsInOrderAndStopsInReverse) {
  const auto body = [this](ModuleContext& context) -> awaitable<void> {
    diary.write("+" + context.name);
    try {
      co_await test::sleep_for_ever();
    } catch (const boost::system::system_error&) {
      diary.write("-" + context.name);
      throw;
    }
  };
  start({spec("a", body), spec("b", body), spec("c", body)});
  EXPECT_TRUE(eventually([&] { return diary.size() == 3; }));
  EXPECT_EQ(state(2).life, Life::kRunning);
  EXPECT_TRUE(supervisor->healthy());
  EXPECT_TRUE(supervisor->stop());
  EXPECT_EQ(diary.lines(), (std::vector<std::string>{"+a", "+b", "+c", "-c", "-b", "-a"}));
  EXPECT_EQ(state(0).life, Life::kStopped);
  EXPECT_FALSE(supervisor->healthy());
}

TEST_F(SupervisorTest, AModuleThatThrowsOrReturnsIsStartedAgainWhileTheOthersGoOn) {
  std::atomic<int> lives{0};
  const auto failing = [&lives](ModuleContext&) -> awaitable<void> {
    const int life = ++lives;
    co_await test::sleep(1ms);
    if (life == 1) throw Error("The disk is gone.");
    if (life == 2) co_return;
    co_await test::sleep_for_ever();
  };
  const auto steady = [this](ModuleContext&) -> awaitable<void> {
    diary.write("steady");
    co_await test::sleep_for_ever();
  };
  start({spec("failing", failing), spec("steady", steady)});
  EXPECT_TRUE(eventually([&] { return lives == 3 && state().life == Life::kRunning; }));
  EXPECT_EQ(state().restarts, 2U);
  EXPECT_NE(state().last_failure.find("returned"), std::string::npos);
  EXPECT_EQ(state(1).restarts, 0U);
  EXPECT_TRUE(supervisor->stop());
  EXPECT_EQ(diary.size(), 1U);
}

TEST_F(SupervisorTest, AFactoryThatFailsIsTriedAgain) {
  std::atomic<int> tries{0};
  const auto body = [](ModuleContext&) -> awaitable<void> { co_await test::sleep_for_ever(); };
  ModuleSpec picky{"picky", "group", {}, [&tries, body](ModuleContext& context) -> std::unique_ptr<Module> {
                     const int attempt = ++tries;
                     if (attempt == 1) throw Error("The port is taken.");
                     if (attempt == 2) return nullptr;
                     return std::make_unique<Scripted>(context, body);
                   }};
  start({std::move(picky)});
  EXPECT_TRUE(eventually([&] { return tries == 3 && state().life == Life::kRunning; }));
  EXPECT_EQ(state().restarts, 2U);
  EXPECT_TRUE(supervisor->stop());
}

TEST_F(SupervisorTest, WithoutRestartAFailedModuleStaysDownAndItsSendersAreTold) {
  options.restart = false;
  const auto body = [](ModuleContext&) -> awaitable<void> {
    throw Error("No.");
    co_return;
  };
  start({spec("down", body)});
  EXPECT_TRUE(eventually([&] { return state().life == Life::kFailed; }));
  EXPECT_EQ(state().last_failure, "No.");
  Message message = make_message("test", "group", "insert", "r", nullptr);
  EXPECT_THROW(test::run(bus.send("down", std::move(message))), RequestFailed);
  EXPECT_TRUE(supervisor->healthy());
  EXPECT_TRUE(supervisor->stop());
  EXPECT_EQ(state().restarts, 0U);
}

TEST_F(SupervisorTest, StopDuringBackoffStartsNothing) {
  options.first_backoff = options.max_backoff = 1h;
  std::atomic<int> lives{0};
  const auto body = [&lives](ModuleContext&) -> awaitable<void> {
    ++lives;
    throw Error("No.");
    co_return;
  };
  start({spec("down", body)});
  EXPECT_TRUE(eventually([&] { return state().life == Life::kBackoff; }));
  EXPECT_TRUE(supervisor->stop());
  EXPECT_EQ(lives, 1);
  EXPECT_EQ(state().life, Life::kStopped);
}

TEST_F(SupervisorTest, APoisonousMessageIsSetAsideAfterTwoFailuresAndTheOthersAreWorkedOn) {
  const auto body = [this](ModuleContext& context) -> awaitable<void> {
    for (;;) {
      const Delivery delivery = co_await context.mailbox->receive();
      if (delivery->route.resource == "bad") throw Error("It is bad.");
      diary.write(delivery->route.resource);
    }
  };
  start({spec("m", body)});
  for (const char* name : {"1", "bad", "2", "3"}) send("m", name);
  EXPECT_TRUE(eventually([&] { return diary.size() == 3 && poison.size() == 1; }));
  EXPECT_EQ(diary.lines(), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(poison.lines(), std::vector<std::string>{"m:bad"});
  EXPECT_EQ(state().restarts, 2U);
  EXPECT_TRUE(supervisor->stop());
}

TEST_F(SupervisorTest, AHungModuleIsReplacedAndWhatItDoesLaterHasNoEffect) {
  options.hang_after = 400ms;
  std::atomic<int> lives{0};
  std::atomic<bool> release{false};
  std::atomic<int> refused{0};
  bus.add_module("sink", "other");
  const auto body = [&](ModuleContext& context) -> awaitable<void> {
    const int life = ++lives;
    const Delivery delivery = co_await context.mailbox->receive();
    diary.write(std::to_string(life) + ":" + delivery->route.resource);
    if (life == 1) {
      while (!release) std::this_thread::sleep_for(1ms);
      Message message = make_message("m", "group", "insert", "stale", nullptr);
      if (!context.bus.try_send("sink", message)) ++refused;
      if (!context.bus.respond(message)) ++refused;
      if (!context.mailbox->try_receive()) ++refused;
      try {
        co_await context.bus.send("sink", std::move(message));
      } catch (const RequestFailed&) {
        ++refused;
      }
    }
    co_await test::sleep_for_ever();
  };
  start({spec("m", body)});
  send("m", "x");
  EXPECT_TRUE(eventually([&] { return diary.size() == 2; }));
  EXPECT_EQ(diary.lines(), (std::vector<std::string>{"1:x", "2:x"}));
  EXPECT_EQ(supervisor->abandoned(), 1U);
  EXPECT_NE(state().last_failure.find("400 ms"), std::string::npos);
  send("m", "y");
  release = true;
  EXPECT_TRUE(eventually([&] { return supervisor->abandoned() == 0; }));
  EXPECT_EQ(refused, 4);
  EXPECT_EQ(state().life, Life::kRunning);
  EXPECT_EQ(state().restarts, 1U);
  EXPECT_TRUE(supervisor->stop());
  EXPECT_EQ(poison.size(), 0U);
}

TEST_F(SupervisorTest, AFailureOfTheMachineSetsNoMessageAside) {
  std::atomic<int> tries{0};
  const auto body = [&](ModuleContext& context) -> awaitable<void> {
    const Delivery delivery = co_await context.mailbox->receive();
    switch (++tries) {
      case 1:
        throw SystemError("cannot write", ENOSPC);
      case 2:
        throw boost::system::system_error(EMFILE, boost::system::system_category());
      case 3:
        throw std::bad_alloc();
      case 4:
        throw std::system_error(EAGAIN, std::generic_category());
      default:
        break;
    }
    diary.write(delivery->route.resource);
    co_await test::sleep_for_ever();
  };
  start({spec("m", body)});
  send("m", "x");
  EXPECT_TRUE(eventually([&] { return diary.size() == 1; }));
  EXPECT_EQ(poison.size(), 0U);
  EXPECT_TRUE(supervisor->stop());
}

TEST_F(SupervisorTest, AMessageThatMakesAModuleComputeForEverIsSetAside) {
  options.hang_after = 400ms;
  std::atomic<bool> release{false};
  std::atomic<int> lives{0};
  const auto body = [&](ModuleContext& context) -> awaitable<void> {
    ++lives;
    for (;;) {
      const Delivery delivery = co_await context.mailbox->receive();
      if (delivery->route.resource == "bad") {
        while (!release) {
        }
        co_return;
      }
      diary.write(delivery->route.resource);
    }
  };
  start({spec("m", body)});
  send("m", "bad");
  send("m", "good");
  EXPECT_TRUE(eventually([&] { return diary.size() == 1; }));
  EXPECT_EQ(poison.lines(), std::vector<std::string>{"m:bad"});
  EXPECT_GE(lives, 3);
  release = true;
  EXPECT_TRUE(eventually([&] { return supervisor->abandoned() == 0; }));
  EXPECT_TRUE(supervisor->stop());
}

/// A TCP listener of the test, on a port of the loopback interface.
FileDescriptor listen_on(std::uint16_t& port) {
  FileDescriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (::bind(made.get(), generic, size) != 0 || ::listen(made.get(), 8) != 0)
    throw SystemError("cannot listen", errno);
  ::getsockname(made.get(), generic, &size);
  port = ntohs(address.sin_port);
  return made;
}

TEST_F(SupervisorTest, AModuleThatIsCutOffLeavesItsPortToItsNextLife) {
  options.hang_after = 400ms;
  std::uint16_t port = 0;
  std::atomic<bool> release{false};
  std::atomic<int> lives{0};
  const auto body = [&](ModuleContext&) -> awaitable<void> {
    const int life = ++lives;
    const FileDescriptor socket = listen_on(port);
    const Listeners::Entry entry(socket.get());
    diary.write("life " + std::to_string(life) + " listens");
    while (life == 1 && !release) std::this_thread::sleep_for(1ms);
    if (life > 1) co_await test::sleep_for_ever();
  };
  start({spec("m", body)});
  EXPECT_TRUE(eventually([&] { return state().life == Life::kRunning; }));
  EXPECT_EQ(diary.lines(), (std::vector<std::string>{"life 1 listens", "life 2 listens"}));
  EXPECT_EQ(state().restarts, 1U);
  release = true;
  EXPECT_TRUE(eventually([&] { return supervisor->abandoned() == 0; }));
  EXPECT_TRUE(supervisor->stop());
}

TEST_F(SupervisorTest, AModuleWhoseReplacementDoesNotComeUpMakesTheProcessUnhealthy) {
  options.hang_after = 400ms;
  std::atomic<bool> release{false};
  std::atomic<bool> mended{false};
  std::atomic<int> lives{0};
  const auto body = [&](ModuleContext&) -> awaitable<void> {
    const int life = ++lives;
    while (life == 1 && !release) std::this_thread::sleep_for(1ms);
    if (life > 1 && !mended) throw Error("Address already in use");
    co_await test::sleep_for_ever();
  };
  start({spec("m", body)});
  EXPECT_TRUE(eventually([&] { return !supervisor->healthy() && lives > 6; }));
  mended = true;
  EXPECT_TRUE(eventually([&] { return supervisor->healthy(); })) << "it came up after all";
  release = true;
  EXPECT_TRUE(eventually([&] { return supervisor->abandoned() == 0; }));
  EXPECT_TRUE(supervisor->stop());
}

TEST_F(SupervisorTest, AModuleThatFailsWithoutBeingCutOffLeavesTheProcessHealthy) {
  std::atomic<int> lives{0};
  const auto body = [&](ModuleContext&) -> awaitable<void> {
    if (++lives < 12) throw Error("no");
    co_await test::sleep_for_ever();
  };
  start({spec("m", body)});
  EXPECT_TRUE(eventually([&] { return lives == 12; }));
  EXPECT_TRUE(supervisor->healthy());
  EXPECT_TRUE(supervisor->stop());
}

TEST_F(SupervisorTest, AStubbornModuleDoesNotKeepTheOthersFromStoppingInTime) {
  options.stop_within = 300ms;
  std::atomic<bool> release{false};
  std::atomic<bool> stuck{false};
  const auto stubborn = [&](ModuleContext&) -> awaitable<void> {
    co_await test::sleep(1ms);
    stuck = true;
    while (!release) std::this_thread::sleep_for(1ms);
    co_return;
  };
  const auto good = [](ModuleContext&) -> awaitable<void> { co_await test::sleep_for_ever(); };
  start({spec("good", good), spec("stubborn", stubborn)});
  EXPECT_TRUE(eventually([&] { return stuck.load(); }));
  const auto begin = steady_now();
  EXPECT_FALSE(supervisor->stop());
  EXPECT_LT(steady_now() - begin, 5s);
  EXPECT_EQ(supervisor->abandoned(), 1U);
  release = true;
  EXPECT_TRUE(eventually([&] { return supervisor->abandoned() == 0; }));
}

}  // namespace
}  // namespace edgecore::beehive
