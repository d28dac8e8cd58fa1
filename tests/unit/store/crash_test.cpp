// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "unit/store/store_fixture.hpp"

namespace edgecore::store {
namespace {

using CrashTest = StoreTest;

// Runs in a child process: writes pairs of rows and reports each number on the pipe once it is acknowledged.
[[noreturn]] void write_until_killed(const Options& options, int first, int out) {
  try {
    Store store(options);
    for (int n = first;; ++n) {
      auto job = [n](Transaction& tx) {
        const std::string value(static_cast<std::size_t>(n % 7) * 900, 'v');
        meta::upsert(tx, {"pair/a/" + std::to_string(n), "a", value});
        meta::upsert(tx, {"pair/b/" + std::to_string(n), "b", value});
      };
      auto done = [n, out](std::exception_ptr failure) {
        if (failure || ::write(out, &n, sizeof n) != static_cast<ssize_t>(sizeof n)) ::_exit(2);
      };
      store.submit_and_wait_turn(job, done);
      if (n % 5 == 0) store.flush();
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(3);
  }
}

// docs/architecture.md, promise 1: kill -9 at any instant loses nothing acknowledged and leaves no half
// state.
TEST_F(CrashTest, KilledWritersLoseNothingAcknowledged) {
  std::set<int> acknowledged;
  std::mt19937 random(20240501);
  int killed_at_work = 0;
  for (int round = 0; round < 30; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const int first = acknowledged.empty() ? 1 : *acknowledged.rbegin() + 1000;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(options(), first, ends[1]);
    }
    ::close(ends[1]);
    // Kills every other one at a random time after its first acknowledgement, the rest after their start.
    std::atomic<bool> at_work = round % 2 == 0;
    std::thread killer([&, wait = std::uniform_int_distribution<int>(0, 60000)(random)] {
      at_work.wait(false);
      std::this_thread::sleep_for(std::chrono::microseconds(wait));
      ::kill(child, SIGKILL);
    });
    const auto before = acknowledged.size();
    int n = 0;
    while (::read(ends[0], &n, sizeof n) == static_cast<ssize_t>(sizeof n)) {
      acknowledged.insert(n);
      at_work = true;
      at_work.notify_one();
    }
    at_work = true;  // also if the child ended by itself
    at_work.notify_one();
    killer.join();
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself with " << WEXITSTATUS(status);
    if (acknowledged.size() > before) ++killed_at_work;

    Store store(options());
    ASSERT_FALSE(store.was_rebuilt()) << "round " << round;
    const Reader reader = store.open_reader();
    std::set<std::string> a;
    std::set<std::string> b;
    for (const auto& key : meta::keys(reader, "a")) a.insert(key.substr(7));
    for (const auto& key : meta::keys(reader, "b")) b.insert(key.substr(7));
    EXPECT_EQ(a, b) << "half a job is stored after round " << round;
    for (const int number : acknowledged) {
      ASSERT_TRUE(a.contains(std::to_string(number))) << number << " is lost after round " << round;
    }
  }
  EXPECT_GE(killed_at_work, 15) << "the writers were killed too early to show anything";
}

}  // namespace
}  // namespace edgecore::store
